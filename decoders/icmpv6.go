package decoders

import "encoding/binary"

// ICMPv6 types (IANA icmpv6-parameters).
const (
	icmpv6Unreachable      = 1
	icmpv6TooBig           = 2
	icmpv6TimeExceeded     = 3
	icmpv6ParameterProblem = 4
	icmpv6Echo             = 128
	icmpv6EchoReply        = 129
	icmpv6MLDQuery         = 130
	icmpv6MLDReport        = 131
	icmpv6MLDDone          = 132
	icmpv6RouterSolicit    = 133
	icmpv6RouterAdvert     = 134
	icmpv6NeighborSolicit  = 135
	icmpv6NeighborAdvert   = 136
	icmpv6Redirect         = 137
	icmpv6RouterRenumber   = 138
	icmpv6NodeInfoQuery    = 139
	icmpv6NodeInfoReply    = 140
	icmpv6InverseSolicit   = 141
	icmpv6InverseAdvert    = 142
	icmpv6MLDv2Report      = 143
	icmpv6HomeAgentQuery   = 144
	icmpv6HomeAgentReply   = 145
	icmpv6MobileSolicit    = 146
	icmpv6MobileAdvert     = 147
	icmpv6CertPathSolicit  = 148
	icmpv6CertPathAdvert   = 149
	icmpv6SeaMoby          = 150
	icmpv6MulticastAdvert  = 151
	icmpv6MulticastSolicit = 152
	icmpv6MulticastTerm    = 153
	icmpv6LastAssigned     = 161 // extended echo reply, RFC 8335
)

func (d *Decoder) icmpv6(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < icmpLen {
		p.Events.Add(EventICMPv6PktTooSmall)
		return short(off+icmpLen, wire, ReasonICMPv6Short)
	}
	h := b[off : off+icmpLen : off+icmpLen]
	p.Layers |= LayerICMPv6
	p.ICMPType, p.ICMPCode = h[0], h[1]
	p.L4HeaderLen = icmpLen
	p.setPayload(b, off+icmpLen)
	if d.checksums {
		d.verifyL4(p, b[off:])
	}

	quotes := false
	maxCode := byte(0)
	switch typ := p.ICMPType; typ {
	case icmpv6Unreachable:
		maxCode, quotes = 7, true // up to RFC 7112
	case icmpv6TooBig:
		quotes = true
		p.ICMPMTU = binary.BigEndian.Uint32(h[4:])
	case icmpv6TimeExceeded:
		maxCode, quotes = 1, true
	case icmpv6ParameterProblem:
		maxCode, quotes = 3, true
	case icmpv6Echo, icmpv6EchoReply:
		p.HasICMPID = true
		p.ICMPID = binary.BigEndian.Uint16(h[4:])
		p.ICMPSeq = binary.BigEndian.Uint16(h[6:])
	case icmpv6MLDQuery, icmpv6MLDReport, icmpv6MLDDone:
		if p.TTL != 1 { // RFC 2710 section 3
			p.Events.Add(EventICMPv6MLDMessageWithInvalidHL)
		}
	case icmpv6RouterRenumber:
		maxCode = 255
	case icmpv6NodeInfoQuery, icmpv6NodeInfoReply:
		maxCode = 2
	default:
		switch {
		case typ == 0 || typ > icmpv6ParameterProblem && typ < 100 || typ > 102 && typ < 127 || typ > icmpv6LastAssigned && typ < 200:
			p.Events.Add(EventICMPv6UnassignedType)
			return ReasonNone
		case typ >= 100 && typ <= 101 || typ >= 200 && typ <= 201:
			p.Events.Add(EventICMPv6ExperimentationType)
			return ReasonNone
		case typ < icmpv6Echo || typ > icmpv6LastAssigned:
			p.Events.Add(EventICMPv6UnknownType)
			return ReasonNone
		}
		return ReasonNone
	}
	if p.ICMPCode > maxCode {
		p.Events.Add(EventICMPv6UnknownCode)
		return ReasonNone
	}
	if quotes && len(b) > off+icmpLen && !p.embed(b, off+icmpLen) {
		if len(b)-off-icmpLen < ipv6Len {
			p.Events.Add(EventICMPv6IPv6TruncPkt)
		} else {
			p.Events.Add(EventICMPv6IPv6UnknownVersion)
		}
	}
	return ReasonNone
}

// icmpv6Counterpart returns the type of the message that answers typ, or that
// typ answers; 0 when there is none.
func icmpv6Counterpart(typ byte) byte {
	switch typ {
	case icmpv6Echo, icmpv6RouterSolicit, icmpv6NeighborSolicit, icmpv6NodeInfoQuery,
		icmpv6InverseSolicit, icmpv6HomeAgentQuery, icmpv6MobileSolicit, icmpv6CertPathSolicit:
		return typ + 1
	case icmpv6EchoReply, icmpv6RouterAdvert, icmpv6NeighborAdvert, icmpv6NodeInfoReply,
		icmpv6InverseAdvert, icmpv6HomeAgentReply, icmpv6MobileAdvert, icmpv6CertPathAdvert:
		return typ - 1
	case icmpv6MulticastAdvert:
		return icmpv6MulticastSolicit
	case icmpv6MulticastSolicit:
		return icmpv6MulticastAdvert
	}
	return 0
}
