package defrag

import (
	"net/netip"
	"testing"
	"time"

	"spanwatch/decoders"
)

func TestFragmentsThatAreRefused(t *testing.T) {
	cases := []struct {
		name   string
		s      spec
		policy Policy
		want   Reason
		event  decoders.Event
	}{
		{"a packet that is no fragment", spec{version: 4, data: letters('a', 8), mutate: func(p *decoders.Packet) { p.Layers = decoders.LayerIPv4 }}, 0, ReasonNotFragment, 0},
		{"a whole IPv4 datagram", spec{version: 4, data: letters('a', 8)}, 0, ReasonNotFragment, 0},
		{"a packet of another protocol", spec{version: 4, offset: 8, data: letters('a', 8), mutate: func(p *decoders.Packet) { p.IPVersion = 0 }}, 0, ReasonNotFragment, 0},
		{"a fragment that the capture cut", spec{version: 4, offset: 8, data: letters('a', 8), cut: 1}, 0, ReasonTruncated, 0},
		{"a fragment that the capture cut in its header", spec{version: 6, offset: 8, data: letters('a', 8), cut: 20}, 0, ReasonTruncated, 0},
		{"no data", spec{version: 4, offset: 8, more: true}, 0, ReasonEmpty, decoders.EventIPv4FragIgnored},
		{"no data at the end", spec{version: 4, offset: 8}, 0, ReasonEmpty, decoders.EventIPv4FragIgnored},
		{"no data in IPv6", spec{version: 6, offset: 8}, 0, ReasonEmpty, decoders.EventIPv6FragIgnored},
		{"the ping of death", spec{version: 4, offset: 65464, data: letters('a', 71)}, 0, ReasonTooLarge, decoders.EventIPv4FragPktTooLarge},
		{"the ping of death in IPv6", spec{version: 6, offset: 65528, data: letters('a', 8)}, 0, ReasonTooLarge, decoders.EventIPv6FragPktTooLarge},
		{"an odd length that the BSDs drop", spec{version: 4, more: true, data: letters('a', 9)}, PolicyBSD, ReasonMisaligned, decoders.EventIPv4FragIgnored},
		{"an odd length in IPv6", spec{version: 6, more: true, data: letters('a', 9)}, PolicyLinux, ReasonMisaligned, decoders.EventIPv6FragInvalidLength},
		{"nothing left of an odd length in Linux", spec{version: 4, more: true, data: letters('a', 7)}, PolicyLinux, ReasonEmpty, decoders.EventIPv4FragIgnored},
		{"a header length below 20", spec{version: 4, more: true, data: letters('a', 8), mutate: func(p *decoders.Packet) { p.Data[linkLen] = 0x44 }}, 0, ReasonMalformed, 0},
		{"a fragment header inside the IPv6 header", spec{version: 6, more: true, data: letters('a', 8), mutate: func(p *decoders.Packet) { p.FragHeaderOffset = linkLen + 39 }}, 0, ReasonMalformed, 0},
		{"a fragment header that nothing announced", spec{version: 6, more: true, data: letters('a', 8), mutate: func(p *decoders.Packet) { p.FragNextOffset = p.FragHeaderOffset }}, 0, ReasonMalformed, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			table := newTable(t, func(cfg *Config) {
				if c.policy != 0 {
					cfg.Default = c.policy
				}
			})
			p := c.s.packet()
			_, r := table.Add(p)
			if r.Status != Refused || r.Reason != c.want {
				t.Errorf("%v, %v, want refused, %v", r.Status, r.Reason, c.want)
			}
			var want decoders.EventSet
			if c.event != 0 {
				want.Add(c.event)
			}
			if p.Events != want {
				t.Errorf("events %v, want %v", p.Events, want)
			}
			if table.Stats().Refused[c.want] != 1 {
				t.Errorf("it was not counted")
			}
			checkConservation(t, table)
			checkEmpty(t, table)
		})
	}
}

// add feeds fragments and returns the last answer.
func add(table *Table, specs ...spec) (g Datagram, r Result, events decoders.EventSet) {
	for _, s := range specs {
		p := s.packet()
		g, r = table.Add(p)
		events = p.Events
	}
	return g, r, events
}

func TestOddLengthsByPolicy(t *testing.T) {
	for _, c := range []struct {
		policy Policy
		want   string
	}{
		{PolicyLinux, "aaaaaaaabb"},   // cut down to 8
		{PolicyWindows, "aaaaaaaaab"}, // the ninth byte was there first
	} {
		table := newTable(t, func(cfg *Config) { cfg.Default = c.policy })
		g, r, _ := add(table,
			spec{version: 4, more: true, data: letters('a', 9)},
			spec{version: 4, offset: 8, data: letters('b', 2)})
		if r.Status != Completed {
			t.Fatalf("%v: %v", c.policy, r.Status)
		}
		if got := string(payload(t, g)); got != c.want {
			t.Errorf("%v: got %q, want %q", c.policy, got, c.want)
		}
	}
}

func TestTheEndByPolicy(t *testing.T) {
	whole := func(r Result) bool { return r.Status == Completed }
	for policy := PolicyBSD; policy < policyCount; policy++ {
		moves := policy == PolicyBSD || policy == PolicyBSDRight || policy == PolicyLast
		t.Run(policy.String(), func(t *testing.T) {
			table := newTable(t, func(c *Config) { c.Default = policy })
			// Bytes behind the end that was announced.
			_, r, _ := add(table,
				spec{version: 4, id: 1, offset: 8, data: letters('b', 8)},
				spec{version: 4, id: 1, offset: 16, more: true, data: letters('c', 8)})
			if (r.Status == Kept) != moves || (r.Reason == ReasonEndConflict) == moves {
				t.Errorf("beyond the end: %v %v", r.Status, r.Reason)
			}
			_, r, _ = add(table, spec{version: 4, id: 1, more: true, data: letters('a', 8)})
			if whole(r) == moves {
				t.Errorf("with the first fragment: %v", r.Status)
			}
			// A second end.
			_, r, events := add(table,
				spec{version: 4, id: 2, offset: 8, data: letters('b', 8)},
				spec{version: 4, id: 2, offset: 16, data: letters('c', 8)})
			if !moves && !events.Has(decoders.EventIPv4FragIgnored) {
				t.Errorf("the second end raised no event")
			}
			g, r, _ := add(table, spec{version: 4, id: 2, more: true, data: letters('a', 8)})
			want := 16
			if moves {
				want = 24
			}
			if !whole(r) || len(payload(t, g)) != want {
				t.Errorf("two ends: %v, %d bytes, want %d", r.Status, len(g.Bytes)-20, want)
			}
		})
	}
}

func TestHeadersOfTheRebuiltDatagram(t *testing.T) {
	t.Run("IPv4 options of the first fragment stay, whatever comes first", func(t *testing.T) {
		table := newTable(t, nil)
		g, r, _ := add(table,
			spec{version: 4, offset: 16, data: letters('b', 4), options: 8},
			spec{version: 4, more: true, data: letters('a', 16), options: 40})
		if r.Status != Completed || len(g.Bytes) != 60+20 {
			t.Fatalf("%v, %d bytes", r.Status, len(g.Bytes))
		}
		if got := string(payload(t, g)); got != "aaaaaaaaaaaaaaaabbbb" {
			t.Errorf("payload %q", got)
		}
	})
	t.Run("Ethernet padding is left out", func(t *testing.T) {
		table := newTable(t, nil)
		g, _, _ := add(table,
			spec{version: 4, more: true, data: letters('a', 8), trailer: 18},
			spec{version: 4, offset: 8, data: letters('b', 3), trailer: 23})
		if got := string(payload(t, g)); got != "aaaaaaaabbb" {
			t.Errorf("payload %q", got)
		}
	})
	t.Run("IPv6 headers before the fragment header stay and lead to the data", func(t *testing.T) {
		before := append([]byte{decoders.ProtoDstOpts, 0, 1, 4, 0, 0, 0, 0}, decoders.ProtoFragment, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		table := newTable(t, nil)
		g, r, _ := add(table,
			spec{version: 6, more: true, data: letters('a', 8), before: before, firstExt: decoders.ProtoHopByHop, proto: 6},
			spec{version: 6, offset: 8, data: letters('b', 3), before: before, firstExt: decoders.ProtoHopByHop, proto: 99})
		if r.Status != Completed {
			t.Fatalf("%v", r.Status)
		}
		b := g.Bytes
		if b[6] != decoders.ProtoHopByHop || b[40] != decoders.ProtoDstOpts || b[48] != 6 {
			t.Errorf("next headers %d %d %d, want 0 60 6", b[6], b[40], b[48])
		}
		if got := string(payload(t, g)[24:]); got != "aaaaaaaabbb" {
			t.Errorf("data %q", got)
		}
	})
	t.Run("IPv6 without such headers", func(t *testing.T) {
		table := newTable(t, nil)
		g, _, _ := add(table,
			spec{version: 6, more: true, data: letters('a', 8), proto: 17},
			spec{version: 6, offset: 8, data: letters('b', 3), proto: 17})
		if g.Bytes[6] != 17 || string(payload(t, g)) != "aaaaaaaabbb" {
			t.Errorf("next header %d, payload %q", g.Bytes[6], payload(t, g))
		}
	})
	t.Run("the largest datagrams fit", func(t *testing.T) {
		for version, n := range map[uint8]int{4: maxLength - 20, 6: maxLength} {
			table := newTable(t, nil)
			g, r, _ := add(table,
				spec{version: version, more: true, data: letters('a', 65504)},
				spec{version: version, offset: 65504, data: letters('b', n-65504)})
			if r.Status != Completed || len(payload(t, g)) != n {
				t.Errorf("IPv%d: %v (%v), %d bytes", version, r.Status, r.Reason, len(g.Bytes))
			}
		}
	})
	t.Run("a whole beyond what the header can say is given up", func(t *testing.T) {
		table := newTable(t, nil)
		_, r, events := add(table,
			spec{version: 4, offset: 65472, data: letters('b', 40)}, // fits behind a header of 20 bytes
			spec{version: 4, more: true, data: letters('a', 65472-40), options: 40},
			spec{version: 4, more: true, offset: 65472 - 40, data: letters('c', 40)})
		if r.Status != Kept || !events.Has(decoders.EventIPv4FragPktTooLarge) {
			t.Errorf("%v, events %v", r.Status, events)
		}
		var told []Incomplete
		table.Expire(0, func(in Incomplete) { told = append(told, in) })
		if len(told) != 1 || told[0].Reason != ReasonOversized || told[0].Fragments != 3 {
			t.Errorf("told %+v", told)
		}
		checkEmpty(t, table)
	})
}

func TestAtomicFragmentsStandAlone(t *testing.T) {
	table := newTable(t, nil)
	add(table, spec{version: 6, id: 5, more: true, data: letters('x', 8)})
	g, r, _ := add(table, spec{version: 6, id: 5, data: letters('a', 11), at: time.Second})
	if r.Status != Completed || string(payload(t, g)) != "aaaaaaaaaaa" || g.Bytes[6] != 17 || g.Fragments != 1 {
		t.Errorf("%v %q %d fragments", r.Status, g.Bytes, g.Fragments)
	}
	if s := table.Stats(); s.Atomic != 1 || s.Datagrams != 1 {
		t.Errorf("%+v", s)
	}
	g, r, _ = add(table, spec{version: 6, id: 5, offset: 8, data: letters('y', 8)})
	if r.Status != Completed || string(payload(t, g)) != "xxxxxxxxyyyyyyyy" {
		t.Errorf("the other datagram with the same number: %v", r.Status)
	}
	checkConservation(t, table)
}

func TestOverlapsAreReported(t *testing.T) {
	first := spec{version: 4, more: true, data: letters('a', 16)}
	cases := []struct {
		name  string
		then  spec
		want  Overlap
		event bool
	}{
		{"no overlap", spec{version: 4, offset: 16, more: true, data: letters('b', 8)}, OverlapNone, false},
		{"a copy by the network", first, OverlapDuplicate, false},
		{"the same bytes in another cut", spec{version: 4, offset: 8, more: true, data: letters('a', 8)}, OverlapSame, true},
		{"other bytes in the same place", spec{version: 4, more: true, data: letters('b', 16)}, OverlapDifferent, true},
		{"teardrop: other bytes inside", spec{version: 4, offset: 8, more: true, data: letters('b', 8)}, OverlapDifferent, true},
		{"one byte differs", spec{version: 4, more: true, data: append(letters('a', 15), 'b')}, OverlapDifferent, true},
	}
	for _, version := range []uint8{4, 6} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				table := newTable(t, nil)
				a, b := first, c.then
				a.version, b.version = version, version
				_, r, events := add(table, a, b)
				if r.Status != Kept || r.Overlap != c.want {
					t.Errorf("%v, overlap %d, want kept, %d", r.Status, r.Overlap, c.want)
				}
				if events.Has(overlapEvent(version)) != c.event {
					t.Errorf("event %v, want %v", !c.event, c.event)
				}
				s := table.Stats()
				if got := [3]uint64{s.Duplicates, s.OverlapsSame, s.OverlapsDifferent}; c.want != OverlapNone && got[c.want-1] != 1 {
					t.Errorf("counters %v", got)
				}
			})
		}
	}
}

func TestDatagramsAreKeptApart(t *testing.T) {
	base := spec{version: 4, id: 1, more: true, data: letters('a', 8)}
	for name, change := range map[string]func(*spec){
		"by identification": func(s *spec) { s.id = 2 },
		"by destination":    func(s *spec) { s.dst = 9 },
		"by protocol":       func(s *spec) { s.proto = 6 },
		"by VLAN":           func(s *spec) { s.vlan = 3 },
		"by tunnel depth":   func(s *spec) { s.depth = 1 },
		"by tunnel number":  func(s *spec) { s.mutate = func(p *decoders.Packet) { p.TunnelID = 4 } },
		"by IP version":     func(s *spec) { s.version = 6 },
	} {
		table := newTable(t, nil)
		end := base
		end.offset, end.more = 8, false
		change(&end)
		if _, r, _ := add(table, base, end); r.Status != Kept || table.Stats().Datagrams != 2 {
			t.Errorf("%s: %v, %d datagrams", name, r.Status, table.Stats().Datagrams)
		}
	}
	table := newTable(t, nil)
	first, end := base, base
	first.version, end.version = 6, 6
	end.offset, end.more, end.proto = 8, false, 6
	if _, r, _ := add(table, first, end); r.Status != Completed {
		t.Errorf("IPv6 fragments that disagree about the protocol: %v, want completed", r.Status)
	}
}

func TestThePolicyIsThatOfTheDestination(t *testing.T) {
	table := newTable(t, func(c *Config) {
		c.Default = PolicyFirst
		c.Targets = []Target{{netip.MustParsePrefix("2.2.2.7/32"), PolicyLast}}
	})
	for dst, want := range map[byte]string{1: "aaaaaaaabbbbbbbb", 7: "ccccccccbbbbbbbb"} {
		g, r, _ := add(table,
			spec{version: 4, dst: dst, more: true, data: letters('a', 8)},
			spec{version: 4, dst: dst, more: true, data: letters('c', 8)},
			spec{version: 4, dst: dst, offset: 8, data: letters('b', 8)})
		if got := string(payload(t, g)); got != want || r.Policy == PolicyDefault {
			t.Errorf("to .%d: %q by %v, want %q", dst, got, r.Policy, want)
		}
	}
}

func TestHashDependsOnSeedAndOnEveryField(t *testing.T) {
	base := keyOf(spec{version: 4, id: 1}.packet())
	seen := map[uint64]string{base.hash(1): "base"}
	for name, change := range map[string]func(*key){
		"src": func(k *key) { k.src[3]++ }, "dst": func(k *key) { k.dst[15]++ }, "id": func(k *key) { k.id++ },
		"tunnel id": func(k *key) { k.tunnelID++ }, "vlan": func(k *key) { k.vlans[2]++ }, "proto": func(k *key) { k.proto++ },
		"version": func(k *key) { k.version++ }, "depth": func(k *key) { k.depth++ }, "tunnel": func(k *key) { k.tunnel++ },
	} {
		k := base
		change(&k)
		if other, ok := seen[k.hash(1)]; ok {
			t.Errorf("%s hashes as %s", name, other)
		}
		seen[k.hash(1)] = name
	}
	if base.hash(1) == base.hash(2) {
		t.Error("the seed does not matter")
	}
}

func TestNamesAreComplete(t *testing.T) {
	for r := ReasonNone; r < ReasonCount; r++ {
		if r.String() == "" || r.String() == "invalid" {
			t.Errorf("reason %d has no name", r)
		}
	}
	if ReasonCount.String() != "invalid" || Kept.String() != "kept" || Completed.String() != "completed" || Refused.String() != "refused" {
		t.Error("a name is wrong")
	}
}
