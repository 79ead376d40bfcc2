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
	always []*Signature      // inspected for every packet of the group
	packet prefilter.Matcher // of payloads; nil when no signature has a pattern
	stream prefilter.Matcher // of stream chunks, and of payloads that are in none
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
	// maxPortGroups bounds the memory of one class and direction: every group
	// repeats the signatures for any port. Ports beyond the busiest share one.
	maxPortGroups = 40
	// anyPorts is the number of ports from which a set is taken for any.
	anyPorts = 4096
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

// groupBuilder makes groups, one for each different set of signatures.
type groupBuilder struct {
	prefilter bool
	matchers  *prefilter.Builder
	made      map[string]*packetGroup
	list      []*packetGroup
}

func newGroupBuilder(usePrefilter bool, opts prefilter.Options) *groupBuilder {
	return &groupBuilder{prefilter: usePrefilter, matchers: prefilter.NewBuilder(opts), made: map[string]*packetGroup{}}
}

// group returns the group of sigs, which are in inspection order.
func (b *groupBuilder) group(sigs []*Signature) *packetGroup {
	key := make([]byte, 0, 4*len(sigs))
	for _, s := range sigs {
		key = append(key, byte(s.order), byte(s.order>>8), byte(s.order>>16), byte(s.order>>24))
	}
	if g, ok := b.made[string(key)]; ok {
		return g
	}
	g := &packetGroup{}
	var packet, stream []*Signature
	for _, s := range sigs {
		if !b.prefilter || s.bypassesPrefilter() {
			g.always = append(g.always, s)
			continue
		}
		if s.kind != TypeStream {
			packet = append(packet, s)
		}
		if s.onStream() {
			stream = append(stream, s)
		}
	}
	var refused []*Signature
	g.packet, refused = b.matcher(packet)
	g.always = append(g.always, refused...)
	g.stream, refused = b.matcher(stream)
	g.always = append(g.always, refused...)
	b.made[string(key)] = g
	b.list = append(b.list, g)
	return g
}

// matcher makes the matcher of the signatures' fast patterns. Should it
// refuse them they are returned, to be inspected always: slower, and right.
func (b *groupBuilder) matcher(sigs []*Signature) (m matcher, refused []*Signature) {
	patterns := make([]prefilter.Pattern, 0, len(sigs))
	for _, s := range sigs {
		patterns = append(patterns, prefilter.Pattern{Bytes: s.fast.content.Fast(), NoCase: s.fast.content.NoCase, ID: s.order})
	}
	m, err := b.matchers.Build(patterns)
	if err != nil {
		return nil, sigs
	}
	return m, nil
}

// portGroups divides the signatures of one class and direction.
func (b *groupBuilder) portGroups(sigs []*Signature, d decoders.Direction) portGroups {
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
		return portGroups{groups: []*packetGroup{b.group(sigs)}}
	}
	out := portGroups{byPort: make([]uint8, 1<<16)}
	out.groups = append(out.groups, nil) // ports without signatures of their own
	var rest []portsOf
	for _, set := range busiestPorts(byPort) {
		if len(out.groups) == maxPortGroups {
			rest = append(rest, set)
			continue
		}
		for _, port := range set.ports {
			out.byPort[port] = uint8(len(out.groups))
		}
		out.groups = append(out.groups, b.group(b.withAny(sigs, d, set.sigs)))
	}
	out.groups[0] = b.group(b.withAny(sigs, d, nil))
	if len(rest) > 0 {
		var shared []*Signature
		for _, set := range rest {
			shared = append(shared, set.sigs...)
			for _, port := range set.ports {
				out.byPort[port] = uint8(len(out.groups))
			}
		}
		out.groups = append(out.groups, b.group(b.withAny(sigs, d, shared)))
	}
	return out
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
