package decoders

import "encoding/binary"

// Linux cooked headers, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html
// and LINKTYPE_LINUX_SLL2.html.
const (
	sllLen  = 16
	sll2Len = 20

	// Protocol values that are no EtherTypes.
	sllNovell = 0x0001 // 802.3 without LLC
	sllLLC    = 0x0004
)

func (d *Decoder) sll(p *Packet, b []byte, wire int) Reason {
	if len(b) < sllLen {
		p.setPayload(b, 0)
		p.Events.Add(EventSLLPktTooSmall)
		return short(sllLen, wire, ReasonSLLShort)
	}
	p.Layers |= LayerSLL
	return d.cooked(p, b, sllLen, wire, binary.BigEndian.Uint16(b[14:]))
}

func (d *Decoder) sll2(p *Packet, b []byte, wire int) Reason {
	if len(b) < sll2Len {
		p.setPayload(b, 0)
		p.Events.Add(EventSLL2PktTooSmall)
		return short(sll2Len, wire, ReasonSLLShort)
	}
	p.Layers |= LayerSLL
	return d.cooked(p, b, sll2Len, wire, binary.BigEndian.Uint16(b))
}

func (d *Decoder) cooked(p *Packet, b []byte, off, wire int, typ uint16) Reason {
	switch typ {
	case sllLLC:
		p.setPayload(b, off)
		return d.llc(p, b, off, wire, 0)
	case sllNovell:
		p.setPayload(b, off)
		return ReasonNonIPLLC
	}
	return d.network(p, b, off, wire, typ)
}
