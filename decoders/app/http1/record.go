package http1

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app/file"
)

// Record is a transaction as it is exported. Its bytes live until the State's
// Release or Reset; empty is what the transaction does not have.
type Record struct {
	Hostname    []byte // of the URI, else of the Host field; without port
	Port        int    // of the same; 0 when it names none
	URL         []byte // as sent, or UnseenURI
	UserAgent   []byte
	ContentType []byte // of the response, without parameters
	Referer     []byte
	XFF         []byte // X-Forwarded-For
	Method      []byte
	Protocol    []byte // of the request, as sent
	Status      int    // 0: no status, or StatusText
	StatusText  []byte // a status that is no number from 100 to 999
	Redirect    []byte // Location
	Length      uint64 // bytes of the response's body as sent, chunk sizes included
	Range       *ContentRange
}

// Record returns the transaction for export.
func (t *Tx) Record() Record {
	q, r := &t.request, &t.response
	rec := Record{
		Hostname: q.get(q.host), Port: q.port, URL: q.get(q.uri), Method: q.get(q.method), Protocol: q.get(q.protocol),
		Status: r.code, Length: r.wire,
	}
	rec.UserAgent, _ = q.value("user-agent")
	rec.Referer, _ = q.value("referer")
	rec.XFF, _ = q.value("x-forwarded-for")
	rec.Redirect, _ = r.value("location")
	if kind, ok := r.value("content-type"); ok {
		if i := bytes.IndexByte(kind, ';'); i >= 0 {
			kind = kind[:i]
		}
		rec.ContentType = kind
	}
	if rec.Status == 0 {
		rec.StatusText = r.get(r.status)
	}
	if c, ok := r.contentRange(); ok {
		rec.Range = c
	}
	return rec
}

// Header returns field i of a side, in the order of their first occurrence,
// with the values of all occurrences joined; ok is false when there are fewer.
func (t *Tx) Header(dir decoders.Direction, i int) (name, value []byte, ok bool) {
	m := t.side(dir)
	if i < 0 || i >= len(m.fields) {
		return nil, nil, false
	}
	f := &m.fields[i]
	value = m.valueOf(f)
	return m.get(f.name), value, true
}

// Body returns what is kept of a side's decoded body, and where that starts.
func (t *Tx) Body(dir decoders.Direction) (kept []byte, offset uint64) {
	w := &t.side(dir).body
	return w.kept, w.base
}

// File returns file i of a side; nil when there are fewer. It lives until the
// State's Release or Reset.
func (t *Tx) File(dir decoders.Direction, i int) *file.File {
	m := t.side(dir)
	if i < 0 || i >= len(m.files) {
		return nil
	}
	return m.files[i].file
}

// ContentRange is the Content-Range of a response (RFC 9110 section 14.4).
type ContentRange struct {
	Raw        []byte
	Valid      bool // it is "bytes START-END/SIZE"
	Start, End uint64
	Size       uint64 // 0: not known
}
