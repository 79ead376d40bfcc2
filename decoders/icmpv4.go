package decoders

import "encoding/binary"

// ICMPv4 types (IANA icmp-parameters).
const (
	icmpv4EchoReply        = 0
	icmpv4Unreachable      = 3
	icmpv4SourceQuench     = 4
	icmpv4Redirect         = 5
	icmpv4Echo             = 8
	icmpv4RouterAdvert     = 9
	icmpv4RouterSolicit    = 10
	icmpv4TimeExceeded     = 11
	icmpv4ParameterProblem = 12
	icmpv4Timestamp        = 13
	icmpv4TimestampReply   = 14
	icmpv4Info             = 15
	icmpv4InfoReply        = 16
	icmpv4AddressMask      = 17
	icmpv4AddressMaskReply = 18

	icmpv4FragNeeded = 4 // code of unreachable
)

func (d *Decoder) icmpv4(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < icmpLen {
		p.Events.Add(EventICMPv4PktTooSmall)
		return short(off+icmpLen, wire, ReasonICMPv4Short)
	}
	if p.IPVersion == 6 {
		p.Events.Add(EventIPv6ICMPv4)
		return ReasonIPv6ICMPv4
	}
	h := b[off : off+icmpLen : off+icmpLen]
	p.Layers |= LayerICMPv4
	p.ICMPType, p.ICMPCode = h[0], h[1]
	p.L4HeaderLen = icmpLen
	p.setPayload(b, off+icmpLen)
	if d.checksums && !p.Truncated {
		p.L4Checksum = checksumState(fold(sum(b[off:], 0)))
	}
	maxCode := byte(0)
	switch p.ICMPType {
	case icmpv4Echo, icmpv4EchoReply, icmpv4Timestamp, icmpv4TimestampReply,
		icmpv4Info, icmpv4InfoReply, icmpv4AddressMask, icmpv4AddressMaskReply:
		p.HasICMPID = true
		p.ICMPID = binary.BigEndian.Uint16(h[4:])
		p.ICMPSeq = binary.BigEndian.Uint16(h[6:])
	case icmpv4Unreachable:
		maxCode = 15 // RFC 1812 section 5.2.7.1
		if p.ICMPCode == icmpv4FragNeeded {
			p.ICMPMTU = uint32(binary.BigEndian.Uint16(h[6:])) // RFC 1191 section 4
		}
	case icmpv4Redirect:
		maxCode = 3
	case icmpv4TimeExceeded:
		maxCode = 1
	case icmpv4ParameterProblem:
		maxCode = 2 // RFC 1108, RFC 792
	case icmpv4SourceQuench, icmpv4RouterSolicit:
	case icmpv4RouterAdvert:
		maxCode = 16 // Mobile IP agents, RFC 5944 section 2.1
	default:
		p.Events.Add(EventICMPv4UnknownType)
		return ReasonNone
	}
	if p.ICMPCode > maxCode {
		p.Events.Add(EventICMPv4UnknownCode)
		return ReasonNone
	}
	if isICMPv4Error(p.ICMPType) && len(b) > off+icmpLen {
		if !p.embed(b, off+icmpLen) {
			if len(b)-off-icmpLen < ipv4MinLen {
				p.Events.Add(EventICMPv4IPv4TruncPkt)
			} else {
				p.Events.Add(EventICMPv4IPv4UnknownVer)
			}
		}
	}
	return ReasonNone
}

// isICMPv4Error reports whether a message of this type quotes a packet.
func isICMPv4Error(typ byte) bool {
	switch typ {
	case icmpv4Unreachable, icmpv4SourceQuench, icmpv4Redirect, icmpv4TimeExceeded, icmpv4ParameterProblem:
		return true
	}
	return false
}

// icmpv4Counterpart returns the type of the message that answers typ, or that
// typ answers; 0 when there is none.
func icmpv4Counterpart(typ byte) byte {
	switch typ {
	case icmpv4EchoReply:
		return icmpv4Echo
	case icmpv4Timestamp:
		return icmpv4TimestampReply
	case icmpv4TimestampReply:
		return icmpv4Timestamp
	case icmpv4Info:
		return icmpv4InfoReply
	case icmpv4InfoReply:
		return icmpv4Info
	case icmpv4AddressMask:
		return icmpv4AddressMaskReply
	case icmpv4AddressMaskReply:
		return icmpv4AddressMask
	}
	return 0
}
