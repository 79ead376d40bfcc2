package snmp

import "spanwatch/decoders/app"

// Events, as rules and anomaly records name them.
const (
	EventMalformedData = app.FirstEvent + app.Event(app.ProtoSNMP)*app.EventsPerProtocol + iota
	EventUnknownSecurityModel
	EventVersionMismatch
)

var _ = app.NameEvents(app.ProtoSNMP, "malformed_data", "unknown_security_model", "version_mismatch")

const (
	keptBytes     = 4 << 10 // memory of a message that the next one uses
	keptVariables = 256
)

// Tx is one message. It implements app.Tx.
type Tx struct {
	app.Message
	version         uint32 // 0 when the message could not be read
	encrypted       bool
	hasPDU          bool
	pdu             uint8
	status          int64 // of a response
	trap            int64 // generic kind of a trap of version 1
	community, user []byte
	agent           []byte // of a trap, 4 octets
	enterprise      [2]int // of a trap, in text
	variables       [][2]int
	raw, text       []byte
	events          app.EventSet
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// malformed makes it a message that could not be read.
func (t *Tx) malformed() {
	dir := t.Direction()
	t.Reuse(t.ID())
	t.Sent(dir)
	t.events.Add(EventMalformedData)
}

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoSNMP, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoSNMP, dst) }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{}
	if cap(t.raw) <= keptBytes {
		fresh.raw = t.raw[:0]
	}
	if cap(t.text) <= keptBytes {
		fresh.text = t.text[:0]
	}
	if cap(t.variables) <= keptVariables {
		fresh.variables = t.variables[:0]
	}
	*t = fresh
	t.Begin(id)
}
