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
		t.visits = nil
		// In the order of the slab, which is that of their beginnings as far as
		// places were not reused: little is left to sort.
		t.left = slices.Grow(t.left, t.stats.Active)
		for i := uint32(1); i < t.fresh; i++ {
			if f := &t.slab[i]; f.self != 0 {
				t.left = append(t.left, ranked{rankOf(f), i})
			}
		}
		slices.SortFunc(t.left, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	}
	n := 0
	for ; n < len(t.left) && t.left[n].rank>>depthBits <= through; n++ {
		t.end(&t.slab[t.left[n].flow], EndShutdown)
	}
	t.left = t.left[n:]
}

// ranked is a flow by its place, with what orders flows by their beginnings: their
// order is looked at more often than there are flows, and these are not scattered.
type ranked struct {
	rank uint64
	flow uint32
}

// depthBits are what a rank has for the depth of tunnels.
const depthBits = 8

// rankOf orders flows by their first frame, and of one frame, which begins one flow
// at each depth of tunnels at most, by depth.
func rankOf(f *Flow) uint64 { return f.FirstPacket<<depthBits | uint64(f.Key.Depth) }

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
