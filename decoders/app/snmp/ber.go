package snmp

import "strconv"

// Tags of the Basic Encoding Rules that SNMP uses (X.690, RFC 3417 section 8).
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagOID      = 0x06
	tagSequence = 0x30
	tagAddress  = 0x40 // IpAddress
	tagPDU      = 0xa0 // the first of the PDUs
)

// reader takes elements off the front of rest; bad says that one was not
// there.
type reader struct {
	rest []byte
	bad  bool
}

// next returns the next element.
func (r *reader) next() (tag byte, content []byte) {
	if r.bad || len(r.rest) < 2 {
		r.bad, r.rest = true, nil
		return 0, nil
	}
	tag = r.rest[0]
	n, at := int(r.rest[1]), 2
	if n >= 0x80 { // the length has octets of its own
		size := n & 0x7f
		if size == 0 || size > 4 || len(r.rest) < at+size {
			r.bad, r.rest = true, nil
			return 0, nil
		}
		n = 0
		for _, b := range r.rest[at : at+size] {
			n = n<<8 | int(b)
		}
		at += size
	}
	if n > len(r.rest)-at {
		r.bad, r.rest = true, nil
		return 0, nil
	}
	content = r.rest[at : at+n : at+n]
	r.rest = r.rest[at+n:]
	return tag, content
}

// want returns the content of the next element, which has to have a tag.
func (r *reader) want(tag byte) []byte {
	got, content := r.next()
	if got != tag {
		r.bad, r.rest = true, nil
		return nil
	}
	return content
}

// sequence returns a reader of the next element.
func (r *reader) sequence(tag byte) reader {
	content := r.want(tag)
	return reader{rest: content, bad: r.bad}
}

// integer reads a number of at most 64 bits.
func (r *reader) integer() int64 {
	b := r.want(tagInteger)
	if len(b) == 0 || len(b) > 9 {
		r.bad = true
		return 0
	}
	v := int64(int8(b[0]))
	for _, c := range b[1:] {
		v = v<<8 | int64(c)
	}
	return v
}

// appendOID writes an object identifier as text; ok is false when it is none.
func appendOID(dst, content []byte) (out []byte, ok bool) {
	if len(content) == 0 || content[len(content)-1]&0x80 != 0 {
		return dst, false
	}
	first, arc := true, uint64(0)
	for _, c := range content {
		if arc > 1<<56 {
			return dst, false
		}
		arc = arc<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first { // X.690 section 8.19.4: two arcs in one
			top := min(arc/40, 2)
			dst = strconv.AppendUint(dst, top, 10)
			arc -= 40 * top
			first = false
		}
		dst = strconv.AppendUint(append(dst, '.'), arc, 10)
		arc = 0
	}
	return dst, true
}
