package prefilter

import (
	"encoding/binary"
	"math/bits"

	"spanwatch/signatures/hyperscan"
)

// runStep is the distance at which a run of one byte is looked for.
const runStep = 64

// search returns the patterns that occur in data, each at least with its first
// end. The slice is valid until the next search with s.
//
// The middle of a long run of one byte is passed over: padding, sleds and the
// holes of files. A pattern that is such a run itself makes every engine stop at
// each of those bytes, and takes up to 50 times what others take:
//
//	data      …abcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAdef…
//	searched  ─────longest─┤          ├─longest─────
//
// What occurs in the middle alone is nothing but the run's byte, and occurs at
// the begin of the run too.
func (m *set) search(data []byte, s *Scratch) []hyperscan.Hit {
	start, end := nextRun(data, 0, 2*m.longest+runStep)
	if end == 0 {
		return m.searchAll(data, s)
	}
	s.pieces = s.pieces[:0]
	at := 0
	for end > 0 {
		s.addPiece(m.searchAll(data[at:start+m.longest], s), at)
		at = end - m.longest
		start, end = nextRun(data, end, 2*m.longest+runStep)
	}
	s.addPiece(m.searchAll(data[at:], s), at)
	return s.pieces
}

// addPiece keeps what was found in a piece of the data.
func (s *Scratch) addPiece(found []hyperscan.Hit, at int) {
	for _, h := range found {
		s.pieces = append(s.pieces, hyperscan.Hit{Pattern: h.Pattern, End: h.End + uint32(at)})
	}
}

// nextRun returns the first run of one byte of at least so many behind from; an
// end of 0 for none.
func nextRun(data []byte, from, least int) (start, end int) {
	for k := from + runStep - 8; k+8 <= len(data); k += runStep {
		w := binary.LittleEndian.Uint64(data[k:])
		if w != bits.RotateLeft64(w, 8) {
			continue
		}
		start, end = k, k+8
		for start > from && data[start-1] == data[k] {
			start--
		}
		for end+8 <= len(data) && binary.LittleEndian.Uint64(data[end:]) == w {
			end += 8
		}
		for end < len(data) && data[end] == data[k] {
			end++
		}
		if end-start >= least {
			return start, end
		}
		k = max(k, end-runStep)
	}
	return 0, 0
}
