package dcerpc

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dce"
)

const (
	maxTxs  = 1024
	maxStub = 1 << 20 // bytes of stub data of a call, as Suricata's max-stub-size
)

// State is the DCE/RPC of one flow.
type State struct {
	live     app.Live[*Tx]
	bindings dce.Bindings
	frames   *app.FrameLog // nil unless frames are marked
}

var _ app.State = (*State)(nil)

// Parse reads the fragments of in. Bytes that are missing from a stream end
// it: fragments have no mark to go on at.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		if !s.datagram(in.Data, in.Dir) {
			return app.Result{Status: app.StatusError}
		}
		return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
	}
	if in.Gap > 0 {
		return app.Result{Status: app.StatusError}
	}
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if len(rest) < dce.HeaderLen {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: dce.HeaderLen}
		}
		h, ok := dce.ParseHeader(rest)
		switch {
		case !ok:
			return app.Result{Status: app.StatusError, Consumed: at}
		case len(rest) < h.Length:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: h.Length}
		}
		s.frames.Mark(in.Dir, frameHeader, at, dce.HeaderLen)
		s.frames.Mark(in.Dir, framePDU, at, h.Length)
		s.frames.Mark(in.Dir, frameData, at+dce.HeaderLen, h.Length-dce.HeaderLen)
		if !s.fragment(h, rest[dce.HeaderLen:h.Length], in.Dir) {
			return app.Result{Status: app.StatusError, Consumed: at}
		}
		at += h.Length
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// fragment takes a fragment of a stream; false when it cannot be read.
func (s *State) fragment(h dce.Header, body []byte, dir decoders.Direction) bool {
	switch h.Type {
	case dce.Bind, dce.AlterContext:
		t := s.begin(h, dir)
		if t == nil || !s.bindings.Bind(h, body) {
			return false
		}
		t.interfaces = append(t.interfaces[:0], s.bindings.List()...)
		t.sides[decoders.ToServer].done = true
	case dce.BindAck, dce.AlterContextResp:
		if !s.bindings.Acknowledge(h, body) {
			return false
		}
		if t := s.answered(h); t != nil {
			t.interfaces = append(t.interfaces[:0], s.bindings.List()...)
		}
	case dce.BindNak:
		s.answered(h)
	case dce.Request:
		c, ok := dce.ParseRequest(h, body)
		if !ok {
			return false
		}
		t := s.find(h.CallID, decoders.ToServer)
		if t == nil {
			if t = s.begin(h, dir); t == nil {
				return false
			}
			t.opnum, t.context = c.Opnum, c.Context
			t.interfaces = appendAccepted(t.interfaces[:0], s.bindings.List())
		}
		t.sides[decoders.ToServer].add(h, c.Stub)
	case dce.Response:
		c, ok := dce.ParseResponse(h, body)
		if !ok {
			return false
		}
		if t := s.find(h.CallID, decoders.ToClient); t != nil {
			t.answer, t.hasAnswer = h.Type, true
			t.sides[decoders.ToClient].add(h, c.Stub)
		}
	case dce.Fault:
		s.answered(h)
	}
	return true
}

// appendAccepted appends the interfaces that calls can go to.
func appendAccepted(dst, list []dce.Interface) []dce.Interface {
	for i := range list {
		if list[i].Accepted() {
			dst = append(dst, list[i])
		}
	}
	return dst
}

// begin makes a transaction; nil when there are too many.
func (s *State) begin(h dce.Header, dir decoders.Direction) *Tx {
	if s.live.Len() >= maxTxs {
		return nil
	}
	t := s.live.Add()
	t.callID, t.request, t.minor, t.little = h.CallID, h.Type, h.Minor, h.Little
	return t
}

// find returns the call that a fragment of direction dir goes on with.
func (s *State) find(callID uint32, dir decoders.Direction) *Tx {
	for i := range s.live.Len() {
		if t := s.live.At(i); t.callID == callID && !t.sides[dir].done && !t.datagram {
			return t
		}
	}
	return nil
}

// answered ends the call that a PDU without stub data answers.
func (s *State) answered(h dce.Header) *Tx {
	t := s.find(h.CallID, decoders.ToClient)
	if t != nil {
		t.answer, t.hasAnswer = h.Type, true
		t.sides[decoders.ToClient].done = true
	}
	return t
}

// Txs returns the calls that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the calls that are complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	s.bindings.Reset()
	s.frames = nil
}
