package keyword

import "cmp"

// Access is how a rule uses something that rules share through a flow or a
// host. Rules that write are inspected before rules that read.
type Access uint8

// Accesses, in the order of inspection.
const (
	Writes Access = iota + 1
	ReadsAndWrites
	Reads
	Neither
)

// Compare orders rules by their access.
func (a Access) Compare(b Access) int { return cmp.Compare(a, b) }

func access(reads, writes bool) Access {
	switch {
	case reads && writes:
		return ReadsAndWrites
	case writes:
		return Writes
	case reads:
		return Reads
	}
	return Neither
}

// Numbers is the rule's use of numbers of flows (flowint).
func (p *Plan) Numbers() Access {
	var reads, writes bool
	for _, t := range p.Tests {
		_, ok := t.(*flowIntTest)
		reads = reads || ok
	}
	for _, e := range p.Effects {
		_, ok := e.(*flowIntEffect)
		writes = writes || ok
	}
	return access(reads, writes)
}

// Texts is the rule's use of what expressions catch (flowvar, pktvar).
func (p *Plan) Texts() Access {
	var reads, writes bool
	for _, t := range p.Tests {
		_, ok := t.(*textVarTest)
		reads = reads || ok
	}
	for _, l := range p.Lists {
		for i := range l.Chain.nodes {
			e := l.Chain.nodes[i].pcre
			writes = writes || e != nil && len(e.captures) > 0
		}
	}
	return access(reads, writes)
}

// Hosts is the rule's use of bits of hosts (xbits, hostbits).
func (p *Plan) Hosts() Access {
	var reads, writes bool
	for i := range p.HostBits {
		if p.HostBits[i].Op.Condition() {
			reads = true
		} else {
			writes = true
		}
	}
	return access(reads, writes)
}
