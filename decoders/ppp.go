package decoders

// PPP protocol numbers (IANA ppp-numbers).
const (
	pppIPv4         = 0x0021
	pppVJCompressed = 0x002d
	pppVJPlain      = 0x002f // IP header as is, TCP header announced
	pppIPv6         = 0x0057
	pppMPLS         = 0x0281

	pppControl = 0x8000 // from here on protocols control the link and its networks
)

// ppp decodes PPP without framing: an optional address and control field, then
// the protocol in one or two bytes (RFC 1661 sections 2 and 6.5, RFC 1662).
func (d *Decoder) ppp(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off >= 2 && b[off] == 0xff && b[off+1] == 0x03 {
		off += 2
	}
	if len(b)-off < 1 {
		p.Events.Add(EventPPPPktTooSmall)
		return short(off+1, wire, ReasonPPPShort)
	}
	proto := uint16(b[off])
	off++
	if proto&1 == 0 { // an odd first byte is a compressed protocol field
		if len(b)-off < 1 {
			p.Events.Add(EventPPPPktTooSmall)
			return short(off+1, wire, ReasonPPPShort)
		}
		proto = proto<<8 | uint16(b[off])
		off++
	}
	p.setPayload(b, off)
	switch proto {
	case pppIPv4:
		if len(b)-off < ipv4MinLen {
			p.Events.Add(EventPPPIP4PktTooSmall)
			return short(off+ipv4MinLen, wire, ReasonPPPShort)
		}
		return d.network(p, b, off, wire, etherIPv4)
	case pppIPv6:
		if len(b)-off < ipv6Len {
			p.Events.Add(EventPPPIP6PktTooSmall)
			return short(off+ipv6Len, wire, ReasonPPPShort)
		}
		return d.network(p, b, off, wire, etherIPv6)
	case pppVJPlain:
		if len(b)-off < ipv4MinLen {
			p.Events.Add(EventPPPVJUPktTooSmall)
			return short(off+ipv4MinLen, wire, ReasonPPPShort)
		}
		return d.network(p, b, off, wire, etherIPv4)
	case pppMPLS:
		return d.network(p, b, off, wire, etherMPLS)
	}
	if !pppAssigned(proto) {
		p.Events.Add(EventPPPWrongType)
		return ReasonPPPProtocol
	}
	if proto < pppControl {
		p.Events.Add(EventPPPUnsupProto)
	}
	return ReasonNonIPPPP
}

// pppAssigned reports whether a protocol number that is not decoded is one
// that IANA assigned to something in use.
func pppAssigned(proto uint16) bool {
	switch proto {
	case 0x0023, 0x0025, 0x0027, 0x0029, 0x002b, pppVJCompressed, 0x0031, 0x0033, 0x0035, // network layers
		0x0201, 0x0231, 0x0233, // spanning tree hello, Luxcom, Sigma
		0x8021, 0x8023, 0x8025, 0x8027, 0x8029, 0x802b, 0x8031, 0x8033, 0x8035, // their control protocols
		0x8053, 0x8055, 0x8057, 0x80fd, 0x8281, // encryption, bandwidth, IPv6, compression, MPLS control
		0xc021, 0xc023, 0xc025, 0xc223: // LCP, PAP, link quality, CHAP
		return true
	}
	return false
}
