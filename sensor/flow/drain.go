package flow

import (
	"cmp"
	"math"
	"slices"
)

// Drain ends the flows that began at frame number through or before
// (EndShutdown), in the order of their first frames. At the end of a capture
// it is called with growing numbers, so that a million last records need not
// be in memory at once, and which records come together does not depend on the
// number of workers. No Update or Advance may follow.
func (t *Table) Drain(through uint64) {
	if !t.draining {
		t.draining = true
		t.visits = t.visits[:0]
		// In the order of the slab, which is that of their beginnings as far as
		// places were not reused: little is left to sort.
		t.visits = slices.Grow(t.visits, t.stats.Active)
		for i := uint32(1); i < t.fresh; i++ {
			if t.slab[i].self != 0 {
				t.visits = append(t.visits, i)
			}
		}
		slices.SortFunc(t.visits, func(a, b uint32) int {
			f, g := &t.slab[a], &t.slab[b]
			return cmp.Or(cmp.Compare(f.FirstPacket, g.FirstPacket), cmp.Compare(f.Key.Depth, g.Key.Depth))
		})
	}
	n := 0
	for ; n < len(t.visits) && t.slab[t.visits[n]].FirstPacket <= through; n++ {
		t.end(&t.slab[t.visits[n]], EndShutdown)
	}
	t.visits = t.visits[n:]
}

// Close ends all flows that are left (see Drain) and gives memory outside Go's
// heap back. The table must not be used afterwards, but for Stats and
// AppendDeltas.
func (t *Table) Close() {
	t.Drain(math.MaxUint64)
	t.EndRound()
	t.EndRound() // nothing more will be told
	t.release()
	t.release = func() {}
	t.index, t.slab = index{}, nil
	t.seconds, t.tcp, t.lasting, t.rare = slab[inSecond]{}, slab[tcpPair]{}, slab[lasting]{}, slab[rare]{}
}
