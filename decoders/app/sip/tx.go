package sip

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Events, as rules and anomaly records name them.
const (
	EventIncompleteData = app.FirstEvent + app.Event(app.ProtoSIP)*app.EventsPerProtocol + iota
	EventInvalidData
)

var _ = app.NameEvents(app.ProtoSIP, "incomplete_data", "invalid_data")

// keptMessage is how much memory of a message is kept for the next one.
const keptMessage = 4 << 10

// Tx is one message. It implements app.Tx.
type Tx struct {
	app.Message
	raw    []byte // the message; everything below points into it
	line   []byte
	start  startLine
	fields []field
	sdp    description
	events app.EventSet
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// set takes a message whose start line is known to be one.
func (t *Tx) set(data []byte, head int, dir decoders.Direction) {
	t.raw = append(t.raw[:0], data...)
	t.Sent(dir)
	n := lineEnd(t.raw)
	t.line = trimLine(t.raw[:n])
	if dir == decoders.ToServer {
		t.start.parseRequest(t.line)
	} else {
		t.start.parseAnswer(t.line)
	}
	for rest := trimLine(t.raw[n:head]); len(rest) > 0; {
		f, after, ok := nextField(rest)
		if ok && f.name != headerOther {
			t.fields = append(t.fields, f)
		}
		rest = after
	}
	kind, _ := t.field(headerContentType, 0)
	kind, _, _ = bytes.Cut(kind, []byte{';'})
	if kind = bytes.TrimSpace(kind); len(kind) == len(sdpType) && equalFold(kind, sdpType) {
		t.sdp.parse(t.raw[head:])
	}
}

// field returns instance i of a header field.
func (t *Tx) field(name header, i int) ([]byte, bool) {
	for _, f := range t.fields {
		if f.name != name {
			continue
		}
		if i == 0 {
			return f.value, true
		}
		i--
	}
	return nil, false
}

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoSIP, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoSIP, dst) }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	raw, fields, sdp := t.raw[:0], t.fields[:0], t.sdp
	if cap(raw) > keptMessage {
		raw, fields, sdp = nil, nil, description{}
	}
	clear(fields[:cap(fields)])
	sdp.reset()
	*t = Tx{raw: raw, fields: fields, sdp: sdp}
	t.Begin(id)
}
