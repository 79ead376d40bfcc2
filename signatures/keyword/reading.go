package keyword

import (
	"math/bits"
)

// reading is how byte_test, byte_jump, byte_extract and byte_math read a
// number out of a buffer. Each embeds one.
type reading struct {
	bytes    bound // how many
	offset   bound // from the start of the buffer, or from the cursor; may be negative
	relative bool
	little   bool
	dce      bool // the byte order is that of the remote call
	text     bool // digits in ASCII instead of a binary number
	digits   bool // as many digits as there are, whatever bytes says
	base     int  // of text: 8, 10 or 16
	mask     uint64
	hasMask  bool
}

// A number of more than 23 text digits cannot be held: 22 octal digits and a
// leading zero are 2⁶⁴-1. A binary one has at most 8 bytes.
const (
	maxTextBytes   = 23
	maxBinaryBytes = 8
)

// read returns the number at the cursor, where it starts, and how many bytes
// it took (fewer than asked for when text ends early). ok is false when it
// lies outside of the buffer or is no number.
func (r *reading) read(m *Machine, cursor int) (value uint64, start, taken int, ok bool) {
	n := r.bytes.of(m)
	if n > maxTextBytes || !r.text && n > maxBinaryBytes {
		return 0, 0, 0, false
	}
	start = r.offset.of(m)
	if r.relative {
		start += cursor
		if start >= len(m.data) && n > 0 {
			return 0, 0, 0, false
		}
	}
	if start < 0 || start > len(m.data) || n > len(m.data)-start {
		return 0, 0, 0, false
	}
	b := m.data[start : start+n]
	if r.digits {
		b = m.data[start:]
	}
	if r.text {
		value, taken, ok = parseText(b, r.base)
		if !ok {
			return 0, 0, 0, false
		}
	} else {
		value, taken = binaryNumber(b, r.little || r.dce && m.little), n
	}
	if r.hasMask {
		value = value & r.mask >> bits.TrailingZeros64(r.mask)
	}
	return value, start, taken, true
}

func binaryNumber(b []byte, little bool) (v uint64) {
	if little {
		for i := len(b) - 1; i >= 0; i-- {
			v = v<<8 | uint64(b[i])
		}
		return v
	}
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// parseText reads a number as C's strtoull does: white space, a sign, 0x
// before hexadecimal, digits up to the first other byte. A minus sign gives
// the two's complement. ok is false without a digit and on overflow.
func parseText(b []byte, base int) (v uint64, taken int, ok bool) {
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] >= '\t' && b[i] <= '\r') {
		i++
	}
	negative := false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	if base == 16 && i+2 < len(b) && b[i] == '0' && b[i+1]|0x20 == 'x' && digit(b[i+2]) < 16 {
		i += 2
	}
	first := i
	for ; i < len(b); i++ {
		d := digit(b[i])
		if d >= base {
			break
		}
		hi, lo := bits.Mul64(v, uint64(base))
		sum, carry := bits.Add64(lo, uint64(d), 0)
		if hi != 0 || carry != 0 {
			return 0, 0, false
		}
		v = sum
	}
	if i == first {
		return 0, 0, false
	}
	if negative {
		v = -v
	}
	return v, i, true
}

// digit is the value of an ASCII digit up to f, 255 for other bytes.
func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 255
}
