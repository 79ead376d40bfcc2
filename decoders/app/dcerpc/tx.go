package dcerpc

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dce"
)

// Progress of a side.
const (
	Started = iota
	Done
)

// keptStub is how much memory of stub data is kept for the next call.
const keptStub = 4 << 10

// side is one direction of a call.
type side struct {
	stub      []byte
	size      int // of the stub data, also of what was not kept
	fragments uint32
	done      bool
}

func (s *side) add(h dce.Header, stub []byte) {
	s.fragments++
	s.size += len(stub)
	s.stub = append(s.stub, stub[:min(len(stub), maxStub-len(s.stub))]...)
	if h.Flags&dce.FlagLast != 0 {
		s.done = true
	}
}

// Tx is a bind or a call with its answer. It implements app.Tx.
type Tx struct {
	id         uint64
	callID     uint32
	request    dce.Type
	answer     dce.Type // valid iff hasAnswer
	hasAnswer  bool
	minor      uint8
	little     bool
	opnum      uint16
	context    uint16
	datagram   bool
	activity   [16]byte // of a datagram
	sides      [2]side
	interfaces []dce.Interface // asked for by a bind, or open to a call
	scratch    []byte          // texts of rules and records
	state      app.TxState
}

var (
	_ app.Reusable = (*Tx)(nil)
	_ app.Recorder = (*Tx)(nil)
)

// ID numbers the calls of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns Done when a side is complete.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	if t.Complete(dir) {
		return Done
	}
	return Started
}

// Complete reports that nothing more is to come from a side.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.sides[dir].done }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent finds nothing: DCE/RPC has no events.
func (t *Tx) HasEvent(app.Event) bool { return false }

// AppendEvents appends nothing.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return dst }

// Buffer returns a buffer. Interfaces are those that a call can be meant for.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	switch b {
	case app.DCEStubData, app.DCEStubData.In(decoders.ToClient):
		s := &t.sides[b-app.DCEStubData]
		return s.stub, i == 0 && s.fragments > 0
	case app.DCEInterface:
		if t.request != dce.Request {
			return nil, false
		}
		for n := range t.interfaces {
			if f := &t.interfaces[n]; f.Accepted() && (t.datagram || f.Context == t.context) {
				if i == 0 {
					t.scratch = f.AppendRule(t.scratch[:0])
					return t.scratch, true
				}
				i--
			}
		}
	}
	return nil, false
}

// Integer returns a number.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if i > 0 {
		return 0, false
	}
	switch b {
	case app.DCEOpnum:
		return uint64(t.opnum), t.request == dce.Request
	case app.DCELittle:
		if t.little {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{id: id, interfaces: t.interfaces[:0], scratch: t.scratch[:0]}
	for d := range t.sides {
		if cap(t.sides[d].stub) <= keptStub {
			fresh.sides[d].stub = t.sides[d].stub[:0]
		}
	}
	*t = fresh
}
