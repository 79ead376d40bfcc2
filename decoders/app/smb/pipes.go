package smb

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app/dce"
)

// maxStub is how much stub data of a call is kept, as Suricata's max-stub-size.
const maxStub = 1 << 20

// called reads what a client wrote to a pipe: the fragments of calls. It
// returns the transaction of the last one; nil when there is none.
func (s *State) called(h *handle, data []byte, version uint8, command uint16) (last *Tx) {
	for len(data) >= dce.HeaderLen {
		head, ok := dce.ParseHeader(data)
		if !ok {
			return last
		}
		body := part(data, dce.HeaderLen, head.Length-dce.HeaderLen)
		data = part(data, head.Length, len(data))
		t := s.callOf(h.id, head.CallID, decoders.ToServer)
		if t == nil {
			t = s.begin(version, command)
			t.kind, t.done = kindCall, [2]bool{}
			t.call.handle, t.call.id, t.call.request, t.call.little = h.id, head.CallID, head.Type, head.Little
		}
		last = t
		c := &t.call
		c.fragments[decoders.ToServer]++
		switch {
		case head.Type.Binds():
			h.bindings.Bind(head, body)
			c.interfaces = append(c.interfaces[:0], h.bindings.List()...)
		case head.Type == dce.Request:
			if r, ok := dce.ParseRequest(head, body); ok {
				c.opnum, c.context = r.Opnum, r.Context
				c.add(decoders.ToServer, r.Stub)
			}
			c.interfaces = c.interfaces[:0]
			for _, i := range h.bindings.List() {
				if i.Accepted() {
					c.interfaces = append(c.interfaces, i)
				}
			}
		}
		if head.Flags&dce.FlagLast != 0 {
			t.done[decoders.ToServer] = true
		}
	}
	return last
}

// returned reads what a server wrote to a pipe: the fragments of answers.
func (s *State) returned(h *handle, data []byte) {
	for len(data) >= dce.HeaderLen {
		head, ok := dce.ParseHeader(data)
		if !ok {
			return
		}
		body := part(data, dce.HeaderLen, head.Length-dce.HeaderLen)
		data = part(data, head.Length, len(data))
		if head.Type == dce.BindAck || head.Type == dce.AlterContextResp {
			h.bindings.Acknowledge(head, body)
		}
		t := s.callOf(h.id, head.CallID, decoders.ToClient)
		if t == nil {
			continue
		}
		c := &t.call
		c.answer, c.answered = head.Type, true
		c.fragments[decoders.ToClient]++
		switch head.Type {
		case dce.BindAck, dce.AlterContextResp:
			c.interfaces = append(c.interfaces[:0], h.bindings.List()...)
		case dce.Response:
			if r, ok := dce.ParseResponse(head, body); ok {
				c.add(decoders.ToClient, part(r.Stub, 8, len(r.Stub)))
			}
		}
		if head.Flags&dce.FlagLast != 0 {
			t.done = [2]bool{true, true}
		}
	}
}

// callOf finds the call that a fragment of direction dir goes on with.
func (s *State) callOf(h handleID, id uint32, dir decoders.Direction) *Tx {
	for i := range s.live.Len() {
		if t := s.live.At(i); t.kind == kindCall && t.call.id == id && t.call.handle == h && !t.done[dir] {
			return t
		}
	}
	return nil
}

func (c *call) add(dir decoders.Direction, stub []byte) {
	c.stub[dir] = append(c.stub[dir], stub[:min(len(stub), maxStub-len(c.stub[dir]))]...)
}
