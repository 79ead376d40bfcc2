package decoderstest

import (
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"spanwatch/decoders"
)

// gopacketFields are those of Fields that gopacket has.
var gopacketFields = []string{
	"vlan.id",
	"ip.src", "ip.dst", "ip.proto", "ip.len", "ip.id", "ip.ttl", "ip.frag_offset",
	"ipv6.src", "ipv6.dst", "ipv6.hlim",
	"tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value",
	"udp.srcport", "udp.dstport", "udp.length",
	"icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code",
	"sctp.srcport", "sctp.dstport",
}

// gopacketRules are the differences to gopacket that are on purpose.
var gopacketRules = []rule{
	{"refused", "gopacket shows the headers of what we refuse as malformed, too deep or cut", 0.02,
		func(d *difference) bool { return refusedOnPurpose(d.chain) && d.weStopEarlier() }},
	{"gave up", "gopacket could not decode the frame to its end", 0.05,
		func(d *difference) bool { return d.theyFailed && d.theyStopEarlier() }},
	{"fragment", "gopacket decodes the transport header of a first fragment, we decode the rebuilt datagram", 0.05,
		func(d *difference) bool {
			return d.chain.last().Refused == decoders.ReasonFragment && d.weStopEarlier()
		}},
	{"link type", "a link type that is not decoded", 0.05,
		func(d *difference) bool {
			return d.chain.packets[0].Refused == decoders.ReasonLinkType && len(d.ours) == 0
		}},
	{"AH over IPv4", "as in Suricata the packet is one of protocol 51", 0.001,
		func(d *difference) bool { return d.chain.any(isAHOverIPv4) && d.weStopEarlier() }},
	{"IPv6 extension headers", "gopacket does not walk along all of them", 0.02,
		func(d *difference) bool {
			return d.theyStopEarlier() && d.chain.any(func(p *decoders.Packet) bool { return p.IPVersion == 6 && p.IPHeaderLen > 40 })
		}},
	{"unknown to gopacket", "Teredo, ERSPAN types I and III, the VLAN of an ERSPAN header, PBB and other tags", 0.02,
		func(d *difference) bool {
			return (d.theyStopEarlier() || d.field == "vlan.id") && d.chain.any(func(p *decoders.Packet) bool {
				return p.Tunnel == decoders.TunnelTeredo || p.Tunnel == decoders.TunnelERSPAN || p.Layers.Has(decoders.LayerTag)
			})
		}},
	{"loose tunnels", "VXLAN from its port as a source, ERSPAN right behind Ethernet, IP protocol 94", 0.001,
		func(d *difference) bool {
			p := d.chain.last()
			return d.weStopEarlier() && (p.SrcPort == decoders.PortVXLAN || p.EtherType == 0x88be || p.Proto == 94)
		}},
}

// gopacketFacts decodes a frame with gopacket; failed says that it gave up.
func gopacketFacts(f *decoders.Frame) (facts Facts, failed bool) {
	facts = Facts{}
	addr := func(field string, ip []byte) {
		if a, ok := netip.AddrFromSlice(ip); ok {
			facts[field] = append(facts[field], a.String())
		}
	}
	p := gopacket.NewPacket(f.Data, layers.LinkType(f.Link), gopacket.DecodeOptions{NoCopy: true})
	for _, layer := range p.Layers() {
		switch l := layer.(type) {
		case *layers.Dot1Q:
			facts.add("vlan.id", uint64(l.VLANIdentifier))
		case *layers.IPv4:
			addr("ip.src", l.SrcIP)
			addr("ip.dst", l.DstIP)
			facts.add("ip.proto", uint64(l.Protocol))
			facts.add("ip.len", uint64(l.Length))
			facts.add("ip.id", uint64(l.Id))
			facts.add("ip.ttl", uint64(l.TTL))
			facts.add("ip.frag_offset", uint64(l.FragOffset))
		case *layers.IPv6:
			addr("ipv6.src", l.SrcIP)
			addr("ipv6.dst", l.DstIP)
			facts.add("ipv6.hlim", uint64(l.HopLimit))
		case *layers.TCP:
			facts.add("tcp.srcport", uint64(l.SrcPort))
			facts.add("tcp.dstport", uint64(l.DstPort))
			facts.add("tcp.seq_raw", uint64(l.Seq))
			facts.add("tcp.ack_raw", uint64(l.Ack))
			facts.add("tcp.flags", tcpFlags(l))
			facts.add("tcp.window_size_value", uint64(l.Window))
		case *layers.UDP:
			facts.add("udp.srcport", uint64(l.SrcPort))
			facts.add("udp.dstport", uint64(l.DstPort))
			facts.add("udp.length", uint64(l.Length))
		case *layers.ICMPv4:
			facts.add("icmp.type", uint64(l.TypeCode.Type()))
			facts.add("icmp.code", uint64(l.TypeCode.Code()))
		case *layers.ICMPv6:
			facts.add("icmpv6.type", uint64(l.TypeCode.Type()))
			facts.add("icmpv6.code", uint64(l.TypeCode.Code()))
		case *layers.SCTP:
			facts.add("sctp.srcport", uint64(l.SrcPort))
			facts.add("sctp.dstport", uint64(l.DstPort))
		}
	}
	return facts, p.ErrorLayer() != nil
}

func tcpFlags(l *layers.TCP) (bits uint64) {
	for i, set := range []bool{l.FIN, l.SYN, l.RST, l.PSH, l.ACK, l.URG, l.ECE, l.CWR} {
		if set {
			bits |= 1 << i
		}
	}
	return bits
}

func TestGopacketSaysTheSame(t *testing.T) {
	for _, set := range []struct {
		name     string
		captures func(testing.TB, int) []Capture
		limit    int // frames of each capture
	}{
		{"testdata", Testdata, 0},
		{"permissive", Permissive, 0},
		{"corpus", corpus, 200},
	} {
		t.Run(set.name, func(t *testing.T) {
			captures := set.captures(t, set.limit)
			if len(captures) == 0 {
				t.Skip("no captures")
			}
			d, err := decoders.NewDecoder(decoders.DefaultConfig())
			if err != nil {
				t.Fatal(err)
			}
			c := newComparison(t, gopacketRules)
			for i := range captures {
				for k := range captures[i].Frames {
					f := &captures[i].Frames[k]
					theirs, failed := gopacketFacts(f)
					c.frame(decodeChain(d, captures[i].Name, f, Facts.packet), theirs, gopacketFields, failed)
				}
			}
			c.finish()
		})
	}
}
