package decoderstest

import "encoding/binary"

// IP4 is an IPv4 header. Zero fields get usual values; Proto 0 is that of the
// next layer.
type IP4 struct {
	Src, Dst   string // "192.0.2.1", "192.0.2.2"
	TTL, TOS   uint8  // TTL 64
	ID         uint16
	Proto      uint8
	Options    string // padded to whole words with zeros
	DF, MF     bool
	FragOffset int // bytes, a multiple of 8
	TotalLen   int // 0: the right one
	BadSum     bool
}

func (l IP4) header() []byte {
	if l.TTL == 0 {
		l.TTL = 64
	}
	src, dst := mustAddr(l.Src, "192.0.2.1", 4).As4(), mustAddr(l.Dst, "192.0.2.2", 4).As4()
	opts := []byte(l.Options)
	for len(opts)%4 != 0 {
		opts = append(opts, 0)
	}
	frag := uint16(l.FragOffset / 8)
	if l.DF {
		frag |= 0x4000
	}
	if l.MF {
		frag |= 0x2000
	}
	b := []byte{0x45 + byte(len(opts)/4), l.TOS, 0, 0}
	b = binary.BigEndian.AppendUint16(b, l.ID)
	b = binary.BigEndian.AppendUint16(b, frag)
	b = append(b, l.TTL, l.Proto, 0, 0)
	b = append(b, src[:]...)
	b = append(b, dst[:]...)
	return append(b, opts...)
}
func (IP4) names() (uint16, uint8) { return 0x0800, 4 }
func (l IP4) finish(h, rest []byte, next Layer, _ []byte) {
	if l.TotalLen == 0 {
		l.TotalLen = len(h) + len(rest)
	}
	binary.BigEndian.PutUint16(h[2:], uint16(l.TotalLen))
	if l.Proto == 0 {
		_, h[9] = next.names()
	}
	sum := ^uint16(internetSum(0, h))
	if l.BadSum {
		sum ^= 0x0101
	}
	binary.BigEndian.PutUint16(h[10:], sum)
}

// IP6 is an IPv6 header. Zero fields get usual values; Next 0 is that of the
// next layer.
type IP6 struct {
	Src, Dst   string // "2001:db8::1", "2001:db8::2"
	HopLimit   uint8  // 64
	Class      uint8
	Label      uint32
	Next       uint8
	PayloadLen int // 0: the right one, -1: zero
}

func (l IP6) header() []byte {
	if l.HopLimit == 0 {
		l.HopLimit = 64
	}
	src, dst := mustAddr(l.Src, "2001:db8::1", 6).As16(), mustAddr(l.Dst, "2001:db8::2", 6).As16()
	b := binary.BigEndian.AppendUint32(nil, 6<<28|uint32(l.Class)<<20|l.Label&0xfffff)
	b = append(b, 0, 0, l.Next, l.HopLimit)
	b = append(b, src[:]...)
	return append(b, dst[:]...)
}
func (IP6) names() (uint16, uint8) { return 0x86dd, 41 }
func (l IP6) finish(h, rest []byte, next Layer, _ []byte) {
	switch l.PayloadLen {
	case 0:
		l.PayloadLen = len(rest)
	case -1:
		l.PayloadLen = 0
	}
	binary.BigEndian.PutUint16(h[4:], uint16(l.PayloadLen))
	if l.Next == 0 {
		_, h[6] = next.names()
	}
}

// Ext is an IPv6 extension header: 0 hop-by-hop, 43 routing, 60 destination
// options, 135 mobility, 51 authentication. Body is what follows the length
// byte, padded with zeros to the unit of the header.
type Ext struct {
	Kind uint8
	Next uint8
	Body string
}

func (l Ext) header() []byte {
	b := append([]byte{l.Next, 0}, l.Body...)
	unit := 8
	if l.Kind == 51 {
		unit = 4
	}
	for len(b)%unit != 0 || len(b) < 8 {
		b = append(b, 0)
	}
	b[1] = byte((len(b) - 8) / unit)
	return b
}

// names of a hop-by-hop header is the number 0, as Build's default is.
func (l Ext) names() (uint16, uint8) { return 0, l.Kind }
func (l Ext) finish(h, _ []byte, next Layer, _ []byte) {
	if l.Next == 0 {
		_, h[0] = next.names()
	}
}

// Frag6 is an IPv6 fragment header.
type Frag6 struct {
	Next   uint8
	Offset int // bytes, a multiple of 8
	More   bool
	ID     uint32
}

func (l Frag6) header() []byte {
	word := uint16(l.Offset)
	if l.More {
		word |= 1
	}
	b := binary.BigEndian.AppendUint16([]byte{l.Next, 0}, word)
	return binary.BigEndian.AppendUint32(b, l.ID)
}
func (Frag6) names() (uint16, uint8) { return 0, 44 }
func (l Frag6) finish(h, _ []byte, next Layer, _ []byte) {
	if l.Next == 0 {
		_, h[0] = next.names()
	}
}

// Fragments cuts the IP datagram of a packet into pieces of at most size
// payload bytes (rounded down to a multiple of 8). link is what each piece
// begins with: the layers around the IP header. ip is the IP4 or IP6 header
// of the datagram and rest what it carries.
func Fragments(size int, link []Layer, ip Layer, rest ...Layer) [][]byte {
	size &^= 7
	whole := Build(append([]Layer{ip}, rest...)...)
	head := len(ip.header())
	_, proto := rest[0].names()
	body := whole[head:]
	var out [][]byte
	for off := 0; off < len(body); off += size {
		piece := body[off:min(off+size, len(body))]
		more := off+size < len(body)
		layers := append([]Layer(nil), link...)
		switch h := ip.(type) {
		case IP4:
			h.FragOffset, h.MF, h.Proto = off, more, proto
			layers = append(layers, h)
		case IP6:
			layers = append(layers, h, Frag6{Next: proto, Offset: off, More: more, ID: 0x5eed})
		default:
			panic("Fragments needs IP4 or IP6")
		}
		out = append(out, Build(append(layers, Bytes(piece))...))
	}
	return out
}
