package pop3

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	maxTxs      = 256 // live ones of a flow, as Suricata
	maxLine     = 4 << 10
	maxRequest  = 255 // with its end (RFC 2449 section 4)
	maxResponse = 512 // the first line
)

// State is the POP3 of one flow.
type State struct {
	live     app.Live[*Tx]
	skip     [2]bool // the rest of a line is passed over
	lost     [2]bool // bytes were lost, and no line was understood since
	sasl     bool    // the client's next line is one of SASL
	further  bool    // the server's next line is one more of a response
	upgraded bool
}

var (
	_ app.State    = (*State)(nil)
	_ app.Upgrader = (*State)(nil)
)

// Upgraded reports that TLS follows.
func (s *State) Upgraded() (app.Upgrade, bool) { return app.Upgrade{To: app.ProtoTLS}, s.upgraded }

// Parse reads the lines of in. Behind missing bytes it goes on with a line that
// it understands.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	if in.Gap > 0 {
		s.skip[in.Dir], s.lost[in.Dir] = true, true
	}
	at := 0
	for at < len(in.Data) && !s.upgraded {
		rest := in.Data[at:]
		end := bytes.IndexByte(rest[:min(len(rest), maxLine+1)], '\n')
		long := false
		switch {
		case s.skip[in.Dir]:
			if end = bytes.IndexByte(rest, '\n'); end < 0 {
				return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
			}
			s.skip[in.Dir] = false
			at += end + 1
			continue
		case end < 0 && len(rest) <= maxLine:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: len(rest) + 1}
		case end < 0:
			long, end = true, maxLine
			s.skip[in.Dir] = true
		}
		line := rest[:end]
		at += end
		if !long {
			line = bytes.TrimSuffix(line, []byte("\r"))
			at++
		}
		ok := true
		if in.Dir == decoders.ToServer {
			ok = s.asked(line)
		} else {
			ok = s.answered(line)
		}
		if !ok {
			return app.Result{Status: app.StatusError, Consumed: at}
		}
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

const lineEnd = 2

// asked takes a line of the client; false when there is nothing to go on with.
func (s *State) asked(line []byte) bool {
	if s.sasl {
		s.sasl, s.lost[decoders.ToServer] = false, false
		t := s.begin()
		if t == nil {
			return false
		}
		t.asked, t.sasl = true, true
		t.done[decoders.ToServer] = true
		return true
	}
	name, arguments := cutWord(line)
	known := find(name)
	switch {
	case known == nil && s.lost[decoders.ToServer], len(name) == 0:
		return true
	case known == nil && !isName(name):
		return false
	}
	s.lost[decoders.ToServer] = false
	t := s.begin()
	if t == nil {
		return false
	}
	t.asked, t.request = true, append(t.request, line...)
	t.done[decoders.ToServer] = true
	if len(line)+lineEnd > maxRequest {
		t.events.Add(EventRequestTooLong)
	}
	if known == nil {
		t.events.Add(EventUnknownCommand)
		return true
	}
	n := 0
	for word, rest := cutWord(arguments); len(word) > 0; word, rest = cutWord(rest) {
		n++
	}
	if n < known.least || n > known.most {
		t.events.Add(EventIncorrectArgumentCount)
	}
	if t.lines = known.lines; t.lines == linesAlone && n > 0 {
		t.lines = linesNever
	}
	return true
}

// answered takes a line of the server; false when there is nothing to go on
// with.
func (s *State) answered(line []byte) bool {
	success, more, header, ok := response(line)
	t := s.waiting()
	if s.further && t != nil && !(ok && s.lost[decoders.ToClient]) {
		body, dot := bytes.CutPrefix(line, []byte("."))
		if dot && len(body) == 0 {
			s.further, t.done[decoders.ToClient] = false, true
		} else {
			t.keep(body)
		}
		return true
	}
	if s.further && t != nil { // the end of the last response is lost
		t.done[decoders.ToClient] = true
		t = s.waiting()
	}
	s.further = false
	if !ok {
		return true // of a response that nobody knows to have several lines
	}
	s.lost[decoders.ToClient] = false
	if t == nil {
		if t = s.begin(); t == nil {
			return false
		}
		t.done[decoders.ToServer] = true
	}
	t.responded, t.success, t.header = true, success, append(t.header, header...)
	if len(line)+lineEnd > maxResponse {
		t.events.Add(EventResponseTooLong)
	}
	s.further = success && !more && t.lines != linesNever
	t.done[decoders.ToClient] = !s.further
	s.sasl = more && t.asked
	s.upgraded = success && t.asked && !t.sasl && isSTLS(t.request)
	return true
}

// isSTLS reports that a command asks for TLS.
func isSTLS(line []byte) bool {
	name, _ := cutWord(line)
	return bytes.EqualFold(name, []byte("STLS"))
}

// waiting returns the oldest command that is not answered yet.
func (s *State) waiting() *Tx {
	for i := range s.live.Len() {
		if t := s.live.At(i); !t.done[decoders.ToClient] {
			return t
		}
	}
	return nil
}

// begin makes a transaction; nil when there are too many, which all of them
// tell and which ends them.
func (s *State) begin() *Tx {
	if s.live.Len() < maxTxs {
		return s.live.Add()
	}
	for i := range s.live.Len() {
		if t := s.live.At(i); !t.done[decoders.ToClient] {
			t.events.Add(EventTooManyTransactions)
			t.done = [2]bool{true, true}
		}
	}
	return nil
}

// Txs returns the transactions that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the transactions that are complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	*s = State{live: s.live}
}
