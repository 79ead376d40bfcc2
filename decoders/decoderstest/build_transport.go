package decoderstest

import (
	"encoding/binary"

	"spanwatch/decoders"
)

// TCP is a TCP header. Window 0 is 65535; options are padded with zeros to
// whole words.
type TCP struct {
	Src, Dst uint16
	Seq, Ack uint32
	Flags    uint8 // decoders.TCPSyn and so on
	Window   uint16
	Urgent   uint16
	Options  string
	BadSum   bool
}

func (l TCP) header() []byte {
	if l.Window == 0 {
		l.Window = 0xffff
	}
	opts := []byte(l.Options)
	for len(opts)%4 != 0 {
		opts = append(opts, 0)
	}
	b := binary.BigEndian.AppendUint16(nil, l.Src)
	b = binary.BigEndian.AppendUint16(b, l.Dst)
	b = binary.BigEndian.AppendUint32(b, l.Seq)
	b = binary.BigEndian.AppendUint32(b, l.Ack)
	b = append(b, byte(5+len(opts)/4)<<4, l.Flags)
	b = binary.BigEndian.AppendUint16(b, l.Window)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, l.Urgent)
	return append(b, opts...)
}
func (TCP) names() (uint16, uint8) { return 0, decoders.ProtoTCP }
func (l TCP) finish(h, rest []byte, _ Layer, ip []byte) {
	sum := l4Checksum(ip, decoders.ProtoTCP, h, rest)
	if l.BadSum {
		sum ^= 0x0101
	}
	binary.BigEndian.PutUint16(h[16:], sum)
}

// UDP is a UDP header.
type UDP struct {
	Src, Dst uint16
	Len      int // 0: the right one, -1: zero
	NoSum    bool
	BadSum   bool
}

func (l UDP) header() []byte {
	b := binary.BigEndian.AppendUint16(nil, l.Src)
	b = binary.BigEndian.AppendUint16(b, l.Dst)
	return append(b, 0, 0, 0, 0)
}
func (UDP) names() (uint16, uint8) { return 0, decoders.ProtoUDP }
func (l UDP) finish(h, rest []byte, _ Layer, ip []byte) {
	switch l.Len {
	case 0:
		l.Len = len(h) + len(rest)
	case -1:
		l.Len = 0
	}
	binary.BigEndian.PutUint16(h[4:], uint16(l.Len))
	if l.NoSum {
		return
	}
	sum := l4Checksum(ip, decoders.ProtoUDP, h, rest)
	if sum == 0 {
		sum = 0xffff
	}
	if l.BadSum {
		sum ^= 0x0101
	}
	binary.BigEndian.PutUint16(h[6:], sum)
}

// ICMP4 is an ICMPv4 header: Rest is the second word.
type ICMP4 struct {
	Type, Code uint8
	Rest       uint32
	BadSum     bool
}

func (l ICMP4) header() []byte {
	return binary.BigEndian.AppendUint32([]byte{l.Type, l.Code, 0, 0}, l.Rest)
}
func (ICMP4) names() (uint16, uint8) { return 0, decoders.ProtoICMP }
func (l ICMP4) finish(h, rest []byte, _ Layer, _ []byte) {
	sum := l4Checksum(nil, 0, h, rest)
	if l.BadSum {
		sum ^= 0x0101
	}
	binary.BigEndian.PutUint16(h[2:], sum)
}

// ICMP6 is an ICMPv6 header: Rest is the second word.
type ICMP6 struct {
	Type, Code uint8
	Rest       uint32
	BadSum     bool
}

func (l ICMP6) header() []byte {
	return binary.BigEndian.AppendUint32([]byte{l.Type, l.Code, 0, 0}, l.Rest)
}
func (ICMP6) names() (uint16, uint8) { return 0, decoders.ProtoICMPv6 }
func (l ICMP6) finish(h, rest []byte, _ Layer, ip []byte) {
	sum := l4Checksum(ip, decoders.ProtoICMPv6, h, rest)
	if l.BadSum {
		sum ^= 0x0101
	}
	binary.BigEndian.PutUint16(h[2:], sum)
}

// SCTP is a common header; its CRC is left 0.
type SCTP struct {
	Src, Dst uint16
	Tag      uint32
}

func (l SCTP) header() []byte {
	b := binary.BigEndian.AppendUint16(nil, l.Src)
	b = binary.BigEndian.AppendUint16(b, l.Dst)
	b = binary.BigEndian.AppendUint32(b, l.Tag)
	return append(b, 0, 0, 0, 0)
}
func (SCTP) names() (uint16, uint8)                { return 0, decoders.ProtoSCTP }
func (SCTP) finish(_, _ []byte, _ Layer, _ []byte) {}
