package decoderstest

import (
	"encoding/binary"
	"strconv"

	"spanwatch/decoders"
)

// Facts is what a decoder says of a frame, by field. Fields have the names
// that tshark gives them; a value is the list of a field's occurrences from
// the outside in, tunnels and quoted packets included.
type Facts map[string][]string

// Fields are the fields that Facts may have.
var Fields = []string{
	"vlan.id",
	"ip.src", "ip.dst", "ip.proto", "ip.len", "ip.id", "ip.ttl", "ip.frag_offset",
	"ipv6.src", "ipv6.dst", "ipv6.plen", "ipv6.hlim", "ipv6.fraghdr.ident",
	"tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "tcp.len",
	"tcp.options.mss_val", "tcp.options.wscale.shift", "tcp.options.timestamp.tsval",
	"udp.srcport", "udp.dstport", "udp.length",
	"icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code",
	"sctp.srcport", "sctp.dstport",
}

func (f Facts) add(field string, v uint64) { f[field] = append(f[field], strconv.FormatUint(v, 10)) }

// Add adds what one packet says.
func (f Facts) Add(p *decoders.Packet) {
	f.packet(p)
	if p.HasEmbedded {
		f.embedded(&p.Embedded)
	}
}

func (f Facts) packet(p *decoders.Packet) {
	// Addresses and ports are comparable as soon as the header was read, also
	// when something behind it was refused.
	switch {
	case p.Layers.Has(decoders.LayerIPv4):
		f["ip.src"] = append(f["ip.src"], p.Src.Netip(4).String())
		f["ip.dst"] = append(f["ip.dst"], p.Dst.Netip(4).String())
		f.add("ip.proto", uint64(p.Proto))
		f.add("ip.len", uint64(p.IPLen))
		f.add("ip.id", uint64(p.IPID))
		f.add("ip.ttl", uint64(p.TTL))
		f.add("ip.frag_offset", uint64(p.FragOffset/8))
	case p.Layers.Has(decoders.LayerIPv6):
		f["ipv6.src"] = append(f["ipv6.src"], p.Src.Netip(6).String())
		f["ipv6.dst"] = append(f["ipv6.dst"], p.Dst.Netip(6).String())
		f.add("ipv6.plen", uint64(p.IPLen-40))
		f.add("ipv6.hlim", uint64(p.TTL))
		if p.Layers.Has(decoders.LayerFragment) {
			f.add("ipv6.fraghdr.ident", uint64(p.IPID))
		}
	}
	switch {
	case p.Layers.Has(decoders.LayerTCP):
		f.add("tcp.srcport", uint64(p.SrcPort))
		f.add("tcp.dstport", uint64(p.DstPort))
		f.add("tcp.seq_raw", uint64(p.Seq))
		f.add("tcp.ack_raw", uint64(p.Ack))
		f.add("tcp.flags", uint64(p.TCPFlags))
		f.add("tcp.window_size_value", uint64(p.TCPWindow))
		f.add("tcp.len", uint64(p.IPLen)-uint64(p.L4Offset-p.IPOffset)-uint64(p.L4HeaderLen))
		if p.TCPOpts&decoders.TCPOptMSS != 0 {
			f.add("tcp.options.mss_val", uint64(p.TCPMSS))
		}
		if p.TCPOpts&decoders.TCPOptWScale != 0 {
			f.add("tcp.options.wscale.shift", uint64(p.TCPWScale))
		}
		if p.TCPOpts&decoders.TCPOptTimestamp != 0 {
			f.add("tcp.options.timestamp.tsval", uint64(p.TSVal))
		}
	case p.Layers.Has(decoders.LayerUDP):
		f.add("udp.srcport", uint64(p.SrcPort))
		f.add("udp.dstport", uint64(p.DstPort))
		f.add("udp.length", uint64(binary.BigEndian.Uint16(p.Data[p.L4Offset+4:])))
	case p.Layers.Has(decoders.LayerICMPv4):
		f.add("icmp.type", uint64(p.ICMPType))
		f.add("icmp.code", uint64(p.ICMPCode))
	case p.Layers.Has(decoders.LayerICMPv6):
		f.add("icmpv6.type", uint64(p.ICMPType))
		f.add("icmpv6.code", uint64(p.ICMPCode))
	case p.Layers.Has(decoders.LayerSCTP):
		f.add("sctp.srcport", uint64(p.SrcPort))
		f.add("sctp.dstport", uint64(p.DstPort))
	}
	for _, id := range p.VLANs[:p.VLANCount] {
		f.add("vlan.id", uint64(id))
	}
}

// embedded adds the addresses and ports of a quoted packet.
func (f Facts) embedded(e *decoders.Embedded) {
	net, transport := "ip", ""
	if e.IPVersion == 6 {
		net = "ipv6"
	} else {
		f.add("ip.proto", uint64(e.Proto))
	}
	f[net+".src"] = append(f[net+".src"], e.Src.Netip(e.IPVersion).String())
	f[net+".dst"] = append(f[net+".dst"], e.Dst.Netip(e.IPVersion).String())
	switch e.Proto {
	case decoders.ProtoTCP:
		transport = "tcp"
	case decoders.ProtoUDP:
		transport = "udp"
	}
	if transport != "" && e.SrcPort|e.DstPort != 0 {
		f.add(transport+".srcport", uint64(e.SrcPort))
		f.add(transport+".dstport", uint64(e.DstPort))
	}
}

// Chain decodes a frame and the packets within it, and gives each to visit.
func Chain(d *decoders.Decoder, f *decoders.Frame, visit func(p *decoders.Packet)) {
	var packets [2]decoders.Packet
	outer, inner := &packets[0], &packets[1]
	d.Decode(f, outer)
	visit(outer)
	for outer.Inner != decoders.TunnelNone {
		d.DecodeInner(outer, inner)
		visit(inner)
		outer, inner = inner, outer
	}
}
