package http1

// field is a header field, with the value of its first occurrence.
type field struct {
	name   ref
	value  ref // of all occurrences, joined, once there are several
	hash   uint32
	joined bool  // trailers that come later are not part of the value
	line   ref   // name and value, as http.request_header has them
	first  int32 // repeats of the field, linked; -1 is the end
	last   int32
}

// repeat is a further occurrence of a field.
type repeat struct {
	value ref
	next  int32
}

// maxRepeats is how many occurrences of fields beyond their second are taken
// in one message; libhtp's number.
const maxRepeats = 64

// nameHash is the same for names that differ in case or NUL bytes only
// (FNV-1a).
func nameHash(name []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range name {
		if c != 0 {
			h = (h ^ uint32(lower(c))) * 16777619
		}
	}
	return h
}

// find returns the first field of a lower-case name, without regard to case
// and NULs; nil if there is none.
func (m *message) find(name string) *field {
	h := uint32(2166136261)
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	for i := range m.fields {
		if f := &m.fields[i]; f.hash == h && equalLoose(m.get(f.name), name) {
			return f
		}
	}
	return nil
}

// value returns the value of a field by its lower-case name.
func (m *message) value(name string) ([]byte, bool) {
	if f := m.find(name); f != nil {
		return m.valueOf(f), true
	}
	return nil, false
}

// valueOf returns a field's value; several are joined by a comma and a space
// (RFC 9110 section 5.3), but for Content-Length, whose first counts.
func (m *message) valueOf(f *field) []byte {
	if f.first >= 0 && !f.joined {
		f.joined = true
		if !equalFold(m.get(f.name), "content-length") {
			start := len(m.text)
			m.text = append(m.text, m.get(f.value)...)
			for i := f.first; i >= 0; i = m.repeats[i].next {
				m.text = append(m.text, ", "...)
				m.text = append(m.text, m.get(m.repeats[i].value)...)
			}
			f.value = m.since(start)
		}
	}
	return m.get(f.value)
}

// addField adds an occurrence of a field. It returns false when the message has
// too many fields.
func (m *message) addField(name, value ref) (same *field, ok bool) {
	text := m.get(name)
	h := nameHash(text)
	for i := range m.fields {
		f := &m.fields[i]
		if f.hash != h || !sameFold(m.get(f.name), text) {
			continue
		}
		if f.first >= 0 {
			if m.again == maxRepeats {
				return nil, true
			}
			m.again++
		}
		r := int32(len(m.repeats))
		m.repeats = append(m.repeats, repeat{value, -1})
		if f.first < 0 {
			f.first = r
		} else {
			m.repeats[f.last].next = r
		}
		f.last = r
		return f, true
	}
	if len(m.fields) > m.tx.parser.config.MaxHeaders {
		return nil, false
	}
	m.fields = append(m.fields, field{name: name, value: value, hash: h, first: -1, last: -1})
	return nil, true
}

func sameFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}
