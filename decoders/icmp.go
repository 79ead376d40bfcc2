package decoders

import "encoding/binary"

const icmpLen = 8

// embed reads the five-tuple of the packet that an ICMP error quotes from
// off on, as far as it is there. It reports whether there was an IP header.
func (p *Packet) embed(b []byte, off int) bool {
	var proto byte
	e := &p.Embedded
	q := b[off:]
	switch {
	case p.IPVersion == 4:
		if len(q) < ipv4MinLen || q[0]>>4 != 4 {
			return false
		}
		size := int(q[0]&0xf) * 4
		*(*[4]byte)(e.Src[:]) = [4]byte(q[12:16])
		*(*[4]byte)(e.Dst[:]) = [4]byte(q[16:20])
		proto = q[9]
		fragment := binary.BigEndian.Uint16(q[6:])&ipv4FragMask != 0
		if size < ipv4MinLen || size > len(q) || fragment {
			q = nil
		} else {
			q = q[size:]
		}
	default:
		if len(q) < ipv6Len || q[0]>>4 != 6 {
			return false
		}
		e.Src = Addr(q[8:24])
		e.Dst = Addr(q[24:40])
		proto, q = skipIPv6Headers(q[6], q[ipv6Len:])
	}
	e.IPVersion = p.IPVersion
	e.Proto = proto
	p.HasEmbedded = true
	switch proto {
	case ProtoTCP, ProtoUDP, ProtoSCTP:
		if len(q) >= 4 {
			e.SrcPort = binary.BigEndian.Uint16(q)
			e.DstPort = binary.BigEndian.Uint16(q[2:])
		}
	case ProtoICMP:
		if e.IPVersion == 4 && len(q) >= 1 {
			e.SrcPort = uint16(q[0])
			e.DstPort = uint16(icmpv4Counterpart(q[0]))
		}
	case ProtoICMPv6:
		if e.IPVersion == 6 && len(q) >= 1 {
			e.SrcPort = uint16(q[0])
			e.DstPort = uint16(icmpv6Counterpart(q[0]))
		}
	}
	return true
}

// skipIPv6Headers walks the extension headers of a quoted packet and returns
// the upper-layer protocol with the bytes that follow, none when it is cut or
// a fragment other than the first.
func skipIPv6Headers(next byte, q []byte) (byte, []byte) {
	for range maxIPv6Headers {
		var size int
		switch next {
		case ProtoHopByHop, ProtoRouting, ProtoDstOpts, ProtoMobility:
			if len(q) < 8 {
				return next, nil
			}
			size = 8 + int(q[1])*8
		case ProtoAH:
			if len(q) < 8 {
				return next, nil
			}
			size = 8 + int(q[1])*4
		case ProtoFragment:
			if len(q) < 8 {
				return next, nil
			}
			if binary.BigEndian.Uint16(q[2:])&^7 != 0 {
				return q[0], nil
			}
			size = 8
		default:
			return next, q
		}
		next = q[0]
		if size > len(q) {
			return next, nil
		}
		q = q[size:]
	}
	return next, nil
}
