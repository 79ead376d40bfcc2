package signatures

import "spanwatch/signatures/keyword"

// gate is what keeps most candidates from being looked at: those conditions on
// packet and flow that need no more than a compare, as a copy that fills half a
// cache line where a signature fills several. What a gate lets through is
// compared again in full.
type gate struct {
	apps       keyword.ProtoSet
	order      uint32
	need       need
	families   family
	transports transport
	// The ports that the rule names lie between from and from+span.
	srcFrom, srcSpan, dstFrom, dstSpan uint16
	// tx: the signature is on transactions and waits for the payload (trigger).
	tx bool
}

func gateOf(s *Signature) gate {
	g := gate{apps: s.apps, order: s.order, need: s.need, families: s.header.families, transports: s.header.transports, tx: s.triggered()}
	g.srcFrom, g.srcSpan = s.header.srcPorts.hull()
	g.dstFrom, g.dstSpan = s.header.dstPorts.hull()
	return g
}

func gatesOf(sigs []*Signature) []gate {
	gates := make([]gate, len(sigs))
	for i, s := range sigs {
		gates[i] = gateOf(s)
	}
	return gates
}

// hull is the range that spans the set.
func (s *portSet) hull() (from, span uint16) {
	if s == nil || len(s.ranges) == 0 {
		return 0, 1<<16 - 1
	}
	from = s.ranges[0].From
	return from, s.ranges[len(s.ranges)-1].To - from
}

// opens reports whether the signature may match the packet that i inspects.
func (g *gate) opens(i *Inspector) bool {
	f := &i.packet
	return g.need&^i.met == 0 &&
		(g.apps == 0 || g.apps.Has(i.in.App)) &&
		g.families&f.family != 0 &&
		(g.transports&f.transport != 0 || f.family == familyNone) &&
		f.srcPort-g.srcFrom <= g.srcSpan && f.dstPort-g.dstFrom <= g.dstSpan
}

// admit drops those of i.ids behind the first n whose gates are shut.
func (i *Inspector) admit(n int) {
	kept := i.ids[:n]
	for _, id := range i.ids[n:] {
		if i.rules.gates[id].opens(i) {
			kept = append(kept, id)
		}
	}
	i.ids = kept
}

// setTriggeredAside moves signatures on transactions from i.ids to i.triggered.
func (i *Inspector) setTriggeredAside() {
	kept := i.ids[:0]
	for _, id := range i.ids {
		if i.rules.gates[id].tx {
			i.triggered = append(i.triggered, id)
		} else {
			kept = append(kept, id)
		}
	}
	i.ids = kept
}

// addAlways adds the signatures without a pattern whose gates are open.
func (i *Inspector) addAlways(gates []gate) {
	for k := range gates {
		if g := &gates[k]; g.opens(i) {
			i.ids = append(i.ids, g.order)
		}
	}
}
