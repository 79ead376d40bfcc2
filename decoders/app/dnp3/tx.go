package dnp3

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Events, as rules and anomaly records name them.
const (
	EventFlooded = app.FirstEvent + app.Event(app.ProtoDNP3)*app.EventsPerProtocol + iota
	EventLenTooSmall
	EventBadLinkCRC
	EventBadTransportCRC
	EventMalformed
	EventUnknownObject
	EventTooManyPoints
	EventTooManyObjects
	EventTooLongReassembly
)

var _ = app.NameEvents(app.ProtoDNP3,
	"flooded", "len_too_small", "bad_link_crc", "bad_transport_crc", "malformed", "unknown_object",
	"too_many_points", "too_many_objects", "too_long_reassembly")

const (
	keptData    = 4 << 10 // memory of a fragment that the next one uses
	keptObjects = 256
)

// Tx is one fragment of the application layer. It implements app.Tx.
type Tx struct {
	id        uint64
	dir       decoders.Direction
	told      bool // there is a fragment, not only events
	complete  bool
	link      link
	transport uint8 // of the last segment
	data      []byte
	objects   []object
	parsed    bool // all objects could be read
	events    app.EventSet
	state     app.TxState
	point     *point // the parser's
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// headLen is the length of the application header: control and function, and
// in responses two octets of internal indications.
func headLen(dir decoders.Direction) int {
	if dir == decoders.ToServer {
		return 2
	}
	return 4
}

// function of the fragment.
func (t *Tx) function() uint8 { return t.data[1] }

// indications of a response.
func (t *Tx) indications() uint16 { return uint16(t.data[2])<<8 | uint16(t.data[3]) }

// ID numbers the fragments of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Direction returns the way the fragment goes.
func (t *Tx) Direction() decoders.Direction { return t.dir }

// Progress returns 1 once the fragment is whole.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	if t.Complete(dir) {
		return 1
	}
	return 0
}

// Complete reports that nothing more is to come.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.complete && dir == t.dir }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoDNP3, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoDNP3, dst) }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{id: id, point: t.point}
	if cap(t.data) <= keptData {
		fresh.data = t.data[:0]
	}
	if cap(t.objects) <= keptObjects {
		fresh.objects = t.objects[:0]
	}
	*t = fresh
}
