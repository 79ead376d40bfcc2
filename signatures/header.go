package signatures

import (
	"encoding/binary"
	"net/netip"

	"spanwatch/decoders"
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
)

// header is the compiled first half of a rule: protocol, addresses, ports. A
// nil set is any.
type header struct {
	families           family
	transports         transport
	layers             decoders.Layers // all of them must be there; for ether and arp
	src, dst           *addressSet
	srcPorts, dstPorts *portSet
}

// family is a set of network layers.
type family uint8

const (
	familyIPv4 family = 1 << iota
	familyIPv6
	familyNone // not IP, or an IP header that could not be decoded
	familyIP   = familyIPv4 | familyIPv6
	familyAll  = familyIP | familyNone
)

// transport is a set of protocols above IP.
type transport uint8

const (
	transportTCP transport = 1 << iota
	transportUDP
	transportSCTP
	transportICMPv4
	transportICMPv6
	transportIGMP
	transportOther
	transportAll transport = 1<<iota - 1
)

// withPorts are the layers whose packets have ports.
const withPorts = decoders.LayerTCP | decoders.LayerUDP | decoders.LayerSCTP

// IP protocol numbers (IANA).
const (
	ipProtoICMP   = 1
	ipProtoIGMP   = 2
	ipProtoTCP    = 6
	ipProtoUDP    = 17
	ipProtoICMPv6 = 58
	ipProtoSCTP   = 132
)

func familyOf(p *decoders.Packet) family {
	switch {
	case p.Layers.Has(decoders.LayerIPv4):
		return familyIPv4
	case p.Layers.Has(decoders.LayerIPv6):
		return familyIPv6
	}
	return familyNone
}

// transportOf goes by the IP protocol number: a fragment of IPv4, whose transport
// header is not decoded, is of its protocol all the same.
func transportOf(number uint8) transport {
	switch number {
	case ipProtoTCP:
		return transportTCP
	case ipProtoUDP:
		return transportUDP
	case ipProtoICMP:
		return transportICMPv4
	case ipProtoICMPv6:
		return transportICMPv6
	case ipProtoSCTP:
		return transportSCTP
	case ipProtoIGMP:
		return transportIGMP
	}
	return transportOther
}

// packetFacts is what headers are compared with, worked out once per packet.
type packetFacts struct {
	family           family
	transport        transport
	hasPorts         bool
	layers           decoders.Layers
	srcPort, dstPort uint16
	src, dst         address
}

func (f *packetFacts) of(p *decoders.Packet) {
	*f = packetFacts{
		family: familyOf(p), layers: p.Layers,
		hasPorts: p.Layers&withPorts != 0, srcPort: p.SrcPort, dstPort: p.DstPort,
	}
	if f.family != familyNone {
		f.transport = transportOf(keyword.IPProto(p))
		f.src, f.dst = addressOf(p.Src, p.IPVersion), addressOf(p.Dst, p.IPVersion)
	}
}

// matches compares the cheap parts first.
func (h *header) matches(f *packetFacts) bool {
	if h.families&f.family == 0 {
		return false
	}
	if f.family != familyNone && h.transports&f.transport == 0 {
		return false
	}
	if f.layers&h.layers != h.layers {
		return false
	}
	if h.srcPorts != nil && !(f.hasPorts && h.srcPorts.has(f.srcPort)) {
		return false
	}
	if h.dstPorts != nil && !(f.hasPorts && h.dstPorts.has(f.dstPort)) {
		return false
	}
	if h.src != nil && !(f.family != familyNone && h.src.has(f.src)) {
		return false
	}
	return h.dst == nil || f.family != familyNone && h.dst.has(f.dst)
}

// reversed returns the header for the other direction of `<>`.
func (h header) reversed() header {
	h.src, h.dst = h.dst, h.src
	h.srcPorts, h.dstPorts = h.dstPorts, h.srcPorts
	return h
}

// address is an IP address as two numbers that compare like the address;
// IPv4 has its 32 bits at the top of hi.
type address struct {
	hi, lo uint64
	v6     bool
}

func addressOf(a decoders.Addr, version uint8) address {
	if version == 4 {
		return address{hi: uint64(binary.BigEndian.Uint32(a[:4])) << 32}
	}
	return address{hi: binary.BigEndian.Uint64(a[:8]), lo: binary.BigEndian.Uint64(a[8:]), v6: true}
}

func addressOfNetip(a netip.Addr) address { return addressOf(decoders.AddrFrom(a)) }

func (a address) less(b address) bool {
	if a.v6 != b.v6 {
		return b.v6
	}
	return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo
}

// addressRange includes both ends, which are of one family.
type addressRange struct{ from, to address }

// addressSet is a sorted list of disjoint ranges.
type addressSet struct {
	ranges []addressRange
}

func (s *addressSet) has(a address) bool {
	lo, hi := 0, len(s.ranges)
	for lo < hi { // the first range that ends at a or behind it
		mid := int(uint(lo+hi) >> 1)
		if s.ranges[mid].to.less(a) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(s.ranges) && !a.less(s.ranges[lo].from)
}

// portSet is a sorted list of disjoint ranges, both ends included.
type portSet struct {
	ranges []rule.Port
}

func (s *portSet) has(port uint16) bool {
	for _, r := range s.ranges {
		if port <= r.To {
			return port >= r.From
		}
	}
	return false
}

// setTable keeps one copy of each set that rules share, as nearly all do:
// $HOME_NET stands in thousands of them. Sets are found by what was written,
// which means one thing under one set of variables.
type setTable struct {
	addresses map[string]*addressSet
	ports     map[string]*portSet
}

func newSetTable() *setTable {
	return &setTable{addresses: make(map[string]*addressSet), ports: make(map[string]*portSet)}
}

func (t *setTable) addressSet(s rule.AddressSet) *addressSet {
	if s.Any && len(s.Ranges) == 0 {
		return nil
	}
	if set, ok := t.addresses[s.Written]; ok && s.Written != "" {
		return set
	}
	set := &addressSet{}
	for _, r := range s.Canonical() {
		set.ranges = append(set.ranges, addressRange{addressOfNetip(r.From), addressOfNetip(r.To)})
	}
	t.addresses[s.Written] = set
	return set
}

func (t *setTable) portSet(s rule.PortSet) *portSet {
	if s.Any && len(s.Ranges) == 0 {
		return nil
	}
	if set, ok := t.ports[s.Written]; ok && s.Written != "" {
		return set
	}
	set := &portSet{ranges: s.Canonical()}
	t.ports[s.Written] = set
	return set
}

// protocolHeader returns the protocol part of a header; ok is false for an
// application protocol without a parser and for unknown names.
func protocolHeader(name string) (h header, ok bool) {
	h = header{families: familyIP, transports: transportAll}
	switch name {
	case "ip":
	case "ipv4":
		h.families = familyIPv4
	case "ipv6":
		h.families = familyIPv6
	case "tcp", "tcp-pkt", "tcp-stream":
		h.transports = transportTCP
	case "udp":
		h.transports = transportUDP
	case "sctp":
		h.transports = transportSCTP
	case "icmp":
		h.transports = transportICMPv4 | transportICMPv6
	case "icmpv4":
		h.transports = transportICMPv4
	case "icmpv6":
		h.transports = transportICMPv6
	case "igmp":
		h.transports = transportIGMP
	case "pkthdr":
		h.families = familyAll
	case "ether":
		h.families, h.layers = familyAll, decoders.LayerEthernet
	case "arp":
		h.families, h.layers = familyAll, decoders.LayerARP
	default:
		for _, p := range keyword.AppProtocols() {
			if p.Name != name {
				continue
			}
			h.transports = 0
			if p.Layers&decoders.LayerTCP != 0 {
				h.transports |= transportTCP
			}
			if p.Layers&decoders.LayerUDP != 0 {
				h.transports |= transportUDP
			}
			return h, true
		}
		return header{}, false
	}
	return h, true
}
