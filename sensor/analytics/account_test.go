package analytics

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

func newAccount(t testing.TB, cfg Config) *Account {
	t.Helper()
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func addr(s string) decoders.Addr {
	a, _ := decoders.AddrFrom(netip.MustParseAddr(s))
	return a
}

// randomDeltas are of some hosts, ports and flows, a few of them heavy.
func randomDeltas(r *rand.Rand, n, hosts int) []flow.Delta {
	deltas := make([]flow.Delta, n)
	for i := range deltas {
		pick := func() byte { return byte(min(r.IntN(hosts), r.IntN(hosts))) }
		d := flow.Delta{
			Second:    1_700_000_000 + int64(i/50),
			IPVersion: 4, Proto: []uint8{6, 17, 47}[r.IntN(3)],
			Client: decoders.Addr{10, 0, 0, pick()}, Server: decoders.Addr{10, 0, 0, pick()},
			ServerPort: uint16(r.IntN(4)), ClientPort: uint16(r.IntN(3)),
			Packets: [2]uint32{r.Uint32N(10), r.Uint32N(10)},
		}
		d.Bytes = [2]uint64{uint64(d.Packets[0]) * 100, uint64(d.Packets[1]) * 1000}
		d.FlowID = uint64(d.Client[3])<<32 | uint64(d.Server[3])<<24 | uint64(d.Proto)<<16 | uint64(d.ServerPort)<<8 | uint64(d.ClientPort)
		deltas[i] = d
	}
	return deltas
}

func sum(rows []Flux, other Flux) Flux {
	for _, x := range rows {
		other.add(x.Out, x.In)
	}
	return other
}

func fluxes[R any](rows []R, of func(R) Flux) []Flux {
	var out []Flux
	for _, r := range rows {
		out = append(out, of(r))
	}
	return out
}

func hostFlux(h Host) Flux       { return h.Flux }
func serviceFlux(s Service) Flux { return s.Flux }
func flowFlux(f Flow) Flux       { return f.Flux }

// checkSums verifies that every list of a snapshot adds up to the total.
func checkSums(t *testing.T, s Snapshot) {
	t.Helper()
	tracked := s.Total
	tracked.sub(s.Untracked)
	for name, top := range map[string]Top[Host]{"bytes": s.HostsByBytes, "packets": s.HostsByPackets, "in": s.HostsByIn, "out": s.HostsByOut} {
		if got := sum(fluxes(top.Rows, hostFlux), top.Other); got.Out != tracked || got.In != tracked {
			t.Errorf("hosts by %s add up to %+v, want %+v each way", name, got, tracked)
		}
	}
	for name, got := range map[string]Flux{
		"services": sum(fluxes(s.Services.Rows, serviceFlux), s.Services.Other),
		"flows":    sum(fluxes(s.Flows.Rows, flowFlux), s.Flows.Other),
	} {
		both := got.Out
		both.add(got.In)
		if both != tracked {
			t.Errorf("%s add up to %+v, want %+v", name, both, tracked)
		}
	}
	var protocols, apps Counts
	for _, p := range s.Protocols {
		protocols.add(p.Out)
		protocols.add(p.In)
	}
	for _, p := range s.Apps {
		apps.add(p.Counts)
	}
	if protocols != tracked || apps != tracked {
		t.Errorf("protocols add up to %+v, applications to %+v, want %+v", protocols, apps, tracked)
	}
}

func TestNewRefusesBoundsThatHoldNothing(t *testing.T) {
	for _, cfg := range []Config{{Hosts: 15, Flows: 16, Series: 1}, {Hosts: 16, Flows: 0, Series: 1}, {Hosts: 16, Flows: 16}} {
		if _, err := New(cfg); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v: got %v", cfg, err)
		}
	}
}

func TestTopListsEqualBruteForceWhenAllFits(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 7))
		a := newAccount(t, Config{Hosts: 256, Flows: 1 << 14, Series: 60})
		deltas := randomDeltas(r, 3000, 100)
		hosts, flows := map[decoders.Addr]*Flux{}, map[uint64]*Flux{}
		services := map[[2]uint16]*Flux{}
		for _, d := range deltas {
			ts, tc := Counts{uint64(d.Packets[0]), d.Bytes[0]}, Counts{uint64(d.Packets[1]), d.Bytes[1]}
			port := d.ServerPort
			if d.Proto == 47 {
				port = 0
			}
			at(hosts, d.Client).add(ts, tc)
			at(hosts, d.Server).add(tc, ts)
			at(flows, d.FlowID).add(ts, tc)
			at(services, [2]uint16{uint16(d.Proto), port}).add(ts, tc)
		}
		a.Apply(deltas)
		for _, k := range []int{0, 1, 10, 1000} {
			s := a.Snapshot(k)
			checkSums(t, s)
			for _, h := range s.HostsByBytes.Rows {
				if h.Flux != *hosts[h.Addr] {
					t.Fatalf("host %v: got %+v, want %+v", h.Addr, h.Flux, *hosts[h.Addr])
				}
			}
			for _, f := range s.Flows.Rows {
				if f.Flux != *flows[f.ID] {
					t.Fatalf("flow %d: got %+v, want %+v", f.ID, f.Flux, *flows[f.ID])
				}
			}
			for _, v := range s.Services.Rows {
				if v.Flux != *services[[2]uint16{uint16(v.Proto), v.Port}] {
					t.Fatalf("service %d/%d: got %+v", v.Proto, v.Port, v.Flux)
				}
			}
			sameWeights(t, "hosts by bytes", fluxes(s.HostsByBytes.Rows, hostFlux), hosts, k, func(x Flux) uint64 { return x.Out.Bytes + x.In.Bytes })
			sameWeights(t, "hosts by packets", fluxes(s.HostsByPackets.Rows, hostFlux), hosts, k, func(x Flux) uint64 { return x.Out.Packets + x.In.Packets })
			sameWeights(t, "hosts by in", fluxes(s.HostsByIn.Rows, hostFlux), hosts, k, func(x Flux) uint64 { return x.In.Bytes })
			sameWeights(t, "hosts by out", fluxes(s.HostsByOut.Rows, hostFlux), hosts, k, func(x Flux) uint64 { return x.Out.Bytes })
			sameWeights(t, "flows", fluxes(s.Flows.Rows, flowFlux), flows, k, func(x Flux) uint64 { return x.Out.Bytes + x.In.Bytes })
			sameWeights(t, "services", fluxes(s.Services.Rows, serviceFlux), services, k, func(x Flux) uint64 { return x.Out.Bytes + x.In.Bytes })
		}
	}
}

func at[K comparable](m map[K]*Flux, k K) *Flux {
	if m[k] == nil {
		m[k] = &Flux{}
	}
	return m[k]
}

// sameWeights compares the weights of rows, in order, with the k largest of
// all; entries without traffic do not count.
func sameWeights[K comparable](t *testing.T, name string, rows []Flux, all map[K]*Flux, k int, weight func(Flux) uint64) {
	t.Helper()
	var want, got []uint64
	for _, x := range all {
		if w := weight(*x); w != 0 {
			want = append(want, w)
		}
	}
	slices.SortFunc(want, func(a, b uint64) int { return cmp.Compare(b, a) })
	for _, x := range rows {
		if w := weight(x); w != 0 {
			got = append(got, w)
		}
	}
	if !slices.Equal(got, want[:min(k, len(want))]) {
		t.Errorf("%s: weights of the top %d are %v, want %v", name, k, got, want[:min(k, len(want))])
	}
}

func TestListsAddUpWhenTablesOverflow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	a := newAccount(t, Config{Hosts: 16, Flows: 16, Series: 5})
	for range 20 {
		a.Apply(randomDeltas(r, 500, 200))
		a.AddUntracked(1_700_000_003, Counts{3, 180})
		checkSums(t, a.Snapshot(5))
	}
	s := a.Snapshot(100)
	if s.HostsDropped == 0 || s.FlowsDropped == 0 || len(s.HostsByBytes.Rows) > 16 || len(s.Flows.Rows) > 16 {
		t.Errorf("%d hosts and %d flows dropped, %d and %d listed", s.HostsDropped, s.FlowsDropped, len(s.HostsByBytes.Rows), len(s.Flows.Rows))
	}
	if s.Untracked != (Counts{60, 3600}) {
		t.Errorf("untracked %+v", s.Untracked)
	}
}

func TestHeavyHostsSurviveAScanOfManyAddresses(t *testing.T) {
	a := newAccount(t, Config{Hosts: 64, Flows: 64, Series: 5})
	heavy := flow.Delta{IPVersion: 4, Proto: 6, Client: addr("10.0.0.1"), Server: addr("10.0.0.2"), ServerPort: 443,
		FlowID: 1, Packets: [2]uint32{1000, 1000}, Bytes: [2]uint64{1e6, 1e6}}
	a.Apply([]flow.Delta{heavy})
	for i := range 100_000 {
		scan := flow.Delta{IPVersion: 4, Proto: 6, Client: addr("10.9.9.9"), Server: decoders.Addr{172, byte(i >> 16), byte(i >> 8), byte(i)},
			ServerPort: uint16(i), FlowID: uint64(i + 2), Packets: [2]uint32{1, 0}, Bytes: [2]uint64{60, 0}}
		a.Apply([]flow.Delta{scan})
	}
	s := a.Snapshot(3)
	checkSums(t, s)
	var top []decoders.Addr
	for _, h := range s.HostsByBytes.Rows {
		top = append(top, h.Addr)
	}
	for _, want := range []string{"10.0.0.1", "10.0.0.2", "10.9.9.9"} {
		if !slices.Contains(top, addr(want)) {
			t.Errorf("%s is not among the top talkers", want)
		}
	}
	if s.Flows.Rows[0].ID != 1 || s.Services.Rows[0].Port != 443 {
		t.Errorf("largest flow %d, largest service %d", s.Flows.Rows[0].ID, s.Services.Rows[0].Port)
	}
}

func TestASeriesHoldsTheLastSecondsAndCountsWhatComesLate(t *testing.T) {
	a := newAccount(t, Config{Hosts: 16, Flows: 16, Series: 3})
	one := func(second int64) { a.AddUntracked(second, Counts{1, 100}) }
	for _, s := range []int64{100, 101, 101, 103, 100, -7} {
		one(s)
	}
	want := []Second{{101, Counts{2, 200}}, {103, Counts{1, 100}}}
	if got := a.Seconds(nil); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if s := a.Snapshot(0); s.Total != (Counts{6, 600}) || s.Late != (Counts{2, 200}) {
		t.Errorf("total %v, late %v", s.Total, s.Late)
	}
}

func TestResetForgetsEverything(t *testing.T) {
	a := newAccount(t, Config{Hosts: 16, Flows: 16, Series: 3})
	deltas := randomDeltas(rand.New(rand.NewPCG(1, 1)), 100, 50)
	a.Apply(deltas)
	a.Reset()
	if s := a.Snapshot(5); s.Total != (Counts{}) || len(s.HostsByBytes.Rows)+len(s.Services.Rows)+len(s.Flows.Rows)+len(s.Protocols) != 0 || len(a.Seconds(nil)) != 0 {
		t.Errorf("left over: %+v", s)
	}
	a.Apply(deltas)
	checkSums(t, a.Snapshot(5))
}

func TestApplyAllocatesNothingOnceAllEntriesAreThere(t *testing.T) {
	a := newAccount(t, DefaultConfig())
	deltas := randomDeltas(rand.New(rand.NewPCG(1, 1)), 1000, 50)
	a.Apply(deltas)
	if n := testing.AllocsPerRun(10, func() { a.Apply(deltas) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkApply is one delta, among many hosts.
func BenchmarkApply(b *testing.B) {
	a := newAccount(b, DefaultConfig())
	r := rand.New(rand.NewPCG(1, 1))
	deltas := make([]flow.Delta, 1<<16)
	for i := range deltas {
		n := r.Uint32N(100_000)
		deltas[i] = flow.Delta{IPVersion: 4, Proto: 6, Client: decoders.Addr{10, byte(n >> 16), byte(n >> 8), byte(n)},
			Server: decoders.Addr{192, 168, 0, byte(n)}, ServerPort: 443, FlowID: uint64(n), Packets: [2]uint32{1, 1}, Bytes: [2]uint64{100, 1000}}
	}
	a.Apply(deltas)
	b.ReportAllocs()
	for i := 0; i < b.N; i += len(deltas) {
		a.Apply(deltas[:min(len(deltas), b.N-i)])
	}
}

// BenchmarkSnapshot is a snapshot of a million hosts.
func BenchmarkSnapshot(b *testing.B) {
	a := newAccount(b, DefaultConfig())
	for i := range 1 << 20 {
		a.Apply([]flow.Delta{{IPVersion: 4, Proto: 6, Client: decoders.Addr{10, byte(i >> 16), byte(i >> 8), byte(i)}, FlowID: uint64(i),
			Packets: [2]uint32{1, 0}, Bytes: [2]uint64{uint64(i) * 2654435761 % 100_000, 0}}})
	}
	for b.Loop() {
		a.Snapshot(20)
	}
}

// TestAFullTableTurnsLightKeysAway fills a table with heavy entries and sends
// light ones past it: none of the heavy ones goes, and one that comes again and
// again is let in at last.
func TestAFullTableTurnsLightKeysAway(t *testing.T) {
	var b bounded[uint64]
	if err := b.init(64, func(k uint64) uint64 { return mix(k, 0x9e3779b97f4a7c15) }); err != nil {
		t.Fatal(err)
	}
	defer b.close()
	add := func(k, bytes uint64) { b.add(&k, b.tagOf(k), Counts{1, bytes}, Counts{}) }
	for k := range uint64(64) {
		add(k, 1000+k)
	}
	for k := range uint64(100_000) {
		add(1000+k, 10)
	}
	heavy := 0
	for _, e := range b.entries {
		if e.key < 64 {
			heavy++
		}
		if e.bytes() < b.floor {
			t.Fatalf("entry %d has %d bytes, below the floor of %d", e.key, e.bytes(), b.floor)
		}
	}
	if heavy < 48 {
		t.Errorf("%d of 64 heavy entries are left", heavy)
	}
	for range 1000 {
		add(7777, 100)
	}
	for _, e := range b.entries {
		if e.key == 7777 && e.bytes() > 50_000 {
			return
		}
	}
	t.Error("a steady key was never let in")
}
