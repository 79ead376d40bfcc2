package ber

import "strconv"

// maxArc is the largest number that an arc of an object identifier has here.
const maxArc = 1<<63 - 1

// AppendOID appends the body of an object identifier in decimal with dots
// (X.690 section 8.19); false, and dst as it was, when it is none.
func AppendOID(dst, body []byte) ([]byte, bool) {
	start := len(dst)
	if len(body) == 0 || body[len(body)-1]&0x80 != 0 {
		return dst, false
	}
	arc, first := uint64(0), true
	for _, b := range body {
		if arc > maxArc>>7 {
			return dst[:start], false
		}
		arc = arc<<7 | uint64(b&0x7f)
		if b&0x80 != 0 {
			continue
		}
		if first {
			// The first number holds two arcs, of which the first is at most 2.
			root := min(arc/40, 2)
			dst = strconv.AppendUint(dst, root, 10)
			arc, first = arc-40*root, false
		}
		dst = append(dst, '.')
		dst = strconv.AppendUint(dst, arc, 10)
		arc = 0
	}
	return dst, true
}
