package decoders

import "encoding/binary"

// ERSPAN, draft-foschiano-erspan-03: type I is a frame right behind GRE
// without a sequence number, types II and III have a header.
const (
	erspan2Len         = 8
	erspan3Len         = 12
	erspan3SubLen      = 8 // platform header, present iff the O bit is set
	erspan3OptionalBit = 1

	erspanVersion2 = 1
	erspanVersion3 = 2

	erspanSession = 0x3ff
	erspanVLAN    = 0x0fff
)

// carryERSPAN2 announces a frame of type I or II.
func (p *Packet) carryERSPAN2(b []byte, off, wire int, header bool) {
	if !header {
		p.carry(TunnelERSPAN, 0, etherBridge, off, wire)
		return
	}
	p.carry(TunnelERSPAN, erspanID(b, off), etherERSPAN2, off, wire)
}

func (p *Packet) carryERSPAN3(b []byte, off, wire int) {
	p.carry(TunnelERSPAN, erspanID(b, off), etherERSPAN3, off, wire)
}

func erspanID(b []byte, off int) uint32 {
	if len(b)-off < 4 {
		return 0
	}
	return uint32(binary.BigEndian.Uint16(b[off+2:])) & erspanSession
}

// erspan decodes the mirrored frame of type II or III; p is the inner packet
// and b starts at the ERSPAN header.
func (d *Decoder) erspan(p *Packet, b []byte, wire int, typ uint16) Reason {
	size, version := erspan2Len, uint16(erspanVersion2)
	if typ == etherERSPAN3 {
		size, version = erspan3Len, erspanVersion3
	}
	p.setPayload(b, 0)
	if len(b) < size {
		p.Events.Add(EventERSPANHeaderTooSmall)
		return short(size, wire, ReasonERSPANShort)
	}
	word := binary.BigEndian.Uint16(b)
	if word>>12 != version {
		p.Events.Add(EventERSPANUnsupportedVersion)
		return ReasonERSPANVersion
	}
	if version == erspanVersion3 && b[erspan3Len-1]&erspan3OptionalBit != 0 {
		size += erspan3SubLen
		if len(b) < size {
			p.Events.Add(EventERSPANHeaderTooSmall)
			return short(size, wire, ReasonERSPANShort)
		}
	}
	// The VLAN that the mirroring switch took the frame from.
	if vlan := word & erspanVLAN; vlan != 0 {
		p.VLANs[0] = vlan
		p.VLANCount = 1
		p.Layers |= LayerVLAN
	}
	p.WireLen -= uint32(size)
	return d.ethernet(p, b, size, wire)
}
