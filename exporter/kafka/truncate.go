package kafka

import (
	"bytes"
	"slices"
	"strconv"
)

// bulky are the members that are removed from a record that is too large, by
// name, wherever they are in the object: copies of traffic, which say nothing
// that the other members depend on.
var bulky = [...]string{
	"payload", "payload_printable", "packet",
	"http_request_body", "http_request_body_printable", "http_response_body", "http_response_body_printable",
	"body", "stream_payload",
}

// span is a member, from its name to the end of its value.
type span struct{ from, to int }

func (s span) size() int { return s.to - s.from }

// markerRoom is more than the marker takes besides the names.
const markerRoom = 64

// truncate returns body without its largest bulky members, as many as it takes
// to come down to limit bytes, and with a member truncated that names them:
//
//	"truncated":{"members":["payload"],"bytes":65536}
//
// Where nothing can be removed it returns body itself; the result may still be
// larger than limit. body must be one JSON object.
func truncate(body []byte, limit int) []byte {
	found := findBulky(body)
	if len(found) == 0 || len(body) < 2 {
		return body
	}
	slices.SortFunc(found, func(a, b span) int { return b.size() - a.size() })
	size := len(body) + markerRoom
	removed, gone := found[:0], 0
	for _, f := range found {
		if size <= limit {
			break
		}
		size -= f.size() - len(`"",`) - len(nameOf(body, f))
		gone += f.size()
		removed = append(removed, f)
	}
	if len(removed) == 0 {
		return body
	}
	marker := []byte(`,"truncated":{"members":[`)
	for i, f := range removed {
		if i > 0 {
			marker = append(marker, ',')
		}
		marker = append(marker, '"')
		marker = append(marker, nameOf(body, f)...)
		marker = append(marker, '"')
	}
	marker = append(marker, `],"bytes":`...)
	marker = strconv.AppendInt(marker, int64(gone), 10)
	marker = append(marker, '}')

	slices.SortFunc(removed, func(a, b span) int { return a.from - b.from })
	out := make([]byte, 0, len(body)-gone+len(marker))
	at := 0
	for _, f := range removed {
		out = append(out, body[at:f.from]...)
		at = f.to
		// One of the commas beside the member goes with it.
		if before := bytes.TrimRight(out, jsonSpace); before[len(before)-1] == ',' {
			out = before[:len(before)-1]
		} else if after := bytes.TrimLeft(body[at:], jsonSpace); after[0] == ',' {
			at = len(body) - len(after) + 1
		}
	}
	rest := body[at:]
	end := bytes.LastIndexByte(rest, '}')
	out = append(out, rest[:end]...)
	if len(bytes.TrimSpace(out)) == 1 { // nothing is left before the marker
		marker = marker[1:]
	}
	out = append(out, marker...)
	return append(out, rest[end:]...)
}

const jsonSpace = " \t\r\n"

// nameOf returns the name of the member in f.
func nameOf(body []byte, f span) []byte {
	b := body[f.from:f.to]
	b = b[bytes.IndexByte(b, '"')+1:]
	return b[:bytes.IndexByte(b, '"')]
}

// findBulky lists the bulky members of an object and of the objects in it, but
// not those in another bulky one.
func findBulky(body []byte) []span {
	w := walker{b: body}
	w.space()
	if !w.value(0) {
		return nil
	}
	return w.found
}

// walker reads JSON of the sensor's own making. It is strict where it must be
// not to cut in the wrong place, and gives up on anything else.
type walker struct {
	b     []byte
	at    int
	found []span
}

const maxDepth = 64

func (w *walker) space() {
	for w.at < len(w.b) && (w.b[w.at] == ' ' || w.b[w.at] == '\t' || w.b[w.at] == '\n' || w.b[w.at] == '\r') {
		w.at++
	}
}

func (w *walker) next(c byte) bool {
	if w.at < len(w.b) && w.b[w.at] == c {
		w.at++
		return true
	}
	return false
}

// text reads a string and returns what is between its quotes.
func (w *walker) text() ([]byte, bool) {
	if !w.next('"') {
		return nil, false
	}
	start := w.at
	for w.at < len(w.b) {
		switch w.b[w.at] {
		case '\\':
			w.at += 2
		case '"':
			w.at++
			return w.b[start : w.at-1], true
		default:
			w.at++
		}
	}
	return nil, false
}

func (w *walker) value(depth int) bool {
	if depth > maxDepth || w.at >= len(w.b) {
		return false
	}
	switch w.b[w.at] {
	case '{':
		return w.object(depth)
	case '[':
		return w.array(depth)
	case '"':
		_, ok := w.text()
		return ok
	}
	start := w.at
	for w.at < len(w.b) && bytes.IndexByte([]byte(",]} \t\r\n"), w.b[w.at]) < 0 {
		w.at++
	}
	return w.at > start
}

func (w *walker) array(depth int) bool {
	w.at++
	for first := true; ; first = false {
		w.space()
		if w.next(']') {
			return true
		}
		if !first && !w.next(',') {
			return false
		}
		w.space()
		if !w.value(depth + 1) {
			return false
		}
	}
}

func (w *walker) object(depth int) bool {
	w.at++
	for first := true; ; first = false {
		w.space()
		if w.next('}') {
			return true
		}
		if !first && !w.next(',') {
			return false
		}
		w.space()
		from := w.at
		name, ok := w.text()
		if !ok {
			return false
		}
		w.space()
		if !w.next(':') {
			return false
		}
		w.space()
		inner := len(w.found)
		if !w.value(depth + 1) {
			return false
		}
		if isBulky(name) {
			w.found = append(w.found[:inner], span{from, w.at})
		}
	}
}

func isBulky(name []byte) bool {
	for _, b := range bulky {
		if string(name) == b {
			return true
		}
	}
	return false
}
