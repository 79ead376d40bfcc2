package prefilter

import (
	"encoding/binary"

	"spanwatch/signatures/hyperscan"
)

// shortTables finds patterns of 2 to 6 bytes. Every position is probed: first
// its two bytes in a bitmap of all 65,536 pairs (8 KiB, level 1 cache), and
// only where some pattern begins so, the grams of 4, 3 and 2 bytes.
type shortTables struct {
	any   bool
	pairs []uint32
	four  gramTable // patterns of 4 to 6 bytes
	three gramTable
	two   gramTable
}

type shortBuilder struct {
	pairs            []uint32
	four, three, two []gramEntry
}

func (s *shortBuilder) add(b []byte, pattern uint32) {
	if s.pairs == nil {
		s.pairs = make([]uint32, 1<<16/32)
	}
	at := 0
	switch len(b) {
	case 2:
		s.two = append(s.two, gramEntry{gram2(b), pattern, 0})
	case 3:
		s.three = append(s.three, gramEntry{gram3(b), pattern, 0})
	default:
		best := ^uint64(0)
		for o := 0; o+4 <= len(b); o++ {
			if c := gramCost(b[o:o+4], nil); c < best {
				at, best = o, c
			}
		}
		s.four = append(s.four, gramEntry{gram4(b[at:]), pattern, uint32(at)})
	}
	k := pair(b[at:])
	s.pairs[k>>5] |= 1 << (k & 31)
}

func (s *shortBuilder) tables() shortTables {
	return shortTables{
		any:   s.pairs != nil,
		pairs: s.pairs,
		four:  newGramTable(s.four),
		three: newGramTable(s.three),
		two:   newGramTable(s.two),
	}
}

func (s *shortTables) size() int {
	return 4*len(s.pairs) + s.four.size() + s.three.size() + s.two.size()
}

// pair folds the case of two bytes into a bit number.
func pair(b []byte) uint32 { return uint32(binary.LittleEndian.Uint16(b) | 0x2020) }

func gram2(b []byte) uint32 { return hash4(pair(b)) }

func gram3(b []byte) uint32 { return hash4(pair(b) | uint32(b[2]|0x20)<<16) }

func (g *grams) scanShort(data []byte, found []hyperscan.Hit) []hyperscan.Hit {
	s := &g.short
	pairs := s.pairs
	for pos := 0; pos+2 <= len(data); pos++ {
		k := uint32(data[pos]) | uint32(data[pos+1])<<8 | 0x2020
		if pairs[k>>5]>>(k&31)&1 == 0 {
			continue
		}
		rest := data[pos:]
		if len(rest) >= 4 && len(s.four.bitmap) != 0 {
			found = g.probe(&s.four, data, pos, gram4(rest), found)
		}
		if len(rest) >= 3 && len(s.three.bitmap) != 0 {
			found = g.probe(&s.three, data, pos, gram3(rest), found)
		}
		if len(s.two.bitmap) != 0 {
			found = g.probe(&s.two, data, pos, hash4(k), found)
		}
	}
	return found
}

func (g *grams) probe(t *gramTable, data []byte, pos int, h uint32, found []hyperscan.Hit) []hyperscan.Hit {
	if b := h >> t.shift; t.bitmap[b>>5]>>(b&31)&1 != 0 {
		return g.verify(t, data, pos, h, found)
	}
	return found
}
