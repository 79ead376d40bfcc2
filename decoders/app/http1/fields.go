package http1

import (
	"bytes"
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// startFields gets ready for the header block behind the first line.
func (m *message) startFields() {
	m.fieldsAt, m.block, m.at = len(m.head), len(m.head), len(m.head)
}

// readBlock appends data to the header block and reads the fields that are
// complete. done says that the block ended; rest is what follows it.
func (s *State) readBlock(sd *side, m *message, data []byte, last bool) (rest []byte, done bool, v verdict) {
	c := &s.parser.config
	// Most blocks end within the piece: do not copy the body behind it.
	copied := len(data)
	if n := bytes.Index(data, []byte("\r\n\r\n")); n >= 0 {
		copied = n + 4
	}
	for {
		m.head = append(m.head, data[:copied]...)
		rest = data[copied:]
		whole := last && len(rest) == 0
		done, v = m.readFields(whole)
		if v != fail && !done && (len(m.head)-m.at > c.FieldLimit || len(m.head) > c.HeadLimit) {
			v = m.tooLong()
		}
		if v == fail {
			return rest, false, fail
		}
		if done {
			break
		}
		if len(rest) == 0 {
			return nil, false, wait
		}
		data, copied = rest, len(rest)
	}
	// What was copied behind the end of the block belongs to the body. Where it
	// was not clear at once where an odd block ends, some may have come earlier.
	if over := len(m.head) - m.at; over <= copied {
		rest = data[copied-over:]
	} else {
		rest = slices.Concat(m.head[m.at:], rest)
	}
	m.head = m.head[:m.at]
	if m.dir == decoders.ToClient && m.at > 1 && m.head[m.at-1] == '\n' && m.head[m.at-2] != '\r' {
		rest = sd.skipCR(rest)
	}
	return rest, true, goOn
}

func (m *message) tooLong() verdict {
	m.tx.events.add(m.pick(app.EventHTTPRequestFieldTooLong, app.EventHTTPResponseFieldTooLong))
	return fail
}

// pick returns the one of two events that is meant for this side.
func (m *message) pick(request, response app.Event) app.Event {
	if m.dir == decoders.ToServer {
		return request
	}
	return response
}

// readFields reads fields of head from at on, as long as they are complete.
// done says that the block ended at at.
func (m *message) readFields(last bool) (done bool, v verdict) {
	r := blockReader{b: m.head, server: m.dir == decoders.ToClient, last: last, text: m.text}
	defer func() { m.text = r.text }()
	for {
		ended, o := m.blockEnds(&r)
		if o == short {
			return false, wait
		}
		if ended > 0 {
			m.at += ended
			return true, goOn
		}
		name, value, next, flaws, o := r.readField(m.at)
		if o == short {
			return false, wait
		}
		m.text = r.text
		if next-m.at > m.tx.parser.config.FieldLimit {
			return false, m.tooLong()
		}
		m.judge(flaws)
		if v := m.keep(name, value); v == fail {
			return false, fail
		}
		r.text = m.text
		m.at = next
	}
}

// blockEnds returns the length of the empty line that the block ends with at at;
// 0 if it goes on there.
func (m *message) blockEnds(r *blockReader) (int, outcome) {
	b := m.head[m.at:]
	n := r.lineEnd(b)
	switch {
	case n == 0:
		return 0, complete
	case len(b) == 1 && b[0] == '\r' && !r.last:
		return 0, short
	case n == 2 && b[0] == '\r':
		return n, complete
	case m.at > m.block:
		return 1, complete // of LF CR, the CR is skipped when it comes
	case b[0] == '\n':
		return m.emptyBlock(r)
	}
	return 0, complete
}

// maxNameAhead is how long a field name may be to be recognised behind an empty
// line.
const maxNameAhead = 128

// emptyBlock decides about an empty line of LF in the place of the first field.
// It ends the block, but where fields follow in the head of a response, libhtp
// takes it for one without name and value.
func (m *message) emptyBlock(r *blockReader) (int, outcome) {
	if m.dir == decoders.ToServer || m.progress == InTrailer {
		return 1, complete
	}
	behind := m.head[m.at+1:]
	switch {
	case len(behind) == 0 || len(behind) == 1 && behind[0] == '\r':
		return 1, r.unlessLast()
	case r.lineEnd(behind) > 0:
		return 0, complete
	}
	field, o := r.looksLikeField(m.at + 1)
	switch {
	case o == short && len(behind) <= maxNameAhead:
		return 0, short
	case o == complete && field:
		return 0, complete
	}
	return 1, complete
}

// judge turns the flaws of a field into events.
func (m *message) judge(f flaw) {
	t := m.tx
	if f&flawLineEnd != 0 && m.dir == decoders.ToClient {
		t.events.add(app.EventHTTPDeformedEOL)
	}
	if f&flawSpaceBehindName != 0 {
		t.report(m.pick(app.EventHTTPRequestInvalidLWSAfterName, app.EventHTTPResponseInvalidLWSAfterName), onceInvalid)
	}
	if f&flawSpaceBeforeName != 0 {
		t.report(m.pick(app.EventHTTPInvalidRequestFieldFolding, app.EventHTTPInvalidResponseFieldFolding), onceFolding)
	}
	if f&flawNameNotToken != 0 {
		t.report(m.pick(app.EventHTTPRequestHeaderInvalid, app.EventHTTPResponseHeaderNameNotToken), onceInvalid)
	}
	if f&(flawNoColon|flawNameEmpty) != 0 { // libhtp's event for an empty name is never raised
		t.report(m.pick(app.EventHTTPRequestFieldMissingColon, app.EventHTTPResponseFieldMissingColon), onceUnparseable)
	}
}

// keep adds a field.
func (m *message) keep(name, value ref) verdict {
	same, ok := m.addField(name, value)
	if !ok {
		m.tx.events.add(m.pick(app.EventHTTPRequestTooManyHeaders, app.EventHTTPResponseTooManyHeaders))
		return fail
	}
	if same == nil {
		return goOn
	}
	m.tx.events.add(m.pick(app.EventHTTPRequestHeaderRepetition, app.EventHTTPResponseHeaderRepetition))
	if equalFold(m.get(name), "content-length") {
		first, ok1, _, _ := contentLength(m.get(same.value))
		other, ok2, _, _ := contentLength(m.get(value))
		if !ok1 || !ok2 || first != other {
			m.tx.events.add(m.pick(app.EventHTTPDuplicateContentLengthFieldInRequest, app.EventHTTPDuplicateContentLengthFieldInResponse))
		}
	}
	return goOn
}
