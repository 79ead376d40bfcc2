package decoders

import "encoding/binary"

const vlanLen = 4

func (d *Decoder) vlan(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < vlanLen {
		p.Events.Add(EventVLANHeaderTooSmall)
		return short(off+vlanLen, wire, ReasonVLANShort)
	}
	if int(p.VLANCount) >= len(p.VLANs) {
		p.Events.Add(EventVLANTooManyLayers)
		return ReasonVLANCount
	}
	p.Layers |= LayerVLAN
	p.VLANs[p.VLANCount] = binary.BigEndian.Uint16(b[off:]) & 0xfff
	p.VLANCount++
	typ := binary.BigEndian.Uint16(b[off+2:])
	r := d.network(p, b, off+vlanLen, wire, typ)
	if p.Events.Has(EventEthernetUnknownEtherType) {
		p.Events.Add(EventVLANUnknownType)
	}
	return r
}
