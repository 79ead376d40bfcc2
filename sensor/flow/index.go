package flow

// index is a hash table with open addressing and linear probing. A slot holds
// the upper half of the hash as tag and the flow's place in the slab. The tag
// also gives the slot's home, so that searching and deleting touch the slab
// only where the tag agrees. Against a Go map this halves the cost of a
// look-up among a million flows and takes the garbage collector's scan of it
// from 300 ms to nothing.
type index struct {
	slots []slot
	mask  uint32
}

// slot is one place; flow 0 means empty.
type slot struct{ tag, flow uint32 }

// insert adds a flow that is not yet in the index. There is always room: the
// index has twice as many slots as the slab.
func (x *index) insert(h uint64, flow uint32) {
	tag := uint32(h >> 32)
	at := tag & x.mask
	for x.slots[at].flow != 0 {
		at = (at + 1) & x.mask
	}
	x.slots[at] = slot{tag, flow}
}

// remove takes a flow out and moves followers back, so that no tombstones
// make later searches longer.
func (x *index) remove(h uint64, flow uint32) {
	at := uint32(h>>32) & x.mask
	for x.slots[at].flow != flow {
		if x.slots[at].flow == 0 {
			return
		}
		at = (at + 1) & x.mask
	}
	for next := (at + 1) & x.mask; ; next = (next + 1) & x.mask {
		s := x.slots[next]
		if s.flow == 0 {
			break
		}
		// s may fill the hole unless its home lies behind the hole.
		if (next-s.tag)&x.mask >= (next-at)&x.mask {
			x.slots[at] = s
			at = next
		}
	}
	x.slots[at] = slot{}
}
