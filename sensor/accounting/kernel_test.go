package accounting

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
	"weak"

	"spanwatch/bpf"
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// counting is a Kernel of one fake interface.
func counting(f *fakeKernel, o Options) *Kernel {
	o.Interfaces = []string{"eth0"}
	if o.Workers == 0 {
		o.Workers = 1
	}
	k := newKernel(o)
	k.devices = []*device{newDevice(f, bpf.StoreArray, "eth0", 0)}
	k.choices = []Choice{{Interface: "eth0", Hook: bpf.HookXDPNative}}
	return k
}

func table(t *testing.T, ended *flow.Stats) *flow.Table {
	t.Helper()
	cfg := flow.DefaultConfig()
	cfg.MaxFlows, cfg.Seed, cfg.Kernel = 1024, 1, true
	var table *flow.Table
	cfg.OnEnd = func(f *flow.Flow, _ flow.EndReason) {
		if c := table.Totals(f); f.Key.Depth == 0 {
			ended.Packets += c.WirePackets[0] + c.WirePackets[1]
			ended.WireBytes += c.WireBytes[0] + c.WireBytes[1]
			ended.UnseenPackets += c.UnseenPackets[0] + c.UnseenPackets[1]
		}
	}
	var err error
	if table, err = flow.New(cfg); err != nil {
		t.Fatal(err)
	}
	return table
}

// round makes one, and has every table apply it.
func round(k *Kernel, tables ...*flow.Table) *Round {
	k.readEvictions(maxWaiting)
	k.sweep(false)
	for w, t := range tables {
		k.round.Apply(t, w)
	}
	return k.round
}

// TestRoundsBringTablesToWhatTheKernelCounted: what capture delivered is taken, what
// it lost is adopted with the round after.
func TestRoundsBringTablesToWhatTheKernelCounted(t *testing.T) {
	for _, c := range []struct {
		name           string
		seen, counted  int // packets of flow 0
		other          int // packets of flow 1, which capture never saw
		filtered       bool
		flows, unseen  uint64
		sums           Sums
		unsettledAfter uint64
	}{
		{name: "all was captured", seen: 5, counted: 5, flows: 5, sums: Sums{Told: counts(5, 500), Taken: counts(5, 500)}},
		{name: "some was lost", seen: 2, counted: 5, flows: 5, unseen: 3, sums: Sums{Told: counts(5, 500), Taken: counts(5, 500)}},
		{name: "a flow was lost whole", seen: 1, counted: 1, other: 4, flows: 5, unseen: 4, sums: Sums{Told: counts(5, 500), Taken: counts(5, 500)}},
		{name: "what a filter refused is no flow", seen: 1, counted: 1, other: 4, filtered: true, flows: 1, sums: Sums{Told: counts(5, 500), Taken: counts(1, 100), Filtered: counts(4, 400)}},
		{name: "capture saw what the kernel did not count", seen: 5, counted: 2, flows: 5, unsettledAfter: 3, sums: Sums{Told: counts(2, 200), Taken: counts(2, 200)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(8, 8)
			k := counting(f, Options{Filtered: c.filtered})
			var ended flow.Stats
			tab := table(t, &ended)
			for range c.seen {
				tab.Update(f.seen(0, 0, 100, f.now))
			}
			for range c.counted {
				f.packet(0, 0, 100)
			}
			for range c.other {
				f.packet(1, 0, 100)
			}
			for range 3 {
				round(k, tab)
			}
			k.account()
			if k.settled != c.sums {
				t.Errorf("sums %+v, want %+v", k.settled, c.sums)
			}
			tab.Close()
			if ended.Packets != c.flows || ended.UnseenPackets != c.unseen {
				t.Errorf("flows have %d packets, %d unseen, want %d, %d", ended.Packets, ended.UnseenPackets, c.flows, c.unseen)
			}
			if s := tab.Stats(); s.UnsettledPackets != c.unsettledAfter || s.Packets != s.ToldPackets+s.UnsettledPackets {
				t.Errorf("table %+v", s)
			}
		})
	}
}

// TestRoundsUseTheirRoomAgain: a second's worth of flows is as large as the table of
// the kernel.
func TestRoundsUseTheirRoomAgain(t *testing.T) {
	f := newFake(8, 8)
	k := counting(f, Options{})
	tab := table(t, new(flow.Stats))
	defer tab.Close()
	var rooms []*flow.Counted
	for range 9 {
		f.packet(0, 0, 100)
		rooms = append(rooms, unsafe.SliceData(round(k, tab).offered))
	}
	for i := 6; i < len(rooms); i++ {
		if rooms[i] != rooms[i-3] {
			t.Errorf("round %d has room of its own", i)
		}
	}
}

// TestRoundsAreFreedWhenAllHaveAppliedThem, while Run is at work.
func TestRoundsAreFreedWhenAllHaveAppliedThem(t *testing.T) {
	f := newFake(8, 8)
	k := counting(f, Options{Interval: time.Millisecond})
	tab := table(t, new(flow.Stats))
	defer tab.Close()
	reader := k.Reader()
	go k.Run()
	var rounds []weak.Pointer[Round]
	for deadline := time.Now().Add(10 * time.Second); len(rounds) < 6; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d rounds in ten seconds", len(rounds))
		}
		if r := reader.Due(math.MaxInt64); r != nil {
			rounds = append(rounds, weak.Make(r))
			r.Apply(tab, 0)
		}
	}
	runtime.GC()
	for i, r := range rounds[:3] {
		if r.Value() != nil {
			t.Errorf("round %d of %d is still held", i, len(rounds))
		}
	}
	for r := reader.Wait(); r != nil; r = reader.Wait() {
		r.Apply(tab, 0)
	}
}

// TestAFlowOfTwoWorkersIsSharedOut: each takes what it saw, and one of those that
// know the flow adopts what nobody saw.
func TestAFlowOfTwoWorkersIsSharedOut(t *testing.T) {
	f := newFake(8, 8)
	k := counting(f, Options{Workers: 2, Owner: func(*decoders.FlowKey) int { return 0 }})
	var ended [2]flow.Stats
	tables := []*flow.Table{table(t, &ended[0]), table(t, &ended[1])}
	for range 3 {
		tables[1].Update(f.seen(0, 0, 100, f.now))
	}
	for range 5 {
		f.packet(0, 0, 100) // two were lost
		f.packet(1, 0, 100) // all were lost
	}
	for range 3 {
		round(k, tables...)
	}
	for i := range tables {
		tables[i].Close()
	}
	if ended[1].Packets != 5 || ended[1].UnseenPackets != 2 || ended[0].Packets != 5 || ended[0].UnseenPackets != 5 {
		t.Errorf("workers have %+v", ended)
	}
}

// TestARoundIsDueWhenNothingOlderCanCome: not before all frames of its time have had
// time to come, and to each reader once.
func TestARoundIsDueWhenNothingOlderCanCome(t *testing.T) {
	f := newFake(8, 8)
	k := counting(f, Options{})
	first, second := k.Reader(), k.Reader()
	if r := first.Due(1 << 62); r != nil {
		t.Fatal("a round before the first was made")
	}
	k.readEvictions(maxWaiting)
	k.sweep(false)
	at := k.round.Time
	if r := first.Due(at + settle - 1); r != nil {
		t.Error("due before frames of its time have come")
	}
	if r := first.Due(at + settle); r != k.round {
		t.Error("not due in time")
	}
	if r := first.Due(1 << 62); r != nil {
		t.Error("given to one reader twice")
	}
	if r := second.Due(at + settle); r != k.round {
		t.Error("the second reader does not get it")
	}
}

// TestNoSweepBeforeEvictionsAreRead: else a flow that was evicted before would be
// taken for lost.
func TestNoSweepBeforeEvictionsAreRead(t *testing.T) {
	f := newFake(1, 100)
	k := counting(f, Options{})
	for n := range 10 {
		f.packet(n, 0, 100)
	}
	before := k.round
	k.readEvictions(4)
	k.sweep(false)
	if k.round != before {
		t.Error("swept while evictions wait")
	}
	k.readEvictions(maxWaiting)
	k.sweep(false)
	if k.round == before || len(k.round.offered) != 10 {
		t.Errorf("%d of 10 flows are offered", len(k.round.offered))
	}
}

// TestRunTellsEverythingAtTheEnd runs two lanes against a kernel that counts while
// they read, evicts, loses records, and loses frames before capture.
func TestRunTellsEverythingAtTheEnd(t *testing.T) {
	for _, room := range []int{1 << 20, 2} {
		t.Run(fmt.Sprintf("ring_of_%d", room), func(t *testing.T) {
			f := newFake(16, room)
			k := counting(f, Options{Workers: 2, Interval: 100 * time.Millisecond, Owner: func(*decoders.FlowKey) int { return 1 }})
			readers := []*Reader{k.Reader(), k.Reader()}
			var ended [2]flow.Stats
			var tables [2]*flow.Table
			for i := range tables {
				tables[i] = table(t, &ended[i])
			}
			done := make(chan struct{})
			go func() {
				k.Run()
				close(done)
			}()
			var lanes sync.WaitGroup
			var captured atomic.Uint64
			for w := range readers {
				lanes.Go(func() {
					r := rand.New(rand.NewPCG(uint64(w), 1))
					for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); {
						for range 20 {
							n := 2*r.IntN(20) + w
							bytes := 60 + r.IntN(1000)
							f.packet(n, r.IntN(2), bytes)
							if r.IntN(4) > 0 { // one in four is lost
								tables[w].Update(f.seen(n, 0, bytes, time.Now().UnixNano()))
								captured.Add(1)
							}
						}
						if due := readers[w].Due(time.Now().UnixNano()); due != nil {
							due.Apply(tables[w], w)
						}
						time.Sleep(time.Millisecond)
					}
					for {
						next := readers[w].Wait()
						if next == nil {
							break
						}
						next.Apply(tables[w], w)
					}
					tables[w].Close()
				})
			}
			lanes.Wait()
			<-done
			v := k.View()
			in := &v.Interfaces[0]
			if packets, bytes := in.Unread(); packets != 0 || bytes != 0 {
				t.Errorf("%d packets, %d bytes unread", packets, bytes)
			}
			if v.Sums.Told != v.Sums.Taken || v.Sums.Told != in.Told || v.Sums.Waiting != (bpf.Count{}) {
				t.Errorf("sums %+v, the interface told %+v", v.Sums, in.Told)
			}
			var told, unsettled, flows uint64
			for i := range tables {
				s := tables[i].Stats()
				told += s.ToldPackets
				unsettled += s.UnsettledPackets
				flows += ended[i].Packets
			}
			if told != in.Told.Packets || flows != told+unsettled {
				t.Errorf("flows have %d packets; %d told, %d unsettled, the interface told %d", flows, told, unsettled, in.Told.Packets)
			}
			if lost := in.TableLost[0].Packets; (lost > 0) != (room < 16) || in.Sum().Packets != told+lost {
				t.Errorf("%d packets of %d lost with room for %d evictions", lost, in.Sum().Packets, room)
			}
			if captured.Load() == 0 || in.Sum().Packets <= captured.Load() {
				t.Error("nothing was captured, or nothing lost: the test shows nothing")
			}
		})
	}
}

// faultLog notes what Options.Fault is told.
type faultLog []error

func (l *faultLog) fault(_ string, err error) { *l = append(*l, err) }

func (l *faultLog) want(t *testing.T, when string, want ...error) {
	t.Helper()
	got := *l
	*l = nil
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = errors.Is(got[i], want[i])
	}
	if !ok {
		t.Errorf("%s: told of %v, want %v", when, got, want)
	}
}

// TestARemovedInterfaceIsSaidOnceAndCountedAgain when one of its name is made anew.
func TestARemovedInterfaceIsSaidOnceAndCountedAgain(t *testing.T) {
	f := newFake(4, 4)
	var log faultLog
	k := counting(f, Options{Fault: log.fault})
	k.reattach()
	log.want(t, "while it is there")
	f.packet(0, 0, 100)
	f.attached = bpf.ErrDetached
	k.reattach()
	log.want(t, "when it is removed", bpf.ErrDetached)
	k.reattach()
	log.want(t, "while it is away")
	var ended flow.Stats
	tab := table(t, &ended)
	round(k, tab)
	if v := k.View().Interfaces[0]; v.Attached || v.Told != counts(1, 100) {
		t.Errorf("while it is away the view says attached %v, told %+v", v.Attached, v.Told)
	}
	f.reattachable = true
	k.reattach()
	log.want(t, "when it is back", nil)
	f.packet(0, 0, 100)
	round(k, tab)
	if v := k.View().Interfaces[0]; !v.Attached || v.Told != counts(2, 200) {
		t.Errorf("when it is back the view says attached %v, told %+v", v.Attached, v.Told)
	}
}

func TestPausedDroppingIsSaidOnce(t *testing.T) {
	f := newFake(4, 4)
	var log faultLog
	k := counting(f, Options{Drop: true, Fault: log.fault})
	k.guardDrop()
	log.want(t, "while frames may be dropped")
	f.drop = bpf.ErrDrop
	k.guardDrop()
	log.want(t, "when they may not", bpf.ErrDrop)
	k.guardDrop()
	log.want(t, "and again")
	f.drop = nil
	k.guardDrop()
	log.want(t, "when they may again", nil)
}

func TestShunt(t *testing.T) {
	inTunnel := func(depth uint8, kind bpf.Tunnel) decoders.FlowKey {
		return decoders.FlowKey{Proto: 6, IPVersion: 4, Depth: depth, Tunnel: decoders.TunnelKind(kind)}
	}
	for _, c := range []struct {
		name  string
		key   decoders.FlowKey
		depth int // that the kernel looks into
		most  int // of the second interface
		want  bool
	}{
		{"a flow", inTunnel(0, bpf.TunnelNone), 0, 9, true},
		{"a flow when one table is full", inTunnel(0, bpf.TunnelNone), 0, 0, false},
		{"a flow in a tunnel that the kernel looks into", inTunnel(1, bpf.TunnelVXLAN), 1, 9, true},
		{"a flow in a tunnel that it does not look into", inTunnel(1, bpf.TunnelVXLAN), 0, 9, false},
		{"a flow deeper than it looks", inTunnel(2, bpf.TunnelVXLAN), 1, 9, false},
		{"a flow in a tunnel that it does not know", inTunnel(1, bpf.TunnelGTPU+1), 4, 9, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, two := newFake(1, 1), newFake(1, 1)
			two.mostShunted = c.most
			k := counting(one, Options{TunnelDepth: c.depth})
			k.devices = append(k.devices, newDevice(two, bpf.StoreArray, "eth1", 1))
			if got := k.Shunt(&c.key); got != c.want {
				t.Errorf("shunted %v, want %v", got, c.want)
			}
			held := 0 // on all interfaces or on none
			if c.want {
				held = 1
			}
			if len(one.shunted) != held || len(two.shunted) != held {
				t.Errorf("held back on %d and %d interfaces", len(one.shunted), len(two.shunted))
			}
			if full := k.shuntsRefused.Load() == 1; full != (c.most == 0) {
				t.Errorf("%d were refused for want of room", k.shuntsRefused.Load())
			}
			k.Unshunt(&c.key)
			if len(one.shunted)+len(two.shunted) != 0 {
				t.Error("held back after it was let go")
			}
		})
	}
}

func TestWithoutProgramsNothingIsShunted(t *testing.T) {
	k := newKernel(Options{Interfaces: []string{"eth0"}, Workers: 1})
	k.choices = []Choice{{Interface: "eth0"}}
	if k.Counts() || k.Shunt(&decoders.FlowKey{}) {
		t.Error("a flow is said to be held back, by nobody")
	}
	if _, err := k.Feeds(); !errors.Is(err, ErrNoFeed) {
		t.Errorf("feeds: %v", err)
	}
}
