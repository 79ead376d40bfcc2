package decoders

// ipInIP announces an IP packet within IP (RFC 2003, RFC 2473, RFC 4213).
func ipInIP(p *Packet, b []byte, off, wire int) Reason {
	kind, version, size := TunnelIPIP, byte(4), ipv4MinLen
	typ := uint16(etherIPv4)
	small, wrong := EventIPv6IPv4InIPv6TooSmall, EventIPv6IPv4InIPv6WrongVersion
	if p.Proto == ProtoIPv6 {
		kind, version, size, typ = TunnelIPv6, 6, ipv6Len, etherIPv6
		small, wrong = EventIPv6IPv6InIPv6TooSmall, EventIPv6IPv6InIPv6WrongVersion
	}
	// Behind IPv4 the inner decoder finds the same faults and raises its own
	// events; behind IPv6 they belong to the outer packet.
	if p.IPVersion == 6 {
		if len(b)-off < size {
			p.Events.Add(small)
			return short(off+size, wire, ReasonTunneledIP)
		}
		if b[off]>>4 != version {
			p.Events.Add(wrong)
			return ReasonTunneledIP
		}
	}
	p.carry(kind, 0, typ, off, wire)
	return ReasonNone
}

// carry announces an inner packet from off on; wire is where it ended on the
// wire.
func (p *Packet) carry(kind TunnelKind, id uint32, typ uint16, off, wire int) {
	p.Inner = kind
	p.InnerID = id
	p.InnerProto = typ
	p.InnerOffset = uint32(off)
	p.InnerWireLen = uint32(wire - off)
}
