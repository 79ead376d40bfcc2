package http2

import (
	"bytes"
)

const (
	maxFields  = 256 << 10 // bytes of the fields of a side
	maxCount   = 4096      // fields of a side, or frames of a kind
	keptFields = 4 << 10   // memory for the next transaction
)

// field is a line "name: value" of sent.lines, or a new size of the table.
type field struct {
	start, end int // of the line without its end
	name       int // length
	resize     bool
	size       uint64
}

// failure is an error code of RST_STREAM or GOAWAY.
type failure struct {
	code   uint32
	goAway bool
}

// sent is what one side sent of a transaction, the body apart.
type sent struct {
	lines      []byte // "name: value\r\n" one behind the other
	fields     []field
	padded     bool // a value has white space around it
	kinds      []uint8
	errors     []failure
	priorities []uint8
	windows    []uint32
	settings   []setting
	frames     int
	made       [madeCount]made
}

// made is a text that is put together when it is first asked for.
type made struct {
	text  []byte
	valid bool
}

// Texts that are made.
const (
	madeHeader = iota
	madeNames
	madeLine
	madeHost
	madeCode
	madeJoined // one of each name in joinedNames from here
	madeCount  = madeJoined + len(joinedNames)
)

// joinedNames are the fields that rules ask for by name.
var joinedNames = [...]string{
	"user-agent", "referer", "accept", "accept-language", "accept-encoding", "connection", "content-length", "content-type",
	"location", "server", "cookie", "set-cookie",
}

func (s *sent) changed() {
	for i := range s.made {
		s.made[i].valid = false
	}
}

// add takes a field; false when there are too many.
func (s *sent) add(name, value []byte) bool {
	if len(s.fields) >= maxCount || len(s.lines)+len(name)+len(value)+4 > maxFields {
		return false
	}
	s.reserve()
	f := field{start: len(s.lines), name: len(name)}
	s.lines = append(append(append(s.lines, name...), ": "...), value...)
	f.end = len(s.lines)
	s.lines = append(s.lines, "\r\n"...)
	s.fields = append(s.fields, f)
	s.padded = s.padded || len(bytes.Trim(value, " \t")) != len(value)
	s.changed()
	return true
}

// reserve makes in one go the room that the fields of most transactions need.
func (s *sent) reserve() {
	if cap(s.lines) == 0 {
		s.lines = make([]byte, 0, 1024)
	}
	if cap(s.fields) == 0 {
		s.fields = make([]field, 0, 32)
	}
}

// addSize takes note of a new size of the table.
func (s *sent) addSize(v uint64) {
	s.reserve()
	if len(s.fields) < maxCount {
		s.fields = append(s.fields, field{resize: true, size: v})
	}
}

func (s *sent) line(f *field) []byte  { return s.lines[f.start:f.end] }
func (s *sent) name(f *field) []byte  { return s.lines[f.start : f.start+f.name] }
func (s *sent) value(f *field) []byte { return s.lines[f.start+f.name+2 : f.end] }

// first returns the value of the first field of a name.
func (s *sent) first(name string) ([]byte, bool) {
	for i := range s.fields {
		if f := &s.fields[i]; !f.resize && equalFold(s.name(f), name) {
			return s.value(f), true
		}
	}
	return nil, false
}

// joined returns the values of all fields of a name in joinedNames, with ", "
// between them.
func (s *sent) joined(which int) ([]byte, bool) {
	m := &s.made[madeJoined+which]
	name := joinedNames[which]
	count := 0
	for i := range s.fields {
		f := &s.fields[i]
		if f.resize || !equalFold(s.name(f), name) {
			continue
		}
		if m.valid {
			return m.text, true
		}
		if count++; count == 1 {
			m.text = m.text[:0]
		} else {
			m.text = append(m.text, ", "...)
		}
		m.text = append(m.text, s.value(f)...)
	}
	if count == 0 {
		return nil, false
	}
	m.valid = true
	return m.text, true
}

// header returns the fields as lines, without white space around their values.
func (s *sent) header() ([]byte, bool) {
	if !s.padded {
		return s.lines, len(s.lines) > 0
	}
	m := &s.made[madeHeader]
	if !m.valid {
		m.text, m.valid = m.text[:0], true
		for i := range s.fields {
			if f := &s.fields[i]; !f.resize {
				m.text = append(append(m.text, s.name(f)...), ": "...)
				m.text = append(append(m.text, bytes.Trim(s.value(f), " \t")...), "\r\n"...)
			}
		}
	}
	return m.text, len(m.text) > 0
}

// names returns the names of the fields, each on a line, with an empty line
// around them.
func (s *sent) names() ([]byte, bool) {
	if len(s.lines) == 0 {
		return nil, false
	}
	m := &s.made[madeNames]
	if !m.valid {
		m.text, m.valid = append(m.text[:0], "\r\n"...), true
		for i := range s.fields {
			if f := &s.fields[i]; !f.resize {
				m.text = append(append(m.text, s.name(f)...), "\r\n"...)
			}
		}
		m.text = append(m.text, "\r\n"...)
	}
	return m.text, true
}

// at returns field i, sizes of the table apart.
func (s *sent) at(i int) *field {
	if i >= len(s.fields) {
		return nil
	}
	for n := range s.fields {
		if f := &s.fields[n]; !f.resize {
			if i == 0 {
				return f
			}
			i--
		}
	}
	return nil
}

// sizeAt returns new size i of the table.
func (s *sent) sizeAt(i int) (uint64, bool) {
	for n := range s.fields {
		if f := &s.fields[n]; f.resize {
			if i == 0 {
				return f.size, true
			}
			i--
		}
	}
	return 0, false
}

func (s *sent) reuse() {
	fresh := sent{
		kinds: kept(s.kinds), errors: kept(s.errors), priorities: kept(s.priorities), windows: kept(s.windows),
		settings: kept(s.settings), fields: kept(s.fields), lines: kept(s.lines),
	}
	for i := range s.made {
		fresh.made[i].text = kept(s.made[i].text)
	}
	*s = fresh
}

// kept empties a list and gives up its memory when it is large.
func kept[T any](list []T) []T {
	if cap(list) > keptFields {
		return nil
	}
	return list[:0]
}

func appendBounded[T any](list []T, v T) []T {
	if len(list) >= maxCount {
		return list
	}
	return append(list, v)
}

// equalFold compares with a lower-case name; names of HTTP/2 are lower case
// except where a peer breaks the rule.
func equalFold(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}
