package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// base64Step decodes base64 and evaluates the conditions of base64_data on the
// outcome. It ends its chain: conditions behind it are not asked.
type base64Step struct {
	bytes, offset int // bytes 0 is all
	relative      bool
	data          *List // of base64_data; nil when the rule has none
}

// maxDecoded bounds the outcome of one decoding in bytes.
const maxDecoded = 64 << 10

func (t *base64Step) try(m *Machine, cursor int) (int, verdict) {
	from := t.offset
	if t.relative {
		from += cursor
	}
	if t.data == nil || from >= len(m.data) {
		return cursor, no
	}
	text := m.data[from:]
	if t.bytes > 0 {
		text = text[:min(len(text), t.bytes)]
	}
	m.decoded = appendBase64(m.decoded[:0], text, base64Strict)
	if len(m.decoded) == 0 {
		return cursor, no
	}
	return cursor, m.nested(&t.data.Chain, m.decoded)
}

// base64Mode says what a decoder does with bytes that are no base64.
type base64Mode uint8

const (
	base64Strict base64Mode = iota // stops at the first one, as RFC 4648 has it
	base64Spaced                   // passes over white space (RFC 2045)
)

// appendBase64 decodes text up to the first byte that is not part of it,
// padding included; what is left of a group of four gives its whole bytes.
func appendBase64(dst, text []byte, mode base64Mode) []byte {
	var group uint32
	n := 0
	for _, c := range text {
		v := base64Value(c)
		if v > 63 {
			if mode == base64Spaced && c != '=' {
				continue
			}
			break
		}
		group = group<<6 | uint32(v)
		if n++; n == 4 {
			if len(dst)+3 > maxDecoded {
				return dst
			}
			dst = append(dst, byte(group>>16), byte(group>>8), byte(group))
			group, n = 0, 0
		}
	}
	switch n {
	case 2:
		dst = append(dst, byte(group>>4))
	case 3:
		dst = append(dst, byte(group>>10), byte(group>>2))
	}
	return dst
}

func base64Value(c byte) uint8 {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case c >= '0' && c <= '9':
		return c - '0' + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return 255
}

// setBase64Decode is the keyword base64_decode:
// `base64_decode:[bytes N][, offset N][, relative]`.
func setBase64Decode(b *Builder, o *rule.Option) *rule.Diagnostic {
	t := &base64Step{}
	for _, arg := range splitList(o.Value) {
		name, value, _ := strings.Cut(arg, " ")
		n, ok := parseUnsigned(value)
		ok = ok && n <= maxDecoded
		switch name {
		case "bytes":
			t.bytes = int(n)
		case "offset":
			t.offset = int(n)
		case "relative":
			t.relative, ok = true, value == ""
		default:
			ok = false
		}
		if !ok {
			return b.badValue(o, "bad argument "+quoted(arg))
		}
	}
	b.addStep(t, t.relative)
	b.base64 = t
	return nil
}

// setBase64Data is the keyword base64_data: conditions that follow are on what
// base64_decode decoded.
func setBase64Data(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.closeList(); d != nil {
		return d
	}
	if b.base64 == nil {
		return b.fail(o, "bad-combination", "base64_data without base64_decode before it", "nothing is decoded", "")
	}
	if b.base64.data == nil {
		b.base64.data = &List{}
	}
	b.list, b.touched, b.lastSource = b.base64.data, b.base64.data, o
	return nil
}
