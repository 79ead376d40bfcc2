package dns

import (
	"encoding/binary"
	"fmt"
	"os"
)

// udpPacket is a UDP datagram of a capture.
type udpPacket struct {
	number           int // from 1, counting all packets
	src, dst         string
	srcPort, dstPort uint16
	data             []byte
}

// readUDP reads the plain UDP datagrams of a pcap or pcapng file: Ethernet
// (802.1Q), raw IP and Linux cooked links; no tunnels, no fragments. Tests of
// the parser need no more, and must not need the decoders.
func readUDP(path string) ([]udpPacket, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []udpPacket
	number := 0
	frame := func(link uint32, data []byte) {
		number++
		if p, ok := udpOf(link, data); ok {
			p.number = number
			out = append(out, p)
		}
	}
	if len(b) >= 12 && binary.LittleEndian.Uint32(b) == 0x0a0d0d0a {
		err := eachBlock(b, frame)
		return out, err
	}
	if len(b) < 24 {
		return nil, fmt.Errorf("%s: %d bytes", path, len(b))
	}
	var order binary.ByteOrder = binary.LittleEndian
	if m := binary.BigEndian.Uint32(b); m == 0xa1b2c3d4 || m == 0xa1b23c4d {
		order = binary.BigEndian
	}
	link := order.Uint32(b[20:]) & 0xffff
	for b = b[24:]; len(b) >= 16; {
		n := int(order.Uint32(b[8:]))
		if n > len(b)-16 {
			break
		}
		frame(link, b[16:16+n])
		b = b[16+n:]
	}
	return out, nil
}

func eachBlock(b []byte, frame func(uint32, []byte)) error {
	var order binary.ByteOrder = binary.LittleEndian
	var links []uint32
	for len(b) >= 12 {
		if order.Uint32(b) == 0x0a0d0d0a {
			order = binary.LittleEndian
			if binary.BigEndian.Uint32(b[8:]) == 0x1a2b3c4d {
				order = binary.BigEndian
			}
			links = links[:0]
		}
		kind, n := order.Uint32(b), int(order.Uint32(b[4:]))
		if n < 12 || n > len(b) {
			return fmt.Errorf("block of %d bytes", n)
		}
		body := b[8 : n-4]
		switch {
		case kind == 1:
			links = append(links, uint32(order.Uint16(body)))
		case kind == 6:
			frame(links[order.Uint32(body)], body[20:20+order.Uint32(body[12:])])
		}
		b = b[n:]
	}
	return nil
}

func udpOf(link uint32, b []byte) (udpPacket, bool) {
	switch link {
	case 1:
		for b = cut(b, 12); len(b) >= 4 && binary.BigEndian.Uint16(b) == 0x8100; {
			b = b[4:]
		}
		b = cut(b, 2)
	case 113:
		b = cut(b, 16)
	case 0:
		b = cut(b, 4)
	}
	if len(b) < 20 {
		return udpPacket{}, false
	}
	var p udpPacket
	var l4 []byte
	switch {
	case b[0]>>4 == 4 && b[9] == 17 && binary.BigEndian.Uint16(b[6:])&0x3fff == 0:
		p.src, p.dst = string(b[12:16]), string(b[16:20])
		l4 = cut(b, int(b[0]&15)*4)
	case b[0]>>4 == 6 && len(b) >= 40 && b[6] == 17:
		p.src, p.dst = string(b[8:24]), string(b[24:40])
		l4 = b[40:]
	}
	if len(l4) < 8 {
		return udpPacket{}, false
	}
	p.srcPort, p.dstPort = binary.BigEndian.Uint16(l4), binary.BigEndian.Uint16(l4[2:])
	n := int(binary.BigEndian.Uint16(l4[4:]))
	if n < 8 || n > len(l4) {
		return udpPacket{}, false
	}
	p.data = l4[8:n]
	return p, true
}

func cut(b []byte, n int) []byte { return b[min(n, len(b)):] }
