package decoders_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	. "spanwatch/decoders/decoderstest"
)

func decode(t *testing.T, layers ...Layer) *decoders.Packet {
	t.Helper()
	var p decoders.Packet
	newDecoder(t, nil).Decode(Frame(Build(layers...)), &p)
	return &p
}

func TestIPv4Fields(t *testing.T) {
	p := decode(t, Ether{}, VLAN{ID: 1}, IP4{Src: "1.2.3.4", Dst: "5.6.7.8", TTL: 9, TOS: 0xb8, ID: 0xabcd, DF: true, Options: "\x01\x01\x94\x04\x00\x00\x00\x00"}, udp53, Bytes("xy"))
	if p.Src.Netip(4).String() != "1.2.3.4" || p.Dst.Netip(4).String() != "5.6.7.8" {
		t.Errorf("addresses %v %v", p.Src, p.Dst)
	}
	if p.TTL != 9 || p.TOS != 0xb8 || p.IPID != 0xabcd || !p.DontFragment || p.MoreFragments {
		t.Errorf("TTL %d TOS %x id %x DF %v MF %v", p.TTL, p.TOS, p.IPID, p.DontFragment, p.MoreFragments)
	}
	if p.IPOffset != 18 || p.IPHeaderLen != 28 || p.IPLen != 38 || p.L4Offset != 46 || p.PayloadOffset != 54 || p.PayloadLen != 2 {
		t.Errorf("offsets %d+%d of %d, %d, %d+%d", p.IPOffset, p.IPHeaderLen, p.IPLen, p.L4Offset, p.PayloadOffset, p.PayloadLen)
	}
	if want := uint32(1<<1 | 1<<20 | 1<<0); p.IPv4Options != want {
		t.Errorf("options %b, want %b", p.IPv4Options, want)
	}
}

func TestTCPFields(t *testing.T) {
	p := decode(t, Ether{}, IP6{Class: 3}, TCP{
		Src: 1, Dst: 2, Seq: 0xfffffff0, Ack: 7, Flags: decoders.TCPSyn | decoders.TCPCwr, Window: 1024, Urgent: 5,
		Options: "\x02\x04\x05\xb4\x04\x02\x08\x0a\x00\x00\x00\x09\x00\x00\x00\x08\x01\x03\x03\x07\x05\x0a12345678\x22\x02",
	})
	if p.Seq != 0xfffffff0 || p.Ack != 7 || p.TCPFlags != decoders.TCPSyn|decoders.TCPCwr || p.TCPWindow != 1024 || p.TCPUrgent != 5 || p.TOS != 3 {
		t.Errorf("header %+v", p)
	}
	if p.TCPMSS != 1460 || p.TCPWScale != 7 || p.TSVal != 9 || p.TSEcr != 8 {
		t.Errorf("MSS %d scale %d timestamps %d %d", p.TCPMSS, p.TCPWScale, p.TSVal, p.TSEcr)
	}
	want := uint16(decoders.TCPOptMSS | decoders.TCPOptSACKOK | decoders.TCPOptTimestamp | decoders.TCPOptWScale | decoders.TCPOptSACK | decoders.TCPOptTFO)
	if p.TCPOpts != want {
		t.Errorf("options %b, want %b", p.TCPOpts, want)
	}
}

func TestIPv6FragmentFields(t *testing.T) {
	p := decode(t, Ether{}, IP6{}, Ext{Kind: 60, Body: "\x01\x04"}, Frag6{Next: 6, Offset: 1480, More: true, ID: 0xfeedface}, Bytes("12345678"))
	if p.Refused != decoders.ReasonFragment || p.FragOffset != 1480 || !p.MoreFragments || p.IPID != 0xfeedface || p.Proto != 6 {
		t.Fatalf("%v offset %d more %v id %x protocol %d", p.Refused, p.FragOffset, p.MoreFragments, p.IPID, p.Proto)
	}
	if p.FragHeaderOffset != 14+40+8 || p.FragNextOffset != 14+40 || p.IPHeaderLen != 56 || p.PayloadOffset != 14+56 {
		t.Errorf("fragment header at %d named at %d, header %d, payload at %d", p.FragHeaderOffset, p.FragNextOffset, p.IPHeaderLen, p.PayloadOffset)
	}
}

func TestJumbogram(t *testing.T) {
	const size = 70000
	body := binary.BigEndian.AppendUint32([]byte("\xc2\x04"), 8+8+size)
	p := decode(t, Ether{}, IP6{PayloadLen: -1}, Ext{Kind: 0, Next: 17, Body: string(body)}, UDP{Src: 1, Dst: 2, Len: -1}, Zeros(size))
	if p.Refused != decoders.ReasonNone || p.IPLen != 40+8+8+size || p.PayloadLen != size {
		t.Errorf("%v, length %d, payload %d", p.Refused, p.IPLen, p.PayloadLen)
	}
}

func TestAncillaryVLANIsOutermost(t *testing.T) {
	f := Frame(Build(Ether{}, VLAN{ID: 20}, IP4{}, udp53))
	f.HasVLAN, f.VLAN = true, 0x6000|10
	var p decoders.Packet
	newDecoder(t, nil).Decode(f, &p)
	if got := p.VLANs[:p.VLANCount]; !slices.Equal(got, []uint16{10, 20}) || !p.Layers.Has(decoders.LayerVLAN) {
		t.Errorf("VLANs %v layers %b", got, p.Layers)
	}
}

// A capture that keeps only the head of each frame still counts right.
func TestSnappedFrame(t *testing.T) {
	whole := Build(Ether{}, IP4{}, TCP{Src: 1, Dst: 2, Options: timestampOption}, Zeros(1000))
	d := newDecoder(t, func(c *decoders.Config) { c.Checksums = decoders.ChecksumsOn })
	for _, c := range []struct {
		name    string
		keep    int
		refused decoders.Reason
		ports   bool
		payload uint32
	}{
		{"in the payload", 14 + 20 + 32 + 100, decoders.ReasonNone, true, 100},
		{"behind the options", 14 + 20 + 32, decoders.ReasonNone, true, 0},
		{"in the options", 14 + 20 + 24, decoders.ReasonNone, true, 0},
		{"in the tcp header", 14 + 20 + 19, decoders.ReasonTruncated, false, 0},
		{"in the ip header", 14 + 19, decoders.ReasonTruncated, false, 0},
		{"in the ethernet header", 13, decoders.ReasonTruncated, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Frame(whole[:c.keep])
			f.WireLen = uint32(len(whole))
			var p decoders.Packet
			if r := d.Decode(f, &p); r != c.refused {
				t.Errorf("Decode() = %v, want %v", r, c.refused)
			}
			if (p.DstPort == 2) != c.ports || p.WireLen != uint32(len(whole)) {
				t.Errorf("port %d wire length %d", p.DstPort, p.WireLen)
			}
			if c.refused != decoders.ReasonNone {
				return
			}
			if !p.Truncated || p.IPLen != 20+32+1000 || p.PayloadLen != c.payload || p.L4Checksum != decoders.ChecksumUnchecked {
				t.Errorf("truncated %v, length %d, payload %d, checksum %v", p.Truncated, p.IPLen, p.PayloadLen, p.L4Checksum)
			}
		})
	}
}

func TestSnappedTunnelCountsWhatWasOnTheWire(t *testing.T) {
	whole := Build(Ether{}, IP4{}, GRE{}, IP4{}, UDP{Src: 7, Dst: 9}, Zeros(1000))
	f := Frame(whole[:14+20+4+20+8+10])
	f.WireLen = uint32(len(whole))
	d := newDecoder(t, nil)
	var outer, inner decoders.Packet
	d.Decode(f, &outer)
	if r := d.DecodeInner(&outer, &inner); r != decoders.ReasonNone {
		t.Fatalf("inner refused: %v", r)
	}
	if inner.WireLen != 1028 || inner.PayloadLen != 10 || !inner.Truncated {
		t.Errorf("wire length %d, payload %d, truncated %v, want 1028, 10, true", inner.WireLen, inner.PayloadLen, inner.Truncated)
	}
}

func TestICMPFields(t *testing.T) {
	p := decode(t, Ether{}, IP4{}, ICMP4{Type: 8, Rest: 0x1234_0005})
	if !p.HasICMPID || p.ICMPID != 0x1234 || p.ICMPSeq != 5 {
		t.Errorf("echo id %x seq %d (%v)", p.ICMPID, p.ICMPSeq, p.HasICMPID)
	}
	p = decode(t, Ether{}, IP4{}, ICMP4{Type: 3, Code: 4, Rest: 1400}, IP4{Src: "10.0.0.1", Dst: "10.0.0.2"}, TCP{Src: 5, Dst: 6})
	if p.ICMPMTU != 1400 || !p.HasEmbedded || p.Embedded.SrcPort != 5 || p.Embedded.DstPort != 6 || p.Embedded.Proto != 6 || p.Embedded.Dst.Netip(4).String() != "10.0.0.2" {
		t.Errorf("MTU %d embedded %v %+v", p.ICMPMTU, p.HasEmbedded, p.Embedded)
	}
	p = decode(t, Ether{}, IP6{}, ICMP6{Type: 2, Rest: 1280}, IP6{Src: "fd00::1", Dst: "fd00::2"}, Ext{Kind: 60, Body: "\x01\x04"}, UDP{Src: 5, Dst: 6})
	if p.ICMPMTU != 1280 || !p.HasEmbedded || p.Embedded.SrcPort != 5 || p.Embedded.DstPort != 6 || p.Embedded.Proto != 17 || p.Embedded.Src.Netip(6).String() != "fd00::1" {
		t.Errorf("MTU %d embedded %v %+v", p.ICMPMTU, p.HasEmbedded, p.Embedded)
	}
}

func TestRebuiltDatagram(t *testing.T) {
	d := newDecoder(t, nil)
	var last, p decoders.Packet
	pieces := Fragments(16, []Layer{Ether{}, VLAN{ID: 12}}, IP4{ID: 3}, UDP{Src: 7, Dst: 9}, Bytes(strings.Repeat("z", 50)))
	var body []byte
	for _, piece := range pieces {
		if r := d.Decode(Frame(piece), &last); r != decoders.ReasonFragment {
			t.Fatalf("Decode() = %v, want fragment", r)
		}
		if int(last.FragOffset) != len(body) {
			t.Fatalf("offset %d, want %d", last.FragOffset, len(body))
		}
		body = append(body, last.Payload()...)
	}
	datagram := Build(IP4{ID: 3, Proto: 17}, Bytes(body))
	if r := d.DecodeRebuilt(datagram, &last, &p); r != decoders.ReasonNone {
		t.Fatalf("DecodeRebuilt() = %v", r)
	}
	if !p.Rebuilt || p.DstPort != 9 || p.PayloadLen != 50 || p.WireLen != 18+78 || p.VLANs[0] != 12 || p.VLANCount != 1 || p.Number != 1 {
		t.Errorf("rebuilt %+v", p)
	}
}
