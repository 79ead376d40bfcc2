package signatures

// notes are the counters of by_flow thresholds of one worker's flows. Each
// flow has a list, mostly an empty one. Memory is bounded; what cannot be kept
// is counted.
type notes struct {
	slab    []note
	free    uint32
	limit   int
	inUse   int
	refused uint64
}

// note names its signature by sid and gid, so that it outlives a swap of
// rulesets.
type note struct {
	next     uint32
	sid, gid uint32
	state    rateState
	rate     uint8 // index into the signature's rates
}

func newNotes(limit int) notes {
	return notes{slab: make([]note, 1, 64), limit: limit}
}

// add puts a note at the head of a list; nil when memory is used up.
func (n *notes) add(head *uint32, v note) *note {
	at := n.free
	switch {
	case at != 0:
		n.free = n.slab[at].next
	case len(n.slab) <= n.limit:
		n.slab = append(n.slab, note{})
		at = uint32(len(n.slab) - 1)
	default:
		n.refused++
		return nil
	}
	n.inUse++
	v.next = *head
	n.slab[at] = v
	*head = at
	return &n.slab[at]
}

// rate returns the flow's counter of a signature, making it when there is
// none; nil when memory is used up.
func (n *notes) rate(head *uint32, s *Signature, rate int) (state *rateState, fresh bool) {
	for at := *head; at != 0; at = n.slab[at].next {
		if v := &n.slab[at]; v.sid == s.Sid() && v.gid == s.Gid() && int(v.rate) == rate {
			return &v.state, false
		}
	}
	v := n.add(head, note{sid: s.Sid(), gid: s.Gid(), rate: uint8(rate)})
	if v == nil {
		return nil, true
	}
	return &v.state, true
}

// release forgets the whole list.
func (n *notes) release(head *uint32) {
	for at := *head; at != 0; {
		next := n.slab[at].next
		n.give(at)
		at = next
	}
	*head = 0
}

func (n *notes) give(at uint32) {
	n.slab[at] = note{next: n.free}
	n.free = at
	n.inUse--
}
