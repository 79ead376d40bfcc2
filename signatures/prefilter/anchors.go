package prefilter

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
)

// anchors finds patterns that can be at a few places of the data only. Half the
// patterns of ET Open for single packets are such, most of them two to four
// bytes at one place, which other engines find in every run of zeros:
//
//	place 0  2     4           the byte at each place is looked up among the first
//	      |..|.....|....       bytes of the patterns there, and where it is one of
//	      a  b     b,c         them, the key in a table
//
// The keys are the first 2, 3 or 4 bytes of a pattern, hashed with the place.
type anchors struct {
	members []Pattern // those of the matcher with such places

	made   sync.Once // when it is first used
	places []anchorPlace
	keys   [anchorKeys]gramTable // by length of the key, less 2
	text   []byte                // of members back to back, lower case where NoCase
	start  []uint32              // of each member's text
}

// anchorPlace is an offset in the data where patterns may begin.
type anchorPlace struct {
	at    uint32
	keys  [anchorKeys]bool
	first [8]uint32 // a bit for each first byte of those patterns
}

// begin notes the first byte of a pattern.
func (p *anchorPlace) begin(c byte, noCase bool) {
	p.first[c>>5] |= 1 << (c & 31)
	if letter := c | 0x20; noCase && letter >= 'a' && letter <= 'z' {
		c ^= 0x20
		p.first[c>>5] |= 1 << (c & 31)
	}
}

const (
	anchorKeys = 3
	// maxPlaces is how many places a pattern may have to be an anchor: each is an
	// entry.
	maxPlaces = 16
)

// anchored reports whether p is for anchors.
func (p *Pattern) anchored() bool {
	return p.Until > 0 && p.Until-min(p.Until, p.From) < uint32(len(p.Bytes))+maxPlaces
}

// placed mixes a place into the hash of the bytes there.
func placed(hash, at uint32) uint32 { return hash ^ at*hashHigh }

func (a *anchors) build() {
	places := map[uint32]*anchorPlace{}
	var entries [anchorKeys][]gramEntry
	for i := range a.members {
		p := &a.members[i]
		a.start = append(a.start, uint32(len(a.text)))
		a.text = append(a.text, p.Bytes...)
		if p.NoCase {
			lowerASCII(a.text[len(a.text)-len(p.Bytes):])
		}
		key := min(len(p.Bytes), 4) - 2
		for at := p.From; at+uint32(len(p.Bytes)) <= p.Until; at++ {
			if places[at] == nil {
				places[at] = &anchorPlace{at: at}
			}
			places[at].keys[key] = true
			places[at].begin(p.Bytes[0], p.NoCase)
			entries[key] = append(entries[key], gramEntry{placed(anchorHash(p.Bytes, key), at), uint32(i), at})
		}
	}
	for key := range entries {
		a.keys[key] = newGramTable(entries[key])
	}
	for _, p := range places {
		a.places = append(a.places, *p)
	}
	slices.SortFunc(a.places, func(x, y anchorPlace) int { return cmp.Compare(x.at, y.at) })
}

func anchorHash(b []byte, key int) uint32 {
	switch key {
	case 0:
		return gram2(b)
	case 1:
		return gram3(b)
	}
	return gram4(b)
}

// scan appends the ids of the patterns that are at one of their places.
func (a *anchors) scan(data []byte, ids []uint32) []uint32 {
	a.made.Do(a.build)
	for k := range a.places {
		place := &a.places[k]
		if int(place.at)+MinPattern > len(data) {
			break
		}
		rest := data[place.at:]
		if c := rest[0]; place.first[c>>5]>>(c&31)&1 == 0 {
			continue
		}
		if place.keys[0] {
			ids = a.probe(&a.keys[0], rest, place.at, hash4(pair(rest)), ids)
		}
		if place.keys[1] && len(rest) >= 3 {
			ids = a.probe(&a.keys[1], rest, place.at, gram3(rest), ids)
		}
		if place.keys[2] && len(rest) >= 4 {
			ids = a.probe(&a.keys[2], rest, place.at, hash4(binary.LittleEndian.Uint32(rest)|foldMask), ids)
		}
	}
	return ids
}

func (a *anchors) probe(t *gramTable, rest []byte, at, hash uint32, ids []uint32) []uint32 {
	hash = placed(hash, at)
	if b := hash >> t.shift; t.bitmap[b>>5]>>(b&31)&1 == 0 {
		return ids
	}
	for i, end := t.index[hash>>t.indexShift], t.index[hash>>t.indexShift+1]; i < end; i++ {
		e := &t.entries[i]
		if e.hash != hash || e.offset != at {
			continue
		}
		p := &a.members[e.pattern]
		start, n := a.start[e.pattern], len(p.Bytes)
		if n <= len(rest) && equal(a.text[start:int(start)+n], rest[:n], p.NoCase) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func (a *anchors) size() int {
	n := len(a.text) + 4*len(a.start) + 48*len(a.members)
	for i := range a.keys {
		n += a.keys[i].size()
	}
	return n
}
