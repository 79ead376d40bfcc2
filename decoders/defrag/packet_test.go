package defrag

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"spanwatch/decoders"
)

// piece4 and its like build what the decoder makes of a fragment; the tests of
// package decoders check that the decoder does so.

type spec struct {
	version  uint8
	id       uint32
	offset   uint32
	more     bool
	data     []byte
	at       time.Duration // packet time
	dst      byte          // last byte of the destination
	proto    uint8
	vlan     uint16
	depth    uint8
	options  int    // bytes of IPv4 options
	before   []byte // IPv6 extension headers before the fragment header; the first byte of each says what follows
	firstExt uint8  // protocol number of the first of them
	trailer  int    // bytes behind the datagram (Ethernet padding)
	cut      int    // bytes that the capture lost at the end
	mutate   func(*decoders.Packet)
}

const linkLen = 14

func (s spec) packet() *decoders.Packet {
	proto := s.proto
	if proto == 0 {
		proto = 17
	}
	p := &decoders.Packet{
		Timestamp: int64(s.at), Layers: decoders.LayerFragment, IPVersion: s.version, Proto: proto,
		IPOffset: linkLen, IPID: s.id, FragOffset: s.offset, MoreFragments: s.more, Depth: s.depth,
	}
	if s.vlan != 0 {
		p.VLANs[0], p.VLANCount = s.vlan, 1
	}
	var ip []byte
	if s.version == 4 {
		p.Layers |= decoders.LayerIPv4
		p.Src, p.Dst = decoders.Addr{1, 1, 1, 1}, decoders.Addr{2, 2, 2, s.dst}
		ip = make([]byte, 20+s.options)
		ip[0] = 0x40 | byte(len(ip)/4)
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(s.data)))
		binary.BigEndian.PutUint16(ip[4:], uint16(s.id))
		frag := uint16(s.offset / 8)
		if s.more {
			frag |= 0x2000
		}
		binary.BigEndian.PutUint16(ip[6:], frag)
		ip[8], ip[9] = 64, proto
		copy(ip[12:], p.Src[:4])
		copy(ip[16:], p.Dst[:4])
		for i := 20; i < len(ip); i++ {
			ip[i] = 1 // no operation
		}
	} else {
		p.Layers |= decoders.LayerIPv6
		p.Src, p.Dst = decoders.Addr{0x20, 1, 15: 1}, decoders.Addr{0x20, 1, 15: s.dst}
		ip = make([]byte, 40)
		ip[0] = 0x60
		ip[6] = decoders.ProtoFragment
		if len(s.before) > 0 {
			ip[6] = s.firstExt
		}
		ip[7] = 64
		copy(ip[8:], p.Src[:])
		copy(ip[24:], p.Dst[:])
		next := 6
		for n := 0; n < len(s.before); n += (int(s.before[n+1]) + 1) * 8 {
			next = 40 + n
		}
		ip = append(ip, s.before...)
		p.FragHeaderOffset, p.FragNextOffset = linkLen+uint32(len(ip)), linkLen+uint32(next)
		h := make([]byte, 8)
		h[0] = proto
		frag := uint16(s.offset)
		if s.more {
			frag |= 1
		}
		binary.BigEndian.PutUint16(h[2:], frag)
		binary.BigEndian.PutUint32(h[4:], s.id)
		ip = append(ip, h...)
		binary.BigEndian.PutUint16(ip[4:], uint16(len(ip)-40+len(s.data)))
	}
	ip = append(ip, s.data...)
	p.IPLen = uint32(len(ip))
	p.Data = append(make([]byte, linkLen), ip...)
	p.Data = append(p.Data, make([]byte, s.trailer)...)
	p.WireLen = uint32(len(p.Data))
	p.Data = p.Data[:len(p.Data)-s.cut]
	if s.mutate != nil {
		s.mutate(p)
	}
	return p
}

func newTable(t testing.TB, change func(*Config)) *Table {
	t.Helper()
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	table, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// payload checks the header of a rebuilt datagram and returns what follows it.
func payload(t testing.TB, g Datagram) []byte {
	t.Helper()
	b := g.Bytes
	if len(b) < 20 {
		t.Fatalf("datagram of %d bytes", len(b))
	}
	switch b[0] >> 4 {
	case 4:
		n := int(b[0]&15) * 4
		if got := int(binary.BigEndian.Uint16(b[2:])); got != len(b) {
			t.Errorf("total length %d, want %d", got, len(b))
		}
		if b[6] != 0 || b[7] != 0 {
			t.Errorf("fragment fields %x, want 0", b[6:8])
		}
		if checksum(b[:n]) != 0 {
			t.Errorf("header checksum does not add up")
		}
		return b[n:]
	case 6:
		if got := int(binary.BigEndian.Uint16(b[4:])); got != len(b)-40 {
			t.Errorf("payload length %d, want %d", got, len(b)-40)
		}
		if b[6] == decoders.ProtoFragment {
			t.Errorf("the fragment header is still announced")
		}
		return b[40:]
	}
	t.Fatalf("version %d", b[0]>>4)
	return nil
}

func letters(c byte, n int) []byte { return bytes.Repeat([]byte{c}, n) }

// discard is for tests that do not look at what was given up.
func discard(Incomplete) {}

// checkConservation is the accounting equation of Stats.
func checkConservation(t testing.TB, table *Table) {
	t.Helper()
	s := table.Stats()
	var refused uint64
	for _, n := range s.Refused {
		refused += n
	}
	given := s.FragmentsV4 + s.FragmentsV6
	if sum := s.RebuiltFragments + s.GivenUpFragments + refused + s.HeldFragments; sum != given {
		t.Errorf("fragments: %d given, %d accounted for: %+v", given, sum, s)
	}
}

// checkEmpty is that all memory came back.
func checkEmpty(t testing.TB, table *Table) {
	t.Helper()
	if s := table.Stats(); s.Datagrams != 0 || s.HeldFragments != 0 || s.Bytes != 0 || table.pieces.inUse != 0 {
		t.Errorf("memory is still held: %+v, %d pieces", s, table.pieces.inUse)
	}
}
