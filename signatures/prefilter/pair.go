package prefilter

import "spanwatch/signatures/hyperscan"

// Hit is a pattern of a Pair that occurs in what was searched, up to End.
type Hit = hyperscan.Hit

// Side says whom a pattern of a Pair is for.
type Side uint8

// Sides.
const (
	ForPackets Side = iota
	ForStream
	sides
)

// Pair looks for two lists of patterns in one pass: those of rules on packets
// and those of rules on the stream that the packets carry. A packet is searched
// when it comes, and what was found for the stream is remembered until that is
// due: most bytes are searched once.
type Pair struct {
	set      *set // nil when all patterns have few places
	longest  int
	ids      [sides]idTable
	anchors  [sides]*anchors
	patterns int
}

// maxPairPattern bounds what is looked for of a pattern, and with it how many
// bytes on both sides of the place where two packets meet are searched once
// more. Of a longer pattern the rarest part is enough to find it.
const maxPairPattern = 24

// BuildPair makes the Pair of two lists; nil, without error, when both are
// empty.
func (b *Builder) BuildPair(packet, stream []Pattern) (*Pair, error) {
	p := &Pair{patterns: len(packet) + len(stream)}
	if p.patterns == 0 {
		return nil, nil
	}
	var anywhere [sides][]Pattern
	for side, patterns := range [sides][]Pattern{packet, stream} {
		if err := checkLengths(patterns); err != nil {
			return nil, err
		}
		var fixed []Pattern
		if fixed, anywhere[side] = split(patterns); len(fixed) > 0 {
			p.anchors[side] = &anchors{members: fixed}
		}
		for i := range anywhere[side] {
			a := &anywhere[side][i]
			a.shorten(maxPairPattern)
			p.longest = max(p.longest, len(a.Bytes))
		}
	}
	if p.longest == 0 {
		return p, nil
	}
	members, ids := b.pool.members(anywhere[:]...)
	p.ids = [sides]idTable(ids)
	p.set = b.set(members)
	return p, nil
}

// shorten keeps the rarest n bytes of a longer pattern.
func (p *Pattern) shorten(n int) {
	if len(p.Bytes) <= n {
		return
	}
	cost := 0
	for _, c := range p.Bytes[:n] {
		cost += int(byteCommonness[c])
	}
	best, at := cost, 0
	for o := 1; o+n <= len(p.Bytes); o++ {
		cost += int(byteCommonness[p.Bytes[o+n-1]]) - int(byteCommonness[p.Bytes[o-1]])
		if cost < best {
			best, at = cost, o
		}
	}
	p.From += uint32(at)
	if p.Until > 0 {
		p.Until -= uint32(len(p.Bytes) - at - n)
	}
	p.Bytes = p.Bytes[at : at+n]
}

// Longest is the length in bytes of the longest pattern that Search looks for.
func (p *Pair) Longest() int { return p.longest }

// Search returns which patterns occur in data, but those with few places, each
// at least with its first end. It may return some that do not occur. The slice
// is valid until the next use of s.
func (p *Pair) Search(data []byte, s *Scratch) []Hit {
	if p.set == nil {
		return nil
	}
	return p.set.search(data, s)
}

// Anchored appends the ids of a side's patterns that are in data at one of
// their few places.
func (p *Pair) Anchored(side Side, data []byte, ids []uint32) []uint32 {
	if a := p.anchors[side]; a != nil {
		ids = a.scan(data, ids)
	}
	return ids
}

// Append appends the ids that hits, of Search in the same data, are for on a
// side.
func (p *Pair) Append(side Side, hits []Hit, ids []uint32) []uint32 {
	return p.ids[side].append(ids, hits)
}

// AppendAll appends all ids of one pattern on a side, wherever it may occur.
func (p *Pair) AppendAll(side Side, pattern uint32, ids []uint32) []uint32 {
	t := &p.ids[side]
	for _, id := range t.ids[t.start[pattern]:t.start[pattern+1]] {
		ids = append(ids, id.id)
	}
	return ids
}

// Has reports whether a pattern is for a side.
func (p *Pair) Has(side Side, pattern uint32) bool {
	t := &p.ids[side]
	return t.start[pattern] < t.start[pattern+1]
}

// Patterns is how many there are, on both sides together.
func (p *Pair) Patterns() int { return p.patterns }

// Size is the memory in bytes, as Matcher.Size.
func (p *Pair) Size() int {
	n := 0
	for side := range p.ids {
		n += 4*len(p.ids[side].start) + 8*len(p.ids[side].ids)
		if p.anchors[side] != nil {
			n += p.anchors[side].size()
		}
	}
	if p.set != nil {
		n += p.set.size()
	}
	return n
}
