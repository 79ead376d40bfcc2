package decoders

import "encoding/binary"

const sctpLen = 12 // common header, RFC 9260 section 3.1

func sctp(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < sctpLen {
		p.Events.Add(EventSCTPPktTooSmall)
		return short(off+sctpLen, wire, ReasonSCTPShort)
	}
	p.Layers |= LayerSCTP
	p.SrcPort = binary.BigEndian.Uint16(b[off:])
	p.DstPort = binary.BigEndian.Uint16(b[off+2:])
	p.L4HeaderLen = sctpLen
	p.setPayload(b, off+sctpLen)
	return ReasonNone
}
