package rfb

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Progress of both sides.
const (
	Started = iota
	Done
)

// Events, as rules and anomaly records name them.
const (
	EventUnimplementedSecurityType = app.FirstEvent + app.Event(app.ProtoRFB)*app.EventsPerProtocol + iota
	EventUnknownSecurityResult
	EventMalformedMessage
	EventConfusedState
	EventTooLongString
)

var _ = app.NameEvents(app.ProtoRFB,
	"unimplemented_security_type", "unknown_security_result", "malformed_message", "confused_state", "too_long_string")

// Tx is the handshake of a session. It implements app.Tx.
type Tx struct {
	id             uint64
	done           bool
	server, client version

	hasSecurity, hasChallenge, hasResponse, hasResult, hasReason, hasShared, hasScreen bool

	security  uint32
	challenge [2 * challengeLen]byte // in hexadecimal digits
	response  [2 * challengeLen]byte
	result    uint32
	reason    []byte // why the server refuses
	shared    bool   // the client leaves others connected
	screen    [serverInitLen]byte
	name      []byte // of the desktop
	events    app.EventSet
	state     app.TxState
}

var (
	_ app.Reusable = (*Tx)(nil)
	_ app.Recorder = (*Tx)(nil)
)

// ID numbers the transactions of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns Done when the handshake is over, which it is for both sides.
func (t *Tx) Progress(decoders.Direction) uint8 {
	if t.done {
		return Done
	}
	return Started
}

// Complete reports that nothing more is to come.
func (t *Tx) Complete(decoders.Direction) bool { return t.done }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoRFB, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoRFB, dst) }

// end completes the transaction.
func (t *Tx) end() step {
	t.done = true
	return over
}

// odd completes the transaction with an event.
func (t *Tx) odd(e app.Event) step {
	t.events.Add(e)
	return t.end()
}

// Reuse makes the transaction as new. Its texts are short enough to keep.
func (t *Tx) Reuse(id uint64) { *t = Tx{id: id, name: t.name[:0], reason: t.reason[:0]} }
