package pipeline

import (
	"math/rand/v2"
	"testing"
	"time"

	"spanwatch/decoders"
	"spanwatch/exporter/metrics"
	"spanwatch/sensor/analytics"
	"spanwatch/sensor/flow"
	"spanwatch/signatures"
)

// someDeltas are of flows between hosts of 10.0.0.0/8, one of them much larger
// than the others.
func someDeltas(r *rand.Rand, n int) (deltas []flow.Delta, bytes uint64) {
	for i := range n {
		d := flow.Delta{
			IPVersion: 4, Proto: 6, Client: decoders.Addr{10, byte(i >> 16), byte(i >> 8), byte(i)}, Server: decoders.Addr{10, 255, 0, byte(i % 7)},
			ClientPort: uint16(i), ServerPort: uint16(i % 300), Packets: [2]uint32{1, 1}, FlowID: uint64(i + 1),
		}
		d.Bytes = [2]uint64{uint64(r.IntN(2000)), uint64(r.IntN(20_000))}
		if i == n/2 {
			d.Bytes[0] = 1 << 30
		}
		bytes += d.Bytes[0] + d.Bytes[1]
		deltas = append(deltas, d)
	}
	return deltas, bytes
}

func second(n int) int64 { return int64(1_700_000_000+n) * int64(time.Second) }

func newTestRater(t testing.TB, window time.Duration, wait bool) *rater {
	t.Helper()
	r, err := newRater(window, 10, nil, wait)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAWindowsRatesAndTheirRestAreExactlyItsTraffic(t *testing.T) {
	r := newTestRater(t, 10*time.Second, true)
	deltas, bytes := someDeltas(rand.New(rand.NewPCG(1, 2)), 5000)
	for i := range 10 {
		r.take(deltas[i*500:(i+1)*500], second(i))
	}
	if r.latest(time.Now()) != nil {
		t.Error("a window is there before its end")
	}
	r.end(second(10))
	x := r.latest(time.Now())
	if x == nil || x.Seconds != 10 {
		t.Fatalf("got %+v, want a window of 10 s", x)
	}
	check := func(name string, rows []analytics.Flux, other analytics.Flux, folded, entries int, want uint64) {
		for _, f := range rows {
			other.Add(f)
		}
		if got := other.Out.Bytes + other.In.Bytes; got != want || len(rows) != 10 || folded != entries-10 {
			t.Errorf("%s: %d bytes in %d rows and %d folded entries, want %d, 10, %d", name, got, len(rows), folded, want, entries-10)
		}
	}
	var hosts, flows, services []analytics.Flux
	for _, h := range x.Hosts.Rows {
		hosts = append(hosts, h.Flux)
	}
	for _, f := range x.Flows.Rows {
		flows = append(flows, f.Flux)
	}
	for _, s := range x.Services.Rows {
		services = append(services, s.Flux)
	}
	check("hosts", hosts, x.Hosts.Other, x.Hosts.Folded, 5007, 2*bytes) // every byte leaves one and reaches one
	check("flows", flows, x.Flows.Other, x.Flows.Folded, 5000, bytes)
	check("services", services, x.Services.Other, x.Services.Folded, 300, bytes)
	if x.Flows.Rows[0].Out.Bytes != 1<<30 {
		t.Errorf("the largest flow is %+v", x.Flows.Rows[0])
	}
}

func TestWindowsFollowEachOtherWithoutLosingABatch(t *testing.T) {
	r := newTestRater(t, 5*time.Second, true)
	deltas, bytes := someDeltas(rand.New(rand.NewPCG(3, 4)), 100)
	var sum uint64
	for i := range 23 {
		r.take(deltas, second(i))
		if i%5 == 0 && i > 0 {
			r.spare = <-r.done // sorted
			x := r.latest(time.Now())
			sum += x.Flows.Other.Out.Bytes + x.Flows.Other.In.Bytes
			for _, f := range x.Flows.Rows {
				sum += f.Out.Bytes + f.In.Bytes
			}
			if x.Seconds != 5 {
				t.Errorf("a window of %v s", x.Seconds)
			}
		}
	}
	if want := 20 * bytes; sum != want {
		t.Errorf("four windows have %d bytes, want %d", sum, want)
	}
}

// TestSortingAWindowHoldsNothingUp keeps the goroutine's account from coming
// back: the merge stage must go on with the other, and the window grow.
func TestSortingAWindowHoldsNothingUp(t *testing.T) {
	r := newTestRater(t, time.Second, false)
	deltas, _ := someDeltas(rand.New(rand.NewPCG(5, 6)), 100)
	r.take(deltas, second(0))
	r.take(deltas, second(1)) // closes the first window
	held := <-r.done          // its account is back, but nobody has told the rater
	first := r.latest(time.Now())
	for i := range 5 {
		r.take(deltas, second(2+i)) // would wait for ever if it waited
	}
	if r.latest(time.Now()) != first {
		t.Error("a window ended while there was no account for the next")
	}
	r.done <- held
	r.take(deltas, second(8))
	r.spare = <-r.done
	if x := r.latest(time.Now()); x == first || x.Seconds != 7 {
		t.Errorf("got %+v, want a window of 7 s", x)
	}
	if r.latest(time.Now().Add(time.Minute)) != nil {
		t.Error("rates of long ago are shown")
	}
}

// BenchmarkRates shows what a window costs the merge stage per delta, with as
// many flows as are held one by one, beside the account of the whole run.
func BenchmarkRates(b *testing.B) {
	deltas, _ := someDeltas(rand.New(rand.NewPCG(7, 8)), 100_000)
	b.Run("window", func(b *testing.B) {
		r := newTestRater(b, 10*time.Second, false)
		for i := 0; b.Loop(); i++ {
			r.take(deltas, second(i))
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(deltas)), "ns/delta")
	})
	b.Run("account", func(b *testing.B) {
		a, err := analytics.New(analytics.DefaultConfig())
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			a.Apply(deltas)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(deltas)), "ns/delta")
	})
}

// BenchmarkScrapeAMillionFlows has a million flows and hosts in the tables and
// shows the cost of the two halves: what the merge stage pays for a View, about
// once a second and never more than a fiftieth of its time, and what a scrape
// pays, which reads the last View and nothing else.
func BenchmarkScrapeAMillionFlows(b *testing.B) {
	for _, flows := range []int{1000, 100_000, 1_000_000} {
		name := map[int]string{1000: "1k", 100_000: "100k", 1_000_000: "1M"}[flows]
		account, err := analytics.New(analytics.Config{Hosts: 1 << 20, Flows: 1 << 20, Series: 600})
		if err != nil {
			b.Fatal(err)
		}
		deltas, _ := someDeltas(rand.New(rand.NewPCG(9, 10)), flows)
		account.Apply(deltas)
		rater := newTestRater(b, time.Second, true)
		rater.take(deltas, second(0))
		rater.end(second(1))
		m := &merger{account: account, rater: rater, state: newState(nil), top: 20}
		m.reloads.Report = &signatures.Report{}
		m.publish(true)
		p := &Pipeline{State: m.state, merge: *m}
		registry := metrics.NewRegistry("bench")
		registry.Add(p.MetricsSource())
		b.Run(name+"/view", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.publish(true)
			}
		})
		b.Run(name+"/scrape", func(b *testing.B) {
			b.ReportAllocs()
			var size counter
			for b.Loop() {
				size = 0
				if err := registry.Write(&size); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size), "bytes/scrape")
		})
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
