package defrag

import (
	"testing"
	"time"

	"spanwatch/decoders"
)

func TestDatagramsTimeOutFromTheirFirstFragment(t *testing.T) {
	table := newTable(t, nil)
	var wire uint64
	for i := range 3 {
		p := spec{version: 4, id: 1, offset: uint32(8 * i), more: true, data: letters('a', 8), at: time.Duration(i) * 29 * time.Second, vlan: 5}.packet()
		wire += uint64(p.WireLen)
		table.Add(p)
	}
	var told []Incomplete
	report := func(in Incomplete) { told = append(told, in) }
	table.Expire(int64(60*time.Second)-1, report)
	if len(told) != 0 {
		t.Fatalf("too early: %+v", told)
	}
	table.Expire(int64(60*time.Second), report)
	if len(told) != 1 {
		t.Fatalf("%d told, want 1", len(told))
	}
	in := told[0]
	if in.Reason != ReasonTimeout || in.Fragments != 3 || in.WireBytes != wire || in.VLANs[0] != 5 || in.ID != 1 ||
		in.First != 0 || in.Last != int64(58*time.Second) || in.Src.Netip(4).String() != "1.1.1.1" {
		t.Errorf("told %+v", in)
	}
	checkConservation(t, table)
	checkEmpty(t, table)
}

func TestALateFragmentDoesNotCompleteAnOldDatagram(t *testing.T) {
	table := newTable(t, nil)
	_, r, _ := add(table,
		spec{version: 4, more: true, data: letters('a', 8)},
		spec{version: 4, offset: 8, data: letters('b', 8), at: time.Minute})
	if r.Status != Kept || table.Pending() != 1 {
		t.Errorf("%v, %d pending, want kept, 1", r.Status, table.Pending())
	}
	told := 0
	table.Expire(int64(time.Minute), func(in Incomplete) {
		told++
		if in.Reason != ReasonTimeout {
			t.Errorf("reason %v", in.Reason)
		}
	})
	if told != 1 || table.Pending() != 0 {
		t.Errorf("%d told, %d pending", told, table.Pending())
	}
	checkConservation(t, table)
}

func TestBoundsEvictTheOldest(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Config)
		send   func(i int) spec
		held   func(*Table) bool
	}{
		{"datagrams", func(c *Config) { c.MaxDatagrams = 8 },
			func(i int) spec { return spec{version: 4, id: uint32(i), more: true, data: letters('a', 8)} },
			func(t *Table) bool { return t.Stats().Datagrams == 8 }},
		{"fragments", func(c *Config) { c.MaxFragments = 10 },
			func(i int) spec {
				return spec{version: 4, id: uint32(i / 3), offset: uint32(i % 3 * 8), more: true, data: letters('a', 8)}
			},
			func(t *Table) bool { return t.pieces.inUse <= 10 && t.pieces.inUse >= 6 }},
		{"bytes", func(c *Config) { c.MaxBytes = minBytes },
			func(i int) spec {
				return spec{version: 6, id: uint32(i), offset: 8, more: true, data: letters('a', 40000)}
			},
			func(t *Table) bool { return t.Stats().Bytes <= minBytes && t.Stats().Datagrams == 3 }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			table := newTable(t, c.change)
			for i := range 300 {
				if _, r, _ := add(table, c.send(i)); r.Status != Kept {
					t.Fatalf("fragment %d: %v (%v)", i, r.Status, r.Reason)
				}
			}
			if !c.held(table) {
				t.Errorf("%+v, %d pieces", table.Stats(), table.pieces.inUse)
			}
			last, told := -1, 0
			table.Expire(0, func(in Incomplete) {
				told++
				if in.Reason != ReasonEvicted || int(in.ID) <= last {
					t.Errorf("told of %d after %d, %v", in.ID, last, in.Reason)
				}
				last = int(in.ID)
			})
			if told == 0 || uint64(told) != table.Stats().GivenUp[ReasonEvicted] {
				t.Errorf("%d told, %d counted", told, table.Stats().GivenUp[ReasonEvicted])
			}
			checkConservation(t, table)
			table.Flush(discard)
			checkConservation(t, table)
			checkEmpty(t, table)
		})
	}
	t.Run("a fragment that finds no room at all is refused", func(t *testing.T) {
		table := newTable(t, func(c *Config) { c.MaxFragments = 4 })
		_, r, events := add(table,
			spec{version: 4, offset: 0, more: true, data: letters('a', 8)},
			spec{version: 4, offset: 16, more: true, data: letters('a', 8)},
			spec{version: 4, offset: 32, more: true, data: letters('a', 8)},
			spec{version: 4, offset: 48, more: true, data: letters('a', 8)})
		if r.Reason != ReasonNoMemory || !events.Has(decoders.EventIPv4FragIgnored) {
			t.Errorf("%v %v, events %v", r.Status, r.Reason, events)
		}
		checkConservation(t, table)
	})
	t.Run("a datagram in too many pieces is given up", func(t *testing.T) {
		table := newTable(t, func(c *Config) { c.MaxPieces = 100 })
		for i := range 101 {
			add(table, spec{version: 4, offset: uint32(16 * i), more: true, data: letters('a', 8)})
		}
		if table.Stats().GivenUp[ReasonTooMany] != 1 || table.Pending() != 1 {
			t.Errorf("%+v", table.Stats())
		}
		table.Flush(discard)
		checkConservation(t, table)
		checkEmpty(t, table)
	})
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	table := newTable(t, func(c *Config) { c.MaxDatagrams = 64 })
	var packets []*decoders.Packet
	for i := range 200 {
		id := uint32(i / 4)
		packets = append(packets, spec{version: 4 + uint8(i&1)*2, id: id, offset: uint32(i % 4 * 1480), more: i%4 != 3, data: letters('a', 1480)}.packet())
	}
	now := int64(0)
	once := func() {
		for i, p := range packets {
			now += int64(time.Second)
			p.Timestamp = now
			p.IPID = uint32(i/7) + uint32(now)
			table.Add(p)
			table.Expire(now, discard)
		}
	}
	once()
	once()
	if n := testing.AllocsPerRun(50, once); n != 0 {
		t.Errorf("%v allocations for %d fragments, want 0", n, len(packets))
	}
	checkConservation(t, table)
}

func BenchmarkAdd(b *testing.B) {
	bench := func(name string, build func() []*decoders.Packet) {
		b.Run(name, func(b *testing.B) {
			table := newTable(b, nil)
			packets := build()
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				p := packets[n%len(packets)]
				p.IPID = uint32(n / len(packets))
				table.Add(p)
				if n++; table.Pending() > 0 {
					table.Expire(0, discard)
				}
			}
		})
	}
	bench("two of 1480", func() []*decoders.Packet {
		return []*decoders.Packet{
			spec{version: 4, more: true, data: letters('a', 1480)}.packet(),
			spec{version: 4, offset: 1480, data: letters('a', 1480)}.packet(),
		}
	})
	bench("1000 of 8 from the middle out", func() []*decoders.Packet {
		var out []*decoders.Packet
		for i := range 1000 {
			offset := 8 * (1000 + i)
			if i%2 == 1 {
				offset = 8 * (1000 - i)
			}
			out = append(out, spec{version: 4, offset: uint32(offset), more: true, data: letters('a', 8)}.packet())
		}
		return out
	})
}
