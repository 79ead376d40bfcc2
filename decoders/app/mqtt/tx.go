package mqtt

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Progress of a transaction.
const (
	Started = iota
	Done
)

// Events, as rules and anomaly records name them.
const (
	EventMissingConnect = app.FirstEvent + app.Event(app.ProtoMQTT)*app.EventsPerProtocol + iota
	EventMissingPublish
	EventMissingSubscribe
	EventMissingUnsubscribe
	EventDoubleConnect
	EventUnintroducedMessage
	EventInvalidQosLevel
	EventMissingMsgID
	EventUnassignedMsgType
	EventTooManyTransactions
	EventMalformedTraffic
	EventTooManyMessages
	EventTooManyProperties
)

var _ = app.NameEvents(app.ProtoMQTT,
	"missing_connect", "missing_publish", "missing_subscribe", "missing_unsubscribe", "double_connect",
	"unintroduced_message", "invalid_qos_level", "missing_msg_id", "unassigned_msg_type", "too_many_transactions",
	"malformed_traffic", "too_many_messages", "too_many_properties")

const (
	usualMessages = 4       // of an exchange: PUBLISH, PUBREC, PUBREL, PUBCOMP
	keptMemory    = 4 << 10 // of each packet, for the next one
)

// Tx is one exchange. It implements app.Tx.
type Tx struct {
	txID     uint64
	dir      decoders.Direction
	messages []message // memory of them; the first count are valid
	count    int
	size     int // bytes of packets that it has
	complete bool
	waitsFor kind // begins an exchange that this type goes on with; valid iff !complete
	packetID uint16
	events   app.EventSet
	state    app.TxState
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// add returns the place of another packet.
func (t *Tx) add(h header, raw []byte) *message {
	if t.count == len(t.messages) {
		t.messages = append(t.messages, message{})
	}
	t.count++
	m := &t.messages[t.count-1]
	*m = message{header: h, raw: append(m.raw[:0], raw...), topics: m.topics[:0]}
	return m
}

// ID numbers the exchanges of the flow.
func (t *Tx) ID() uint64 { return t.txID }

// Direction returns that of the packet which began the exchange.
func (t *Tx) Direction() decoders.Direction { return t.dir }

// Progress returns Done once the exchange is complete, for the side that
// began it.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	if t.Complete(dir) {
		return Done
	}
	return Started
}

// Complete reports that nothing more is to come.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.complete && dir == t.dir }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoMQTT, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoMQTT, dst) }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	messages := t.messages[:min(len(t.messages), usualMessages)]
	if cap(t.messages) > 4*usualMessages {
		messages = append([]message(nil), messages...)
	}
	for i := range messages {
		m := &messages[i]
		clear(m.topics[:cap(m.topics)])
		kept := message{raw: m.raw[:0], topics: m.topics[:0]}
		if cap(m.raw) > keptMemory {
			kept = message{}
		}
		*m = kept
	}
	*t = Tx{txID: id, messages: messages}
}
