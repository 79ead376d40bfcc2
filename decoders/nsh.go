package decoders

import "encoding/binary"

// Network service header, RFC 8300 section 2.
const (
	nshLen = 8 // base and service path header

	nshIPv4     = 1
	nshIPv6     = 2
	nshEthernet = 3
	nshMPLS     = 5

	nshMetadataReserved     = 0
	nshMetadataFixed        = 1 // length is 6 words
	nshMetadataVariable     = 2
	nshMetadataExperimental = 15
)

func (d *Decoder) nsh(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < nshLen {
		p.Events.Add(EventNSHHeaderTooSmall)
		return short(off+nshLen, wire, ReasonNSHHeader)
	}
	word := binary.BigEndian.Uint16(b[off:])
	if word>>14 != 0 {
		p.Events.Add(EventNSHUnsupportedVersion)
		return ReasonNSHHeader
	}
	size := int(word&0x3f) * 4
	if size < nshLen || off+size >= wire {
		p.Events.Add(EventNSHBadHeaderLength)
		return ReasonNSHHeader
	}
	if off+size > len(b) {
		return ReasonTruncated
	}
	switch b[off+2] & 0xf {
	case nshMetadataFixed:
		if size != 24 {
			p.Events.Add(EventNSHBadHeaderLength)
			return ReasonNSHHeader
		}
	case nshMetadataVariable, nshMetadataExperimental:
	case nshMetadataReserved:
		p.Events.Add(EventNSHReservedType)
	default:
		p.Events.Add(EventNSHUnsupportedType)
	}
	p.Layers |= LayerTag
	next := b[off+3]
	off += size
	p.setPayload(b, off)
	switch next {
	case nshIPv4:
		return d.network(p, b, off, wire, etherIPv4)
	case nshIPv6:
		return d.network(p, b, off, wire, etherIPv6)
	case nshEthernet:
		return d.ethernet(p, b, off, wire)
	case nshMPLS:
		return d.network(p, b, off, wire, etherMPLS)
	}
	p.Events.Add(EventNSHUnknownPayload)
	return ReasonNSHPayload
}
