package decoders

import "encoding/binary"

const chdlcLen = 4 // address, control, EtherType (RFC 1547 section 4.3.1)

func (d *Decoder) chdlc(p *Packet, b []byte, wire int) Reason {
	if len(b) < chdlcLen {
		p.setPayload(b, 0)
		p.Events.Add(EventCHDLCPktTooSmall)
		return short(chdlcLen, wire, ReasonCHDLCShort)
	}
	return d.network(p, b, chdlcLen, wire, binary.BigEndian.Uint16(b[2:]))
}
