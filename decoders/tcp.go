package decoders

import "encoding/binary"

const tcpMinLen = 20

// TCP option kinds (IANA tcp-parameters).
const (
	tcpOptEOL       = 0
	tcpOptNOP       = 1
	tcpOptMSS       = 2
	tcpOptWScale    = 3
	tcpOptSACKOK    = 4
	tcpOptSACK      = 5
	tcpOptTimestamp = 8
	tcpOptMD5       = 19
	tcpOptAO        = 29
	tcpOptMPTCP     = 30
	tcpOptTFO       = 34
	tcpOptExp1      = 253
	tcpOptExp2      = 254

	tfoMagic = 0xf989 // experimental TCP fast open, RFC 7413 section 9
)

func (d *Decoder) tcp(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < tcpMinLen {
		p.Events.Add(EventTCPPktTooSmall)
		return short(off+tcpMinLen, wire, ReasonTCPShort)
	}
	h := b[off : off+tcpMinLen : off+tcpMinLen]
	size := int(h[12]>>4) * 4
	if size < tcpMinLen {
		p.Events.Add(EventTCPInvalidOptLen)
		return ReasonTCPHeaderLen
	}
	if off+size > wire {
		p.Events.Add(EventTCPHLenTooSmall)
		return ReasonTCPHeaderLen
	}
	p.Layers |= LayerTCP
	p.L4HeaderLen = uint16(size)
	p.SrcPort = binary.BigEndian.Uint16(h)
	p.DstPort = binary.BigEndian.Uint16(h[2:])
	p.Seq = Seq(binary.BigEndian.Uint32(h[4:]))
	p.Ack = Seq(binary.BigEndian.Uint32(h[8:]))
	p.TCPFlags = h[13]
	p.TCPWindow = binary.BigEndian.Uint16(h[14:])
	p.TCPUrgent = binary.BigEndian.Uint16(h[18:])
	if off+size > len(b) {
		// The capture cut the options: ports, flags and counts are still right.
		p.setPayload(b, len(b))
		return ReasonNone
	}
	p.PayloadOffset = uint32(off + size)
	p.PayloadLen = uint32(len(b) - off - size)
	if size > tcpMinLen {
		p.tcpOptions(b[off+tcpMinLen : off+size])
	}
	if d.checksums {
		d.verifyL4(p, b[off:])
	}
	return ReasonNone
}

// tcpOptions reads the options. The first of a kind counts; oddities are
// events, and an impossible length ends the walk.
func (p *Packet) tcpOptions(opts []byte) {
	// Nearly every segment of a modern flow carries exactly this.
	if len(opts) == 12 && binary.BigEndian.Uint32(opts) == 0x0101080a {
		p.TCPOpts = TCPOptTimestamp
		p.TSVal = binary.BigEndian.Uint32(opts[4:])
		p.TSEcr = binary.BigEndian.Uint32(opts[8:])
		return
	}
	for len(opts) > 0 {
		kind := opts[0]
		if kind == tcpOptEOL {
			return
		}
		if kind == tcpOptNOP {
			opts = opts[1:]
			continue
		}
		if len(opts) < 2 {
			return
		}
		n := int(opts[1])
		if n < 2 || n > len(opts) {
			p.Events.Add(EventTCPOptInvalidLen)
			return
		}
		p.tcpOption(kind, opts[:n])
		opts = opts[n:]
	}
}

func (p *Packet) tcpOption(kind byte, opt []byte) {
	n := len(opt)
	var bit uint16
	valid := false
	switch kind {
	case tcpOptMSS:
		bit, valid = TCPOptMSS, n == 4
	case tcpOptWScale:
		bit, valid = TCPOptWScale, n == 3
	case tcpOptSACKOK:
		bit, valid = TCPOptSACKOK, n == 2
	case tcpOptSACK:
		// One to four blocks of eight bytes (RFC 2018 section 3); some stacks
		// send it without any.
		if n == 2 {
			return
		}
		bit, valid = TCPOptSACK, n >= 10 && n <= 34 && (n-2)%8 == 0
	case tcpOptTimestamp:
		bit, valid = TCPOptTimestamp, n == 10
	case tcpOptMD5:
		bit, valid = TCPOptMD5, n == 18
	case tcpOptAO:
		bit, valid = TCPOptAO, n >= 4
	case tcpOptMPTCP:
		// Several in one segment are usual (RFC 8684 section 3).
		if n >= 3 {
			p.TCPOpts |= TCPOptMPTCP
		} else {
			p.Events.Add(EventTCPOptInvalidLen)
		}
		return
	case tcpOptTFO:
		// No cookie, or 4 to 16 bytes of even length (RFC 7413 section 4.1.1).
		bit, valid = TCPOptTFO, n == 2 || n >= 6 && n <= 18 && n%2 == 0
	case tcpOptExp1, tcpOptExp2:
		if n < 4 || binary.BigEndian.Uint16(opt[2:]) != tfoMagic {
			return
		}
		bit, valid = TCPOptTFO, n == 4 || n >= 8 && n <= 20 && n%2 == 0
	default:
		return
	}
	if !valid {
		p.Events.Add(EventTCPOptInvalidLen)
		return
	}
	if p.TCPOpts&bit != 0 {
		p.Events.Add(EventTCPOptDuplicate)
		return
	}
	p.TCPOpts |= bit
	switch kind {
	case tcpOptMSS:
		p.TCPMSS = binary.BigEndian.Uint16(opt[2:])
	case tcpOptWScale:
		p.TCPWScale = opt[2]
	case tcpOptTimestamp:
		p.TSVal = binary.BigEndian.Uint32(opt[2:])
		p.TSEcr = binary.BigEndian.Uint32(opt[6:])
	}
}
