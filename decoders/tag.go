package decoders

import "encoding/binary"

// Lengths of the tags, EtherType of what follows included.
const (
	pbbLen        = 18 // 802.1ah: I-TAG, customer addresses, EtherType
	vnTagLen      = 6  // Cisco VN-Tag
	eTagLen       = 8  // 802.1BR
	fabricPathLen = 2  // FTAG and TTL; an Ethernet header follows
)

// pbb decodes the provider backbone bridge header of 802.1ah.
func (d *Decoder) pbb(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < pbbLen {
		p.Events.Add(EventIEEE8021AHHeaderTooSmall)
		return short(off+pbbLen, wire, ReasonPBBShort)
	}
	p.Layers |= LayerTag
	return d.network(p, b, off+pbbLen, wire, binary.BigEndian.Uint16(b[off+pbbLen-2:]))
}

func (d *Decoder) vnTag(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < vnTagLen {
		p.Events.Add(EventVNTagHeaderTooSmall)
		return short(off+vnTagLen, wire, ReasonVNTagShort)
	}
	p.Layers |= LayerTag
	r := d.network(p, b, off+vnTagLen, wire, binary.BigEndian.Uint16(b[off+vnTagLen-2:]))
	if p.Events.Has(EventEthernetUnknownEtherType) {
		p.Events.Add(EventVNTagUnknownType)
	}
	return r
}

func (d *Decoder) eTag(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < eTagLen {
		p.Events.Add(EventETagHeaderTooSmall)
		return short(off+eTagLen, wire, ReasonETagShort)
	}
	p.Layers |= LayerTag
	r := d.network(p, b, off+eTagLen, wire, binary.BigEndian.Uint16(b[off+eTagLen-2:]))
	if p.Events.Has(EventEthernetUnknownEtherType) {
		p.Events.Add(EventETagUnknownType)
	}
	return r
}

func (d *Decoder) fabricPath(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < fabricPathLen+ethernetLen {
		p.Events.Add(EventDCEPktTooSmall)
		return short(off+fabricPathLen+ethernetLen, wire, ReasonFabricPathShort)
	}
	p.Layers |= LayerTag
	return d.ethernet(p, b, off+fabricPathLen, wire)
}
