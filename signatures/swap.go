package signatures

import (
	"slices"

	"spanwatch/decoders/app"
	"spanwatch/signatures/hyperscan"
	"spanwatch/signatures/prefilter"
)

// swaps is what an Inspector knows of the rulesets it has used.
type swaps struct {
	generation uint32 // counts rulesets
	// searched names the buffers behind the bits of txNote.searched in the
	// ruleset before, by protocol and direction.
	searched map[app.Proto]*[2][]string
}

// Swap makes the Inspector use other rules from the next packet on.
//
// What it remembers is kept by name: flowbits, numbers and texts of flows,
// by_flow thresholds by sid. Of unfinished transactions it is kept for rules
// that are the same in both rulesets; a rule that is new or was changed sees
// the buffers that are still to come. So a swap to the same rules changes no
// match. Datasets are a matter of Options.Datasets.
func (i *Inspector) Swap(rules *Ruleset) {
	if i.rules != nil {
		i.swaps.searched = i.rules.searchedBuffers()
	}
	i.generation++
	i.scans.clear()
	i.ledgers = ledgers{}
	if i.costs != nil {
		i.costs.swap(i.rules, rules)
	}
	i.rules, i.scratch = rules, prefilter.NewScratch()
	i.bits.Use(rules.flowbits)
	i.vars.Use(rules.variables)
}

// ReleaseMemory gives the memory of rulesets that nobody has any more back to
// the system: that of databases and expressions, which are the C library's, as
// far as the collector has found them. For tools and after a swap; it takes
// milliseconds.
func ReleaseMemory() { hyperscan.Trim() }

// Rules returns the ruleset in use.
func (i *Inspector) Rules() *Ruleset { return i.rules }

// searchedBuffers names the buffers with a bit in txNote.searched, by bit.
func (rs *Ruleset) searchedBuffers() map[app.Proto]*[2][]string {
	all := make(map[app.Proto]*[2][]string, len(rs.transactions))
	for proto, byDir := range rs.transactions {
		if byDir == nil {
			continue
		}
		keys := new([2][]string)
		for d := range byDir {
			for k := range byDir[d].buffers {
				if b := &byDir[d].buffers[k]; b.bit != 0 {
					keys[d] = append(keys[d], b.list.Key())
				} else {
					keys[d] = append(keys[d], "")
				}
			}
		}
		all[app.Proto(proto)] = keys
	}
	return all
}

// renew makes the head of a transaction that began under another ruleset speak
// of the buffers of this one.
func (i *Inspector) renew(h *txNote) {
	old, now := i.swaps.searched[i.in.App], i.rules.transactions.of(i.in.App)
	for d := range h.searched {
		was := h.searched[d]
		h.searched[d] = 0
		if h.generation+1 != i.generation || old == nil || now == nil {
			continue // of two rulesets ago: search again
		}
		for k := range now[d].buffers {
			b := &now[d].buffers[k]
			at := slices.Index(old[d], b.list.Key())
			if b.bit != 0 && at >= 0 && was&(1<<at) != 0 {
				h.searched[d] |= b.bit
			}
		}
	}
	h.generation, h.bits = i.generation, 0
}

// fingerprint is FNV-1a of a rule's text.
func fingerprint(text string) uint32 {
	h := uint32(2166136261)
	for i := range len(text) {
		h = (h ^ uint32(text[i])) * 16777619
	}
	return h
}
