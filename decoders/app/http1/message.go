package http1

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app/body"
)

// Progress of one side of a transaction. It only grows.
const (
	NotStarted uint8 = iota
	InLine           // the first line
	InHeaders
	InBody
	InTrailer
	Completed
)

// Version is the HTTP version of a message.
type Version uint8

// Versions, oldest first.
const (
	VersionUnknown Version = iota
	VersionInvalid
	Version09
	Version10
	Version11
)

// Memory that a message may keep when it goes back to the pool.
const (
	keptHead   = 16 << 10
	keptText   = 16 << 10
	keptFields = 64
	keptPart   = 4 << 10
	keptFiles  = 8
)

// ref is a run of bytes of a message: of its head as received, or of its text,
// which is what was made of that. The zero value is nothing.
type ref struct {
	start, end uint32
	of         refOf
}

type refOf uint8

const (
	nothing refOf = iota
	ofHead
	ofText
)

// message is one side of a transaction.
type message struct {
	tx       *Tx
	dir      decoders.Direction
	progress uint8
	headRead bool // all fields were read

	head     []byte // first line and header block, as received
	text     []byte // what was made of them
	line     ref    // the first line, without its end
	block    int    // where the header block, or the trailer, starts in head
	fieldsAt int    // where the header block starts in head
	at       int    // how far fields were read in head
	fields   []field
	repeats  []repeat
	again    int // occurrences of fields beyond their second

	version  Version
	protocol ref // version as sent

	// Of a request.
	method     ref
	methodName Method
	uri        ref
	http09     bool // the short request that has no version, and no fields
	parts      uriParts
	host       ref // normalised, without port
	port       int // 0: not given
	path       ref // normalised
	normalised ref // URI for rules

	// Of a response.
	status ref // as sent
	code   int // 0: not valid
	reason ref

	wire     uint64 // body bytes as sent, with chunk sizes
	length   uint64 // body bytes decoded
	body     window
	decoder  *body.Decoder
	decoding bool // through decoder
	cut      bool // longer than the limit
	files    []*attachment
	filing   filing
	form     multipart

	rangeOf ContentRange // what contentRange gives out
	built   [builtCount]ref
}

func (m *message) init(t *Tx, dir decoders.Direction) { m.tx, m.dir = t, dir }

// bytes returns what a ref stands for; ok is false for nothing.
func (m *message) bytes(r ref) (b []byte, ok bool) {
	switch r.of {
	case ofHead:
		return m.head[r.start:r.end:r.end], true
	case ofText:
		return m.text[r.start:r.end:r.end], true
	}
	return nil, false
}

// get is bytes where nothing may be an empty run.
func (m *message) get(r ref) []byte {
	b, _ := m.bytes(r)
	return b
}

// headRef is the ref of head[start:end].
func headRef(start, end int) ref { return ref{uint32(start), uint32(end), ofHead} }

// since is the ref of the text written from start on.
func (m *message) since(start int) ref { return ref{uint32(start), uint32(len(m.text)), ofText} }

// write makes a ref of a copy of b.
func (m *message) write(b []byte) ref {
	start := len(m.text)
	m.text = append(m.text, b...)
	return m.since(start)
}

// forgetHead makes the message as before its first line, for the one that
// follows an interim response.
func (m *message) forgetHead() {
	clear(m.built[:])
	*m = message{
		tx: m.tx, dir: m.dir, progress: InLine,
		head: m.head[:0], text: m.text[:0], fields: m.fields[:0], repeats: m.repeats[:0],
		files: m.files, body: m.body, form: m.form,
	}
}

// reset empties the message and keeps its memory within bounds.
func (m *message) reset() {
	p := m.tx.parser
	for _, f := range m.files {
		f.reset()
		p.files.Give(f.file)
	}
	if m.decoder != nil {
		p.giveDecoder(m.decoder)
	}
	files := m.files
	if cap(files) > keptFiles {
		files = nil
	}
	m.body.reset(&p.bodies)
	m.form.reset()
	*m = message{
		tx: m.tx, dir: m.dir,
		head: within(m.head, keptHead), text: within(m.text, keptText),
		fields: within(m.fields, keptFields), repeats: within(m.repeats, keptFields),
		files: files[:0], body: m.body, form: m.form,
	}
}

// within empties a slice, and gives it up if it grew too large to keep.
func within[T any](s []T, most int) []T {
	if cap(s) > most {
		return nil
	}
	return s[:0]
}
