package signatures

import (
	"cmp"
	"slices"
)

// addressIndex finds the signatures whose addresses may fit a packet, among
// rules that are little more than lists of thousands of addresses. A
// signature is entered on its narrower side only; its header is compared
// afterwards.
//
// One side is the sorted list of all ends of all ranges: between two
// neighbouring ends the set of signatures is constant.
type addressIndex struct {
	src, dst addressSteps
	any      []uint32 // signatures that name no addresses
}

// addressSteps maps an address to the signatures of the step it lies in.
type addressSteps struct {
	from  []address // first address of each step, sorted
	start []uint32  // where the step's signatures begin in sigs; one more than from
	sigs  []uint32  // orders of signatures
}

func newAddressIndex(sigs []*Signature) *addressIndex {
	x := &addressIndex{}
	var src, dst []addressEnd
	for _, s := range sigs {
		switch h := &s.header; {
		case h.src == nil && h.dst == nil:
			x.any = append(x.any, s.order)
		case h.dst == nil || h.src != nil && h.src.narrowerThan(h.dst):
			src = appendEnds(src, h.src, s.order)
		default:
			dst = appendEnds(dst, h.dst, s.order)
		}
	}
	x.src, x.dst = newAddressSteps(src), newAddressSteps(dst)
	return x
}

// append adds the orders of signatures that may fit to ids.
func (x *addressIndex) append(ids []uint32, src, dst address, hasIP bool) []uint32 {
	ids = append(ids, x.any...)
	if hasIP {
		ids = x.src.append(ids, src)
		ids = x.dst.append(ids, dst)
	}
	return ids
}

// narrowerThan compares how much of the address space two sets cover,
// roughly: IPv6 by its upper half.
func (s *addressSet) narrowerThan(t *addressSet) bool { return s.width() < t.width() }

func (s *addressSet) width() float64 {
	var w float64
	for _, r := range s.ranges {
		span := float64(r.to.hi-r.from.hi) + 1
		if !r.from.v6 {
			span /= 1 << 32 // IPv4 has its bits in the upper half of hi
		}
		w += span
	}
	return w
}

// addressEnd is where a signature's range begins or, past its last address,
// has ended.
type addressEnd struct {
	at    address
	ended bool
	order uint32
}

func appendEnds(ends []addressEnd, s *addressSet, order uint32) []addressEnd {
	for _, r := range s.ranges {
		ends = append(ends, addressEnd{r.from, false, order})
		if next, ok := r.to.next(); ok {
			ends = append(ends, addressEnd{next, true, order})
		}
	}
	return ends
}

// next returns the address behind a; ok is false behind the last one of IPv6.
func (a address) next() (address, bool) {
	if !a.v6 {
		const step = 1 << 32
		if a.hi+step < a.hi {
			return address{v6: true}, true
		}
		return address{hi: a.hi + step}, true
	}
	a.lo++
	if a.lo == 0 {
		a.hi++
		return a, a.hi != 0
	}
	return a, true
}

func newAddressSteps(ends []addressEnd) (t addressSteps) {
	slices.SortFunc(ends, func(a, b addressEnd) int {
		switch {
		case a.at.less(b.at):
			return -1
		case b.at.less(a.at):
			return 1
		}
		return cmp.Compare(a.order, b.order)
	})
	active := map[uint32]int{} // signature to open ranges; ranges of one set are disjoint, but may touch
	var sorted []uint32
	for i := 0; i < len(ends); {
		at := ends[i].at
		for ; i < len(ends) && ends[i].at == at; i++ {
			if ends[i].ended {
				if active[ends[i].order]--; active[ends[i].order] == 0 {
					delete(active, ends[i].order)
				}
			} else {
				active[ends[i].order]++
			}
		}
		sorted = sorted[:0]
		for order := range active {
			sorted = append(sorted, order)
		}
		slices.Sort(sorted)
		t.from = append(t.from, at)
		t.start = append(t.start, uint32(len(t.sigs)))
		t.sigs = append(t.sigs, sorted...)
	}
	t.start = append(t.start, uint32(len(t.sigs)))
	return t
}

func (t *addressSteps) append(ids []uint32, a address) []uint32 {
	lo, hi := 0, len(t.from)
	for lo < hi { // the first step that begins behind a
		mid := int(uint(lo+hi) >> 1)
		if a.less(t.from[mid]) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo == 0 {
		return ids
	}
	return append(ids, t.sigs[t.start[lo-1]:t.start[lo]]...)
}
