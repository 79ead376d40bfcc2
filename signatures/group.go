package signatures

import (
	"maps"
	"slices"

	"spanwatch/decoders"
	"spanwatch/signatures/prefilter"
)

// packetGroup is a set of signatures to be tried on a packet: those of one
// protocol, direction and service port. It may hold signatures that cannot
// match (their header is compared again), and lacks none that can.
type packetGroup struct {
	always []gate          // of signatures inspected for every packet of the group
	packet matcher         // of payloads other than TCP; nil when no signature has a pattern
	pair   *prefilter.Pair // of TCP: of payloads, and of stream chunks and payloads that are in none
}

// packetClass separates packets by protocol before ports are looked at.
type packetClass uint8

const (
	classTCP packetClass = iota
	classUDP
	classSCTP
	classICMPv4
	classICMPv6
	classOther // any other protocol above IP
	classNoIP
	classCount
)

var classTransports = [classCount]transport{
	classTCP: transportTCP, classUDP: transportUDP, classSCTP: transportSCTP,
	classICMPv4: transportICMPv4, classICMPv6: transportICMPv6, classOther: transportIGMP | transportOther,
}

func classOf(f *packetFacts) packetClass {
	if f.family == familyNone {
		return classNoIP
	}
	switch f.transport {
	case transportTCP:
		return classTCP
	case transportUDP:
		return classUDP
	case transportSCTP:
		return classSCTP
	case transportICMPv4:
		return classICMPv4
	case transportICMPv6:
		return classICMPv6
	}
	return classOther
}

// inClass reports whether the signature may match packets of the class.
func (s *Signature) inClass(c packetClass) bool {
	if c == classNoIP {
		return s.header.families&familyNone != 0
	}
	return s.header.families&familyIP != 0 && s.header.transports&classTransports[c] != 0
}

// portGroups finds the group of a packet by its service port: the destination
// of a packet to the server, the source of one to the client.
//
// Groups differ in their always lists, which cost time for every packet, but
// most share their matchers. In ET Open nearly all signatures are for any port;
// matchers of their own for each of 40 sets of ports would repeat those 40
// times, in memory and in the time to compile them, for hits that a comparison
// of ports removes just as well.
type portGroups struct {
	groups []*packetGroup
	byPort []uint8 // index into groups; nil when there is one group
}

func (g *portGroups) of(port uint16) *packetGroup {
	if g.byPort == nil {
		return g.groups[0]
	}
	return g.groups[g.byPort[port]]
}

const (
	// maxPortGroups bounds the groups of one class and direction. Ports beyond
	// the busiest share one.
	maxPortGroups = 200
	// anyPorts is the number of ports from which a set is taken for any.
	anyPorts = 4096
	// crowd is how many signatures a shared matcher may hold for certain ports
	// before the sets with most of them get matchers of their own: as many as
	// for any port, and crowd at least.
	crowd = 512
)

// servicePorts is the port set of the side that the groups go by, nil for any
// and for sets so large that splitting by them does not pay.
func (s *Signature) servicePorts(d decoders.Direction) *portSet {
	set := s.header.dstPorts
	if d == decoders.ToClient {
		set = s.header.srcPorts
	}
	if set == nil {
		return nil
	}
	n := 0
	for _, r := range set.ranges {
		n += int(r.To-r.From) + 1
	}
	if n >= anyPorts {
		return nil
	}
	return set
}

// matcher is nil when there are no patterns to look for.
type matcher = prefilter.Matcher

// groupBuilder makes groups.
type groupBuilder struct {
	prefilter bool
	matchers  *prefilter.Builder
	list      []*packetGroup
}

func newGroupBuilder(usePrefilter bool, opts prefilter.Options) *groupBuilder {
	return &groupBuilder{prefilter: usePrefilter, matchers: prefilter.NewBuilder(opts)}
}

// payloadMatchers are those of a group. refused are the signatures that no
// matcher takes.
type payloadMatchers struct {
	packet  matcher
	pair    *prefilter.Pair
	refused []*Signature
}

// group returns the group of sigs, which are in inspection order.
func (b *groupBuilder) group(sigs []*Signature, c packetClass) *packetGroup {
	return b.groupWith(sigs, b.payloadMatchers(sigs, c))
}

// groupWith returns the group of sigs with matchers for them and perhaps others.
func (b *groupBuilder) groupWith(sigs []*Signature, m payloadMatchers) *packetGroup {
	g := &packetGroup{packet: m.packet, pair: m.pair}
	for _, s := range sigs {
		if !b.prefilter || s.bypassesPrefilter() || slices.Contains(m.refused, s) {
			g.always = append(g.always, gateOf(s))
		}
	}
	b.list = append(b.list, g)
	return g
}

// payloadMatchers makes the matchers of sigs, which are in inspection order.
func (b *groupBuilder) payloadMatchers(sigs []*Signature, c packetClass) (m payloadMatchers) {
	var packet, stream []*Signature
	for _, s := range sigs {
		if !b.prefilter || s.bypassesPrefilter() {
			continue
		}
		// Reassembly concerns TCP: for other protocols one matcher has all.
		onStream := s.onStream() || s.triggered()
		if s.kind != TypeStream && !s.triggered() || onStream && c != classTCP {
			packet = append(packet, s)
		}
		if onStream && c == classTCP {
			stream = append(stream, s)
		}
	}
	if c != classTCP {
		m.packet, m.refused = b.matcher(packet)
		return m
	}
	var err error
	if m.pair, err = b.matchers.BuildPair(patternsOf(packet), patternsOf(stream)); err != nil {
		m.refused = append(packet, stream...)
	}
	return m
}

// matcher makes the matcher of the signatures' fast patterns. Should it
// refuse them they are returned, to be inspected always: slower, and right.
func (b *groupBuilder) matcher(sigs []*Signature) (m matcher, refused []*Signature) {
	m, err := b.matchers.Build(patternsOf(sigs))
	if err != nil {
		return nil, sigs
	}
	return m, nil
}

// patternsOf returns what brings each of sigs up.
func patternsOf(sigs []*Signature) []prefilter.Pattern {
	patterns := make([]prefilter.Pattern, 0, len(sigs))
	for _, s := range sigs {
		if s.triggered() {
			patterns = append(patterns, s.trigger.pattern(s.order))
		} else {
			patterns = append(patterns, s.fast.pattern(s.order))
		}
	}
	return patterns
}

// portGroups divides the signatures of one class and direction.
func (b *groupBuilder) portGroups(sigs []*Signature, c packetClass, d decoders.Direction) portGroups {
	byPort := map[uint16][]*Signature{}
	for _, s := range sigs {
		set := s.servicePorts(d)
		if set == nil {
			continue
		}
		for _, r := range set.ranges {
			for port := int(r.From); port <= int(r.To); port++ {
				byPort[uint16(port)] = append(byPort[uint16(port)], s)
			}
		}
	}
	if len(byPort) == 0 {
		return portGroups{groups: []*packetGroup{b.group(sigs, c)}}
	}
	anyPort := b.withAny(sigs, d, nil)
	sets := busiestPorts(byPort)
	own := b.crowded(sets, len(anyPort))
	var others []*Signature
	for _, set := range sets[own:] {
		others = append(others, set.sigs...)
	}
	shared := b.payloadMatchers(b.withAny(sigs, d, others), c)

	// Ports whose always list is that of any port need no group of their own.
	out := portGroups{byPort: make([]uint8, 1<<16), groups: []*packetGroup{b.groupWith(anyPort, shared)}}
	var rest portsOf
	for i, set := range sets {
		if i >= own && !slices.ContainsFunc(set.sigs, func(s *Signature) bool {
			return !b.prefilter || s.bypassesPrefilter() || slices.Contains(shared.refused, s)
		}) {
			continue
		}
		if len(out.groups) == maxPortGroups {
			rest.sigs, rest.ports = append(rest.sigs, set.sigs...), append(rest.ports, set.ports...)
			continue
		}
		out.assign(set.ports)
		here := b.withAny(sigs, d, set.sigs)
		if i < own {
			out.groups = append(out.groups, b.group(here, c))
		} else {
			out.groups = append(out.groups, b.groupWith(here, shared))
		}
	}
	if len(rest.ports) > 0 {
		out.assign(rest.ports)
		out.groups = append(out.groups, b.groupWith(b.withAny(sigs, d, rest.sigs), shared))
	}
	return out
}

// assign gives ports the group that is appended next.
func (g *portGroups) assign(ports []uint16) {
	for _, port := range ports {
		g.byPort[port] = uint8(len(g.groups))
	}
}

// crowded returns how many of the sets, which are in order of size, get matchers
// of their own, when the shared ones hold anyPort signatures for any port.
func (b *groupBuilder) crowded(sets []portsOf, anyPort int) (own int) {
	shared := map[*Signature]int{} // sets of the rest that a signature is in
	for _, set := range sets {
		for _, s := range set.sigs {
			shared[s]++
		}
	}
	for own < len(sets) && own < maxPortGroups/2 && len(shared) > max(anyPort, crowd) {
		for _, s := range sets[own].sigs {
			if shared[s]--; shared[s] == 0 {
				delete(shared, s)
			}
		}
		own++
	}
	return own
}

// portsOf is a set of signatures that some ports share.
type portsOf struct {
	sigs  []*Signature
	ports []uint16
}

// busiestPorts returns the different sets of signatures, those with most
// signatures first.
func busiestPorts(byPort map[uint16][]*Signature) (sets []portsOf) {
	index := map[string]int{}
	var key []byte
	for _, port := range slices.Sorted(maps.Keys(byPort)) {
		sigs := byPort[port]
		key = key[:0]
		for _, s := range sigs {
			key = append(key, byte(s.order), byte(s.order>>8), byte(s.order>>16), byte(s.order>>24))
		}
		i, ok := index[string(key)]
		if !ok {
			i = len(sets)
			index[string(key)] = i
			sets = append(sets, portsOf{sigs: sigs})
		}
		sets[i].ports = append(sets[i].ports, port)
	}
	slices.SortStableFunc(sets, func(a, b portsOf) int { return len(b.sigs) - len(a.sigs) })
	return sets
}

// withAny merges the signatures for any port with some for certain ports, in
// inspection order, each once.
func (b *groupBuilder) withAny(sigs []*Signature, d decoders.Direction, certain []*Signature) []*Signature {
	wanted := make(map[*Signature]bool, len(certain))
	for _, s := range certain {
		wanted[s] = true
	}
	out := make([]*Signature, 0, len(sigs))
	for _, s := range sigs {
		if s.servicePorts(d) == nil || wanted[s] {
			out = append(out, s)
		}
	}
	return out
}
