package flow

import "math/bits"

// index is a hash table with open addressing and linear probing. A slot holds
// the upper half of the hash as tag and the flow's place in the slab. The tag
// also gives the slot's home, so that searching and deleting touch the slab
// only where the tag agrees. Against a Go map this halves the cost of a
// look-up among a million flows and takes the garbage collector's scan of it
// from 300 ms to nothing.
//
// It begins small and doubles as flows come: a flow touches a place anywhere in
// it, so that a few thousand would fault in, and spread over, the room of a
// million.
type index struct {
	slots   []slot
	mask    uint32
	outside bool
	release func() // gives slots back
}

// firstSlots fill one huge page.
const firstSlots = 1 << 18

// newIndex makes an empty index for up to so many flows.
func newIndex(flows int, outside bool) (x index, err error) {
	x.outside = outside
	x.slots, x.release, err = reserve[slot](min(slotsFor(flows), firstSlots), outside)
	x.mask = uint32(len(x.slots) - 1)
	return x, err
}

// slotsFor is how many slots there are for so many flows: at most half are taken.
func slotsFor(flows int) int { return 1 << bits.Len(uint(flows*2-1)) }

// makeRoom sees to it that one more flow than active can be inserted. It returns
// false when there is no memory for that.
func (x *index) makeRoom(active int) bool {
	if 2*(active+1) <= len(x.slots) {
		return true
	}
	grown := index{mask: uint32(2*len(x.slots) - 1), outside: x.outside}
	var err error
	if grown.slots, grown.release, err = reserve[slot](2*len(x.slots), x.outside); err != nil {
		return false
	}
	for _, s := range x.slots {
		if s.flow != 0 {
			grown.put(s)
		}
	}
	x.release()
	*x = grown
	return true
}

// slot is one place; flow 0 means empty.
type slot struct{ tag, flow uint32 }

// insert adds a flow that is not yet in the index, for which makeRoom has made
// room.
func (x *index) insert(h uint64, flow uint32) { x.put(slot{uint32(h >> 32), flow}) }

func (x *index) put(s slot) {
	at := s.tag & x.mask
	for x.slots[at].flow != 0 {
		at = (at + 1) & x.mask
	}
	x.slots[at] = s
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
