package mdns

import (
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dns"
)

// Tx is one message. It implements app.Tx.
type Tx struct {
	app.Message
	message dns.Tx
	text    []byte // of the record, in hexadecimal digits
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// HasEvent reports an oddity; they are those of DNS.
func (t *Tx) HasEvent(e app.Event) bool { return t.message.HasEvent(e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.message.AppendEvents(dst) }

// Reuse makes the transaction as new; the message is when the next is read.
func (t *Tx) Reuse(id uint64) {
	const kept = 1 << 10
	if cap(t.text) > kept {
		t.text = nil
	}
	t.Begin(id)
}
