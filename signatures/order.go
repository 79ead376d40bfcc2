package signatures

import (
	"cmp"
	"slices"
)

// sortSignatures puts signatures into the order of inspection and of alerts:
// pass, drop, reject, alert; then those that set flowbits before those that
// read them, and likewise numbers and texts of flows and bits of hosts; then by
// priority; then as the files have them.
func sortSignatures(sigs []*Signature, actions []Action) {
	levels := bitLevels(sigs)
	slices.SortStableFunc(sigs, func(a, b *Signature) int {
		return cmp.Or(
			compareActions(a.action, b.action, actions),
			cmp.Compare(levels[a], levels[b]),
			a.plan.Numbers().Compare(b.plan.Numbers()),
			a.plan.Texts().Compare(b.plan.Texts()),
			a.plan.Hosts().Compare(b.plan.Hosts()),
			cmp.Compare(a.plan.Meta.Priority, b.plan.Meta.Priority),
		)
	})
	for i, s := range sigs {
		s.order = uint32(i)
	}
}

// compareActions compares by a given order; actions that it lacks come behind,
// in their own.
func compareActions(a, b Action, order []Action) int {
	place := func(x Action) int {
		if i := slices.Index(order, x); i >= 0 {
			return i
		}
		return len(order) + int(x)
	}
	return cmp.Compare(place(a), place(b))
}

// maxBitDepth bounds chains of rules that read one flowbit and set another;
// longer ones, and circles, share the last level.
const maxBitDepth = 64

// bitLevels orders by use of flowbits: rules that only set come first, then
// those that read and set, each behind the ones whose bits it reads, then
// those that only read, then all others.
func bitLevels(sigs []*Signature) map[*Signature]int {
	const readers, others = maxBitDepth + 1, maxBitDepth + 2
	type link struct {
		s           *Signature
		sets, reads []uint16
	}
	levels := make(map[*Signature]int, len(sigs))
	var links []link
	setAt := map[uint16]int{} // bit to the highest level that sets it
	for _, s := range sigs {
		use := s.plan.FlowBitUse()
		switch {
		case len(use.Sets) == 0 && len(use.Reads) == 0:
			levels[s] = others
		case len(use.Sets) == 0:
			levels[s] = readers
		case len(use.Reads) == 0:
			levels[s] = 0
		default:
			levels[s] = 1
			links = append(links, link{s, use.Sets, use.Reads})
			for _, b := range use.Sets {
				setAt[b] = max(setAt[b], 1)
			}
		}
	}
	for changed, round := true, 0; changed && round < maxBitDepth; round++ {
		changed = false
		for _, l := range links {
			level := levels[l.s]
			for _, b := range l.reads {
				if !slices.Contains(l.sets, b) {
					level = max(level, min(setAt[b]+1, maxBitDepth))
				}
			}
			if level == levels[l.s] {
				continue
			}
			changed = true
			levels[l.s] = level
			for _, b := range l.sets {
				setAt[b] = max(setAt[b], level)
			}
		}
	}
	return levels
}
