package decoders

import "encoding/binary"

// PPPoE, RFC 2516 section 4.
const (
	pppoeLen = 6
	pppoeTag = 4 // type and length of a discovery tag

	pppoeSessionData = 0x00
	pppoePADO        = 0x07
	pppoePADI        = 0x09
	pppoePADR        = 0x19
	pppoePADS        = 0x65
	pppoePADT        = 0xa7
)

func (d *Decoder) pppoeSession(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < pppoeLen {
		p.Events.Add(EventPPPoEPktTooSmall)
		return short(off+pppoeLen, wire, ReasonPPPoEHeader)
	}
	p.Layers |= LayerPPPoE
	if b[off] != 0x11 || b[off+1] != pppoeSessionData {
		p.Events.Add(EventPPPoEWrongCode)
		return ReasonPPPoEHeader
	}
	size := int(binary.BigEndian.Uint16(b[off+4:]))
	off += pppoeLen
	// A length beyond the frame is left to the IP header to complain about.
	if off+size < wire {
		wire = off + size
		b = b[:min(wire, len(b))]
	}
	p.setPayload(b, off)
	return d.ppp(p, b, off, wire)
}

func pppoeDiscovery(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < pppoeLen {
		p.Events.Add(EventPPPoEPktTooSmall)
		return short(off+pppoeLen, wire, ReasonPPPoEHeader)
	}
	p.Layers |= LayerPPPoE
	switch b[off+1] {
	case pppoePADI, pppoePADO, pppoePADR, pppoePADS, pppoePADT:
	default:
		p.Events.Add(EventPPPoEWrongCode)
		return ReasonPPPoEHeader
	}
	size := int(binary.BigEndian.Uint16(b[off+4:]))
	off += pppoeLen
	if off+size > wire {
		p.Events.Add(EventPPPoEMalformedTags)
		return ReasonPPPoEHeader
	}
	p.setPayload(b, off)
	tags := b[off:min(off+size, len(b))]
	for len(tags) >= pppoeTag {
		n := pppoeTag + int(binary.BigEndian.Uint16(tags[2:]))
		if n > size {
			p.Events.Add(EventPPPoEMalformedTags)
			return ReasonPPPoEHeader
		}
		size -= n
		tags = tags[min(n, len(tags)):]
	}
	return ReasonNonIPPPPoE
}
