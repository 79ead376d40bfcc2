package accounting

import (
	"math"
	"math/rand/v2"
	"testing"

	"spanwatch/bpf"
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// ledger adds up what a device tells.
type ledger struct {
	t        *testing.T
	k        *fakeKernel
	d        *device
	told     map[decoders.FlowKey]bpf.Count
	evicteds int
}

func newLedger(t *testing.T, k *fakeKernel) *ledger {
	return &ledger{t: t, k: k, d: newDevice(k, bpf.StoreArray, "eth0", 0), told: map[decoders.FlowKey]bpf.Count{}}
}

func (l *ledger) take(told []flow.Counted, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
	for i := range told {
		n := l.told[told[i].Key]
		n.Add(bpf.Count{Packets: told[i].Packets[0] + told[i].Packets[1], Bytes: told[i].Bytes[0] + told[i].Bytes[1]})
		l.told[told[i].Key] = n
	}
}

func (l *ledger) evictions(limit int) (all bool) {
	l.t.Helper()
	told, all, err := l.d.evictions(nil, limit)
	l.evicteds += len(told)
	l.take(told, err)
	return all
}

func (l *ledger) sweep() {
	l.t.Helper()
	told, err := l.d.sweepFlows(nil)
	l.take(told, err)
}

// of is what was told of flow n.
func (l *ledger) of(n int) bpf.Count {
	k := l.k.key(n)
	return l.told[flowKey(&k)]
}

func (l *ledger) look() *InterfaceView {
	l.t.Helper()
	if err := l.d.look(); err != nil {
		l.t.Fatal(err)
	}
	return &l.d.view
}

func counts(packets, bytes uint64) bpf.Count { return bpf.Count{Packets: packets, Bytes: bytes} }

// TestWhatIsToldOfAFlow goes through what may happen to a slot between two looks at
// it. Flows 0, 4 and 8 share slot 0 of 4.
func TestWhatIsToldOfAFlow(t *testing.T) {
	for _, c := range []struct {
		name  string
		room  int // in the ring
		steps func(k *fakeKernel, l *ledger)
		want  map[int]bpf.Count
		lost  bpf.Count
	}{
		{"nothing of a silent table", 9, func(_ *fakeKernel, l *ledger) { l.sweep(); l.sweep() }, nil, bpf.Count{}},
		{"a packet is told once", 9, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			l.sweep()
			l.sweep()
		}, map[int]bpf.Count{0: counts(1, 100)}, bpf.Count{}},
		{"what came since is told next", 9, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			l.sweep()
			k.packet(0, 1, 50)
			l.sweep()
		}, map[int]bpf.Count{0: counts(2, 150)}, bpf.Count{}},
		{"a flow that was evicted before it was seen", 9, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			k.packet(4, 0, 10)
			l.evictions(math.MaxInt)
			l.sweep()
		}, map[int]bpf.Count{0: counts(1, 100), 4: counts(1, 10)}, bpf.Count{}},
		{"the rest of a flow that was evicted between two sweeps", 9, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			l.sweep()
			k.packet(0, 0, 100)
			k.packet(4, 0, 10)
			l.evictions(math.MaxInt)
			l.sweep()
		}, map[int]bpf.Count{0: counts(2, 200), 4: counts(1, 10)}, bpf.Count{}},
		{"an eviction that is read after the sweep saw its successor", 9, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			l.sweep()
			k.packet(0, 0, 100)
			k.packet(4, 0, 10)
			l.sweep()
			l.evictions(math.MaxInt)
			l.sweep()
		}, map[int]bpf.Count{0: counts(2, 200), 4: counts(1, 10)}, bpf.Count{}},
		{"a slot that changed hands twice", 9, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			l.sweep()
			k.packet(4, 0, 10)
			k.packet(8, 0, 1)
			l.evictions(math.MaxInt)
			l.sweep()
		}, map[int]bpf.Count{0: counts(1, 100), 4: counts(1, 10), 8: counts(1, 1)}, bpf.Count{}},
		{"a flow that comes back to its slot is another record", 9, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			l.sweep()
			k.packet(4, 0, 10)
			k.packet(0, 0, 100)
			l.evictions(math.MaxInt)
			l.sweep()
		}, map[int]bpf.Count{0: counts(2, 200), 4: counts(1, 10)}, bpf.Count{}},
		{"a ring without room loses what was not told", 0, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			l.sweep()
			k.packet(0, 0, 30)
			k.packet(4, 0, 10)
			l.evictions(math.MaxInt)
			l.sweep()
			l.evictions(math.MaxInt)
			l.sweep()
		}, map[int]bpf.Count{0: counts(1, 100), 4: counts(1, 10)}, counts(1, 30)},
		{"a lost flow that was told in full is no loss", 0, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			l.sweep()
			k.packet(4, 0, 10)
			l.evictions(math.MaxInt)
			l.sweep()
			l.evictions(math.MaxInt)
			l.sweep()
		}, map[int]bpf.Count{0: counts(1, 100), 4: counts(1, 10)}, bpf.Count{}},
		{"a slot that could not be read is told with the next sweep", 9, func(k *fakeKernel, l *ledger) {
			k.packet(0, 0, 100)
			k.torn = func() bool { return true }
			l.sweep()
			k.torn = nil
			k.packet(0, 0, 100)
			l.sweep()
		}, map[int]bpf.Count{0: counts(2, 200)}, bpf.Count{}},
		{"evictions that are read in parts", 9, func(k *fakeKernel, l *ledger) {
			for n := range 5 {
				k.packet(4*n, 0, 10)
			}
			for range 4 {
				if l.evictions(1) {
					l.t.Error("all was read at once")
				}
			}
			if !l.evictions(1) {
				l.t.Error("not all was read in the end")
			}
			l.sweep()
		}, map[int]bpf.Count{0: counts(1, 10), 4: counts(1, 10), 8: counts(1, 10), 12: counts(1, 10), 16: counts(1, 10)}, bpf.Count{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newFake(4, c.room)
			l := newLedger(t, k)
			c.steps(k, l)
			for n := range 20 {
				if got := l.of(n); got != c.want[n] {
					t.Errorf("flow %d: told %+v, want %+v", n, got, c.want[n])
				}
			}
			v := l.look()
			if v.TableLost[0] != c.lost {
				t.Errorf("lost %+v, want %+v", v.TableLost[0], c.lost)
			}
			if packets, bytes := v.Unread(); packets != 0 || bytes != 0 {
				t.Errorf("%d packets, %d bytes unread", packets, bytes)
			}
		})
	}
}

// TestEverythingIsToldOrLost has packets, evictions, sweeps and torn reads happen in
// any order, packets also between two slots of a sweep.
func TestEverythingIsToldOrLost(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		k := newFake(1+r.IntN(6), r.IntN(12))
		flows := 1 + r.IntN(30)
		k.inner = flows * 2 / 3
		sent := make([]bpf.Count, flows)
		packet := func() {
			n, bytes := r.IntN(flows), 60+r.IntN(1400)
			sent[n].Add(counts(1, uint64(bytes)))
			k.count(n, r.IntN(2), bytes)
		}
		k.during = func() {
			for range r.IntN(3) {
				packet()
			}
		}
		k.torn = func() bool { return r.IntN(10) == 0 }
		l := newLedger(t, k)
		for range 400 {
			switch r.IntN(12) {
			case 0:
				l.evictions(r.IntN(4))
			case 1:
				if l.evictions(math.MaxInt) {
					l.sweep()
				}
			default:
				packet()
			}
		}
		k.during, k.torn = nil, nil // detached
		for range 2 {
			l.evictions(math.MaxInt)
			l.sweep()
		}
		v := l.look()
		if packets, bytes := v.Unread(); packets != 0 || bytes != 0 {
			t.Fatalf("seed %d: %d packets, %d bytes unread", seed, packets, bytes)
		}
		inner := v.ToldInner
		inner.Add(v.TableLost[1])
		if inner != v.Inner {
			t.Fatalf("seed %d: %+v within tunnels counted, %+v told or lost", seed, v.Inner, inner)
		}
		var missing [2]bpf.Count
		for n, want := range sent {
			got := l.of(n)
			if got.Packets > want.Packets || got.Bytes > want.Bytes {
				t.Fatalf("seed %d: flow %d: told %+v of %+v", seed, n, got, want)
			}
			missing[min(n/max(k.inner, 1), 1)].Add(counts(want.Packets-got.Packets, want.Bytes-got.Bytes))
		}
		if k.inner > 0 && missing != v.TableLost {
			t.Fatalf("seed %d: %+v were not told, %+v said to be lost", seed, missing, v.TableLost)
		}
	}
}

// TestTheKernelsHashForgets follows records of the LRU hash, which says nothing of
// what it gave up.
func TestTheKernelsHashForgets(t *testing.T) {
	k := newFake(4, 0)
	l := newLedger(t, k)
	l.d = newDevice(k, bpf.StoreLRU, "eth0", 0)
	k.packet(0, 0, 100)
	l.sweep()
	k.packet(0, 0, 100)
	l.sweep()
	l.sweep()
	if got := l.of(0); got != counts(2, 200) {
		t.Errorf("told %+v of a flow of two packets", got)
	}
	k.slots[0] = bpf.FlowRecord{} // forgotten
	l.sweep()
	if n := len(l.d.hash); n != 0 {
		t.Errorf("%d records are remembered that the kernel forgot", n)
	}
	k.packet(0, 0, 100)
	l.sweep()
	if got := l.of(0); got != counts(3, 300) {
		t.Errorf("told %+v after the flow began anew", got)
	}
	k.slots[0].First++ // forgotten and begun anew between two sweeps, with as many packets
	l.sweep()
	if got := l.of(0); got != counts(4, 400) {
		t.Errorf("told %+v after the flow began anew unseen", got)
	}
}

func TestTheViewOfAnInterfaceAddsUp(t *testing.T) {
	k := newFake(4, 4)
	l := newLedger(t, k)
	l.d.choice = Choice{Hook: bpf.HookTCX}
	k.packet(0, 0, 100)
	k.stats.Refused[0][bpf.ReasonNonIPARP] = counts(2, 120)
	k.stats.Refused[0][bpf.ReasonDuplicate] = counts(1, 60)
	k.stats.Total[bpf.Ingress].Add(counts(3, 180))
	k.milliseconds = []bpf.Millisecond{{Start: 1, Total: [2]bpf.Count{counts(3, 900)}}, {Start: 2, Total: [2]bpf.Count{counts(1, 60)}}}
	v := l.look()
	if packets, bytes := v.Unread(); packets != 1 || bytes != 100 {
		t.Errorf("before the sweep %d packets, %d bytes unread, want the flow's", packets, bytes)
	}
	l.sweep()
	k.milliseconds = append(k.milliseconds, bpf.Millisecond{Start: 3, Total: [2]bpf.Count{counts(2, 120)}})
	v = l.look()
	if packets, bytes := v.Unread(); packets != 0 || bytes != 0 {
		t.Errorf("%d packets, %d bytes unread", packets, bytes)
	}
	if got := l.d.refused(); got != counts(2, 120) {
		t.Errorf("refused %+v, duplicates left out", got)
	}
	if v.BurstBytes[bpf.Ingress] != 1080 || v.Bursts[bpf.Ingress].Max.Total[bpf.Ingress].Bytes != 900 {
		t.Errorf("milliseconds told twice or not at all: %d bytes, %+v", v.BurstBytes, v.Bursts[bpf.Ingress].Max)
	}
	if len(v.VLANs) != 1 || v.VLANs[0].ID != 10 || v.VLANs[0].Totals != k.stats.Total || v.Hook != bpf.HookTCX || !v.Attached {
		t.Errorf("view %+v", v)
	}
}
