package decoders

const igmpLen = 8 // RFC 2236 section 2; versions 1 and 3 are no shorter

func igmp(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < igmpLen {
		p.Events.Add(EventIGMPPktTooSmall)
		return short(off+igmpLen, wire, ReasonIGMPShort)
	}
	p.Layers |= LayerIGMP
	p.L4HeaderLen = igmpLen
	p.setPayload(b, off+igmpLen)
	return ReasonNone
}
