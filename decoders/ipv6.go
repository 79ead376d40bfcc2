package decoders

import "encoding/binary"

// maxIPv6Headers bounds the extension headers of one packet: more than an
// Ethernet frame of 1500 bytes can hold, so that nobody hides behind the bound
// without fragments. The fattest real chains have five.
const maxIPv6Headers = 256

// ipv6LeastUpper is what has to follow an extension header that announces
// something: next header and length, or the start of a transport header.
const ipv6LeastUpper = 2

const (
	ipv6ExtUnit = 8 // of extension header lengths
	ipv6FragLen = 8
	ipv6AHUnit  = 4
)

func (d *Decoder) ipv6(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < ipv6Len {
		p.setPayload(b, off)
		p.Events.Add(EventIPv6PktTooSmall)
		return short(off+ipv6Len, wire, ReasonIPv6Short)
	}
	h := b[off : off+ipv6Len : off+ipv6Len]
	word := binary.BigEndian.Uint32(h)
	if word>>28 != 6 {
		p.setPayload(b, off)
		p.Events.Add(EventIPv6WrongIPVersion)
		return ReasonIPv6Version
	}
	total := ipv6Len + int(binary.BigEndian.Uint16(h[4:]))
	if total == ipv6Len && h[6] == ProtoHopByHop {
		total += jumboLen(b[off+ipv6Len:])
	}
	if off+total > wire {
		p.setPayload(b, off)
		p.Events.Add(EventIPv6TruncPkt)
		return ReasonIPv6Length
	}
	wire = off + total
	if wire <= len(b) {
		b = b[:wire]
	} else {
		p.Truncated = true
		p.Events.Add(EventIPv6TruncPkt)
	}
	p.Layers |= LayerIPv6
	p.IPVersion = 6
	p.IPOffset = uint32(off)
	p.IPHeaderLen = ipv6Len
	p.IPLen = uint32(total)
	p.TOS = uint8(word >> 20)
	p.TTL = h[7]
	p.Src = Addr(h[8:24])
	p.Dst = Addr(h[24:40])
	next := h[6]
	off += ipv6Len
	p.Proto = next
	p.L4Offset = uint32(off)
	p.PayloadOffset = uint32(off)
	p.PayloadLen = uint32(len(b) - off)
	switch next {
	case ProtoHopByHop, ProtoDstOpts, ProtoRouting, ProtoFragment, ProtoAH, ProtoMobility, ProtoHIP, ProtoShim6:
		return d.ipv6Headers(p, b, off, wire)
	}
	return d.ipv6Upper(p, b, off, wire)
}

// ipv6Walk is the state of a walk along extension headers.
type ipv6Walk struct {
	seen    uint8 // ipv6Seen bits
	dstOpts uint8 // destination options headers so far; two are usual (RFC 8200 section 4.1)
	nextAt  int   // offset of the next-header byte that named the current header
}

const (
	ipv6SeenHopByHop = 1 << iota
	ipv6SeenRouting
	ipv6SeenFragment
	ipv6SeenAH
)

// ipv6Headers walks the extension headers and decodes what is behind them.
func (d *Decoder) ipv6Headers(p *Packet, b []byte, off, wire int) Reason {
	w := ipv6Walk{nextAt: off - ipv6Len + 6}
	for range maxIPv6Headers {
		if len(b)-off < ipv6LeastUpper && p.Proto != ProtoNone {
			p.Events.Add(EventIPv6TruncExtHdr)
			return short(off+ipv6LeastUpper, wire, ReasonIPv6ExtHeader)
		}
		var size int
		switch p.Proto {
		case ProtoHopByHop, ProtoDstOpts, ProtoRouting, ProtoMobility, ProtoHIP, ProtoShim6:
			size = ipv6ExtUnit + int(b[off+1])*ipv6ExtUnit
		case ProtoAH:
			size = 2*ipv6AHUnit + int(b[off+1])*ipv6AHUnit
		case ProtoFragment:
			size = ipv6FragLen
		default:
			return d.ipv6Upper(p, b, off, wire)
		}
		if off+size > len(b) {
			p.Events.Add(EventIPv6TruncExtHdr)
			return short(off+size, wire, ReasonIPv6ExtHeader)
		}
		header := b[off : off+size]
		switch p.Proto {
		case ProtoHopByHop:
			if w.first(p, ipv6SeenHopByHop, EventIPv6ExtHdrDuplHH) {
				p.ipv6Options(header[2:], EventIPv6HopOptsUnknownOpt, EventIPv6HopOptsOnlyPadding)
			}
		case ProtoDstOpts:
			if w.dstOpts++; w.dstOpts > 2 {
				p.Events.Add(EventIPv6ExtHdrDuplDH)
			} else {
				p.ipv6Options(header[2:], EventIPv6DstOptsUnknownOpt, EventIPv6DstOptsOnlyPadding)
			}
		case ProtoRouting:
			p.Layers |= LayerIPv6Route
			if w.first(p, ipv6SeenRouting, EventIPv6ExtHdrDuplRH) && header[2] == 0 {
				p.Events.Add(EventIPv6RHType0)
			}
			if header[3] != 0 { // segments left: the last address is not in the IP header
				d.noL4Verify = true
			}
		case ProtoAH:
			p.Layers |= LayerAH
			if w.first(p, ipv6SeenAH, EventIPv6ExtHdrDuplAH) && size >= ahMinLen && header[2]|header[3] != 0 {
				p.Events.Add(EventIPv6ExtHdrAHResNotNull)
			}
		case ProtoFragment:
			if w.fragment(p, header, b, off) {
				return ReasonFragment
			}
		}
		w.nextAt = off
		p.Proto = header[0]
		off += size
		p.IPHeaderLen = uint16(min(off-int(p.IPOffset), 0xffff))
		p.L4Offset = uint32(off)
		p.setPayload(b, off)
	}
	p.Events.Add(EventTooManyLayers)
	return ReasonIPv6ExtHeaders
}

// first notes a header that may occur once and reports whether it is the first.
func (w *ipv6Walk) first(p *Packet, bit uint8, duplicate Event) bool {
	if w.seen&bit != 0 {
		p.Events.Add(duplicate)
		return false
	}
	w.seen |= bit
	return true
}

// fragment reads a fragment header and reports whether the packet is one of
// several pieces. Only the first fragment header counts, as in Suricata.
func (w *ipv6Walk) fragment(p *Packet, header, b []byte, off int) bool {
	if header[1] != 0 {
		p.Events.Add(EventIPv6FHNonZeroReservedField)
	}
	if !w.first(p, ipv6SeenFragment, EventIPv6ExtHdrDuplFH) {
		return false
	}
	bits := binary.BigEndian.Uint16(header[2:])
	p.IPID = binary.BigEndian.Uint32(header[4:])
	p.FragOffset = uint32(bits &^ 7)
	p.MoreFragments = bits&1 != 0
	if p.FragOffset == 0 && !p.MoreFragments {
		p.Events.Add(EventIPv6ExtHdrUselessFH)
		return false
	}
	p.Layers |= LayerFragment
	p.FragHeaderOffset = uint32(off)
	p.FragNextOffset = uint32(w.nextAt)
	p.Proto = header[0]
	off += ipv6FragLen
	p.IPHeaderLen = uint16(min(off-int(p.IPOffset), 0xffff))
	p.L4Offset = uint32(off)
	p.setPayload(b, off)
	if p.MoreFragments && (int(p.IPLen)-(off-int(p.IPOffset)))%8 != 0 {
		p.Events.Add(EventIPv6FragInvalidLength)
	}
	return true
}

// ipv6Upper decodes the protocol behind the extension headers.
func (d *Decoder) ipv6Upper(p *Packet, b []byte, off, wire int) Reason {
	switch p.Proto {
	case ProtoTCP:
		return d.tcp(p, b, off, wire)
	case ProtoUDP:
		return d.udp(p, b, off, wire)
	case ProtoICMPv6:
		return d.icmpv6(p, b, off, wire)
	case ProtoICMP:
		return d.icmpv4(p, b, off, wire)
	case ProtoNone:
		if off < wire {
			p.Events.Add(EventIPv6DataAfterNoneHeader)
		}
		return ReasonNone
	case ProtoSCTP, ProtoGRE, ProtoESP, ProtoIPv4, ProtoIPv6:
		return d.transport(p, b, off, wire)
	}
	p.Events.Add(EventIPv6UnknownNextHeader)
	return ReasonNone
}

// IPv6 option types (IANA ipv6-parameters).
const (
	ipv6OptPad1        = 0
	ipv6OptPadN        = 1
	ipv6OptRouterAlert = 5
	ipv6OptJumbo       = 0xc2
	ipv6OptHomeAddress = 0xc9
)

// ipv6Options walks the options of one header and notes what is odd.
func (p *Packet) ipv6Options(opts []byte, unknown, onlyPadding Event) {
	padding, other := false, false
	for len(opts) > 0 {
		if opts[0] == ipv6OptPad1 {
			padding = true
			opts = opts[1:]
			continue
		}
		if len(opts) < 2 || 2+int(opts[1]) > len(opts) {
			p.Events.Add(EventIPv6ExtHdrInvalidOptLen)
			break
		}
		n := int(opts[1])
		least := 0
		switch opts[0] {
		case ipv6OptPadN:
			padding = true
			if n == 0 {
				p.Events.Add(EventIPv6ZeroLenPadN)
			}
		case ipv6OptRouterAlert:
			other, least = true, 2
		case ipv6OptJumbo:
			other, least = true, 4
		case ipv6OptHomeAddress:
			other, least = true, 16
		default:
			other = true
			p.Events.Add(unknown)
		}
		if n < least {
			p.Events.Add(EventIPv6ExtHdrInvalidOptLen)
			break
		}
		opts = opts[2+n:]
	}
	if padding && !other {
		p.Events.Add(onlyPadding)
	}
}

// jumboLen returns the payload length that a jumbo payload option at the head
// of the hop-by-hop header says (RFC 2675 section 2), or 0.
func jumboLen(b []byte) int {
	if len(b) < ipv6ExtUnit {
		return 0
	}
	opts := b[2:min(ipv6ExtUnit+int(b[1])*ipv6ExtUnit, len(b))]
	for len(opts) >= 2 {
		if opts[0] == ipv6OptPad1 {
			opts = opts[1:]
			continue
		}
		n := int(opts[1])
		if 2+n > len(opts) {
			return 0
		}
		if opts[0] == ipv6OptJumbo && n == 4 {
			return int(binary.BigEndian.Uint32(opts[2:]))
		}
		opts = opts[2+n:]
	}
	return 0
}
