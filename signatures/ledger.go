package signatures

import (
	"unsafe"

	"spanwatch/decoders"
	"spanwatch/signatures/prefilter"
)

// ledgers remember what the search of packets found for rules on the stream,
// until the bytes are due in a chunk, which need not be searched then but where
// packets meet:
//
//	packets   ├── 1 ──┼── 2 ──┼─── 3 ───┤ 4 …
//	chunk         ├────────────────┤
//	                  ▲       ▲             searched again: longest pattern - 1
//	                                        bytes on either side
//
// That holds as long as each packet continues the stream (Input.Appended); with
// one that does not, everything is forgotten, and chunks are searched whole. It
// is a cache without chains: so are chunks whose ledger another flow displaced.
type ledgers struct {
	slots [ledgerSlots]ledger
}

const (
	ledgerSlots = 1024 // directions of flows with data on the way, 168 bytes each and their hits
	ledgerSeams = 8    // packets between two chunks
	ledgerHits  = 64   // patterns of one direction
)

// ledger is one direction of a flow.
type ledger struct {
	flow  uintptr // address of its FlowState, to compare with only
	start int64   // of the flow
	pair  *prefilter.Pair
	dir   decoders.Direction
	// Bytes of the stream that were searched, and the places between where
	// packets meet.
	from, to uint64
	seams    [ledgerSeams]uint64
	met      uint8
	hits     []ledgerHit
}

// ledgerHit is a pattern that a packet holds: its first occurrence ends at end,
// others may follow up to the end of the packet.
type ledgerHit struct {
	pattern     uint32
	end, packet uint64
}

func (l *ledgers) slot(flow *FlowState, dir decoders.Direction) *ledger {
	// Flow records are some 200 bytes apart.
	at := uintptr(unsafe.Pointer(flow))
	return &l.slots[(at>>6*2+uintptr(dir))%ledgerSlots]
}

// open returns the ledger of the direction that is inspected, empty when it was
// another's.
func (l *ledgers) open(i *Inspector, pair *prefilter.Pair) *ledger {
	g := l.slot(i.in.Flow, i.in.Dir)
	at := uintptr(unsafe.Pointer(i.in.Flow))
	if g.flow != at || g.dir != i.in.Dir || g.start != i.in.FlowStart || g.pair != pair {
		*g = ledger{flow: at, start: i.in.FlowStart, pair: pair, dir: i.in.Dir, hits: g.hits[:0]}
	}
	return g
}

// forget makes the ledgers of a flow empty.
func (l *ledgers) forget(flow *FlowState) {
	for _, dir := range [2]decoders.Direction{decoders.ToServer, decoders.ToClient} {
		if g := l.slot(flow, dir); g.flow == uintptr(unsafe.Pointer(flow)) {
			g.clear(0)
		}
	}
}

// clear makes g empty, at an offset.
func (g *ledger) clear(at uint64) {
	g.from, g.to, g.met, g.hits = at, at, 0, g.hits[:0]
}

// add enters a packet of n bytes at an offset, in which hits were found.
func (g *ledger) add(at uint64, n int, hits []prefilter.Hit) {
	if at != g.to {
		g.clear(at)
	} else if g.to > g.from {
		if g.met == ledgerSeams {
			g.clear(at)
		} else {
			g.seams[g.met] = at
			g.met++
		}
	}
	g.to = at + uint64(n)
	for _, h := range hits {
		if !g.pair.Has(prefilter.ForStream, h.Pattern) {
			continue
		}
		if len(g.hits) == ledgerHits {
			g.clear(g.to)
			return
		}
		g.hits = append(g.hits, ledgerHit{h.Pattern, at + uint64(h.End), g.to})
	}
}

// covers reports whether a chunk was searched, and searching where its packets
// meet is less than searching it once more.
func (g *ledger) covers(c *StreamChunk) bool {
	return c.Offset >= g.from && c.Offset+uint64(len(c.Data)) <= g.to &&
		4*int(g.met)*g.pair.Longest() <= len(c.Data)
}

// take adds the signatures that the ledger has for a chunk to i.ids, with those
// found where packets meet, and forgets what lies before the chunk's end.
func (g *ledger) take(i *Inspector, c *StreamChunk) {
	end := c.Offset + uint64(len(c.Data))
	for _, h := range g.hits {
		if h.packet > c.Offset && h.end <= end {
			i.ids = g.pair.AppendAll(prefilter.ForStream, h.pattern, i.ids)
		}
	}
	for _, seam := range g.seams[:g.met] {
		if seam <= c.Offset || seam >= end {
			continue
		}
		at, reach := int(seam-c.Offset), g.pair.Longest()-1
		near := c.Data[max(0, at-reach):min(len(c.Data), at+reach)]
		i.stats.Scanned += uint64(len(near))
		for _, h := range g.pair.Search(near, i.scratch) {
			i.ids = g.pair.AppendAll(prefilter.ForStream, h.Pattern, i.ids)
		}
	}
}

// advance forgets what nobody asks for once the stream was inspected up to an
// offset.
func (g *ledger) advance(to uint64) {
	if to <= g.from {
		return
	}
	if to >= g.to {
		g.clear(g.to)
		return
	}
	g.from = to
	kept := 0
	for _, seam := range g.seams[:g.met] {
		if seam > to {
			g.seams[kept] = seam
			kept++
		}
	}
	g.met = uint8(kept)
	hits := g.hits[:0]
	for _, h := range g.hits {
		if h.packet > to {
			hits = append(hits, h)
		}
	}
	g.hits = hits
}
