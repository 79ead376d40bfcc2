package decoders_test

import (
	"testing"

	"spanwatch/decoders"
	. "spanwatch/decoders/decoderstest"
)

const hostA, hostB = "192.0.2.1", "192.0.2.2"

func flowKey(t *testing.T, layers ...Layer) (k decoders.FlowKey, reversed bool) {
	t.Helper()
	p := decode(t, layers...)
	if p.Refused != decoders.ReasonNone {
		t.Fatalf("refused: %v", p.Refused)
	}
	reversed = p.FlowKey(&k)
	return k, reversed
}

func TestFlowKeyIsTheSameInBothDirections(t *testing.T) {
	for _, c := range []struct {
		name        string
		there, back []Layer
	}{
		{"tcp", []Layer{IP4{Src: hostA, Dst: hostB}, TCP{Src: 4000, Dst: 80}}, []Layer{IP4{Src: hostB, Dst: hostA}, TCP{Src: 80, Dst: 4000}}},
		{"udp on ipv6", []Layer{IP6{}, UDP{Src: 4000, Dst: 53}}, []Layer{IP6{Src: "2001:db8::2", Dst: "2001:db8::1"}, UDP{Src: 53, Dst: 4000}}},
		{"one host with itself", []Layer{IP4{Src: hostA, Dst: hostA}, TCP{Src: 4000, Dst: 80}}, []Layer{IP4{Src: hostA, Dst: hostA}, TCP{Src: 80, Dst: 4000}}},
		{"echo", []Layer{IP4{Src: hostA, Dst: hostB}, ICMP4{Type: 8, Rest: 1}}, []Layer{IP4{Src: hostB, Dst: hostA}, ICMP4{Type: 0, Rest: 2}}},
		{"echo on ipv6", []Layer{IP6{}, ICMP6{Type: 128}}, []Layer{IP6{Src: "2001:db8::2", Dst: "2001:db8::1"}, ICMP6{Type: 129}}},
		{"neighbor discovery", []Layer{IP6{}, ICMP6{Type: 135}}, []Layer{IP6{Src: "2001:db8::2", Dst: "2001:db8::1"}, ICMP6{Type: 136}}},
		{"timestamps", []Layer{IP4{Src: hostA, Dst: hostB}, ICMP4{Type: 13}}, []Layer{IP4{Src: hostB, Dst: hostA}, ICMP4{Type: 14}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k1, r1 := flowKey(t, append([]Layer{Ether{}, VLAN{ID: 4}}, c.there...)...)
			k2, r2 := flowKey(t, append([]Layer{Ether{}, VLAN{ID: 4}}, c.back...)...)
			if k1 != k2 || r1 == r2 {
				t.Errorf("keys %+v and %+v, reversed %v and %v", k1, k2, r1, r2)
			}
			if k1.Hash(7) != k2.Hash(7) || k1.Hash(7) == k1.Hash(8) {
				t.Errorf("hashes %x %x, with another seed %x", k1.Hash(7), k2.Hash(7), k1.Hash(8))
			}
			if k3, _ := flowKey(t, append([]Layer{Ether{}, VLAN{ID: 5}}, c.there...)...); k3 == k1 || k3.Hash(7) == k1.Hash(7) {
				t.Error("another VLAN has the same key or hash")
			}
		})
	}
}

func TestFlowKeyTellsApart(t *testing.T) {
	seen := map[decoders.FlowKey]string{}
	for name, layers := range map[string][]Layer{
		"tcp":             {IP4{}, TCP{Src: 1, Dst: 2}},
		"udp":             {IP4{}, UDP{Src: 1, Dst: 2}},
		"other port":      {IP4{}, UDP{Src: 1, Dst: 3}},
		"swapped ports":   {IP4{}, UDP{Src: 2, Dst: 1}},
		"echo":            {IP4{}, ICMP4{Type: 8}},
		"echo of peer":    {IP4{}, ICMP4{Type: 0}},
		"router solicit":  {IP4{}, ICMP4{Type: 10}},
		"no ports":        {IP4{Proto: 89}},
		"other protocol":  {IP4{Proto: 50}, Zeros(8)},
		"ipv6 of the sum": {IP6{}, UDP{Src: 1, Dst: 2}},
	} {
		k, _ := flowKey(t, append([]Layer{Ether{}}, layers...)...)
		if other, ok := seen[k]; ok {
			t.Errorf("%q and %q have the same key", name, other)
		}
		seen[k] = name
	}
}

func TestFlowKeyHasTheIDOfTunnelsThatSeparateNetworks(t *testing.T) {
	inside := []Layer{IP4{}, UDP{Src: 7, Dst: 9}}
	key := func(outer ...Layer) (k decoders.FlowKey) {
		d := newDecoder(t, nil)
		var o, i decoders.Packet
		d.Decode(Frame(Build(append(append([]Layer{Ether{}, IP4{}}, outer...), inside...)...)), &o)
		if r := d.DecodeInner(&o, &i); r != decoders.ReasonNone {
			t.Fatalf("inner refused: %v", r)
		}
		i.FlowKey(&k)
		return k
	}
	vxlan := func(vni uint32) decoders.FlowKey { return key(UDP{Src: 1, Dst: 4789}, VXLAN{VNI: vni}, Ether{}) }
	if vxlan(1) == vxlan(2) || vxlan(1).TunnelID != 1 || vxlan(1).Depth != 1 {
		t.Errorf("keys of two VXLAN networks %+v %+v", vxlan(1), vxlan(2))
	}
	gtp := func(teid uint32) decoders.FlowKey { return key(UDP{Src: 2152, Dst: 2152}, GTPU{TEID: teid}) }
	if gtp(1) != gtp(2) {
		t.Errorf("keys of two GTP directions %+v %+v", gtp(1), gtp(2))
	}
}

func TestEmbeddedFlowKeyIsThatOfTheQuotedPacket(t *testing.T) {
	quoted := []Layer{IP4{Src: hostA, Dst: hostB}, UDP{Src: 4000, Dst: 53}}
	want, _ := flowKey(t, append([]Layer{Ether{}}, quoted...)...)
	p := decode(t, append([]Layer{Ether{}, IP4{Src: hostB, Dst: hostA}, ICMP4{Type: 3, Code: 3}}, quoted...)...)
	var got decoders.FlowKey
	reversed, ok := p.EmbeddedFlowKey(&got)
	if !ok || got != want || reversed {
		t.Errorf("key %+v reversed %v ok %v, want %+v", got, reversed, ok, want)
	}
	if _, ok := decode(t, Ether{}, IP4{}, udp53).EmbeddedFlowKey(&got); ok {
		t.Error("a packet that quotes nothing has an embedded key")
	}
}

func TestSeq(t *testing.T) {
	const top = decoders.Seq(0xffffffff)
	for _, c := range []struct {
		name string
		ok   bool
	}{
		{"less across the wrap", top.Less(0) && !decoders.Seq(0).Less(top)},
		{"not less than itself", !top.Less(top) && top.LessEq(top)},
		{"add wraps", top.Add(3) == 2},
		{"distance across the wrap", decoders.Seq(0).Sub(top) == 1 && top.Sub(0) == -1},
		{"window across the wrap", decoders.Seq(1).InWindow(top, 3) && !decoders.Seq(2).InWindow(top, 3) && !decoders.Seq(0xfffffffe).InWindow(top, 3)},
		{"half the circle ahead", decoders.Seq(0).Less(0x7fffffff) && !decoders.Seq(0).Less(0x80000001)},
	} {
		if !c.ok {
			t.Error(c.name)
		}
	}
}
