package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// asn1Check walks BER elements (X.690) and looks for encodings that overran
// decoders: a bit string with more unused bits than a byte has, a decimal REAL
// too long for a number's text, an element longer than the rule allows.
type asn1Check struct {
	bitString, double bool
	oversize          uint64
	hasOversize       bool
	offset            int
	relative          bool
}

const (
	asn1MaxElements = 64  // looked at in one packet
	asn1MaxReal     = 256 // length of the longest decimal REAL that is in order

	asn1BitString = 3 // universal tags
	asn1Real      = 9
)

func (t *asn1Check) try(m *Machine, cursor int) (int, verdict) {
	at := t.offset
	if t.relative {
		at += cursor
	}
	for range asn1MaxElements {
		e, ok := asn1At(m.data, at)
		if !ok {
			return cursor, no
		}
		body := m.data[e.body:min(uint64(len(m.data)), uint64(e.body)+e.length)]
		switch {
		case t.hasOversize && e.length > t.oversize,
			t.bitString && e.tag == asn1BitString && len(body) > 0 && body[0] > 7,
			t.double && e.tag == asn1Real && len(body) > 0 && body[0]&0xC0 == 0 && e.length > asn1MaxReal:
			return cursor, yes
		}
		if e.constructed {
			at = e.body
			continue
		}
		if e.length > uint64(len(m.data)) {
			return cursor, no
		}
		at = e.body + int(e.length)
	}
	return cursor, no
}

type asn1Element struct {
	tag         int // of the universal class; -1 for others
	constructed bool
	body        int
	length      uint64
}

// asn1At reads the head of the element at a place.
func asn1At(data []byte, at int) (e asn1Element, ok bool) {
	if at < 0 || at+2 > len(data) {
		return e, false
	}
	first := data[at]
	e.tag, e.constructed = int(first&0x1F), first&0x20 != 0
	at++
	if e.tag == 0x1F { // the tag follows, seven bits a byte
		for at < len(data) && data[at]&0x80 != 0 {
			at++
		}
		at++
		e.tag = -1
	}
	if first&0xC0 != 0 {
		e.tag = -1
	}
	if at >= len(data) {
		return e, false
	}
	length := data[at]
	at++
	if length < 0x80 {
		e.length = uint64(length)
	} else {
		n := int(length & 0x7F)
		if n == 0 || n > 8 || at+n > len(data) {
			return e, false
		}
		for _, c := range data[at : at+n] {
			e.length = e.length<<8 | uint64(c)
		}
		at += n
	}
	e.body = at
	return e, at <= len(data)
}

// setASN1 is the keyword asn1:
// `asn1:[bitstring_overflow][,double_overflow][,oversize_length N][,absolute_offset N|relative_offset N]`.
func setASN1(b *Builder, o *rule.Option) *rule.Diagnostic {
	t := &asn1Check{}
	for _, arg := range splitList(o.Value) {
		fields := strings.Fields(arg)
		if len(fields) == 0 {
			continue
		}
		n, ok := 0, len(fields) == 1
		if len(fields) == 2 {
			n, ok = parseSigned(fields[1], maxPosition)
		}
		switch fields[0] {
		case "bitstring_overflow":
			t.bitString = true
		case "double_overflow":
			t.double = true
		case "oversize_length":
			t.oversize, t.hasOversize = uint64(n), true
			ok = ok && len(fields) == 2 && n >= 0
		case "absolute_offset":
			t.offset, t.relative = n, false
			ok = ok && len(fields) == 2 && n >= 0
		case "relative_offset":
			t.offset, t.relative = n, true
			ok = ok && len(fields) == 2
		default:
			ok = false
		}
		if !ok {
			return b.badValue(o, "bad argument "+quoted(arg))
		}
	}
	if !t.bitString && !t.double && !t.hasOversize {
		return b.badValue(o, "asn1 asks for nothing")
	}
	b.addStep(t, t.relative)
	return nil
}
