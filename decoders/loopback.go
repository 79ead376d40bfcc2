package decoders

import "encoding/binary"

const (
	loopbackLen = 4

	// AF_INET is 2 everywhere; AF_INET6 differs between the systems that
	// capture with this header: Linux 10, NetBSD and OpenBSD 24, FreeBSD 28,
	// Darwin 30.
	familyIPv4        = 2
	familyIPv6Linux   = 10
	familyIPv6OpenBSD = 24
	familyIPv6FreeBSD = 28
	familyIPv6Darwin  = 30
)

// loopback decodes the address family header of BSD loopback captures, in
// whichever byte order: a family is below 256. Some writers put an EtherType
// there.
func (d *Decoder) loopback(p *Packet, b []byte, wire int) Reason {
	if len(b) < loopbackLen {
		p.setPayload(b, 0)
		p.Events.Add(EventLTNullPktTooSmall)
		return short(loopbackLen, wire, ReasonLoopbackShort)
	}
	p.Layers |= LayerLoopback
	family := binary.LittleEndian.Uint32(b)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(b)
	}
	switch family {
	case familyIPv4, etherIPv4:
		return d.network(p, b, loopbackLen, wire, etherIPv4)
	case familyIPv6Linux, familyIPv6OpenBSD, familyIPv6FreeBSD, familyIPv6Darwin, etherIPv6:
		return d.network(p, b, loopbackLen, wire, etherIPv6)
	}
	p.setPayload(b, loopbackLen)
	p.Events.Add(EventLTNullUnsupportedType)
	return ReasonLoopbackFamily
}

// rawIP decodes a packet whose first nibble says which IP it is.
func (d *Decoder) rawIP(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < 1 {
		p.setPayload(b, off)
		p.Events.Add(EventIPv4PktTooSmall)
		return short(off+1, wire, ReasonIPv4Short)
	}
	switch b[off] >> 4 {
	case 4:
		return d.network(p, b, off, wire, etherIPv4)
	case 6:
		return d.network(p, b, off, wire, etherIPv6)
	}
	p.setPayload(b, off)
	p.Events.Add(EventIPRawInvalidIPVersion)
	return ReasonRawIPVersion
}
