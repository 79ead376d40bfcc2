package http1

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// UnseenURI is the URI of a transaction whose request was not seen; the name
// that libhtp gives it and that rules and searches know.
const UnseenURI = "/libhtp::request_uri_not_seen"

// Events of HTTP are a block of app's.
const (
	firstEvent = app.EventHTTPUnknownError
	lastEvent  = app.EventHTTPFailedProtocolChange
)

// eventSet is a set of the protocol's events.
type eventSet [2]uint64

func (s *eventSet) add(e app.Event) {
	i := uint(e - firstEvent)
	s[i>>6&1] |= 1 << (i & 63)
}

func (s *eventSet) has(e app.Event) bool {
	i := uint(e - firstEvent)
	return e >= firstEvent && e <= lastEvent && s[i>>6&1]&(1<<(i&63)) != 0
}

// once are events of fields of which only the first of a kind is reported in a
// transaction, as in libhtp.
type once uint8

const (
	onceInvalid once = 1 << iota
	onceFolding
	onceUnparseable
)

// Tx is a request with its response. It implements app.Tx and app.Streamed.
type Tx struct {
	parser   *Parser
	id       uint64
	request  message
	response message
	events   eventSet
	reported once
	flags    requestFlags
	unseen   bool // the request was not seen
	interim  bool // a 100 response was seen
	state    app.TxState
}

// requestFlags become events once the request is complete.
type requestFlags uint8

const (
	badTransferEncoding requestFlags = 1 << iota
	badContentLength
	hostMissing
	hostAmbiguous
	hostOfURIInvalid
	hostOfFieldInvalid
	authUnrecognized
)

var (
	_ app.Tx       = (*Tx)(nil)
	_ app.Streamed = (*Tx)(nil)
)

// ID returns the number of the transaction in its flow, from 0.
func (t *Tx) ID() uint64 { return t.id }

func (t *Tx) side(dir decoders.Direction) *message {
	if dir == decoders.ToServer {
		return &t.request
	}
	return &t.response
}

// Progress returns how far a side is: NotStarted to Completed.
func (t *Tx) Progress(dir decoders.Direction) uint8 { return t.side(dir).progress }

// Complete reports whether a side ended.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.side(dir).progress == Completed }

// HasEvent reports an oddity of the transaction.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.has(e) }

// AppendEvents appends the oddities of the transaction.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event {
	for e := firstEvent; t.events != (eventSet{}) && e <= lastEvent; e++ {
		if t.events.has(e) {
			dst = append(dst, e)
		}
	}
	return dst
}

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// report adds an event of a field unless one of its kind was.
func (t *Tx) report(e app.Event, kind once) {
	if t.reported&kind == 0 {
		t.events.add(e)
	}
	t.reported |= kind
}

// reportRequest turns what was found in the request's fields into events.
func (t *Tx) reportRequest() {
	for _, r := range [...]struct {
		flag  requestFlags
		event app.Event
	}{
		{badTransferEncoding, app.EventHTTPInvalidTransferEncodingValueInRequest},
		{badContentLength, app.EventHTTPInvalidContentLengthFieldInRequest},
		{hostMissing, app.EventHTTPMissingHostHeader},
		{hostAmbiguous, app.EventHTTPHostHeaderAmbiguous},
		{hostOfURIInvalid, app.EventHTTPRequestURIHostInvalid},
		{hostOfFieldInvalid, app.EventHTTPRequestHeaderHostInvalid},
		{authUnrecognized, app.EventHTTPRequestAuthUnrecognized},
	} {
		if t.flags&r.flag != 0 {
			t.events.add(r.event)
		}
	}
}

// done reports whether nobody needs the transaction any more.
func (t *Tx) done() bool {
	return t.request.progress == Completed && t.response.progress == Completed &&
		t.state.Logged && t.state.Done[decoders.ToServer] && t.state.Done[decoders.ToClient]
}

func (t *Tx) reset() {
	t.request.reset()
	t.response.reset()
	*t = Tx{parser: t.parser, request: t.request, response: t.response}
	t.request.tx, t.response.tx = t, t
}
