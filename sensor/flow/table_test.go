package flow

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"spanwatch/decoders"
)

func TestNewRefusesBadConfigurations(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no room":            func(c *Config) { c.MaxFlows = 15 },
		"too much room":      func(c *Config) { c.MaxFlows = maxFlows + 1 },
		"no timeout":         func(c *Config) { c.UDP.New = 0 },
		"a negative timeout": func(c *Config) { c.TCP.Closed = -1 },
		"a short interval":   func(c *Config) { c.Interval = time.Millisecond },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if _, err := New(cfg); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTheFirstSenderIsTheClientWhicheverAddressIsSmaller(t *testing.T) {
	for _, ends := range [][2]string{{"10.0.0.1:9", "10.0.0.2:53"}, {"10.0.0.2:53", "10.0.0.1:9"}, {"10.0.0.1:9", "10.0.0.1:8"}} {
		w := newWatched(t, nil)
		f, dir := w.Update(udp(ends[0], ends[1], 0))
		client, port := f.Client()
		if got := fmt.Sprintf("%v:%d", client.Netip(4), port); got != ends[0] || dir != decoders.ToServer {
			t.Errorf("%v: client %s, direction %v", ends, got, dir)
		}
		g, dir := w.Update(udp(ends[1], ends[0], 1))
		if g != f || dir != decoders.ToClient || f.Packets != [2]uint64{1, 1} {
			t.Errorf("%v: the reply went %v in another flow", ends, dir)
		}
	}
}

func TestWhatHasNoFlowIsSkippedAndCounted(t *testing.T) {
	w := newWatched(t, nil)
	fragment := udp("10.0.0.1:1", "10.0.0.2:2", 0)
	fragment.Refused = decoders.ReasonFragment
	for _, p := range []*decoders.Packet{{Layers: decoders.LayerARP}, fragment} {
		if f, _ := w.Update(p); f != nil {
			t.Errorf("a flow for %+v", p)
		}
	}
	if got := w.Stats().Skipped; got != 2 {
		t.Errorf("skipped %d, want 2", got)
	}
}

func TestStateIsEstablishedOnceBothSidesSpoke(t *testing.T) {
	w := newWatched(t, nil)
	f, _ := w.Update(udp("10.0.0.1:1", "10.0.0.2:2", 0))
	w.Update(udp("10.0.0.1:1", "10.0.0.2:2", 1))
	if f.State != StateNew || f.Established() {
		t.Errorf("one side spoke: %v", f.State)
	}
	w.Update(udp("10.0.0.2:2", "10.0.0.1:1", 2))
	if f.State != StateEstablished || !f.Established() {
		t.Errorf("both sides spoke: %v", f.State)
	}
}

func TestAPacketAtTheDeadlineBeginsAnotherFlow(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply bool
		gap   float64
		flows uint64
	}{
		{"new udp lives just short of 30 s", false, 29.9, 1},
		{"new udp is over after 30 s", false, 30, 2},
		{"established udp lives just short of 300 s", true, 299.9, 1},
		{"established udp is over after 300 s", true, 300, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWatched(t, nil)
			w.Update(udp("10.0.0.1:1", "10.0.0.2:2", 0))
			if c.reply {
				w.Update(udp("10.0.0.2:2", "10.0.0.1:1", 0))
			}
			w.Update(udp("10.0.0.2:2", "10.0.0.1:1", c.gap))
			if got := w.Stats().Started; got != c.flows {
				t.Errorf("%d flows, want %d", got, c.flows)
			}
			if c.flows == 2 && (len(w.ended) != 1 || w.ended[0].why != EndTimeout) {
				t.Errorf("ended: %v", w.ended)
			}
		})
	}
}

func TestAdvanceEndsSilentFlowsInTheOrderOfTheirBeginnings(t *testing.T) {
	w := newWatched(t, nil)
	for i := range 50 {
		p := udp(fmt.Sprintf("10.0.0.%d:1", 50-i), "10.1.0.1:2", float64(i)/100)
		p.Number = uint64(i + 1)
		w.Update(p)
	}
	w.Advance(start + 30*second)
	if len(w.ended) != 0 {
		t.Fatalf("%d flows ended before their time", len(w.ended))
	}
	w.Advance(start + 31*second)
	if len(w.ended) != 50 {
		t.Fatalf("%d flows ended, want 50", len(w.ended))
	}
	for i, e := range w.ended {
		if e.FirstPacket != uint64(i+1) || e.why != EndTimeout {
			t.Errorf("flow %d ended at place %d by %v", e.FirstPacket, i, e.why)
		}
	}
	w.check(t)
}

func TestALeapInTimeCostsNoMoreThanOneTurnOfTheWheel(t *testing.T) {
	w := newWatched(t, nil)
	w.Update(udp("10.0.0.1:1", "10.0.0.2:2", 0))
	w.Advance(1 << 62)
	if len(w.ended) != 1 {
		t.Errorf("%d flows ended, want 1", len(w.ended))
	}
	w.Update(udp("10.0.0.1:1", "10.0.0.2:2", 5))
	w.Advance(-1 << 62)
	w.check(t)
	w.Advance(1<<62 + 2*second)
	if len(w.ended) != 2 {
		t.Errorf("%d flows ended, want 2", len(w.ended))
	}
}

func TestAFullTableEndsTheFlowNearestItsTimeout(t *testing.T) {
	w := newWatched(t, func(c *Config) { c.MaxFlows = 16 })
	for i := range 16 {
		a, b := fmt.Sprintf("10.0.0.%d:1", i), "10.1.0.1:2"
		w.Update(udp(a, b, float64(i)))
		if i != 5 {
			w.Update(udp(b, a, float64(i)))
		}
	}
	w.Update(udp("10.2.0.1:1", "10.1.0.1:2", 16))
	if len(w.ended) != 1 || w.ended[0].why != EndForced || w.ended[0].FirstSeen != start+5*second {
		t.Fatalf("ended: %+v", w.ended)
	}
	for i := range 1000 {
		w.Update(udp(fmt.Sprintf("10.3.%d.%d:1", i/250, i%250), "10.1.0.1:2", 17))
	}
	s := w.Stats()
	if s.Active != 16 || s.Ended[EndForced] != 1001 || s.Started != 1017 {
		t.Errorf("%+v", s)
	}
	w.check(t)
}

func TestFragmentsCountOnTheWireAndTheirDatagramInTheRecord(t *testing.T) {
	w := newWatched(t, nil)
	p := udp("10.0.0.1:1", "10.0.0.2:2", 0)
	p.Rebuilt, p.WireLen = true, 4000
	f, dir := w.Update(p)
	w.AddFragments(f, dir, 3, 4068)
	if f.Packets[0] != 1 || f.Bytes[0] != 4000 || w.Totals(f).WirePackets[0] != 3 || w.Totals(f).WireBytes[0] != 4068 {
		t.Errorf("record %d packets %d bytes, wire %d packets %d bytes", f.Packets[0], f.Bytes[0], w.Totals(f).WirePackets[0], w.Totals(f).WireBytes[0])
	}
	if s := w.Stats(); s.Packets != 3 || s.WireBytes != 4068 {
		t.Errorf("table: %d packets %d bytes", s.Packets, s.WireBytes)
	}
}

func TestPeaksAreTheBusiestSecondOfEachDirection(t *testing.T) {
	w := newWatched(t, nil)
	for _, at := range []float64{0, 0.1, 0.2, 1, 1.1, 7} {
		w.Update(udp("10.0.0.1:1", "10.0.0.2:2", at))
	}
	w.Update(udp("10.0.0.2:2", "10.0.0.1:1", 7.1))
	w.Close()
	f := w.ended[0]
	if f.PeakPackets != [2]uint32{3, 1} || f.PeakBytes != [2]uint64{300, 100} {
		t.Errorf("peaks %v packets %v bytes", f.PeakPackets, f.PeakBytes)
	}
}

func TestAFlowOfOneSecondHasItsCountsAsPeaks(t *testing.T) {
	w := newWatched(t, nil)
	w.Update(udp("10.0.0.1:1", "10.0.0.2:2", 0))
	f, _ := w.Update(udp("10.0.0.2:2", "10.0.0.1:1", 0.1))
	if c := w.Totals(f); c.PeakPackets != [2]uint32{} {
		t.Errorf("peaks %v in the second that is not over", c.PeakPackets)
	}
	w.Close()
	if c := w.ended[0].Totals; c.PeakPackets != [2]uint32{1, 1} || c.PeakBytes != [2]uint64{100, 100} || c.WirePackets != [2]uint64{1, 1} {
		t.Errorf("%+v", c)
	}
}

func TestDeltasHaveEachSecondOfEachOutermostFlowOnce(t *testing.T) {
	w := newWatched(t, func(c *Config) { c.Deltas = true })
	w.Update(udp("10.0.0.1:1", "10.0.0.2:53", 0))
	w.Update(udp("10.0.0.2:53", "10.0.0.1:1", 0.1))
	w.Update(udp("10.0.0.1:1", "10.0.0.2:53", 3))
	inner := udp("10.9.0.1:1", "10.9.0.2:2", 3)
	inner.Depth = 1
	w.Update(inner)
	w.Advance(start + 2*second)
	if got := w.AppendDeltas(nil); len(got) != 1 || got[0].Packets != [2]uint32{1, 1} || got[0].ServerPort != 53 ||
		got[0].Second != start/second {
		t.Errorf("after two seconds: %+v", got)
	}
	w.Advance(start + 3*second)
	if got := w.AppendDeltas(nil); len(got) != 0 {
		t.Errorf("in the third second: %+v", got)
	}
	w.Advance(start + 4*second)
	if got := w.AppendDeltas(nil); len(got) != 1 || got[0].Bytes != [2]uint64{100, 0} {
		t.Errorf("after four seconds: %+v", got)
	}
	w.Close()
	if got := w.AppendDeltas(nil); len(got) != 0 {
		t.Errorf("at the end: %+v", got)
	}
}

func TestIntervalReportsAddUpToTheRecordHoweverTimeIsAdvanced(t *testing.T) {
	run := func(advance bool) []interval {
		w := newWatched(t, func(c *Config) { c.Interval = 10 * time.Second })
		for i := range 200 {
			at := float64(i) * 0.7
			if i > 100 {
				at += 55
			}
			w.Update(udp("10.0.0.1:1", "10.0.0.2:2", at))
			w.Update(udp("10.0.0.2:2", "10.0.0.1:1", at))
			if advance {
				w.Advance(start + int64(at*float64(second)))
			}
		}
		w.Close()
		if len(w.ended) != 1 {
			t.Fatalf("%d flows", len(w.ended))
		}
		var packets, bytes uint64
		for _, r := range w.intervals {
			packets += r.Packets[0]
			bytes += r.Bytes[1]
		}
		if packets != 200 || bytes != 20000 {
			t.Errorf("reports have %d packets and %d bytes, want 200 and 20000", packets, bytes)
		}
		return w.intervals
	}
	lazy, driven := run(false), run(true)
	if len(lazy) < 10 || fmt.Sprint(lazy) != fmt.Sprint(driven) {
		t.Errorf("reports differ:\n%v\n%v", lazy, driven)
	}
	for i, r := range lazy[:len(lazy)-1] {
		if r.End%(10*second) != 0 || i > 0 && r.Start%(10*second) != 0 {
			t.Errorf("report %d is of %d to %d", i, r.Start, r.End)
		}
	}
}

func TestSwapExchangesTheSidesWithAllTheirCounts(t *testing.T) {
	w := newWatched(t, nil)
	f, _ := w.Update(udp("10.0.0.2:53", "10.0.0.1:4000", 0))
	w.Swap(f)
	if client, port := f.Client(); port != 4000 || client.Netip(4).String() != "10.0.0.1" || f.Packets != [2]uint64{0, 1} {
		t.Errorf("client port %d, packets %v", port, f.Packets)
	}
	if _, dir := w.Update(udp("10.0.0.1:4000", "10.0.0.2:53", 1)); dir != decoders.ToServer || f.State != StateEstablished {
		t.Errorf("the client's packet goes %v, state %v", dir, f.State)
	}
}

func TestABypassedFlowIsCountedOnAndStaysBypassed(t *testing.T) {
	w := newWatched(t, nil)
	f, _ := w.Update(udp("10.0.0.1:1", "10.0.0.2:2", 0))
	w.Bypass(f)
	w.Update(udp("10.0.0.2:2", "10.0.0.1:1", 99))
	if f.State != StateBypassed || f.Packets != [2]uint64{1, 1} {
		t.Errorf("state %v, packets %v", f.State, f.Packets)
	}
}

func TestEchoRequestAndReplyAreOneFlow(t *testing.T) {
	w := newWatched(t, nil)
	f, _ := w.Update(icmp(8, 0, "10.0.0.1", "10.0.0.2", 0))
	g, dir := w.Update(icmp(0, 0, "10.0.0.2", "10.0.0.1", 0))
	if f != g || dir != decoders.ToClient || f.State != StateEstablished || f.Generic() {
		t.Errorf("reply goes %v, state %v", dir, f.State)
	}
}

func TestAnUnreachableCountsInTheFlowItQuotes(t *testing.T) {
	unreachable := func(from string) *decoders.Packet {
		p := icmp(icmpUnreachable, 3, from, "10.0.0.1", 1)
		q := udp("10.0.0.1:1", "10.0.0.2:2", 0)
		p.HasEmbedded = true
		p.Embedded = decoders.Embedded{Src: q.Src, Dst: q.Dst, SrcPort: 1, DstPort: 2, Proto: protoUDP, IPVersion: 4}
		return p
	}
	for _, from := range []string{"10.0.0.2", "10.7.7.7"} {
		w := newWatched(t, nil)
		f, _ := w.Update(udp("10.0.0.1:1", "10.0.0.2:2", 0))
		g, dir := w.Update(unreachable(from))
		if g != f || dir != decoders.ToClient || f.State != StateNew {
			t.Errorf("from %s: direction %v, state %v", from, dir, f.State)
		}
	}
	w := newWatched(t, nil)
	f, _ := w.Update(unreachable("10.7.7.7"))
	g, _ := w.Update(unreachable("10.7.7.8"))
	if f != g || !f.Generic() || f.Key.Proto != protoICMP {
		t.Errorf("without the flow it quotes: %+v", f)
	}
}

func TestFlowsThatSuricataHasNotAreMarkedGeneric(t *testing.T) {
	for _, c := range []struct {
		name string
		p    *decoders.Packet
		want bool
	}{
		{"udp", udp("10.0.0.1:1", "10.0.0.2:2", 0), false},
		{"gre", packet(47, "10.0.0.1:0", "10.0.0.2:0", 0), true},
		{"esp", packet(protoESP, "10.0.0.1:0", "10.0.0.2:0", 0), false},
		{"icmp echo", icmp(8, 0, "10.0.0.1", "10.0.0.2", 0), false},
		{"icmp time exceeded", icmp(icmpTimeExceeded, 0, "10.0.0.1", "10.0.0.2", 0), true},
		{"icmpv6 time exceeded", icmp(3, 0, "fe80::1", "fe80::2", 0), false},
	} {
		if f, _ := newWatched(t, nil).Update(c.p); f.Generic() != c.want {
			t.Errorf("%s: generic %v", c.name, f.Generic())
		}
	}
}

func TestVLANsKeepFlowsApartUnlessToldOtherwise(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		w := newWatched(t, func(c *Config) { c.IgnoreVLAN = ignore })
		a, b := udp("10.0.0.1:1", "10.0.0.2:2", 0), udp("10.0.0.1:1", "10.0.0.2:2", 0)
		b.VLANs[0], b.VLANCount = 7, 1
		w.Update(a)
		w.Update(b)
		if got := w.Stats().Started == 1; got != ignore {
			t.Errorf("ignore VLANs %v: %d flows", ignore, w.Stats().Started)
		}
	}
}

func TestFlowIDsAreTheSameInEveryReplayAndFit51Bits(t *testing.T) {
	seen := map[uint64]bool{}
	for range 2 {
		w := newWatched(t, func(c *Config) { c.MaxFlows = 4096 })
		for i := range 4000 {
			p := udp(fmt.Sprintf("10.0.%d.%d:1", i/250, i%250), "10.1.0.1:2", 0)
			p.Number = uint64(i + 1)
			f, _ := w.Update(p)
			if f.ID == 0 || f.ID >= 1<<51 {
				t.Fatalf("flow id %d", f.ID)
			}
			seen[f.ID] = true
		}
	}
	if len(seen) != 4000 {
		t.Errorf("%d ids of 4000 flows in two replays", len(seen))
	}
}

func TestAddressesSpreadOverTheIndexWhateverTheSeed(t *testing.T) {
	for _, seed := range []uint64{0, 1, 1 << 63} {
		w := newWatched(t, func(c *Config) { c.MaxFlows, c.Seed = 4096, seed })
		shards := map[uint64]int{}
		for i := range 4000 {
			p := udp(fmt.Sprintf("10.0.%d.%d:1", i/250, i%250), "10.1.0.1:2", 0)
			w.Update(p)
			shards[ShardHash(p, seed)%4]++
		}
		steps := 0
		for at, s := range w.index.slots {
			if s.flow != 0 {
				steps += int((uint32(at) - s.tag) & w.index.mask)
			}
		}
		if steps > 2*4000 {
			t.Errorf("seed %d: flows lie %d steps from home on average", seed, steps/4000)
		}
		for shard := range uint64(4) {
			if shards[shard] < 800 {
				t.Errorf("seed %d: worker %d of 4 gets %d of 4000 flows", seed, shard, shards[shard])
			}
		}
	}
}

func TestWarmChangesNothing(t *testing.T) {
	w := newWatched(t, func(c *Config) { c.MaxFlows = 2 * warmFrom })
	var packets []decoders.Packet
	var all []uint32
	for i := range warmFrom + 64 {
		p := udp(fmt.Sprintf("10.0.%d.%d:1", i/250, i%250), "10.1.0.1:2", 0)
		packets, all = append(packets, *p), append(all, uint32(i))
		w.Update(p)
	}
	packets[0] = decoders.Packet{Layers: decoders.LayerARP}
	before := w.Stats()
	w.Warm(packets, all)
	if w.Stats() != before || packets[1].Hash == 0 {
		t.Error("counters moved, or nothing was looked at")
	}
	if n := testing.AllocsPerRun(10, func() { w.Warm(packets, all) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestHugePagesMakeNoDifferenceButSpeed(t *testing.T) {
	w := newWatched(t, func(c *Config) { c.HugePages = true })
	f, _ := w.Update(udp("10.0.0.1:1", "10.0.0.2:2", 0))
	if f.Packets[0] != 1 {
		t.Error("not counted")
	}
	w.check(t)
	w.Close()
	if len(w.ended) != 1 || w.ended[0].why != EndShutdown {
		t.Errorf("ended: %v", w.ended)
	}
}
