package flow

import (
	"net/netip"
	"testing"

	"spanwatch/decoders"
)

// second in packet time.
const second = int64(nanosPerSecond)

// start is when the packets of the tests begin: not on a whole second.
const start = 1_700_000_000*second + second/4

// udp makes a packet of 100 bytes; at is in seconds after start.
func udp(src, dst string, at float64) *decoders.Packet { return packet(protoUDP, src, dst, at) }

// packet makes a decoded packet between two "address:port" ends.
func packet(proto uint8, src, dst string, at float64) *decoders.Packet {
	s, d := netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst)
	p := &decoders.Packet{
		Timestamp: start + int64(at*float64(second)),
		Number:    1,
		WireLen:   100,
		Proto:     proto,
		TTL:       64,
		SrcPort:   s.Port(),
		DstPort:   d.Port(),
	}
	p.Src, p.IPVersion = decoders.AddrFrom(s.Addr())
	p.Dst, _ = decoders.AddrFrom(d.Addr())
	p.Layers = decoders.LayerIPv4
	if p.IPVersion == 6 {
		p.Layers = decoders.LayerIPv6
	}
	switch proto {
	case protoTCP:
		p.Layers |= decoders.LayerTCP
	case protoUDP:
		p.Layers |= decoders.LayerUDP
	case protoSCTP:
		p.Layers |= decoders.LayerSCTP
	case protoICMP:
		p.Layers |= decoders.LayerICMPv4
	case protoICMPv6:
		p.Layers |= decoders.LayerICMPv6
	}
	return p
}

func icmp(typ, code uint8, src, dst string, at float64) *decoders.Packet {
	proto := uint8(protoICMP)
	if netip.MustParseAddr(src).Is6() {
		proto = protoICMPv6
	}
	p := packet(proto, netip.AddrPortFrom(netip.MustParseAddr(src), 0).String(), netip.AddrPortFrom(netip.MustParseAddr(dst), 0).String(), at)
	p.ICMPType, p.ICMPCode = typ, code
	return p
}

// ending is what OnEnd told of a flow.
type ending struct {
	Flow
	Totals
	why EndReason
}

// interval is what OnInterval told.
type interval struct {
	id uint64
	Report
}

// watched is a table with what it reported.
type watched struct {
	*Table
	ended     []ending
	intervals []interval
}

func newWatched(t testing.TB, change func(*Config)) *watched {
	t.Helper()
	w := &watched{}
	cfg := DefaultConfig()
	cfg.MaxFlows = 1024
	cfg.Seed = 1
	cfg.OnEnd = func(f *Flow, why EndReason) { w.ended = append(w.ended, ending{*f, w.Totals(f), why}) }
	cfg.OnInterval = func(f *Flow, r Report) { w.intervals = append(w.intervals, interval{f.ID, r}) }
	if change != nil {
		change(&cfg)
	}
	var err error
	if w.Table, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return w
}

// check verifies that index, slab, free list and wheel tell the same story.
func (t *Table) check(tb testing.TB) {
	tb.Helper()
	inIndex := map[uint32]bool{}
	for _, s := range t.index.slots {
		if s.flow == 0 {
			continue
		}
		f := &t.slab[s.flow]
		if inIndex[s.flow] {
			tb.Fatalf("flow %d stands in the index twice", s.flow)
		}
		inIndex[s.flow] = true
		if got := t.find(&f.Key, f.Key.Hash(t.seed)); got != s.flow {
			tb.Fatalf("flow %d is found at %d", s.flow, got)
		}
	}
	if len(inIndex) != t.stats.Active {
		tb.Fatalf("%d flows in the index, %d active", len(inIndex), t.stats.Active)
	}
	free := 0
	for i := t.free; i != 0; i = t.slab[i].wheelNext {
		if free++; inIndex[i] {
			tb.Fatalf("flow %d is free and in the index", i)
		}
	}
	if int(t.fresh)-1 != len(inIndex)+free {
		tb.Fatalf("%d slots were used, %d hold flows and %d are free", t.fresh-1, len(inIndex), free)
	}
	t.checkBeside(tb, inIndex)
	listed := 0
	for at, head := range t.wheel.heads {
		before := uint32(0)
		for i := head; i != 0; before, i = i, t.slab[i].wheelNext {
			f := &t.slab[i]
			if listed++; listed > len(inIndex) {
				tb.Fatal("a list of the wheel goes in a circle")
			}
			if !inIndex[i] || f.wheelPrev != before || int(f.slot) != at || t.wheel.due(f) <= t.wheel.now {
				tb.Fatalf("flow %d stands wrongly in list %d: due %d at %d", i, at, t.wheel.due(f), t.wheel.now)
			}
		}
	}
	if listed != len(inIndex) {
		tb.Fatalf("%d flows in the wheel, %d in the index", listed, len(inIndex))
	}
}

// checkBeside verifies that what stands beside flows belongs to one each.
func (t *Table) checkBeside(tb testing.TB, flows map[uint32]bool) {
	tb.Helper()
	var used [4]int
	for i := range flows {
		f := &t.slab[i]
		for k, place := range []uint32{f.second, f.tcp, f.lasting, f.rare} {
			if place != 0 {
				used[k]++
			}
		}
	}
	for k, taken := range []int{t.seconds.used, t.tcp.used, t.lasting.used, t.rare.used} {
		if taken != used[k] {
			tb.Fatalf("slab %d: %d records are taken, flows have %d", k, taken, used[k])
		}
	}
}

// join makes "address:port" as netip writes it.
func join(addr string, port uint16) string {
	return netip.AddrPortFrom(netip.MustParseAddr(addr), port).String()
}

// newSmall makes a table for a few flows that reports nothing.
func newSmall(t testing.TB) *Table {
	t.Helper()
	cfg := DefaultConfig()
	cfg.MaxFlows = 16
	table, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return table
}
