package decoders

import "encoding/binary"

const (
	arpMinLen = 8  // up to the operation
	arpLen    = 28 // with addresses of IPv4 over Ethernet (RFC 826)
)

func arp(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < arpMinLen {
		p.Events.Add(EventARPPktTooSmall)
		return short(off+arpMinLen, wire, ReasonARPHeader)
	}
	p.Layers |= LayerARP
	p.IPOffset = uint32(off)
	h := b[off : off+arpMinLen]
	switch {
	case binary.BigEndian.Uint16(h) != 1:
		p.Events.Add(EventARPUnsupportedHardware)
	case binary.BigEndian.Uint16(h[2:]) != etherIPv4:
		p.Events.Add(EventARPUnsupportedProtocol)
	case len(b)-off < arpLen:
		p.Events.Add(EventARPInvalidPkt)
		return short(off+arpLen, wire, ReasonARPHeader)
	case h[4] != 6:
		p.Events.Add(EventARPInvalidHardwareSize)
		return ReasonARPHeader
	case h[5] != 4:
		p.Events.Add(EventARPInvalidProtocolSize)
		return ReasonARPHeader
	default:
		p.ARPAddresses = true
		// 1..4 are request and reply of ARP and RARP.
		if op := binary.BigEndian.Uint16(h[6:]); op < 1 || op > 4 {
			p.Events.Add(EventARPUnsupportedOpcode)
		}
	}
	return ReasonNonIPARP
}
