package enip

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Events, as rules and anomaly records name them.
const (
	EventTooManyTransactions = app.FirstEvent + app.Event(app.ProtoENIP)*app.EventsPerProtocol + iota
	EventInvalidPDU
)

var _ = app.NameEvents(app.ProtoENIP, "too_many_transactions", "invalid_pdu")

const (
	keptRaw  = 4 << 10 // memory of a message that the next one uses
	keptList = 256
)

// Tx is one exchange. It implements app.Tx.
type Tx struct {
	id       uint64
	has      [2]bool
	messages [2]pdu // request and response
	done     bool   // nothing more is to come
	events   app.EventSet
	state    app.TxState
}

var (
	_ app.Reusable = (*Tx)(nil)
	_ app.Recorder = (*Tx)(nil)
)

// set takes a message over; its memory is exchanged for that of p.
func (t *Tx) set(dir decoders.Direction, p *pdu) {
	t.has[dir] = true
	t.messages[dir], *p = *p, t.messages[dir]
}

// ID numbers the exchanges of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns 1 for a side that is complete.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	if t.Complete(dir) {
		return 1
	}
	return 0
}

// Complete reports that the side has sent its message, or will not send one.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.done || t.has[dir] }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoENIP, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoENIP, dst) }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{id: id}
	for i := range t.messages {
		from, to := &t.messages[i], &fresh.messages[i]
		if cap(from.raw) <= keptRaw {
			to.raw = from.raw[:0]
		}
		if cap(from.cips) <= keptList {
			clear(from.cips[:cap(from.cips)])
			to.cips = from.cips[:0]
		}
		if cap(from.segments) <= keptList {
			to.segments = from.segments[:0]
		}
		if cap(from.attributes) <= keptList {
			to.attributes = from.attributes[:0]
		}
	}
	*t = fresh
}
