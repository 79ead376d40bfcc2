package prefilter

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"spanwatch/signatures/hyperscan"
)

// grams is the matcher in plain Go. A pattern is found through some of its
// grams, short substrings with a hash in a bitmap:
//
//	length   gram   positions probed   grams entered
//	>= 11    8      every 4th          4 successive ones of an 11-byte window
//	7..10    4      every 4th          4 successive ones of a 7-byte window
//	4..6     4      every one          1
//	3        3      every one          1
//	2        2      every one          1
//
// Of 4 successive grams one starts at a multiple of 4 wherever the pattern
// lies, which is why long patterns need a quarter of the probes. A probe that
// hits the bitmap looks the full hash up in a sorted list and compares the
// bytes, so that what is reported does occur.
//
// Grams are taken with bit 0x20 set in every byte, which folds the case of
// ASCII letters (and some other bytes together, which only costs a compare).
type grams struct {
	patterns []gramPattern
	text     []byte // all patterns back to back, lower case where NoCase
	wide     gramTable
	narrow   gramTable
	short    shortTables
}

// gramPattern is one pattern's place in text.
type gramPattern struct {
	start  uint32
	length uint32
	noCase bool
}

// gramEntry says that a pattern has a gram of this hash at this offset.
type gramEntry struct {
	hash    uint32
	pattern uint32
	offset  uint32
}

const (
	foldMask  = 0x20202020
	fold64    = foldMask<<32 | foldMask
	hashLow   = 0x9E3779B1 // 2³² divided by the golden ratio: Knuth's multiplicative hash
	hashHigh  = 0x85EBCA77
	wideGrams = 11 // shortest pattern found through 8-byte grams at every 4th position
	longGrams = 7  // shortest pattern found through 4-byte grams at every 4th position
)

func hash4(low uint32) uint32 { return low * hashLow }

func hash8(low, high uint32) uint32 { return low*hashLow ^ bits.RotateLeft32(high*hashHigh, 17) }

func newGrams(patterns []hyperscan.Pattern) *grams {
	g := &grams{patterns: make([]gramPattern, 0, len(patterns))}
	var wide, narrow []gramEntry
	var short shortBuilder
	shared := sharedGrams(patterns)
	for i := range patterns {
		p := &patterns[i]
		g.patterns = append(g.patterns, gramPattern{
			start: uint32(len(g.text)), length: uint32(len(p.Bytes)), noCase: p.NoCase,
		})
		g.text = append(g.text, p.Bytes...)
		if p.NoCase {
			lowerASCII(g.text[len(g.text)-len(p.Bytes):])
		}
		switch {
		case len(p.Bytes) >= wideGrams:
			at := quietestWindow(p.Bytes, wideGrams, 8, shared)
			for k := range 4 {
				wide = append(wide, gramEntry{gram8(p.Bytes[at+k:]), uint32(i), uint32(at + k)})
			}
		case len(p.Bytes) >= longGrams:
			at := quietestWindow(p.Bytes, longGrams, 4, shared)
			for k := range 4 {
				narrow = append(narrow, gramEntry{gram4(p.Bytes[at+k:]), uint32(i), uint32(at + k)})
			}
		default:
			short.add(p.Bytes, uint32(i))
		}
	}
	g.wide = newGramTable(wide)
	g.narrow = newGramTable(narrow)
	g.short = short.tables()
	return g
}

func gram4(b []byte) uint32 { return hash4(binary.LittleEndian.Uint32(b) | foldMask) }

func gram8(b []byte) uint32 {
	x := binary.LittleEndian.Uint64(b) | fold64
	return hash8(uint32(x), uint32(x>>32))
}

// sharedGrams counts how many patterns hold each 4-byte gram: one that many
// share ("http", "www.") makes every probe of it compare many patterns.
func sharedGrams(patterns []hyperscan.Pattern) map[uint32]uint32 {
	shared := make(map[uint32]uint32)
	for i := range patterns {
		b := patterns[i].Bytes
		if len(b) < longGrams {
			continue
		}
		for o := 0; o+4 <= len(b); o++ {
			shared[gram4(b[o:])]++
		}
	}
	return shared
}

// quietestWindow returns the offset of the window of `width` bytes whose four
// grams of `size` bytes are expected to be seen least often.
func quietestWindow(b []byte, width, size int, shared map[uint32]uint32) int {
	best, bestCost := 0, ^uint64(0)
	for o := 0; o+width <= len(b); o++ {
		var cost uint64
		for k := range 4 {
			cost += gramCost(b[o+k:o+k+size], shared)
		}
		if cost < bestCost {
			best, bestCost = o, cost
		}
	}
	return best
}

// gramCost is the expected work of one gram: how common its bytes are, and how
// many patterns share its rarest 4-byte part.
func gramCost(b []byte, shared map[uint32]uint32) uint64 {
	cost := ^uint64(0)
	for o := 0; o+4 <= len(b); o += 4 {
		common := uint64(1)
		for _, c := range b[o : o+4] {
			common *= uint64(byteCommonness[c])
		}
		cost = min(cost, common/64+uint64(shared[gram4(b[o:])])*16)
	}
	return cost
}

// gramTable finds patterns by the hash of a gram: a bitmap that says "none"
// fast, and entries sorted by hash with an index on its upper bits.
type gramTable struct {
	bitmap     []uint32
	shift      uint32 // hash >> shift is the bit
	index      []uint32
	indexShift uint32
	entries    []gramEntry
}

// Bitmap sizes in bits, as powers of two: small enough for the level 2 cache
// (2²¹ bits are 256 KiB), about 64 bits an entry so that few probes hit.
const (
	minBitmapLog = 12
	maxBitmapLog = 21
)

func newGramTable(entries []gramEntry) gramTable {
	if len(entries) == 0 {
		return gramTable{}
	}
	// Of the places that one probe finds a pattern at, the first comes first.
	slices.SortFunc(entries, func(a, b gramEntry) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.pattern, b.pattern), cmp.Compare(b.offset, a.offset))
	})
	bitmapLog := min(max(bits.Len(uint(len(entries)*64)), minBitmapLog), maxBitmapLog)
	indexLog := max(bits.Len(uint(len(entries))), 4)
	t := gramTable{
		bitmap:     make([]uint32, 1<<(bitmapLog-5)),
		shift:      uint32(32 - bitmapLog),
		index:      make([]uint32, 1<<indexLog+1),
		indexShift: uint32(32 - indexLog),
		entries:    entries,
	}
	for _, e := range entries {
		t.bitmap[e.hash>>t.shift>>5] |= 1 << (e.hash >> t.shift & 31)
		t.index[e.hash>>t.indexShift+1]++
	}
	for i := 1; i < len(t.index); i++ {
		t.index[i] += t.index[i-1]
	}
	return t
}

func (t *gramTable) size() int {
	return 4*len(t.bitmap) + 4*len(t.index) + 12*len(t.entries)
}

// verify appends the patterns that lie around the gram of this hash at pos.
func (g *grams) verify(t *gramTable, data []byte, pos int, hash uint32, found []hyperscan.Hit) []hyperscan.Hit {
	i, end := t.index[hash>>t.indexShift], t.index[hash>>t.indexShift+1]
	for ; i < end; i++ {
		e := &t.entries[i]
		if e.hash != hash {
			continue
		}
		start := pos - int(e.offset)
		p := &g.patterns[e.pattern]
		if start < 0 || start+int(p.length) > len(data) {
			continue
		}
		if equal(g.text[p.start:p.start+p.length], data[start:start+int(p.length)], p.noCase) {
			found = appendOnce(found, hyperscan.Hit{Pattern: e.pattern, End: uint32(start) + p.length})
		}
	}
	return found
}

// equal compares text, which is lower case with noCase, with as many bytes.
func equal(text, b []byte, noCase bool) bool {
	if !noCase {
		return string(text) == string(b)
	}
	for i, c := range b {
		if asciiLower[c] != text[i] {
			return false
		}
	}
	return true
}

// appendOnce keeps runs of one pattern ("AAAA…") from filling found. Of each
// pattern the first occurrence comes first: all are found through one table.
func appendOnce(found []hyperscan.Hit, h hyperscan.Hit) []hyperscan.Hit {
	for k := len(found) - 1; k >= 0 && k >= len(found)-4; k-- {
		if found[k].Pattern == h.Pattern {
			return found
		}
	}
	return append(found, h)
}

// scan appends the patterns that occur in data to found.
func (g *grams) scan(data []byte, found []hyperscan.Hit) []hyperscan.Hit {
	switch {
	case len(g.wide.bitmap) != 0 && len(g.narrow.bitmap) != 0:
		found = g.scanWide(data, found)
		found = g.scanNarrow(data, found)
	case len(g.wide.bitmap) != 0:
		found = g.scanWide(data, found)
	case len(g.narrow.bitmap) != 0:
		found = g.scanNarrow(data, found)
	}
	if g.short.any {
		found = g.scanShort(data, found)
	}
	return found
}

func (g *grams) scanWide(data []byte, found []hyperscan.Hit) []hyperscan.Hit {
	bitmap, shift := g.wide.bitmap, g.wide.shift
	for pos := 0; pos+8 <= len(data); pos += 4 {
		x := binary.LittleEndian.Uint64(data[pos:]) | fold64
		h := hash8(uint32(x), uint32(x>>32))
		if b := h >> shift; bitmap[b>>5]>>(b&31)&1 != 0 {
			found = g.verify(&g.wide, data, pos, h, found)
		}
	}
	return found
}

func (g *grams) scanNarrow(data []byte, found []hyperscan.Hit) []hyperscan.Hit {
	bitmap, shift := g.narrow.bitmap, g.narrow.shift
	for pos := 0; pos+4 <= len(data); pos += 4 {
		h := hash4(binary.LittleEndian.Uint32(data[pos:]) | foldMask)
		if b := h >> shift; bitmap[b>>5]>>(b&31)&1 != 0 {
			found = g.verify(&g.narrow, data, pos, h, found)
		}
	}
	return found
}

// size returns the memory in bytes.
func (g *grams) size() int {
	return len(g.text) + 12*len(g.patterns) + g.wide.size() + g.narrow.size() + g.short.size()
}
