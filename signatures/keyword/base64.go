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
	var ok bool
	if m.decoded, ok = appendBase64(m.decoded[:0], text, base64Plain); !ok {
		return cursor, no
	}
	return cursor, m.nested(&t.data.Chain, m.decoded)
}

// base64Mode says what a decoder does with bytes that are no base64.
type base64Mode uint8

const (
	base64Plain  base64Mode = iota // stops at the first one (RFC 4648)
	base64Spaced                   // passes over them (RFC 2045), and leaves out a last group that is not whole
)

// appendBase64 decodes text, group by group: padding ends a group, not the text.
// Nothing is decoded when a group is no base64, such as one byte that is left.
func appendBase64(dst, text []byte, mode base64Mode) (out []byte, ok bool) {
	var group [4]byte
	n := 0
	out = dst
	for _, c := range text {
		if base64Value(c) > 63 && c != '=' {
			if mode == base64Spaced {
				continue
			}
			break
		}
		group[n] = c
		if n++; n < len(group) {
			continue
		}
		if len(out)+3 > maxDecoded {
			return out, true
		}
		if out, ok = appendBase64Group(out, group[:]); !ok {
			return dst, false
		}
		n = 0
	}
	if n > 0 && mode == base64Plain {
		if out, ok = appendBase64Group(out, group[:n]); !ok {
			return dst, false
		}
	}
	return out, len(out) > len(dst)
}

// appendBase64Group decodes what is before the padding of a group, which must
// be two digits at least.
func appendBase64Group(dst, group []byte) ([]byte, bool) {
	var bits uint32
	n := 0
	for ; n < len(group) && group[n] != '='; n++ {
		bits |= uint32(base64Value(group[n])) << (18 - 6*n)
	}
	if n < 2 {
		return dst, false
	}
	whole := [3]byte{byte(bits >> 16), byte(bits >> 8), byte(bits)}
	return append(dst, whole[:n-1]...), true
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
