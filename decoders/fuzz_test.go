package decoders_test

import (
	"reflect"
	"testing"

	"spanwatch/decoders"
	. "spanwatch/decoders/decoderstest"
)

var fuzzLinks = []decoders.LinkType{
	decoders.LinkEthernet, decoders.LinkRaw, decoders.LinkLinuxSLL, decoders.LinkSLL2,
	decoders.LinkNull, decoders.LinkPPP, decoders.LinkCHDLC,
}

// FuzzDecode decodes hostile bytes, tunnels within included. link picks the
// link type, snapped is how many bytes more there were on the wire.
func FuzzDecode(f *testing.F) {
	for i := range decodeCases {
		f.Add(decodeCases[i].frame, uint8(0), uint16(0))
	}
	for _, b := range [][]byte{
		Build(Ether{}, IP4{}, UDP{Src: 1, Dst: 4789}, VXLAN{VNI: 1}, Ether{}, VLAN{ID: 1}, IP6{}, Ext{Kind: 0}, tcp80),
		Build(Ether{}, IP4{}, UDP{Src: 1, Dst: 6081}, Geneve{VNI: 1, Options: "abcd"}, Ether{}, IP4{}, udp53),
		Build(Ether{}, IP4{}, UDP{Src: 1, Dst: 2152}, GTPU{Flags: 4, Extensions: "\x00\x00\x00\x85\x01\x00\x09\x00"}, IP4{}, udp53),
		Build(Ether{}, IP4{}, UDP{Src: 1, Dst: 3544}, IP6{}, udp53),
		Build(Ether{}, IP4{}, GRE{Flags: 0xf000, Fields: "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x00"}, IP4{}, IP4{}, IP6{}, udp53),
		Build(Ether{}, IP4{}, GRE{Flags: 0x1000, Fields: "\x00\x00\x00\x01"}, ERSPAN3{VLAN: 1}, Ether{}, IP4{}, udp53),
		Build(Ether{}, IP6{}, ICMP6{Type: 1}, IP6{}, Frag6{}, Ext{Kind: 60}, udp53),
		Build(Ether{}, IP4{}, ICMP4{Type: 3}, IP4{Options: "\x94\x04\x00\x00"}, udp53),
	} {
		for link := range fuzzLinks {
			f.Add(b, uint8(link), uint16(link*20))
		}
	}
	d := newDecoder(f, func(c *decoders.Config) { c.Checksums = decoders.ChecksumsOn })
	used := new(decoders.Packet)
	f.Fuzz(func(t *testing.T, data []byte, link uint8, snapped uint16) {
		frame := &decoders.Frame{
			Data: data, Number: 1, WireLen: uint32(len(data)) + uint32(snapped), Link: fuzzLinks[int(link)%len(fuzzLinks)],
		}
		p := new(decoders.Packet)
		if r := d.Decode(frame, p); r != d.Decode(frame, used) || !reflect.DeepEqual(p, used) {
			t.Fatalf("into a used packet: %+v, want %+v", used, p)
		}
		checkPacket(t, p)
		for depth := 1; p.Inner != decoders.TunnelNone; depth++ {
			if depth > decoders.DefaultMaxDepth+1 {
				t.Fatalf("%d tunnels followed", depth)
			}
			inner := new(decoders.Packet)
			if r := d.DecodeInner(p, inner); r != d.DecodeInner(p, used) || !reflect.DeepEqual(inner, used) {
				t.Fatalf("into a used inner packet: %+v, want %+v", used, inner)
			}
			if int(inner.Depth) != depth || inner.WireLen > p.WireLen {
				t.Fatalf("depth %d worth %d in %d, want depth %d", inner.Depth, inner.WireLen, p.WireLen, depth)
			}
			checkPacket(t, inner)
			p = inner
		}
	})
}

// checkPacket checks what holds of every packet, whatever the bytes.
func checkPacket(t *testing.T, p *decoders.Packet) {
	t.Helper()
	n := uint32(len(p.Data))
	if p.Refused >= decoders.ReasonCount {
		t.Errorf("reason %d", p.Refused)
	}
	if p.PayloadOffset > n || p.PayloadOffset+p.PayloadLen > n {
		t.Fatalf("%v: payload %d+%d of %d bytes", p.Refused, p.PayloadOffset, p.PayloadLen, n)
	}
	if p.EthOffset > n || p.IPOffset > n || p.L4Offset > n || p.FragHeaderOffset > n || p.FragNextOffset > n {
		t.Errorf("offsets beyond %d bytes: %+v", n, p)
	}
	if int(p.VLANCount) > len(p.VLANs) {
		t.Errorf("%d VLANs", p.VLANCount)
	}
	for _, e := range p.Events.Append(nil) {
		if e >= decoders.EventCount {
			t.Errorf("event %d", e)
		}
	}
	ip := p.Layers & (decoders.LayerIPv4 | decoders.LayerIPv6)
	if (ip == decoders.LayerIPv4) != (p.IPVersion == 4) || (ip == decoders.LayerIPv6) != (p.IPVersion == 6) {
		t.Errorf("layers %b of version %d", p.Layers, p.IPVersion)
	}
	if ip != 0 && (p.IPOffset+uint32(p.IPHeaderLen) > n || p.IPLen < uint32(p.IPHeaderLen)) {
		t.Errorf("IP header %d+%d, length %d, of %d bytes", p.IPOffset, p.IPHeaderLen, p.IPLen, n)
	}
	transport := p.Layers & (decoders.LayerTCP | decoders.LayerUDP | decoders.LayerSCTP | decoders.LayerICMPv4 | decoders.LayerICMPv6)
	switch {
	case transport&(transport-1) != 0:
		t.Errorf("two transport layers: %b", p.Layers)
	case transport != 0 && (ip == 0 || p.L4Offset < p.IPOffset+uint32(p.IPHeaderLen)):
		t.Errorf("transport at %d, IP header %d+%d", p.L4Offset, p.IPOffset, p.IPHeaderLen)
	case transport == 0 && p.SrcPort|p.DstPort != 0:
		t.Errorf("ports without transport: %+v", p)
	}
	if p.Refused == decoders.ReasonNone && ip == 0 {
		t.Errorf("a whole packet without IP: %+v", p)
	}
	if (p.Refused == decoders.ReasonFragment) != p.Layers.Has(decoders.LayerFragment) {
		t.Errorf("%v with layers %b", p.Refused, p.Layers)
	}
	if p.Inner == decoders.TunnelNone {
		return
	}
	if p.Refused != decoders.ReasonNone || p.InnerOffset < p.PayloadOffset || p.InnerOffset > p.PayloadOffset+p.PayloadLen {
		t.Errorf("%v: carries %v at %d, payload %d+%d", p.Refused, p.Inner, p.InnerOffset, p.PayloadOffset, p.PayloadLen)
	}
	if p.InnerWireLen < p.PayloadOffset+p.PayloadLen-p.InnerOffset && p.Inner != decoders.TunnelTeredo && p.Inner != decoders.TunnelGTPU {
		t.Errorf("carries %d bytes, %d captured", p.InnerWireLen, p.PayloadOffset+p.PayloadLen-p.InnerOffset)
	}
}
