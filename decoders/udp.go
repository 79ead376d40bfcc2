package decoders

import "encoding/binary"

const udpLen = 8

func (d *Decoder) udp(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < udpLen {
		p.Events.Add(EventUDPHLenTooSmall)
		return short(off+udpLen, wire, ReasonUDPShort)
	}
	h := b[off : off+udpLen : off+udpLen]
	size := int(binary.BigEndian.Uint16(h[4:]))
	if size == 0 && wire-off > 0xffff {
		size = wire - off // a jumbogram, RFC 2675 section 4
	}
	if off+size > wire {
		p.Events.Add(EventUDPPktTooSmall)
		return ReasonUDPLength
	}
	if size < udpLen {
		p.Events.Add(EventUDPLenInvalid)
		return ReasonUDPLength
	}
	wire = off + size
	if wire < len(b) {
		b = b[:wire]
	}
	p.Layers |= LayerUDP
	p.L4HeaderLen = udpLen
	p.SrcPort = binary.BigEndian.Uint16(h)
	p.DstPort = binary.BigEndian.Uint16(h[2:])
	p.PayloadOffset = uint32(off + udpLen)
	p.PayloadLen = uint32(len(b) - off - udpLen)
	if d.udpPorts&(1<<(p.SrcPort%64)|1<<(p.DstPort%64)) != 0 {
		d.findUDPTunnel(p, b, off+udpLen, wire)
	}
	if d.checksums {
		// Zero says that there is none: always allowed with IPv4, with IPv6
		// only for tunnels (RFC 6935 section 5).
		if h[6]|h[7] != 0 {
			d.verifyL4(p, b[off:])
		} else if p.IPVersion == 6 && p.Inner == TunnelNone && !p.Truncated {
			p.L4Checksum = ChecksumBad
		}
	}
	return ReasonNone
}
