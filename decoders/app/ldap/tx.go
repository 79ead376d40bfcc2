package ldap

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Progress of a side.
const (
	Started = iota
	Done
)

// Events, as rules and anomaly records name them.
const (
	EventTooManyTransactions = app.FirstEvent + app.Event(app.ProtoLDAP)*app.EventsPerProtocol + iota
	EventInvalidData
	EventRequestNotFound
	EventIncompleteData
	EventTooManyResponses
)

var _ = app.NameEvents(app.ProtoLDAP,
	"too_many_transactions", "invalid_data", "request_not_found", "incomplete_data", "too_many_responses")

const (
	maxResponses = 4096     // of a transaction
	maxKept      = 1 << 20  // bytes of them
	keptMemory   = 16 << 10 // of messages, for the next transaction
)

// Tx is a request with its responses, or a response alone. It implements
// app.Tx.
type Tx struct {
	id         uint64
	done       [2]bool
	hasRequest bool
	message    int64  // number of the request's message
	op         uint8  // of the request
	request    []byte // the message
	responses  []byte // messages, one behind the other
	ends       []int  // of each response
	events     app.EventSet
	state      app.TxState
	scratch    []byte // made while a record is rendered
}

var (
	_ app.Reusable = (*Tx)(nil)
	_ app.Recorder = (*Tx)(nil)
)

// ID numbers the transactions of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns Done when a side is complete.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	if t.done[dir] {
		return Done
	}
	return Started
}

// Complete reports that nothing more is to come from a side.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.done[dir] }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoLDAP, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoLDAP, dst) }

// asked returns the request, which was read before; false when there is none.
func (t *Tx) asked() (message, bool) {
	if !t.hasRequest {
		return message{}, false
	}
	return read(t.request)
}

// response returns response i.
func (t *Tx) response(i int) (message, bool) {
	if i >= len(t.ends) {
		return message{}, false
	}
	start := 0
	if i > 0 {
		start = t.ends[i-1]
	}
	return read(t.responses[start:t.ends[i]])
}

// answer adds a response. What is too much is an oddity, and completes the
// transaction.
func (t *Tx) answer(data []byte, m *message) {
	if len(t.ends) == maxResponses || len(t.responses)+len(data) > maxKept {
		t.events.Add(EventTooManyResponses)
		t.done = [2]bool{true, true}
		return
	}
	t.responses = append(t.responses, data...)
	t.ends = append(t.ends, len(t.responses))
	if ends(m.op) {
		t.done = [2]bool{true, true}
	}
}

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{id: id, request: t.request[:0], responses: t.responses[:0], ends: t.ends[:0], scratch: t.scratch[:0]}
	if cap(t.request)+cap(t.responses)+cap(t.scratch) > keptMemory {
		fresh = Tx{id: id}
	}
	*t = fresh
}
