package dns

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Memory that a transaction may keep when it goes back to the pool; a large
// message gives its memory up.
const (
	keptArena   = 4 << 10
	keptRecords = 64
)

// eventSet is a set of the protocol's events.
type eventSet uint32

func (s *eventSet) add(e app.Event)     { *s |= 1 << (e - app.EventDNSUnsolicitedResponse) }
func (s eventSet) has(e app.Event) bool { return s&(1<<(e-app.EventDNSUnsolicitedResponse)) != 0 }

// Tx is one message. It implements app.Tx and app.Unidirectional.
type Tx struct {
	id     uint64
	dir    decoders.Direction
	broken bool
	events eventSet
	record Record
	arena  []byte // copy of the message, then the names; only appended to
	state  app.TxState
	cursor cursor
}

var (
	_ app.Tx             = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
)

// ID returns the number of the message in its flow, from 0.
func (t *Tx) ID() uint64 { return t.id }

// Direction returns the side that the message came from.
func (t *Tx) Direction() decoders.Direction { return t.dir }

// Progress is 1 in both directions: a message exists when it is complete.
func (t *Tx) Progress(decoders.Direction) uint8 { return 1 }

// Complete reports that nothing more is to come, which a message says in its
// own direction.
func (t *Tx) Complete(dir decoders.Direction) bool { return dir == t.dir }

// HasEvent reports an oddity of the message.
func (t *Tx) HasEvent(e app.Event) bool {
	return e >= app.EventDNSUnsolicitedResponse && e <= app.EventDNSInvalidAuthorities && t.events.has(e)
}

// AppendEvents appends the oddities of the message.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event {
	for e := app.EventDNSUnsolicitedResponse; t.events != 0 && e <= app.EventDNSInvalidAuthorities; e++ {
		if t.events.has(e) {
			dst = append(dst, e)
		}
	}
	return dst
}

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// Record returns the message for export. It is nil when the message could not
// be read: such a transaction carries only its events.
func (t *Tx) Record() *Record {
	if t.broken {
		return nil
	}
	return &t.record
}

// unreadable leaves of the message that it could not be read.
func (t *Tx) unreadable() {
	t.broken = true
	t.events = 0
	t.events.add(app.EventDNSMalformedData)
}

// done reports whether nobody needs the transaction any more; without a record
// there is nothing to log.
func (t *Tx) done() bool { return (t.state.Logged || t.broken) && t.state.Done[t.dir] }

// reset empties the transaction but keeps its memory within bounds.
func (t *Tx) reset() {
	arena, rec := t.arena[:0], &t.record
	if cap(arena) > keptArena {
		arena = nil
	}
	*t = Tx{arena: arena, record: Record{
		Queries:     reuse(rec.Queries),
		Answers:     reuse(rec.Answers),
		Authorities: reuse(rec.Authorities),
		Additionals: reuse(rec.Additionals),
	}}
}

func reuse[T any](s []T) []T {
	if cap(s) > keptRecords {
		return nil
	}
	clear(s) // no slice of an old arena stays reachable
	return s[:0]
}
