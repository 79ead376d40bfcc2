package sip

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// maxTxs bounds the messages that wait for their consumers.
const maxTxs = 256

// State is the SIP of one flow.
type State struct {
	live   app.Live[*Tx]
	skip   [2]uint64     // bytes of a body that is passed over
	frames *app.FrameLog // nil unless frames are marked
}

var (
	_ app.State       = (*State)(nil)
	_ app.FrameMarker = (*State)(nil)
)

// Parse makes a transaction of every message. A datagram is one message; one
// that cannot be read costs nothing but itself. A stream is given up when a
// message in it cannot be read, or when bytes are missing outside a body that
// is passed over.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		if !s.message(in.Data, headLen(in.Data), 0, in) {
			return app.Result{Status: app.StatusError}
		}
		return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
	}
	if in.Gap > 0 {
		if uint64(in.Gap) > s.skip[in.Dir] {
			return app.Result{Status: app.StatusError}
		}
		s.skip[in.Dir] -= uint64(in.Gap)
	}
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if n := min(s.skip[in.Dir], uint64(len(rest))); n > 0 {
			s.skip[in.Dir] -= n
			at += int(n)
			continue
		}
		if rest[0] == '\r' || rest[0] == '\n' { // keeps the connection alive (RFC 5626 section 4.4.1)
			at++
			continue
		}
		n, need, ok := s.next(rest, at, in)
		switch {
		case !ok:
			return app.Result{Status: app.StatusError, Consumed: at}
		case need > 0:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		}
		at += n
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// next reads the message at the start of data, which is at place at of the
// input. It returns its length, or how many bytes it takes to go on, or false
// when it is no message.
func (s *State) next(data []byte, at int, in app.Input) (n, need int, ok bool) {
	head := headLen(data)
	if head == 0 {
		return 0, len(data) + 1, len(data) < maxHead
	}
	if head > maxHead {
		return 0, 0, false
	}
	body, ok := bodyLength(data[:head])
	switch {
	case !ok:
		return 0, 0, false
	case body > maxBody:
		s.skip[in.Dir] = uint64(body)
		body = 0
	case len(data) < head+body:
		return 0, head + body, true
	}
	return head + body, 0, s.message(data[:head+body], head, at, in)
}

// bodyLength finds Content-Length in a head; without one a message in a stream
// has no body.
func bodyLength(head []byte) (int, bool) {
	for rest := head[lineEnd(head):]; len(rest) > 0; {
		var f field
		if f, rest, _ = nextField(rest); f.name == headerContentLength && f.value != nil {
			return contentLength(f.value)
		}
	}
	return 0, true
}

// message makes a transaction of a message at place at of the input; head is
// the length of its head, 0 when that has no end.
func (s *State) message(data []byte, head, at int, in app.Input) bool {
	if s.live.Len() >= maxTxs || head == 0 || head > maxHead {
		return false
	}
	var l startLine
	line := trimLine(data[:lineEnd(data)])
	if in.Dir == decoders.ToServer && !l.parseRequest(line) || in.Dir == decoders.ToClient && !l.parseAnswer(line) {
		if last, ok := s.live.Last(); ok {
			last.events.Add(EventInvalidData)
		}
		return false
	}
	tx := s.live.Add()
	tx.set(data, head, in.Dir)
	s.markFrames(tx.ID(), data, head, at, in.Dir)
	return true
}

// Txs returns the messages that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the messages that are logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	s.skip, s.frames = [2]uint64{}, nil
}
