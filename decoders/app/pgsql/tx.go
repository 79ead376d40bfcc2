package pgsql

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Progress of a side.
const (
	Started = iota
	Done
)

// Events, as rules and anomaly records name them.
const (
	EventInvalidLength = app.FirstEvent + app.Event(app.ProtoPgSQL)*app.EventsPerProtocol + iota
	EventMalformedRequest
	EventMalformedResponse
	EventTooManyTransactions
	EventTooManyResponses
)

var _ = app.NameEvents(app.ProtoPgSQL,
	"invalid_length", "malformed_request", "malformed_response", "too_many_transactions", "too_many_responses")

const (
	maxResponses = 1024      // of a transaction
	maxKept      = 256 << 10 // bytes of them
	keptMemory   = 8 << 10   // of texts, for the next transaction
)

// request is what a transaction begins with.
type request uint8

const (
	requestNone request = iota
	requestTLS
	requestStartup
	requestCancel
	requestPassword
	requestSASLFirst
	requestSASL
	requestQuery
	requestTerminate
)

// response is a message of the server: its type and its place in Tx.raw.
type response struct {
	kind       byte
	start, end int
}

// Tx is a request with its responses. It implements app.Tx.
type Tx struct {
	id        uint64
	done      [2]bool
	kind      request
	text      []byte // body of the request's message
	tls       bool   // the server has said whether it agrees to encryption
	accepted  bool
	responses []response
	raw       []byte // bodies of responses
	rows      uint64 // of data
	rowBytes  uint64
	events    app.EventSet
	state     app.TxState
}

var (
	_ app.Reusable = (*Tx)(nil)
	_ app.Recorder = (*Tx)(nil)
)

// ID numbers the transactions of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns Done when a side is complete.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	if t.done[dir] {
		return Done
	}
	return Started
}

// Complete reports that nothing more is to come from a side.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.done[dir] }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoPgSQL, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoPgSQL, dst) }

// answer keeps a response.
func (t *Tx) answer(kind byte, body []byte) {
	if len(t.responses) == maxResponses || len(t.raw)+len(body) > maxKept {
		t.events.Add(EventTooManyResponses)
		return
	}
	start := len(t.raw)
	t.raw = append(t.raw, body...)
	t.responses = append(t.responses, response{kind, start, len(t.raw)})
}

// row counts a row of data; the first has its place among the responses.
func (t *Tx) row(size uint64) {
	if t.rows == 0 {
		t.answer(backendRow, nil)
	}
	t.rows++
	t.rowBytes += size
}

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{id: id, text: t.text[:0], responses: t.responses[:0], raw: t.raw[:0]}
	if cap(t.text)+cap(t.raw) > keptMemory {
		fresh = Tx{id: id}
	}
	*t = fresh
}
