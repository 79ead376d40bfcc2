package decoders_test

import (
	"testing"

	"spanwatch/decoders"
	. "spanwatch/decoders/decoderstest"
)

func TestChecksums(t *testing.T) {
	d := newDecoder(t, func(c *decoders.Config) { c.Checksums = decoders.ChecksumsOn })
	const good, bad, none = decoders.ChecksumGood, decoders.ChecksumBad, decoders.ChecksumUnchecked
	for _, c := range []struct {
		name   string
		layers []Layer
		ip, l4 decoders.Checksum
	}{
		{"tcp over ipv4", []Layer{IP4{}, tcp80, Bytes("abc")}, good, good},
		{"bad ipv4 header", []Layer{IP4{BadSum: true}, tcp80}, bad, good},
		{"bad tcp", []Layer{IP4{}, TCP{BadSum: true}, Bytes("abc")}, good, bad},
		{"tcp over ipv6", []Layer{IP6{}, tcp80, Bytes("abc")}, none, good},
		{"bad tcp over ipv6", []Layer{IP6{}, TCP{BadSum: true}}, none, bad},
		{"udp", []Layer{IP4{}, udp53, Zeros(77)}, good, good},
		{"bad udp", []Layer{IP4{}, UDP{Src: 1, BadSum: true}, Zeros(77)}, good, bad},
		{"udp without checksum", []Layer{IP4{}, UDP{NoSum: true}}, good, none},
		{"udp over ipv6 without checksum", []Layer{IP6{}, UDP{NoSum: true}}, none, bad},
		{"vxlan over ipv6 without checksum", []Layer{IP6{}, UDP{Dst: 4789, NoSum: true}, VXLAN{}, Ether{}, IP4{}, UDP{}}, none, none},
		{"icmpv4", []Layer{IP4{}, ICMP4{Type: 8}, Bytes("odd")}, good, good},
		{"bad icmpv4", []Layer{IP4{}, ICMP4{Type: 8, BadSum: true}}, good, bad},
		{"icmpv6", []Layer{IP6{}, ICMP6{Type: 128}, Bytes("odd")}, none, good},
		{"bad icmpv6", []Layer{IP6{}, ICMP6{Type: 128, BadSum: true}}, none, bad},
		{"fragment", []Layer{IP4{MF: true}, tcp80}, good, none},
		{"routing header with segments left", []Layer{IP6{}, Ext{Kind: 43, Body: "\x02\x01"}, TCP{BadSum: true}}, none, none},
		{"ipv4 source route", []Layer{IP4{Options: "\x83\x07\x04\x01\x02\x03\x04\x00"}, TCP{BadSum: true}}, good, none},
		{"trailer is not summed", []Layer{IP4{}, tcp80, Bytes("a"), Trailer("\xff\xff\xff")}, good, good},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p decoders.Packet
			d.Decode(Frame(Build(append([]Layer{Ether{}}, c.layers...)...)), &p)
			if p.IPChecksum != c.ip || p.L4Checksum != c.l4 {
				t.Errorf("checksums %v %v, want %v %v", p.IPChecksum, p.L4Checksum, c.ip, c.l4)
			}
			newDecoder(t, nil).Decode(Frame(Build(append([]Layer{Ether{}}, c.layers...)...)), &p)
			if p.IPChecksum != none || p.L4Checksum != none {
				t.Errorf("switched off: checksums %v %v", p.IPChecksum, p.L4Checksum)
			}
		})
	}
}

// Every length exercises another mix of the steps of the fast sum; the
// builder's sum goes two bytes a step.
func TestChecksumOfEveryLength(t *testing.T) {
	d := newDecoder(t, func(c *decoders.Config) { c.Checksums = decoders.ChecksumsOn })
	payload := make([]byte, 300)
	for i := range payload {
		payload[i] = byte(i*i>>3) | 0xf0
	}
	for n := range payload {
		frame := Build(Ether{}, IP4{}, TCP{Src: 0xffff, Dst: 0xffff}, Bytes(payload[:n]))
		var p decoders.Packet
		d.Decode(Frame(frame), &p)
		if p.L4Checksum != decoders.ChecksumGood {
			t.Errorf("%d bytes: %v, want good", n, p.L4Checksum)
		}
		frame[14+20+4]++
		d.Decode(Frame(frame), &p)
		if p.L4Checksum != decoders.ChecksumBad {
			t.Errorf("%d bytes, one changed: %v, want bad", n, p.L4Checksum)
		}
	}
}
