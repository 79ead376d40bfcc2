package keyword

import (
	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// headerNumber compares a number of the packet's headers.
type headerNumber struct {
	want rule.Int
	get  func(*decoders.Packet) (uint64, bool)
}

func (t *headerNumber) Match(f *Facts) bool {
	v, ok := t.get(f.Packet)
	return ok && t.want.Match(v)
}

// headerField is a keyword that is a number of a header.
type headerField struct {
	name  string
	alias string
	bits  int
	get   func(*decoders.Packet) (uint64, bool) // false: the packet has no such field
}

// headerFields is the table of them.
func headerFields() []headerField {
	tcp := func(get func(*decoders.Packet) uint64) func(*decoders.Packet) (uint64, bool) {
		return ofLayer(decoders.LayerTCP, get)
	}
	return []headerField{
		{"tcp.ack", "ack", 32, tcp(func(p *decoders.Packet) uint64 { return uint64(p.Ack) })},
		{"tcp.seq", "seq", 32, tcp(func(p *decoders.Packet) uint64 { return uint64(p.Seq) })},
		{"tcp.window", "window", 16, tcp(func(p *decoders.Packet) uint64 { return uint64(p.TCPWindow) })},
		{"tcp.mss", "", 16, func(p *decoders.Packet) (uint64, bool) {
			return uint64(p.TCPMSS), p.Layers.Has(decoders.LayerTCP) && p.TCPOpts&decoders.TCPOptMSS != 0
		}},
		{"tcp.wscale", "", 8, func(p *decoders.Packet) (uint64, bool) {
			return uint64(p.TCPWScale), p.Layers.Has(decoders.LayerTCP) && p.TCPOpts&decoders.TCPOptWScale != 0
		}},
		{"ttl", "", 8, func(p *decoders.Packet) (uint64, bool) { return uint64(p.TTL), hasIP(p) }},
		{"id", "", 16, ofLayer(decoders.LayerIPv4, func(p *decoders.Packet) uint64 { return uint64(p.IPID) })},
		{"fragoffset", "", 16, fragmentOffset},
		{"itype", "", 8, func(p *decoders.Packet) (uint64, bool) { return uint64(p.ICMPType), hasICMP(p) }},
		{"icode", "", 8, func(p *decoders.Packet) (uint64, bool) { return uint64(p.ICMPCode), hasICMP(p) }},
		{"icmp_id", "", 16, func(p *decoders.Packet) (uint64, bool) { return uint64(p.ICMPID), hasICMP(p) && p.HasICMPID }},
		{"icmp_seq", "", 16, func(p *decoders.Packet) (uint64, bool) { return uint64(p.ICMPSeq), hasICMP(p) && p.HasICMPID }},
		{"icmpv6.mtu", "", 32, func(p *decoders.Packet) (uint64, bool) {
			return uint64(p.ICMPMTU), p.Layers.Has(decoders.LayerICMPv6) && p.ICMPType == icmpv6PacketTooBig
		}},
		{"vlan.layers", "", 8, func(p *decoders.Packet) (uint64, bool) { return uint64(p.VLANCount), true }},
	}
}

// icmpv6PacketTooBig is the only ICMPv6 message with an MTU (RFC 4443 section 3.2).
const icmpv6PacketTooBig = 2

// fragmentUnit is what the 13-bit fragment offset of IPv4 counts in (RFC 791).
const fragmentUnit = 8

// fragmentOffset is that of the header, of IPv4 in units of eight bytes, of IPv6
// in bytes, as Suricata compares it; a rebuilt datagram of IPv4 has 0, and IPv6
// has none without a fragment header.
func fragmentOffset(p *decoders.Packet) (uint64, bool) {
	switch {
	case p.Layers.Has(decoders.LayerFragment | decoders.LayerIPv6):
		return uint64(p.FragOffset), true
	case !p.Layers.Has(decoders.LayerIPv4):
		return 0, false
	case p.Rebuilt:
		return 0, true
	}
	return uint64(p.FragOffset / fragmentUnit), true
}

func ofLayer(layer decoders.Layers, get func(*decoders.Packet) uint64) func(*decoders.Packet) (uint64, bool) {
	return func(p *decoders.Packet) (uint64, bool) { return get(p), p.Layers.Has(layer) }
}

func hasIP(p *decoders.Packet) bool {
	return p.Layers&(decoders.LayerIPv4|decoders.LayerIPv6) != 0
}

func hasICMP(p *decoders.Packet) bool {
	return p.Layers&(decoders.LayerICMPv4|decoders.LayerICMPv6) != 0
}

// headerKeywords makes a keyword of every header field: `name:int`.
func headerKeywords() []Keyword {
	fields := headerFields()
	keywords := make([]Keyword, 0, len(fields))
	for i := range fields {
		field := &fields[i]
		k := Keyword{Name: field.name, Kind: KindHeader, Traits: NeedsPacket, Syntax: field.name + ":int", Setup: func(b *Builder, o *rule.Option) *rule.Diagnostic {
			n, d := b.integer(o, field.bits)
			b.plan.Tests = append(b.plan.Tests, &headerNumber{n, field.get})
			return d
		}}
		if field.alias != "" {
			k.Aliases = []string{field.alias}
		}
		keywords = append(keywords, k)
	}
	return keywords
}

// payloadSize is dsize: the bytes behind the last header of this packet. A
// packet without payload is no payload of another size: `dsize:!9` does not
// match it, `dsize:!2-9` does, as in Suricata.
type payloadSize struct{ want rule.Int }

func (t payloadSize) Match(f *Facts) bool {
	n := PayloadLen(f.Packet)
	return t.want.Match(uint64(n)) && (n > 0 || t.want.Mode != rule.IntNotEqual)
}

// PayloadLen is the length of what rules see of a packet as payload, in bytes:
// fragments have none, nor have protocols that no decoder looks into.
func PayloadLen(p *decoders.Packet) uint32 {
	const known = decoders.LayerTCP | decoders.LayerUDP | decoders.LayerICMPv4 | decoders.LayerICMPv6 | decoders.LayerSCTP | decoders.LayerESP
	if p.Layers&known == 0 || p.Layers.Has(decoders.LayerFragment) {
		return 0
	}
	return p.PayloadLen
}

// setDsize is the keyword dsize: `dsize:int`.
func setDsize(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.once(o); d != nil {
		return d
	}
	n, d := b.integer(o, 16)
	b.plan.Tests = append(b.plan.Tests, payloadSize{n})
	switch n.Mode {
	case rule.IntLess, rule.IntLessEqual:
	case rule.IntEqual:
		b.plan.NeedsPayload = n.A > 0
	case rule.IntOutside: // a packet without payload is outside
	default:
		b.plan.NeedsPayload = true
	}
	return d
}

// PayloadMost returns the greatest payload length that dsize allows; ok is
// false without dsize.
func (p *Plan) PayloadMost() (most uint64, ok bool) {
	for _, t := range p.Tests {
		if t, isSize := t.(payloadSize); isSize {
			_, most = t.want.Bounds()
			return most, true
		}
	}
	return 0, false
}
