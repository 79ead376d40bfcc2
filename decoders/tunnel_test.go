package decoders_test

import (
	"strconv"
	"strings"
	"testing"

	"spanwatch/decoders"
	. "spanwatch/decoders/decoderstest"
)

func TestTunnels(t *testing.T) {
	inside := []Layer{IP4{Src: "10.0.0.1", Dst: "10.0.0.2"}, UDP{Src: 7, Dst: 9}, Bytes("inner")}
	inside6 := []Layer{IP6{Src: "fd00::1", Dst: "fd00::2"}, UDP{Src: 7, Dst: 9}, Bytes("inner")}
	const ip4Len, ip6Len = 20 + 8 + 5, 40 + 8 + 5
	framed := append([]Layer{Ether{}}, inside...)
	for _, c := range []struct {
		name  string
		outer []Layer
		inner []Layer
		kind  decoders.TunnelKind
		id    uint32
		wire  int // what the inner packet counts
		vlans string
	}{
		{"gre", []Layer{IP4{}, GRE{}}, inside, decoders.TunnelGRE, 0, ip4Len, ""},
		{"gre with checksum, key and sequence", []Layer{IP4{}, GRE{Flags: 0xb000, Fields: "\x00\x00\x00\x00\x00\x00\x00\x2a\x00\x00\x00\x01"}}, inside6, decoders.TunnelGRE, 42, ip6Len, ""},
		{"gre of frames", []Layer{IP6{}, GRE{}}, framed, decoders.TunnelGRE, 0, 14 + ip4Len, ""},
		{"gre of tagged packets", []Layer{IP4{}, GRE{}}, append([]Layer{VLAN{ID: 9}}, inside...), decoders.TunnelGRE, 0, 4 + ip4Len, "9"},
		{"pptp", []Layer{IP4{}, GRE{Flags: 0x3081, Type: 0x880b, Fields: "\x00\x00\x00\x07\x00\x00\x00\x01\x00\x00\x00\x01"}, PPP{}}, inside, decoders.TunnelGRE, 7, 2 + ip4Len, ""},
		{"erspan type i", []Layer{IP4{}, GRE{Type: 0x88be}}, framed, decoders.TunnelERSPAN, 0, 14 + ip4Len, ""},
		{"erspan type ii", []Layer{IP4{}, GRE{Flags: 0x1000, Fields: "\x00\x00\x00\x01"}, ERSPAN2{VLAN: 5, Session: 3}}, framed, decoders.TunnelERSPAN, 3, 14 + ip4Len, "5"},
		{"erspan type iii", []Layer{IP4{}, GRE{Flags: 0x1000, Fields: "\x00\x00\x00\x01"}, ERSPAN3{VLAN: 5, Session: 3}}, framed, decoders.TunnelERSPAN, 3, 14 + ip4Len, "5"},
		{"ipv4 in ipv4", []Layer{IP4{}}, inside, decoders.TunnelIPIP, 0, ip4Len, ""},
		{"ipv6 in ipv4", []Layer{IP4{}}, inside6, decoders.TunnelIPv6, 0, ip6Len, ""},
		{"ipv4 in ipv6", []Layer{IP6{}}, inside, decoders.TunnelIPIP, 0, ip4Len, ""},
		{"ipv6 in ipv6 with options", []Layer{IP6{}, Ext{Kind: 60, Body: "\x04\x01\x04"}}, inside6, decoders.TunnelIPv6, 0, ip6Len, ""},
		{"vxlan", []Layer{IP4{}, UDP{Src: 50000, Dst: 4789}, VXLAN{VNI: 0xabcdef}}, framed, decoders.TunnelVXLAN, 0xabcdef, ip4Len, ""},
		{"vxlan of tagged frames", []Layer{IP4{}, UDP{Src: 50000, Dst: 4789}, VXLAN{VNI: 1}, Ether{}, VLAN{ID: 33}}, inside, decoders.TunnelVXLAN, 1, ip4Len, "33"},
		{"geneve with options", []Layer{IP6{}, UDP{Src: 50000, Dst: 6081}, Geneve{VNI: 77, Options: "\x00\x00\x00\x00"}}, framed, decoders.TunnelGeneve, 77, ip4Len, ""},
		{"geneve of ipv6", []Layer{IP4{}, UDP{Src: 50000, Dst: 6081}, Geneve{VNI: 77}}, inside6, decoders.TunnelGeneve, 77, ip6Len, ""},
		{"gtp-u", []Layer{IP4{}, UDP{Src: 2152, Dst: 2152}, GTPU{TEID: 5}}, inside, decoders.TunnelGTPU, 5, ip4Len, ""},
		{"gtp-u with extension headers", []Layer{IP4{}, UDP{Src: 2152, Dst: 2152}, GTPU{TEID: 5, Flags: 4, Extensions: "\x00\x00\x00\x85\x01\x00\x09\xc0\x01\x00\x00\x00"}}, inside6, decoders.TunnelGTPU, 5, ip6Len, ""},
		{"teredo", []Layer{IP4{}, UDP{Src: 50000, Dst: 3544}}, inside6, decoders.TunnelTeredo, 0, ip6Len, ""},
		{"teredo with authentication and origin", []Layer{IP4{}, UDP{Src: 3544, Dst: 50000}, Raw{Data: "\x00\x01\x00\x00" + strings.Repeat("n", 9) + "\x00\x00\x11\x22\x33\x44\x55\x66"}}, inside6, decoders.TunnelTeredo, 0, ip6Len, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(t, nil)
			layers := append([]Layer{Ether{}, VLAN{ID: 100}}, c.outer...)
			frame := Build(append(layers, c.inner...)...)
			var outer, inner decoders.Packet
			if r := d.Decode(Frame(frame), &outer); r != decoders.ReasonNone {
				t.Fatalf("outer refused: %v", r)
			}
			if outer.Inner != c.kind || outer.InnerID != c.id {
				t.Fatalf("carries %v id %d, want %v id %d", outer.Inner, outer.InnerID, c.kind, c.id)
			}
			if r := d.DecodeInner(&outer, &inner); r != decoders.ReasonNone {
				t.Fatalf("inner refused: %v (events %v)", r, inner.Events.Append(nil))
			}
			if inner.SrcPort != 7 || inner.DstPort != 9 || string(inner.Payload()) != "inner" {
				t.Errorf("ports %d %d payload %q, want 7 9 \"inner\"", inner.SrcPort, inner.DstPort, inner.Payload())
			}
			if inner.Tunnel != c.kind || inner.TunnelID != c.id || inner.Depth != 1 || inner.WireLen != uint32(c.wire) || inner.Number != 1 {
				t.Errorf("tunnel %v id %d depth %d wire length %d number %d, want %v %d 1 %d 1",
					inner.Tunnel, inner.TunnelID, inner.Depth, inner.WireLen, inner.Number, c.kind, c.id, c.wire)
			}
			if got := vlanText(&inner); got != c.vlans {
				t.Errorf("VLANs %q, want %q", got, c.vlans)
			}

			off := newDecoder(t, func(cfg *decoders.Config) { cfg.MaxDepth = 0 })
			off.Decode(Frame(frame), &outer)
			if r := off.DecodeInner(&outer, &inner); r != decoders.ReasonTunnelDepth {
				t.Errorf("with depth 0: %v, want %v", r, decoders.ReasonTunnelDepth)
			}
		})
	}
}

func vlanText(p *decoders.Packet) string {
	var s []string
	for _, id := range p.VLANs[:p.VLANCount] {
		s = append(s, strconv.Itoa(int(id)))
	}
	return strings.Join(s, " ")
}

func TestNoTunnelByPortAlone(t *testing.T) {
	d := newDecoder(t, nil)
	for _, c := range []struct {
		name  string
		inner []Layer
		event decoders.Event
		odd   bool
	}{
		{"vxlan without its flag", []Layer{UDP{Src: 1, Dst: 4789}, Zeros(60)}, 0, false},
		{"vxlan of unknown ethertype", []Layer{UDP{Src: 1, Dst: 4789}, VXLAN{}, Ether{Type: 0x1234}, Zeros(20)}, decoders.EventVXLANUnknownPayloadType, true},
		{"vxlan from its port", []Layer{UDP{Src: 4789, Dst: 1}, VXLAN{}, Ether{}, IP4{}, UDP{}}, 0, false},
		{"geneve of unknown type", []Layer{UDP{Src: 1, Dst: 6081}, Geneve{Type: 0x1234}, Zeros(20)}, decoders.EventGeneveUnknownPayloadType, true},
		{"gtp-u echo", []Layer{UDP{Src: 2152, Dst: 2152}, Bytes("\x32\x01\x00\x04\x00\x00\x00\x00\x00\x01\x00\x00")}, 0, false},
		{"gtp-u extension of length 0", []Layer{UDP{Src: 2152, Dst: 2152}, GTPU{Flags: 4, Extensions: "\x00\x00\x00\x85\x00\x00\x00\x00"}, IP4{}, UDP{}}, 0, false},
		{"teredo of another length", []Layer{UDP{Src: 1, Dst: 3544}, IP6{PayloadLen: 9}, Zeros(4)}, 0, false},
		{"teredo set-up", []Layer{UDP{Src: 1, Dst: 3544}, Raw{Data: "\x00\x01\x00\x00" + strings.Repeat("n", 9)}, IP6{}, ICMP6{Type: 133}}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p decoders.Packet
			r := d.Decode(Frame(Build(append([]Layer{Ether{}, IP4{}}, c.inner...)...)), &p)
			if r != decoders.ReasonNone || p.Inner != decoders.TunnelNone {
				t.Errorf("%v, carries %v, want none, none", r, p.Inner)
			}
			if got := !p.Events.Empty(); got != c.odd || c.odd && !p.Events.Has(c.event) {
				t.Errorf("events %v", p.Events.Append(nil))
			}
		})
	}
}

func TestTunnelPortsAreConfigurable(t *testing.T) {
	frame := Frame(Build(Ether{}, IP4{}, UDP{Src: 1, Dst: 8472}, VXLAN{VNI: 1}, Ether{}, IP4{}, UDP{}))
	var p decoders.Packet
	newDecoder(t, nil).Decode(frame, &p)
	if p.Inner != decoders.TunnelNone {
		t.Errorf("port 8472 by default carries %v", p.Inner)
	}
	newDecoder(t, func(c *decoders.Config) { c.VXLANPorts = []uint16{4789, 8472} }).Decode(frame, &p)
	if p.Inner != decoders.TunnelVXLAN {
		t.Errorf("port 8472 when configured carries %v", p.Inner)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, cfg := range map[string]decoders.Config{
		"negative depth":      {MaxDepth: -1},
		"depth beyond reason": {MaxDepth: 1000},
		"port 0":              {VXLANPorts: []uint16{0}},
		"checksum mode":       {Checksums: 9},
	} {
		if _, err := decoders.NewDecoder(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestInnerOfNothing(t *testing.T) {
	var outer, inner decoders.Packet
	d := newDecoder(t, nil)
	d.Decode(Frame(Build(Ether{}, IP4{}, udp53)), &outer)
	if r := d.DecodeInner(&outer, &inner); r != decoders.ReasonNoInner {
		t.Errorf("DecodeInner() = %v, want %v", r, decoders.ReasonNoInner)
	}
}
