package decoders

const (
	espLen   = 8  // SPI and sequence number, RFC 4303 section 2
	ahMinLen = 12 // RFC 4302 section 2
)

// esp recognises encapsulated security payload; what it protects is encrypted.
func esp(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < espLen {
		p.Events.Add(EventESPPktTooSmall)
		return short(off+espLen, wire, ReasonESPShort)
	}
	p.Layers |= LayerESP
	p.L4HeaderLen = espLen
	p.setPayload(b, off+espLen)
	return ReasonNone
}

// ahv4 recognises an authentication header behind IPv4. As in Suricata the
// packet is one of protocol 51 then; behind IPv6, where the header is an
// extension header, decoding goes on with what it protects.
func ahv4(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < ahMinLen {
		return short(off+ahMinLen, wire, ReasonAHShort)
	}
	p.Layers |= LayerAH
	return ReasonNone
}
