package bittorrent

import "spanwatch/decoders/app"

// EventMalformedPacket is the one oddity, as rules and anomaly records name it.
const EventMalformedPacket = app.FirstEvent + app.Event(app.ProtoBittorrentDHT)*app.EventsPerProtocol

var _ = app.NameEvents(app.ProtoBittorrentDHT, "malformed_packet")

const keptBytes = 4 << 10 // memory of a message that the next one uses

// Tx is one message. It implements app.Tx.
type Tx struct {
	app.Message
	message
	raw, scratch []byte
	events       app.EventSet
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoBittorrentDHT, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event {
	return t.events.Append(app.ProtoBittorrentDHT, dst)
}

// Buffer finds nothing.
func (t *Tx) Buffer(app.Buffer, int) ([]byte, bool) { return nil, false }

// Integer finds nothing.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{raw: t.raw[:0], scratch: t.scratch[:0]}
	if cap(t.raw)+cap(t.scratch) > keptBytes {
		fresh = Tx{}
	}
	*t = fresh
	t.Begin(id)
}

// take reads a datagram; false when it is malformed.
func (t *Tx) take(data []byte) (ok bool) {
	t.raw = append(t.raw[:0], data...)
	if t.message, ok = read(t.raw); !ok {
		t.events.Add(EventMalformedPacket)
	}
	return ok
}
