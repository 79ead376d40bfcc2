package decoders

import "encoding/binary"

// findUDPTunnel announces the inner packet of the first tunnel that the ports
// allow and the payload confirms.
func (d *Decoder) findUDPTunnel(p *Packet, b []byte, off, wire int) {
	for i := range d.udpTunnels {
		t := &d.udpTunnels[i]
		if p.DstPort != t.port && !(t.anyPort && p.SrcPort == t.port) {
			continue
		}
		if p.udpTunnel(t.kind, b, off, wire) {
			return
		}
	}
}

// udpTunnel announces the inner packet of a UDP tunnel, when the payload looks
// like one: a port number alone proves nothing.
func (p *Packet) udpTunnel(kind TunnelKind, b []byte, off, wire int) bool {
	switch kind {
	case TunnelVXLAN:
		return p.vxlan(b, off, wire)
	case TunnelGeneve:
		return p.geneve(b, off, wire)
	case TunnelGTPU:
		return p.gtpu(b, off, wire)
	case TunnelTeredo:
		return p.teredo(b, off, wire)
	}
	return false
}

// VXLAN, RFC 7348 section 5.
const (
	vxlanLen     = 8
	vxlanFlagVNI = 0x08
)

func (p *Packet) vxlan(b []byte, off, wire int) bool {
	if len(b)-off < vxlanLen+ethernetLen || b[off]&vxlanFlagVNI == 0 {
		return false
	}
	vni := binary.BigEndian.Uint32(b[off+4:]) >> 8
	off += vxlanLen
	if !carriesIP(binary.BigEndian.Uint16(b[off+12:])) {
		p.Events.Add(EventVXLANUnknownPayloadType)
		return false
	}
	p.carry(TunnelVXLAN, vni, etherBridge, off, wire)
	return true
}

// carriesIP reports whether a frame of this EtherType may hold an IP packet,
// or ARP, that a decoder finds.
func carriesIP(typ uint16) bool {
	switch typ {
	case etherIPv4, etherIPv6, etherARP, etherVLAN, etherQinQ, etherQinQOld, etherMPLS, etherMPLSMulti:
		return true
	}
	return false
}

// Geneve, RFC 8926 section 3.4.
const geneveLen = 8

func (p *Packet) geneve(b []byte, off, wire int) bool {
	if len(b)-off < geneveLen || b[off]>>6 != 0 {
		return false
	}
	size := geneveLen + int(b[off]&0x3f)*4
	typ := binary.BigEndian.Uint16(b[off+2:])
	vni := binary.BigEndian.Uint32(b[off+4:]) >> 8
	if off+size > len(b) {
		return false
	}
	switch typ {
	case etherBridge, etherIPv4, etherIPv6, etherARP:
		p.carry(TunnelGeneve, vni, typ, off+size, wire)
		return true
	}
	p.Events.Add(EventGeneveUnknownPayloadType)
	return false
}

// GTP-U version 1, 3GPP TS 29.281 section 5.
const (
	gtpuLen    = 8
	gtpuOptLen = 4 // sequence, N-PDU and next extension, present when any of E, S, PN is set

	gtpuVersionMask = 0xe0
	gtpuVersion1    = 0x20
	gtpuTypeGTP     = 0x10 // against GTP prime
	gtpuExtension   = 0x04
	gtpuOptional    = 0x07
	gtpuGPDU        = 0xff // message type: a user packet
)

func (p *Packet) gtpu(b []byte, off, wire int) bool {
	if len(b)-off < gtpuLen {
		return false
	}
	flags := b[off]
	if flags&gtpuVersionMask != gtpuVersion1 || flags&gtpuTypeGTP == 0 || b[off+1] != gtpuGPDU {
		return false
	}
	size := int(binary.BigEndian.Uint16(b[off+2:]))
	teid := binary.BigEndian.Uint32(b[off+4:])
	off += gtpuLen
	if off+size > wire {
		return false
	}
	wire = off + size
	if wire < len(b) {
		b = b[:wire]
	}
	if flags&gtpuOptional != 0 {
		if len(b)-off < gtpuOptLen {
			return false
		}
		next := b[off+3]
		off += gtpuOptLen
		for flags&gtpuExtension != 0 && next != 0 {
			if len(b)-off < 1 {
				return false
			}
			n := int(b[off]) * 4
			if n == 0 || len(b)-off < n {
				return false
			}
			next = b[off+n-1]
			off += n
		}
	}
	if len(b)-off < 1 {
		return false
	}
	switch b[off] >> 4 {
	case 4:
		p.carry(TunnelGTPU, teid, etherIPv4, off, wire)
	case 6:
		p.carry(TunnelGTPU, teid, etherIPv6, off, wire)
	default:
		return false // an Ethernet or unstructured PDU session: the packet does not say which
	}
	return true
}

// Teredo indications, RFC 4380 section 5.1.1.
const (
	teredoAuthLen   = 13 // with identifier and value of length 0
	teredoOriginLen = 8
)

// teredo accepts only an IPv6 packet that fills the datagram, save for a chain
// of well-formed trailers (RFC 6081 section 4).
func (p *Packet) teredo(b []byte, off, wire int) bool {
	qualification := len(b)-off >= 4 && b[off] == 0 && b[off+1] == 1
	if qualification {
		off += teredoAuthLen + int(b[off+2]) + int(b[off+3])
	}
	if len(b)-off >= teredoOriginLen && b[off] == 0 && b[off+1] == 0 {
		off += teredoOriginLen
	}
	if len(b)-off < ipv6Len || b[off]>>4 != 6 {
		return false
	}
	if qualification && routerDiscovery(b[off:]) {
		return false
	}
	end := off + ipv6Len + int(binary.BigEndian.Uint16(b[off+4:]))
	if end > wire || end < len(b) && !teredoTrailers(b[end:]) {
		return false
	}
	p.carry(TunnelTeredo, 0, etherIPv6, off, end)
	return true
}

// routerDiscovery reports whether an IPv6 packet solicits or advertises a
// router. Behind an authentication indication that is how a client and its
// server set up the tunnel (RFC 4380 section 5.2.1), not a packet within it.
func routerDiscovery(ip []byte) bool {
	return len(ip) > ipv6Len && ip[6] == ProtoICMPv6 &&
		(ip[ipv6Len] == icmpv6RouterSolicit || ip[ipv6Len] == icmpv6RouterAdvert)
}

// teredoTrailers reports whether b is nothing but trailers: type, length,
// value.
func teredoTrailers(b []byte) bool {
	for len(b) >= 2 && 2+int(b[1]) <= len(b) {
		b = b[2+int(b[1]):]
	}
	return len(b) == 0
}
