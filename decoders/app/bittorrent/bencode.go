package bittorrent

import "bytes"

// maxDepth is how deep values may nest: a message has three, items of BEP 44
// may have some of their own.
const maxDepth = 8

// next cuts the first value off b: a text, whose content it is, a number, whose
// digits it is, or a list or dictionary, whose content it is (BEP 3, section
// Bencoding). kind is its first letter, 's' for a text and 0 when there is
// none.
func next(b []byte) (kind byte, value, rest []byte) {
	size, n := whole(b)
	switch {
	case size == 0:
		return 0, nil, nil
	case isDigit(b[0]):
		return 's', b[size-n : size], b[size:]
	}
	return b[0], b[1 : size-1], b[size:]
}

// whole returns how many bytes the value at the start of b takes, 0 when it is
// none; text is how many of them the content of a text takes.
func whole(b []byte) (size, text int) {
	depth := 0
	for at := 0; at < len(b); {
		switch c := b[at]; {
		case isDigit(c):
			n, head := length(b[at:])
			if head == 0 || n > len(b)-at-head {
				return 0, 0
			}
			at, text = at+head+n, n
		case c == 'i':
			end := bytes.IndexByte(b[at:], 'e')
			if end < 0 || !isNumber(b[at+1:at+end]) {
				return 0, 0
			}
			at += end + 1
		case c == 'l' || c == 'd':
			if depth++; depth > maxDepth {
				return 0, 0
			}
			at++
		case c == 'e' && depth > 0:
			depth--
			at++
		default:
			return 0, 0
		}
		if depth == 0 {
			return at, text
		}
	}
	return 0, 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// length reads how long a text is; head is how many bytes that takes with the
// colon, 0 when it says nothing.
func length(b []byte) (n, head int) {
	const digits = 5 // of what fits into a datagram
	for i, c := range b {
		switch {
		case c == ':' && i > 0:
			return n, i + 1
		case !isDigit(c) || i == digits || i == 1 && b[0] == '0':
			return 0, 0
		}
		n = 10*n + int(c-'0')
	}
	return 0, 0
}

// isNumber reports that digits are written as they have to be: without zeros in
// front.
func isNumber(digits []byte) bool {
	digits, negative := bytes.CutPrefix(digits, []byte("-"))
	if len(digits) == 0 || digits[0] == '0' && (len(digits) > 1 || negative) {
		return false
	}
	for _, c := range digits {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// number is the value of digits; false when it is below zero or above most.
func number(digits []byte, most uint64) (v uint64, ok bool) {
	for _, c := range digits {
		if !isDigit(c) {
			return 0, false
		}
		if v = 10*v + uint64(c-'0'); v > most {
			return 0, false
		}
	}
	return v, true
}

// dictionary reads the pairs of one. Keys come in order and once.
type dictionary struct {
	rest []byte
	key  []byte
	bad  bool
}

// pair returns the next pair; false at the end and when there is none, which
// bad says.
func (d *dictionary) pair() (key []byte, kind byte, value []byte, ok bool) {
	if len(d.rest) == 0 {
		return nil, 0, nil, false
	}
	kind, key, rest := next(d.rest)
	if kind != 's' || d.key != nil && bytes.Compare(key, d.key) <= 0 {
		d.bad = true
		return nil, 0, nil, false
	}
	d.key = key
	kind, value, d.rest = next(rest)
	d.bad = kind == 0
	return key, kind, value, !d.bad
}
