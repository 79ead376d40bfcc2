package decoders

import "encoding/binary"

// GRE flags (RFC 1701, RFC 2784, RFC 2890; version 1 RFC 2637).
const (
	greMinLen = 4

	greChecksum    = 0x8000
	greRouting     = 0x4000
	greKey         = 0x2000
	greSequence    = 0x1000
	greStrictRoute = 0x0800
	greRecursion   = 0x0700
	greAck         = 0x0080 // version 1 only
	greFlags0      = 0x00f8
	greFlags1      = 0x0078
	greVersion     = 0x0007

	greRouteEntry = 4 // address family, offset, length
)

// gre decodes GRE and announces the packet it carries. Payloads of no known
// kind leave a whole packet of protocol 47.
func gre(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < greMinLen {
		p.Events.Add(EventGREPktTooSmall)
		return short(off+greMinLen, wire, ReasonGREShort)
	}
	p.Layers |= LayerGRE
	flags := binary.BigEndian.Uint16(b[off:])
	typ := binary.BigEndian.Uint16(b[off+2:])
	var r Reason
	switch flags & greVersion {
	case 0:
		r = p.greFlagsV0(flags)
	case 1:
		r = p.greFlagsV1(flags, typ)
	default:
		p.Events.Add(EventGREWrongVersion)
		r = ReasonGREVersion
	}
	if r != ReasonNone {
		return r
	}
	return p.greBody(b, off, wire, flags, typ)
}

func (p *Packet) greFlagsV0(flags uint16) Reason {
	if flags&greRecursion != 0 {
		p.Events.Add(EventGREVersion0Recur)
		return ReasonGREFlags
	}
	if flags&greFlags0 != 0 {
		p.Events.Add(EventGREVersion0Flags)
		return ReasonGREFlags
	}
	return ReasonNone
}

func (p *Packet) greFlagsV1(flags, typ uint16) Reason {
	var e Event
	switch {
	case flags&greChecksum != 0:
		e = EventGREVersion1Chksum
	case flags&greRouting != 0:
		e = EventGREVersion1Route
	case flags&greStrictRoute != 0:
		e = EventGREVersion1SSR
	case flags&greRecursion != 0:
		e = EventGREVersion1Recur
	case flags&greFlags1 != 0:
		e = EventGREVersion1Flags
	case typ != etherPPP:
		p.Events.Add(EventGREVersion1WrongProtocol)
		return ReasonGREProtocol
	case flags&greKey == 0:
		e = EventGREVersion1NoKey
	default:
		return ReasonNone
	}
	p.Events.Add(e)
	return ReasonGREFlags
}

// greBody walks the optional fields and announces the payload.
func (p *Packet) greBody(b []byte, off, wire int, flags, typ uint16) Reason {
	start := off
	tooBig := EventGREVersion0HdrTooBig
	if flags&greVersion == 1 {
		tooBig = EventGREVersion1HdrTooBig
	}
	off += greMinLen
	if flags&(greChecksum|greRouting) != 0 {
		off += 4
	}
	keyAt := off
	if flags&greKey != 0 {
		off += 4
	}
	if flags&greSequence != 0 {
		off += 4
	}
	if flags&greVersion == 1 && flags&greAck != 0 {
		off += 4
	}
	if off > len(b) {
		p.Events.Add(tooBig)
		return short(off, wire, ReasonGREShort)
	}
	if flags&greRouting != 0 && flags&greVersion == 0 {
		end, ok := greRoute(b, off)
		if !ok {
			p.Events.Add(EventGREVersion0MalformedSREHdr)
			return short(end, wire, ReasonGREShort)
		}
		off = end
	}
	p.L4HeaderLen = uint16(min(off-start, 0xffff))
	p.setPayload(b, off)
	var key uint32
	if flags&greKey != 0 {
		key = binary.BigEndian.Uint32(b[keyAt:])
	}
	switch typ {
	case etherIPv4, etherIPv6, etherPPP, etherVLAN, etherBridge, etherMPLS, etherMPLSMulti, etherNSH, etherARP:
		p.carry(TunnelGRE, key, typ, off, wire)
	case etherERSPAN2:
		p.carryERSPAN2(b, off, wire, flags&greSequence != 0)
	case etherERSPAN3:
		p.carryERSPAN3(b, off, wire)
	}
	return ReasonNone
}

// greRoute skips the source route entries of RFC 1701; the last one is of
// length 0. It returns the end, or as far as it would have had to go.
func greRoute(b []byte, off int) (end int, ok bool) {
	for {
		if len(b)-off < greRouteEntry {
			return off + greRouteEntry, false
		}
		family, n := binary.BigEndian.Uint16(b[off:]), int(b[off+3])
		off += greRouteEntry
		if family == 0 && n == 0 {
			return off, true
		}
		off += n
		if off > len(b) {
			return off, false
		}
	}
}
