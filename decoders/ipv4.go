package decoders

import "encoding/binary"

const (
	ipv4MinLen = 20
	ipv6Len    = 40
)

// Protocol numbers (IANA protocol-numbers) that are decoded or told apart.
const (
	ProtoHopByHop = 0
	ProtoICMP     = 1
	ProtoIGMP     = 2
	ProtoIPv4     = 4
	ProtoTCP      = 6
	ProtoUDP      = 17
	ProtoIPv6     = 41
	ProtoRouting  = 43
	ProtoFragment = 44
	ProtoGRE      = 47
	ProtoESP      = 50
	ProtoAH       = 51
	ProtoICMPv6   = 58
	ProtoNone     = 59
	ProtoDstOpts  = 60
	ProtoSCTP     = 132
	ProtoMobility = 135
	ProtoHIP      = 139
	ProtoShim6    = 140
)

// IPv4 header bits of bytes 6 and 7.
const (
	ipv4DontFragment  = 0x4000
	ipv4MoreFragments = 0x2000
	ipv4FragMask      = 0x1fff
)

func (d *Decoder) ipv4(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < ipv4MinLen {
		p.setPayload(b, off)
		p.Events.Add(EventIPv4PktTooSmall)
		return short(off+ipv4MinLen, wire, ReasonIPv4Short)
	}
	h := b[off : off+ipv4MinLen : off+ipv4MinLen]
	size := int(h[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(h[2:]))
	if h[0]>>4 != 4 || size < ipv4MinLen || total < size || off+total > wire {
		return badIPv4(p, b, off, size, total, h[0]>>4)
	}
	wire = off + total
	if wire <= len(b) {
		b = b[:wire]
	} else {
		p.Truncated = true
		p.Events.Add(EventIPv4TruncPkt)
		if off+size > len(b) {
			p.setPayload(b, off)
			return ReasonTruncated
		}
	}
	p.Layers |= LayerIPv4
	p.IPVersion = 4
	p.IPOffset = uint32(off)
	p.IPHeaderLen = uint16(size)
	p.IPLen = uint32(total)
	p.TOS = h[1]
	p.IPID = uint32(binary.BigEndian.Uint16(h[4:]))
	p.TTL = h[8]
	p.Proto = h[9]
	*(*[4]byte)(p.Src[:]) = [4]byte(h[12:16])
	*(*[4]byte)(p.Dst[:]) = [4]byte(h[16:20])
	if size > ipv4MinLen && !d.ipv4Options(p, b[off+ipv4MinLen:off+size]) {
		p.setPayload(b, off+size)
		return ReasonIPv4Options
	}
	if d.checksums {
		p.IPChecksum = checksumState(fold(sum(b[off:off+size], 0)))
	}
	off += size
	p.L4Offset = uint32(off)
	p.PayloadOffset = uint32(off)
	p.PayloadLen = uint32(len(b) - off)
	if frag := binary.BigEndian.Uint16(h[6:]); frag != 0 {
		p.DontFragment = frag&ipv4DontFragment != 0
		if frag&(ipv4MoreFragments|ipv4FragMask) != 0 {
			p.Layers |= LayerFragment
			p.MoreFragments = frag&ipv4MoreFragments != 0
			p.FragOffset = uint32(frag&ipv4FragMask) * 8
			return ReasonFragment
		}
	}
	switch p.Proto {
	case ProtoTCP:
		return d.tcp(p, b, off, wire)
	case ProtoUDP:
		return d.udp(p, b, off, wire)
	case ProtoICMP:
		return d.icmpv4(p, b, off, wire)
	}
	return d.transport(p, b, off, wire)
}

// badIPv4 names what is wrong with the header of size bytes and the datagram
// of total bytes.
func badIPv4(p *Packet, b []byte, off, size, total int, version byte) Reason {
	p.setPayload(b, off)
	switch {
	case version != 4:
		p.Events.Add(EventIPv4WrongIPVersion)
		return ReasonIPv4Version
	case size < ipv4MinLen:
		p.Events.Add(EventIPv4HLenTooSmall)
		return ReasonIPv4HeaderLen
	case total < size:
		p.Events.Add(EventIPv4IPLenSmallerThanHLen)
		return ReasonIPv4HeaderLen
	default:
		p.Events.Add(EventIPv4TruncPkt)
		return ReasonIPv4Length
	}
}

// transport decodes the protocols of IP that are rarer than TCP, UDP and ICMP.
// Protocols without a decoder are whole packets without ports.
func (d *Decoder) transport(p *Packet, b []byte, off, wire int) Reason {
	switch p.Proto {
	case ProtoSCTP:
		return sctp(p, b, off, wire)
	case ProtoIGMP:
		return igmp(p, b, off, wire)
	case ProtoGRE:
		return gre(p, b, off, wire)
	case ProtoESP:
		return esp(p, b, off, wire)
	case ProtoIPv4, ProtoIPv6:
		return ipInIP(p, b, off, wire)
	case ProtoAH:
		if p.IPVersion == 4 {
			return ahv4(p, b, off, wire)
		}
	case ProtoICMPv6:
		p.Events.Add(EventIPv4ICMPv6)
		return ReasonIPv4ICMPv6
	}
	return ReasonNone
}
