package krb5

import "spanwatch/decoders/app"

// Events, as rules and anomaly records name them.
const (
	EventMalformedData = app.FirstEvent + app.Event(app.ProtoKRB5)*app.EventsPerProtocol + iota
	EventWeakEncryption
)

var _ = app.NameEvents(app.ProtoKRB5, "malformed_data", "weak_encryption")

const keptText = 1 << 10 // of each text, for the next transaction

// Tx is one message. It implements app.Tx.
type Tx struct {
	app.Message
	kind           uint8
	refused        uint8 // KRB-ERROR: type of the request; 0 when none was seen
	client, server principal
	hasRealm       bool
	realm          []byte
	hasEtype       bool
	etype          int32
	hasTicket      bool
	ticketEtype    int32
	hasCode        bool
	code           int32
	events         app.EventSet
	scratch        []byte // made while a record is rendered
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoKRB5, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoKRB5, dst) }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{client: t.client, server: t.server, realm: t.realm[:0], scratch: t.scratch[:0]}
	fresh.client.reset()
	fresh.server.reset()
	if cap(t.client.text) > keptText || cap(t.server.text) > keptText || cap(t.realm) > keptText {
		fresh = Tx{}
	}
	*t = fresh
	t.Begin(id)
}
