package websocket

import "spanwatch/decoders/app"

// Events, as rules and anomaly records name them.
const (
	EventSkipEndOfPayload = app.FirstEvent + app.Event(app.ProtoWebSocket)*app.EventsPerProtocol + iota
	EventReassemblyLimitReached
)

var _ = app.NameEvents(app.ProtoWebSocket, "skip_end_of_payload", "reassembly_limit_reached")

// Tx is one frame. It implements app.Tx.
type Tx struct {
	app.Message
	header  header
	payload []byte // of the whole message in its last frame
	encoded []byte // some of it, for records of alerts
	events  app.EventSet
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
	_ app.Detailed       = (*Tx)(nil)
)

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	*t = Tx{payload: reuse(t.payload), encoded: reuse(t.encoded)}
	t.Begin(id)
}

// reuse keeps memory for the next frame.
func reuse(b []byte) []byte {
	const kept = 4 << 10
	if cap(b) > kept {
		return nil
	}
	return b[:0]
}

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoWebSocket, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event {
	return t.events.Append(app.ProtoWebSocket, dst)
}
