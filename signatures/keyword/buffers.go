package keyword

import (
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// Source is a buffer that rules can look at: where its bytes come from.
type Source struct {
	Name    string
	Aliases []string

	// A buffer of the packet has Packet, which returns its bytes, borrowed,
	// and whether the packet has it.
	Packet func(*decoders.Packet) ([]byte, bool)

	// A buffer of a transaction has App and Buffer.
	App    app.Proto
	Buffer app.Buffer
	Dirs   DirectionSet // in which it exists
	Multi  bool         // several instances, each tried on its own

	// Class is the fast pattern class; the lowest is preferred.
	Class FastClass
	// Check says why a content can never match this buffer; "" when it can.
	Check func(*Content) string

	order int // place in the table: of equal patterns the later buffer's wins
}

// FastClass orders buffers for the choice of the fast pattern.
type FastClass uint8

// Classes, as Suricata registers its buffers.
const (
	ClassBuffer FastClass = 2
	ClassStream FastClass = 3 // payload
	ClassMethod FastClass = 4 // few values, in nearly every transaction
)

// Order is the place of the source among all, for the fast pattern choice;
// the payload is before all of them.
func (l *List) Order() int {
	if l.Source == nil {
		return -1
	}
	return l.Source.order
}

// FastClass returns the class of the list's buffer.
func (l *List) FastClass() FastClass {
	if l.Source == nil {
		return ClassStream
	}
	return l.Source.Class
}

// sources is the table of sticky buffers. A protocol adds its lines here.
func sources() []Source {
	return []Source{
		{Name: "ipv4.hdr", Packet: ipv4Header, Dirs: DirBoth, Class: ClassBuffer},
		{Name: "ipv6.hdr", Packet: ipv6Header, Dirs: DirBoth, Class: ClassBuffer},
		{Name: "tcp.hdr", Packet: transportHeader(decoders.LayerTCP), Dirs: DirBoth, Class: ClassBuffer},
		{Name: "udp.hdr", Packet: transportHeader(decoders.LayerUDP), Dirs: DirBoth, Class: ClassBuffer},
		{Name: "icmpv4.hdr", Packet: icmpv4Header, Dirs: DirBoth, Class: ClassBuffer},
		{Name: "icmpv6.hdr", Packet: transportHeader(decoders.LayerICMPv6), Dirs: DirBoth, Class: ClassBuffer},
		{Name: "ip.src", Packet: sourceAddress, Dirs: DirBoth, Class: ClassBuffer},
		{Name: "ip.dst", Packet: destinationAddress, Dirs: DirBoth, Class: ClassBuffer},

		{Name: "dns.query", Aliases: []string{"dns_query"}, App: app.ProtoDNS, Buffer: app.DNSQuery, Dirs: DirToServer, Multi: true, Class: ClassBuffer},
		{Name: "dns.queries.rrname", Aliases: []string{"dns.query.name"}, App: app.ProtoDNS, Buffer: app.DNSQueriesRRName, Dirs: DirBoth, Multi: true, Class: ClassBuffer},
		{Name: "dns.answers.rrname", Aliases: []string{"dns.answer.name"}, App: app.ProtoDNS, Buffer: app.DNSAnswersRRName, Dirs: DirBoth, Multi: true, Class: ClassBuffer},
		{Name: "dns.authorities.rrname", App: app.ProtoDNS, Buffer: app.DNSAuthoritiesRRName, Dirs: DirBoth, Multi: true, Class: ClassBuffer},
		{Name: "dns.additionals.rrname", App: app.ProtoDNS, Buffer: app.DNSAdditionalsRRName, Dirs: DirBoth, Multi: true, Class: ClassBuffer},
		{Name: "dns.response.rrname", App: app.ProtoDNS, Buffer: app.DNSResponseRRName, Dirs: DirToClient, Multi: true, Class: ClassBuffer},
	}
}

// bufferKeywords makes a keyword of every source.
func bufferKeywords() []Keyword {
	table := sources()
	keywords := make([]Keyword, 0, len(table))
	for i := range table {
		s := &table[i]
		s.order = i
		k := Keyword{Name: s.Name, Aliases: s.Aliases, Kind: KindBuffer, Argument: None, Syntax: s.Name + "; content:…", Setup: func(b *Builder, o *rule.Option) *rule.Diagnostic {
			return b.useSource(o, s)
		}}
		if s.Packet != nil {
			k.Traits = NeedsPacket
		}
		keywords = append(keywords, k)
	}
	return keywords
}

func (b *Builder) useSource(o *rule.Option, s *Source) *rule.Diagnostic {
	if d := b.closeList(); d != nil {
		return d
	}
	if s.Packet == nil {
		if d := b.needApp(o, s.App); d != nil {
			return d
		}
		if d := b.narrow(o, s.Dirs); d != nil {
			return d
		}
	}
	b.list = b.listOf(s)
	b.lastSource = o
	b.transform = true
	b.plan.IPOnly, b.plan.EventOnly = false, false
	return nil
}

// setPktData is the keyword pkt_data: back to the payload.
func setPktData(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.closeList(); d != nil {
		return d
	}
	b.list = b.listOf(nil)
	b.lastSource = o
	return nil
}

func ipHeader(p *decoders.Packet, layer decoders.Layers) ([]byte, bool) {
	if !p.Layers.Has(layer) {
		return nil, false
	}
	return window(p.Data, p.IPOffset, uint32(p.IPHeaderLen)), true
}

func ipv4Header(p *decoders.Packet) ([]byte, bool) { return ipHeader(p, decoders.LayerIPv4) }
func ipv6Header(p *decoders.Packet) ([]byte, bool) { return ipHeader(p, decoders.LayerIPv6) }

func transportHeader(layer decoders.Layers) func(*decoders.Packet) ([]byte, bool) {
	return func(p *decoders.Packet) ([]byte, bool) {
		if !p.Layers.Has(layer) {
			return nil, false
		}
		return window(p.Data, p.L4Offset, uint32(p.L4HeaderLen)), true
	}
}

// icmpv4Header is the header by its type: eight bytes, and for some types the
// fields that follow.
func icmpv4Header(p *decoders.Packet) ([]byte, bool) {
	if !p.Layers.Has(decoders.LayerICMPv4) {
		return nil, false
	}
	const common = 8
	size := uint32(common)
	switch p.ICMPType {
	case 9: // router advertisement, RFC 1256: count and words of address entries
		if h := window(p.Data, p.L4Offset, common); len(h) == common {
			size += uint32(h[4]) * uint32(h[5]) * 4
		}
	case 13, 14: // timestamp and its reply, RFC 792: three times
		size += 12
	case 17, 18: // address mask and its reply, RFC 950
		size += 4
	}
	return window(p.Data, p.L4Offset, size), true
}

func sourceAddress(p *decoders.Packet) ([]byte, bool)      { return addressBytes(p, &p.Src) }
func destinationAddress(p *decoders.Packet) ([]byte, bool) { return addressBytes(p, &p.Dst) }

func addressBytes(p *decoders.Packet, a *decoders.Addr) ([]byte, bool) {
	switch p.IPVersion {
	case 4:
		return a[:4], true
	case 6:
		return a[:], true
	}
	return nil, false
}

// window cuts size bytes at offset, fewer where data ends: a capture may have
// cut the packet short.
func window(data []byte, offset, size uint32) []byte {
	from := min(int(offset), len(data))
	return data[from:min(from+int(size), len(data))]
}

// AppliesTo names the protocol and direction of a buffer for the README.
func (s *Source) AppliesTo() string {
	if s.Packet != nil {
		return "packet"
	}
	parts := []string{s.App.String()}
	switch s.Dirs {
	case DirToServer:
		parts = append(parts, "to server")
	case DirToClient:
		parts = append(parts, "to client")
	}
	return strings.Join(parts, ", ")
}
