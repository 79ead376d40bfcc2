package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/event/eventtest"
	"spanwatch/exporter/spool"
)

// rig is a sink under test with the accounting of the exporter around it.
type rig struct {
	t       *testing.T
	sink    *Sink
	outlet  *exporter.Outlet
	x       *exporter.Exporter
	encoder *event.Encoder
	ended   chan error
	cancel  context.CancelFunc
	made    int
}

// quick are settings by which faults pass in test time.
func quick(c *fakeCluster) Config {
	return Config{
		Brokers: c.addrs(), Sensor: "probe-1", DialTimeout: 300 * time.Millisecond, RequestTimeout: 500 * time.Millisecond,
		MaxBackoff: 100 * time.Millisecond, SpoolAfter: 150 * time.Millisecond, DeliveryTimeout: 2 * time.Second,
	}
}

func openSpool(t *testing.T, dir string) *spool.Spool {
	t.Helper()
	s, err := spool.Open(spool.Config{Dir: dir, MaxBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newRig(t *testing.T, cfg Config, sp *spool.Spool) *rig {
	t.Helper()
	sink, err := NewSink(cfg, sp)
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.NewEncoder(event.Options{Sensor: "probe-1", Run: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, sink: sink, encoder: e, ended: make(chan error, 1)}
	r.outlet = exporter.NewOutlet(sink, exporter.Config{Block: true})
	r.x = exporter.New(e, 16<<10, r.outlet)
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() { r.ended <- r.outlet.Run(ctx) }()
	t.Cleanup(func() { cancel(); r.x.Close() })
	return r
}

// make appends n events: alerts, flows and stats, of 20 connections.
func (r *rig) make(n int) {
	rule := event.AppendRule(nil, &event.Rule{GID: 1, SID: 7, Message: "m"})
	var open []byte
	for range n {
		i := r.made
		r.made++
		env := event.Envelope{Time: int64(i) * 1e6, Packet: uint64(i), FlowID: uint64(i%20 + 1)}
		key := fmt.Appendf(nil, "1:key-%d", i%20)
		switch {
		case i%4 == 0:
			a := event.Alert{Envelope: env, SID: 7, GID: 1, Rule: rule}
			open = r.encoder.AppendAlert(open[:0], &a)
			r.x.Append(event.TypeAlert, open, r.encoder.ID(event.TypeAlert, &env, 1, 7), key, env.Time)
		case i%10 == 1:
			env.FlowID = 0
			open = append(open[:0], `{"timestamp":"1970-01-01T00:00:00.000000+0000","event_type":"stats"`...)
			r.x.Append(event.TypeStats, open, r.encoder.ID(event.TypeStats, &env, 0, 0), nil, env.Time)
		default:
			f := event.Flow{Envelope: env}
			open = r.encoder.AppendFlow(open[:0], &f)
			r.x.Append(event.TypeFlow, open, r.encoder.ID(event.TypeFlow, &env, 0, 0), key, env.Time)
		}
	}
	r.x.Flush()
}

// end closes the exporter and returns the counts; the balance must be zero.
func (r *rig) end() exporter.TypeCounts {
	r.t.Helper()
	r.x.Close()
	select {
	case err := <-r.ended:
		if err != nil {
			r.t.Error(err)
		}
	case <-time.After(20 * time.Second):
		r.t.Fatal("the outlet did not end")
	}
	counts := r.outlet.Snapshot()
	for i := range counts {
		if b := counts[i].Balance(); b != 0 {
			r.t.Errorf("%s: balance %d: %+v", event.Type(i), b, counts[i])
		}
	}
	return counts.Total()
}

// settle waits until no event is queued and, with a spool, nothing is in it.
func (r *rig) settle() {
	r.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		counts := r.outlet.Snapshot()
		if counts.Total().Queued == 0 && r.sink.Drain(context.Background(), 100*time.Millisecond) == nil {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("not settled: %+v", counts.Total())
		}
	}
}

// check reads all topics: every event exactly once, keys in order, values
// valid by the schema.
func (c *fakeCluster) check(t *testing.T, cfg Config, made int) {
	t.Helper()
	v, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint64]bool{}
	for _, topic := range cfg.Topics() {
		order := map[string]uint64{}
		for i, w := range c.stored(topic) {
			var id struct {
				Seq     uint64 `json:"seq"`
				EventID string `json:"event_id"`
				Type    string `json:"event_type"`
			}
			if err := json.Unmarshal([]byte(w.value), &id); err != nil {
				t.Fatal(err)
			}
			if i%50 == 0 && id.Type != "stats" {
				if err := v.Validate([]byte(w.value)); err != nil {
					t.Error(err)
				}
			}
			if seen[id.Seq] {
				t.Errorf("seq %d is there twice", id.Seq)
			}
			seen[id.Seq] = true
			if w.key != "" {
				if order[w.key] > id.Seq {
					t.Errorf("%s: key %s: seq %d after %d", topic, w.key, id.Seq, order[w.key])
				}
				order[w.key] = id.Seq
				if want := partitionOf([]byte(w.key), c.partitions); w.partition != want {
					t.Errorf("key %s is in partition %d, want %d", w.key, w.partition, want)
				}
			}
			if !strings.HasSuffix(topic, "."+id.Type) || w.headers["event_type"] != id.Type ||
				w.headers["event_id"] != id.EventID || w.headers["sensor"] != "probe-1" ||
				w.headers["schema"] != event.SchemaID || w.headers["content-type"] != "application/json" {
				t.Fatalf("topic %s holds %s with headers %v", topic, w.value, w.headers)
			}
		}
	}
	if len(seen) != made {
		t.Errorf("%d of %d events arrived", len(seen), made)
	}
}

func TestEventsArriveOnceInOrderInTheTopicOfTheirType(t *testing.T) {
	for _, compression := range []Compression{CompressionNone, CompressionGzip, CompressionSnappy, CompressionLZ4, CompressionZstd} {
		for _, spooled := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, spool %v", compression, spooled), func(t *testing.T) {
				c := newFakeCluster(t, 3, 4)
				cfg := quick(c)
				cfg.Compression = compression
				cfg.BatchBytes = 4 << 10
				cfg.SpoolAfter = time.Minute // the machine may be busy
				var sp *spool.Spool
				if spooled {
					sp = openSpool(t, t.TempDir())
				}
				r := newRig(t, cfg, sp)
				for range 10 {
					r.make(100)
				}
				total := r.end()
				if total.Delivered != 1000 {
					t.Errorf("got %+v, want 1000 delivered", total)
				}
				c.check(t, cfg, 1000)
			})
		}
	}
}

// TestFaultsLoseAndDoubleNothing makes the cluster fail in ways from which a
// producer can recover, without and with a spool.
func TestFaultsLoseAndDoubleNothing(t *testing.T) {
	cases := []struct {
		name  string
		fault func(c *fakeCluster) // set before the events
		then  func(c *fakeCluster) // after a moment
	}{
		{"the answer is lost after the batch was stored", func(c *fakeCluster) {
			c.answer = func(n int, _ string, _ int32, _ int) (int16, bool, bool) { return 0, true, n%7 == 3 }
		}, nil},
		{"the request is lost", func(c *fakeCluster) {
			c.answer = func(n int, _ string, _ int32, _ int) (int16, bool, bool) { return 0, n%7 != 3, n%7 == 3 }
		}, nil},
		{"the leader moves", nil, func(c *fakeCluster) { c.set(func() { c.leader = 2 }) }},
		{"the leader dies and another takes over", nil, func(c *fakeCluster) {
			c.brokers[0].stop()
			c.set(func() { c.leader = 1 })
		}},
		{"the only leader dies and comes back", nil, func(c *fakeCluster) {
			c.brokers[0].stop()
			time.Sleep(300 * time.Millisecond)
			c.brokers[0].start()
		}},
		{"there are too few replicas for a while", func(c *fakeCluster) {
			c.answer = func(n int, _ string, _ int32, _ int) (int16, bool, bool) {
				if n < 8 {
					return int16(kafka.NotEnoughReplicas), false, false
				}
				return 0, true, false
			}
		}, nil},
		{"the batch is stored, but too few replicas have it", func(c *fakeCluster) {
			c.answer = func(n int, _ string, _ int32, _ int) (int16, bool, bool) {
				if n%3 == 0 {
					return int16(kafka.NotEnoughReplicasAfterAppend), true, false
				}
				return 0, true, false
			}
		}, nil},
		{"a topic is missing at first", func(c *fakeCluster) { c.missing["spanwatch.alert"] = true }, func(c *fakeCluster) {
			time.Sleep(300 * time.Millisecond)
			c.set(func() { delete(c.missing, "spanwatch.alert") })
		}},
		{"the broker forgets the producer", nil, func(c *fakeCluster) {
			c.set(func() {
				for at, last := range c.last {
					c.last[at] = sequenced{last.producer, last.next - 5} // what follows is out of order
				}
			})
		}},
		{"rights are missing at first", func(c *fakeCluster) {
			c.answer = func(n int, topic string, _ int32, _ int) (int16, bool, bool) {
				if n < 6 && strings.HasSuffix(topic, ".flow") {
					return int16(kafka.TopicAuthorizationFailed), false, false
				}
				return 0, true, false
			}
		}, nil},
		{"batches beyond 10 records are too large", func(c *fakeCluster) {
			c.answer = func(_ int, _ string, _ int32, records int) (int16, bool, bool) {
				if records > 10 {
					return int16(kafka.MessageSizeTooLarge), false, false
				}
				return 0, true, false
			}
		}, nil},
		{"packet time is refused", func(c *fakeCluster) {
			refused := map[place]bool{}
			c.answer = func(_ int, topic string, p int32, _ int) (int16, bool, bool) {
				at := place{topic, p}
				if !refused[at] {
					refused[at] = true
					return int16(kafka.InvalidTimestamp), false, false
				}
				return 0, true, false
			}
		}, nil},
	}
	for _, one := range cases {
		for _, spooled := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, spool %v", one.name, spooled), func(t *testing.T) {
				t.Parallel()
				c := newFakeCluster(t, 3, 3)
				if one.fault != nil {
					one.fault(c)
				}
				var sp *spool.Spool
				if spooled {
					sp = openSpool(t, t.TempDir())
				}
				cfg := quick(c)
				cfg.DeliveryTimeout = time.Minute // the machine may be busy
				r := newRig(t, cfg, sp)
				r.make(200)
				if one.then != nil {
					time.Sleep(50 * time.Millisecond)
					go one.then(c)
				}
				for range 10 {
					r.make(60)
					time.Sleep(20 * time.Millisecond)
				}
				r.settle()
				total := r.end()
				later := r.sink.Later()
				late := uint64(0)
				for _, l := range later {
					late += l.Delivered
				}
				if total.Delivered != 800 || total.Replayed != late || total.Stored != late || total.Spooled != 0 {
					t.Errorf("later delivered %d; want all 800 delivered, and all that was spooled: %+v", late, total)
				}
				if !spooled && late+total.Stored != 0 {
					t.Errorf("%d spooled without a spool", total.Stored)
				}
				c.check(t, cfg, 800)
			})
		}
	}
}

func TestWithoutBrokerEverythingIsSpooledAndDeliveredByTheNextProcess(t *testing.T) {
	c := newFakeCluster(t, 1, 2)
	c.brokers[0].stop()
	dir := t.TempDir()
	cfg := quick(c)
	r := newRig(t, cfg, openSpool(t, dir))
	r.make(400)
	total := r.end()
	if total.Spooled != 400 || total.Delivered != 0 {
		t.Fatalf("got %+v, want 400 spooled", total)
	}
	c.brokers[0].start()
	sp := openSpool(t, dir)
	sink, err := NewSink(cfg, sp)
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Drain(context.Background(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	counts := sp.Counts()
	for _, one := range counts {
		if b := one.Balance(); b != 0 || one.Pending.Records != 0 {
			t.Errorf("spool: balance %d, %+v", b, one)
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	c.check(t, cfg, 400)
}

func TestWithoutSpoolTheDeliveryTimeoutDropsAndCounts(t *testing.T) {
	c := newFakeCluster(t, 1, 2)
	c.answer = func(int, string, int32, int) (int16, bool, bool) { return int16(kafka.NotEnoughReplicas), false, false }
	cfg := quick(c)
	cfg.DeliveryTimeout = 200 * time.Millisecond
	r := newRig(t, cfg, nil)
	r.make(50)
	time.Sleep(50 * time.Millisecond)
	total := r.end()
	if total.Dropped[exporter.DropRejected] != 50 {
		t.Errorf("got %+v, want 50 dropped", total)
	}
}

func TestTheEndOfTheContextEndsDeliverSoon(t *testing.T) {
	c := newFakeCluster(t, 1, 1)
	c.answer = func(int, string, int32, int) (int16, bool, bool) { return 0, false, true }
	cfg := quick(c)
	cfg.RequestTimeout, cfg.DeliveryTimeout = time.Minute, time.Hour
	r := newRig(t, cfg, nil)
	r.make(50)
	time.Sleep(100 * time.Millisecond)
	start := time.Now()
	r.cancel()
	total := r.end()
	if total.Dropped[exporter.DropShutdown] != 50 {
		t.Errorf("got %+v, want 50 dropped by shutdown", total)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("it took %v", d)
	}
}

// deliver gives records to the sink without an exporter.
func deliver(t *testing.T, s *Sink, records ...exporter.Record) (tally exporter.Tally, err error) {
	t.Helper()
	err = s.Deliver(context.Background(), records, &tally)
	return tally, err
}

func TestAMissingTopicHoldsUpItsOwnTypeOnly(t *testing.T) {
	c := newFakeCluster(t, 1, 2)
	c.missing["spanwatch.flow"] = true
	cfg := quick(c)
	cfg.SpoolAfter = 3 * time.Second // the machine may be busy
	r := newRig(t, cfg, openSpool(t, t.TempDir()))
	for range 20 {
		r.make(40)
	}
	total := r.end()
	counts := r.outlet.Snapshot()
	if a := counts[event.TypeAlert]; a.Delivered != a.Made || a.Made == 0 {
		t.Errorf("alerts: %+v, want all delivered", a)
	}
	if f := counts[event.TypeFlow]; f.Spooled != f.Made || f.Made == 0 {
		t.Errorf("flows: %+v, want all spooled", f)
	}
	if total.Made != 800 {
		t.Errorf("%d made", total.Made)
	}
}

func TestASlowBrokerHoldsDeliverUpOnceOnly(t *testing.T) {
	c := newFakeCluster(t, 1, 1)
	slow := make(chan struct{})
	c.answer = func(n int, _ string, _ int32, _ int) (int16, bool, bool) {
		if n == 1 {
			c.mu.Unlock()
			<-slow
			c.mu.Lock()
		}
		return 0, true, false
	}
	cfg := quick(c)
	cfg.RequestTimeout = 20 * time.Second
	s, err := NewSink(cfg, openSpool(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	r := exporter.Record{Type: event.TypeFlow, Body: []byte(`{"seq":1}`)}
	if _, err := deliver(t, s, r); !errors.Is(err, errSlow) {
		t.Errorf("error %v, want errSlow", err)
	}
	start := time.Now()
	for range 50 {
		if _, err := deliver(t, s, r); err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("50 calls took %v while the broker is slow", d)
	}
	close(slow)
	if err := s.Drain(context.Background(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if got := len(c.stored("spanwatch.flow")); got != 51 {
		t.Errorf("%d of 51 records arrived", got)
	}
	if l := s.Later()[event.TypeFlow]; l.Delivered != 51 {
		t.Errorf("later %+v, want 51 delivered", l)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestADistantBrokerIsFedThroughTheSpool has answers that take 60 ms, and
// batches that come faster: the sum of the answers is more than there is time.
func TestADistantBrokerIsFedThroughTheSpool(t *testing.T) {
	c := newFakeCluster(t, 1, 1)
	c.answer = func(int, string, int32, int) (int16, bool, bool) {
		c.mu.Unlock()
		time.Sleep(60 * time.Millisecond)
		c.mu.Lock()
		return 0, true, false
	}
	cfg := quick(c)
	s, err := NewSink(cfg, openSpool(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	const calls = 100
	start := time.Now()
	var all exporter.Tally
	for i := range calls {
		r := exporter.Record{Type: event.TypeFlow, Body: fmt.Appendf(nil, `{"seq":%d}`, i)}
		if err := s.Deliver(context.Background(), []exporter.Record{r}, &all); err != nil && !errors.Is(err, errSlow) {
			t.Fatal(err)
		}
	}
	if d := time.Since(start); d > calls*60*time.Millisecond/2 {
		t.Errorf("%d calls took %v: each waited for its answer", calls, d)
	}
	if err := s.Drain(context.Background(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	got := c.stored("spanwatch.flow")
	for i, w := range got {
		if w.value != fmt.Sprintf(`{"seq":%d}`, i) {
			t.Fatalf("record %d is %s", i, w.value)
		}
	}
	if late := s.Later()[event.TypeFlow].Delivered; len(got) != calls || late < calls/2 || late >= calls {
		t.Errorf("%d arrived, %d of them by the spool", len(got), late)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
