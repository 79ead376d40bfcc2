package decoders

import "encoding/binary"

// Labels with a meaning of their own (RFC 3032 section 2.1, RFC 7274).
const (
	mplsIPv4Null     = 0
	mplsRouterAlert  = 1
	mplsIPv6Null     = 2
	mplsImplicitNull = 3
	mplsFirstFree    = 16

	mplsLen        = 4
	mplsBottom     = 0x100
	pseudowireWord = 4 // control word, RFC 4385 section 3
)

// mpls walks the label stack and guesses what is below it by the first nibble,
// as RFC 4928 section 2 describes: 4 and 6 are IP, 0 is the control word of an
// Ethernet pseudowire.
func (d *Decoder) mpls(p *Packet, b []byte, off, wire int) Reason {
	var entry, label uint32
	for {
		if len(b)-off < mplsLen {
			p.Events.Add(EventMPLSHeaderTooSmall)
			return short(off+mplsLen, wire, ReasonMPLSShort)
		}
		p.Layers |= LayerMPLS
		entry = binary.BigEndian.Uint32(b[off:])
		label = entry >> 12
		off += mplsLen
		if entry&mplsBottom != 0 {
			break
		}
		// Within the stack only the router alert and the extension and entropy
		// labels may be reserved ones; none of them says what the payload is.
	}
	p.setPayload(b, off)
	switch label {
	case mplsIPv4Null:
		return d.network(p, b, off, wire, etherIPv4)
	case mplsIPv6Null:
		return d.network(p, b, off, wire, etherIPv6)
	case mplsRouterAlert:
		p.Events.Add(EventMPLSBadLabelRouterAlert)
		return ReasonMPLSLabel
	case mplsImplicitNull:
		p.Events.Add(EventMPLSBadLabelImplicitNull)
		return ReasonMPLSLabel
	}
	if label < mplsFirstFree {
		p.Events.Add(EventMPLSBadLabelReserved)
		return ReasonMPLSLabel
	}
	if len(b)-off < 1 {
		p.Events.Add(EventMPLSPktTooSmall)
		return short(off+1, wire, ReasonMPLSShort)
	}
	switch b[off] >> 4 {
	case 4:
		return d.network(p, b, off, wire, etherIPv4)
	case 6:
		return d.network(p, b, off, wire, etherIPv6)
	case 0:
		if len(b)-off < pseudowireWord {
			p.Events.Add(EventMPLSPktTooSmall)
			return short(off+pseudowireWord, wire, ReasonMPLSShort)
		}
		return d.ethernet(p, b, off+pseudowireWord, wire)
	}
	p.Events.Add(EventMPLSUnknownPayloadType)
	return ReasonMPLSPayload
}
