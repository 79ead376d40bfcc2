package ldap

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/ber"
)

const (
	maxMessage = 1 << 20
	maxTxs     = 256 // live ones of a flow, as Suricata
)

// startTLS is the name of the extended operation (RFC 4511 section 4.14.1).
const startTLS = "1.3.6.1.4.1.1466.20037"

// State is the LDAP of one flow.
type State struct {
	live     app.Live[*Tx]
	skip     [2]uint64 // bytes of a message that is passed over
	asksTLS  bool      // the client has asked for TLS
	tlsID    int64     // with this message
	upgraded bool
}

var (
	_ app.State    = (*State)(nil)
	_ app.Upgrader = (*State)(nil)
)

// Upgraded reports that TLS follows.
func (s *State) Upgraded() (app.Upgrade, bool) { return app.Upgrade{To: app.ProtoTLS}, s.upgraded }

// Parse reads the messages of in. Bytes that are missing end the parsing,
// unless they are of a message that is passed over: the length before each is
// all there is to go on by.
func (s *State) Parse(in app.Input) app.Result {
	if in.Gap > 0 {
		if uint64(in.Gap) > s.skip[in.Dir] {
			return app.Result{Status: app.StatusError}
		}
		s.skip[in.Dir] -= uint64(in.Gap)
	}
	at := 0
	for at < len(in.Data) && !s.upgraded {
		rest := in.Data[at:]
		if n := min(s.skip[in.Dir], uint64(len(rest))); n > 0 {
			s.skip[in.Dir] -= n
			at += int(n)
			continue
		}
		n, need, ok := s.next(rest, in)
		switch {
		case !ok, need > 0 && in.Datagram:
			s.oddity(EventInvalidData)
			return app.Result{Status: app.StatusError, Consumed: at}
		case need > 0:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		}
		at += n
	}
	if in.EOF && in.Dir == decoders.ToClient {
		s.end()
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// next takes the message at the start of data. It returns its length, or how
// many bytes it takes to go on, or false when it is none.
func (s *State) next(data []byte, in app.Input) (n, need int, ok bool) {
	if ber.Tag(data[0]) != ber.Sequence {
		return 0, 0, false
	}
	_, whole, err := ber.Length(data)
	switch {
	case err == ber.ErrShort:
		return 0, len(data) + 1, true
	case err != nil:
		return 0, 0, false
	case whole > maxMessage && !in.Datagram:
		s.skip[in.Dir] = uint64(whole)
		return 0, 0, true
	case len(data) < whole:
		return 0, whole, true
	}
	m, ok := read(data[:whole])
	if !ok {
		return 0, 0, false
	}
	if in.Dir == decoders.ToServer {
		return whole, 0, s.asked(data[:whole], &m)
	}
	return whole, 0, s.answered(data[:whole], &m)
}

// asked takes what a client sends.
func (s *State) asked(data []byte, m *message) bool {
	t := s.begin()
	if t == nil {
		return false
	}
	t.hasRequest, t.message, t.op = true, m.id, m.op
	t.request = append(t.request, data...)
	t.done[decoders.ToServer] = true
	if m.op == opUnbindRequest || m.op == opAbandonRequest {
		t.done[decoders.ToClient] = true
	}
	if m.op == opExtendedRequest {
		if name, ok := m.rest.Optional(ber.Context(0)); ok && string(name) == startTLS {
			s.asksTLS, s.tlsID = true, m.id
		}
	}
	return true
}

// answered takes what a server sends.
func (s *State) answered(data []byte, m *message) bool {
	t := s.waiting(m.id)
	if t == nil {
		if t = s.begin(); t == nil {
			return false
		}
		t.done = [2]bool{true, true}
		const unsolicited = 0 // RFC 4511 section 4.4
		if m.id != unsolicited || m.op != opExtendedResponse {
			t.events.Add(EventRequestNotFound)
		}
	}
	t.answer(data, m)
	const success = 0
	if s.asksTLS && m.op == opExtendedResponse && m.id == s.tlsID {
		s.asksTLS, s.upgraded = false, m.code == success
	}
	return true
}

// waiting returns the oldest request with a number that is not answered yet.
func (s *State) waiting(id int64) *Tx {
	for i := range s.live.Len() {
		if t := s.live.At(i); t.hasRequest && t.message == id && !t.done[decoders.ToClient] {
			return t
		}
	}
	return nil
}

// begin makes a transaction; nil when there are too many, which the oldest
// ones tell.
func (s *State) begin() *Tx {
	if s.live.Len() > maxTxs {
		for i := range s.live.Len() {
			t := s.live.At(i)
			t.events.Add(EventTooManyTransactions)
			t.done = [2]bool{true, true}
		}
		return nil
	}
	return s.live.Add()
}

// oddity puts an event on the newest transaction.
func (s *State) oddity(e app.Event) {
	if last, ok := s.live.Last(); ok {
		last.events.Add(e)
	}
}

// end finishes what waits when the server's stream ends.
func (s *State) end() {
	for i := range s.live.Len() {
		s.live.At(i).done = [2]bool{true, true}
	}
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
