package modbus

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Events, as rules and anomaly records name them.
const (
	EventUnsolicitedResponse = app.FirstEvent + app.Event(app.ProtoModbus)*app.EventsPerProtocol + iota
	EventInvalidFunctionCode
	EventInvalidLength
	EventInvalidValue
	EventInvalidExceptionCode
	EventValueMismatch
	EventFlooded
	EventInvalidProtocolID
)

var _ = app.NameEvents(app.ProtoModbus,
	"unsolicited_response", "invalid_function_code", "invalid_length", "invalid_value", "invalid_exception_code",
	"value_mismatch", "flooded", "invalid_protocol_id")

// Tx is one exchange. It implements app.Tx.
type Tx struct {
	id       uint64
	has      [2]bool
	messages [2]message // request and response
	events   app.EventSet
	state    app.TxState
}

var (
	_ app.Reusable = (*Tx)(nil)
	_ app.Recorder = (*Tx)(nil)
)

// set takes a message over; its memory is exchanged for that of m.
func (t *Tx) set(dir decoders.Direction, m *message) {
	t.has[dir] = true
	raw := t.messages[dir].raw
	t.messages[dir] = *m
	*m = message{raw: raw[:0]}
}

// fault notes what is wrong with a message.
func (t *Tx) fault(f fault) {
	for _, e := range [...]struct {
		fault
		app.Event
	}{
		{faultFunction, EventInvalidFunctionCode}, {faultValue, EventInvalidValue}, {faultLength, EventInvalidLength},
		{faultException, EventInvalidExceptionCode}, {faultProtocol, EventInvalidProtocolID},
	} {
		if f&e.fault != 0 {
			t.events.Add(e.Event)
		}
	}
}

// ID numbers the exchanges of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns 1 in both directions once there is a response.
func (t *Tx) Progress(decoders.Direction) uint8 {
	if t.has[decoders.ToClient] {
		return 1
	}
	return 0
}

// Complete reports that there is a response.
func (t *Tx) Complete(decoders.Direction) bool { return t.has[decoders.ToClient] }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoModbus, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoModbus, dst) }

// Reuse makes the transaction as new. A message is never longer than
// maxLength, so its memory is kept.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{id: id}
	for i := range t.messages {
		fresh.messages[i].raw = t.messages[i].raw[:0]
	}
	*t = fresh
}
