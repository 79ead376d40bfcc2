package rfb

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// State is the RFB of one flow.
type State struct {
	live  app.Live[*Tx] // at most one
	due   step
	ended bool          // a message, since Ended was asked
	marks *app.FrameLog // nil unless frames are marked
}

// framePDU is a message of the handshake.
const framePDU app.FrameKind = 1

var (
	_ app.State       = (*State)(nil)
	_ app.Bounded     = (*State)(nil)
	_ app.FrameMarker = (*State)(nil)
	_ app.Framed      = (*Parser)(nil)
)

// FrameNames names the frames that rules can look at.
func (p *Parser) FrameNames() []string { return []string{"pdu"} }

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.marks = log }

// Ended reports, and forgets, whether a message ended.
func (s *State) Ended() bool {
	ended := s.ended
	s.ended = false
	return ended
}

// Parse reads the messages of in. A gap in the handshake ends it, since nobody
// knows whose turn it is then.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	if in.Gap > 0 {
		s.finish()
	}
	at := 0
	for at < len(in.Data) && s.due != over {
		if !s.mayspeak(in.Dir) {
			s.confused()
			break
		}
		rest := in.Data[at:]
		n := s.due.size(rest)
		if n > len(rest) {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: n}
		}
		s.marks.Mark(in.Dir, framePDU, at, n)
		s.due = s.session().read(s.due, rest[:n])
		s.ended = true
		at += n
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// mayspeak reports whether it is the turn of a side. Two things may be passed
// over, as real programs do: the result that servers from version 3.8 on owe to
// a client without authentication, and the client's version by a server that
// refuses at once, as version 3.3 does.
func (s *State) mayspeak(dir decoders.Direction) bool {
	if t, ok := s.live.Last(); ok {
		switch {
		case s.due == result && dir == decoders.ToServer && t.security == securityNone:
			s.due = clientInit
		case s.due == clientVersion && dir == decoders.ToClient && !t.server.atLeast(minorTypes):
			s.due = securityChosen
		}
	}
	return turns[s.due] == dir
}

// confused ends the parsing at bytes out of turn. A client that begins is half of
// a session whose server is not seen: nothing is known to be wrong with it.
func (s *State) confused() {
	s.due = over
	if t, ok := s.live.Last(); ok {
		t.odd(EventConfusedState)
	}
}

// session returns the transaction, which the server's version makes.
func (s *State) session() *Tx {
	if t, ok := s.live.Last(); ok {
		return t
	}
	return s.live.Add()
}

// finish ends the handshake.
func (s *State) finish() {
	s.due = over
	if t, ok := s.live.Last(); ok {
		t.done = true
	}
}

// Txs returns the session while it was not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the session once it is complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	*s = State{live: s.live}
}
