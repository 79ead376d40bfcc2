package prefilter

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"spanwatch/signatures/hyperscan"
)

// keySize is the length of what names a set of patterns.
const keySize = sha256.Size

// pool holds every different pattern of a ruleset once. Sets name patterns by
// their number here: most patterns are in many sets.
type pool struct {
	texts  [][]byte // lower case where noCase; most are the rules' own bytes
	noCase []bool
	ranks  []uint64 // sort sets alike in every run, whatever the numbers
	index  map[poolKey]uint32
}

type poolKey struct {
	text   string
	noCase bool
}

func newPool() *pool { return &pool{index: make(map[poolKey]uint32)} }

func (p *pool) seal() { p.index, p.ranks = nil, nil }

// number returns a pattern's number.
func (p *pool) number(pattern *Pattern) uint32 {
	text := pattern.Bytes
	if pattern.NoCase && slices.ContainsFunc(text, func(c byte) bool { return c >= 'A' && c <= 'Z' }) {
		text = slices.Clone(text)
		lowerASCII(text)
	}
	if n, ok := p.index[poolKey{string(text), pattern.NoCase}]; ok {
		return n
	}
	n := uint32(len(p.texts))
	p.index[poolKey{string(text), pattern.NoCase}] = n
	p.texts = append(p.texts, text)
	p.noCase = append(p.noCase, pattern.NoCase)
	p.ranks = append(p.ranks, rank(text, pattern.NoCase))
	return n
}

// rank is FNV-1a of the pattern.
func rank(text []byte, noCase bool) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range text {
		h = (h ^ uint64(c)) * 1099511628211
	}
	if noCase {
		h = (h ^ 0x100) * 1099511628211
	}
	return h
}

func (p *pool) compare(x, y uint32) int {
	if c := cmp.Compare(p.ranks[x], p.ranks[y]); c != 0 || x == y {
		return c
	}
	if p.noCase[x] != p.noCase[y] {
		if p.noCase[x] {
			return 1
		}
		return -1
	}
	return slices.Compare(p.texts[x], p.texts[y])
}

// members returns the different patterns, sorted, and for each of lists the ids
// of each pattern.
func (p *pool) members(lists ...[]Pattern) (members []uint32, ids []idTable) {
	type entry struct{ number, id, until, list uint32 }
	var entries []entry
	for list, patterns := range lists {
		entries = slices.Grow(entries, len(patterns))
		for i := range patterns {
			entries = append(entries, entry{p.number(&patterns[i]), patterns[i].ID, patterns[i].until(), uint32(list)})
		}
	}
	slices.SortStableFunc(entries, func(x, y entry) int { return p.compare(x.number, y.number) })
	n := 0
	for i := range entries {
		if i == 0 || entries[i].number != entries[i-1].number {
			n++
		}
	}
	members, ids = make([]uint32, 0, n), make([]idTable, len(lists))
	for list := range lists {
		ids[list] = idTable{start: make([]uint32, 0, n+1), ids: make([]patternID, 0, len(lists[list]))}
	}
	for i, e := range entries {
		if i == 0 || e.number != entries[i-1].number {
			members = append(members, e.number)
			for list := range ids {
				ids[list].start = append(ids[list].start, uint32(len(ids[list].ids)))
			}
		}
		ids[e.list].ids = append(ids[e.list].ids, patternID{e.id, e.until})
	}
	for list := range ids {
		ids[list].start = append(ids[list].start, uint32(len(ids[list].ids)))
	}
	return members, ids
}

// key names the set of sorted patterns by their content.
func (p *pool) key(members []uint32) [keySize]byte {
	h := sha256.New()
	buffer := make([]byte, 0, 8<<10)
	for _, m := range members {
		buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(p.texts[m])))
		if p.noCase[m] {
			buffer = append(buffer, 1)
		} else {
			buffer = append(buffer, 0)
		}
		if buffer = append(buffer, p.texts[m]...); len(buffer) > 7<<10 {
			h.Write(buffer)
			buffer = buffer[:0]
		}
	}
	h.Write(buffer)
	return [keySize]byte(h.Sum(nil))
}

// idTable gives the patterns of a set the ids of one matcher.
type idTable struct {
	start []uint32 // by pattern of the set; one more than there are
	ids   []patternID
}

// patternID is an id that a pattern has when it ends in time.
type patternID struct{ id, until uint32 }

// until is Pattern.Until as a number to compare with.
func (p *Pattern) until() uint32 {
	if p.Until == 0 {
		return math.MaxUint32
	}
	return p.Until
}

// append adds the ids of the patterns found. Of an occurrence that ends too late
// for an id no earlier one was found, or it is in found as well.
func (t *idTable) append(ids []uint32, found []hyperscan.Hit) []uint32 {
	for _, h := range found {
		for _, p := range t.ids[t.start[h.Pattern]:t.start[h.Pattern+1]] {
			if h.End <= p.until {
				ids = append(ids, p.id)
			}
		}
	}
	return ids
}
