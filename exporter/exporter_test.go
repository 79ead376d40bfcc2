package exporter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/event/eventtest"
)

// fakeSink does with each batch what the test says, and keeps the bodies.
type fakeSink struct {
	name    string
	deliver func(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error

	mu     sync.Mutex
	bodies [][]byte
	keys   []string
	closed bool
}

func (s *fakeSink) Name() string { return s.name }

func (s *fakeSink) Deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	if s.deliver != nil {
		return s.deliver(ctx, records, tally)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range records {
		s.bodies = append(s.bodies, bytes.Clone(records[i].Body))
		s.keys = append(s.keys, string(records[i].Key))
		tally.Delivered(&records[i])
	}
	return nil
}

func (s *fakeSink) Close() error { s.closed = true; return nil }

func encoder(t testing.TB) *event.Encoder {
	t.Helper()
	e, err := event.NewEncoder(event.Options{Sensor: "probe-1", Run: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// appendEvents appends n events, every fourth of them an alert, the others
// flow records.
func appendEvents(x *exporter.Exporter, e *event.Encoder, n int) {
	rule := event.AppendRule(nil, &event.Rule{GID: 1, SID: 7, Message: "m"})
	var open []byte
	for i := range n {
		env := event.Envelope{Time: int64(i) * 1e9, Packet: uint64(i), FlowID: uint64(i + 1)}
		key := fmt.Appendf(nil, "key-%d", i)
		if i%4 == 0 {
			a := event.Alert{Envelope: env, SID: 7, GID: 1, Rule: rule}
			open = e.AppendAlert(open[:0], &a)
			x.Append(event.TypeAlert, open, e.ID(event.TypeAlert, &env, 1, 7), key, env.Time)
			continue
		}
		f := event.Flow{Envelope: env}
		open = e.AppendFlow(open[:0], &f)
		x.Append(event.TypeFlow, open, e.ID(event.TypeFlow, &env, 0, 0), key, env.Time)
	}
}

func checkBalance(t *testing.T, o *exporter.Outlet) exporter.TypeCounts {
	t.Helper()
	counts := o.Snapshot()
	for i := range counts {
		if b := counts[i].Balance(); b != 0 {
			t.Errorf("%s/%s: balance %d, want 0: %+v", o.Name(), event.Type(i), b, counts[i])
		}
	}
	return counts.Total()
}

func TestEverySinkGetsEveryEventInOrder(t *testing.T) {
	const events = 5000
	sinks := []*fakeSink{{name: "a"}, {name: "b"}}
	e := encoder(t)
	x := exporter.New(e, 16<<10,
		exporter.NewOutlet(sinks[0], exporter.Config{Block: true, QueueBytes: 64 << 10}),
		exporter.NewOutlet(sinks[1], exporter.Config{Block: true, QueueBatches: 2}))
	var running sync.WaitGroup
	for _, o := range x.Outlets() {
		running.Go(func() {
			if err := o.Run(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	appendEvents(x, e, events)
	x.Close()
	running.Wait()

	v, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range sinks {
		if len(s.bodies) != events {
			t.Fatalf("sink %s got %d events, want %d", s.name, len(s.bodies), events)
		}
		ids := map[string]bool{}
		for n, body := range s.bodies {
			if n%100 == 0 {
				if err := v.Validate(body); err != nil {
					t.Fatal(err)
				}
			}
			var got struct {
				Seq     uint64 `json:"seq"`
				EventID string `json:"event_id"`
				FlowID  uint64 `json:"flow_id"`
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatal(err)
			}
			if got.Seq != uint64(n+1) || got.FlowID != uint64(n+1) || s.keys[n] != fmt.Sprintf("key-%d", n) {
				t.Fatalf("sink %s event %d: got seq %d, flow %d, key %s", s.name, n, got.Seq, got.FlowID, s.keys[n])
			}
			ids[got.EventID] = true
		}
		if len(ids) != events {
			t.Errorf("%d different ids of %d events", len(ids), events)
		}
		total := checkBalance(t, x.Outlets()[i])
		if total.Made != events || total.Delivered != events {
			t.Errorf("sink %s: made %d, delivered %d, want %d", s.name, total.Made, total.Delivered, events)
		}
		if !s.closed {
			t.Errorf("sink %s was not closed", s.name)
		}
	}
	if x.Append(event.TypeFlow, []byte("{"), event.ID{}, nil, 0) {
		t.Error("Append after Close took an event")
	}
}

func TestASlowSinkLosesOtherEventsBeforeAlerts(t *testing.T) {
	e := encoder(t)
	s := &fakeSink{name: "slow"}
	o := exporter.NewOutlet(s, exporter.Config{QueueBytes: 40 << 10})
	x := exporter.New(e, 4<<10, o)
	appendEvents(x, e, 120) // nothing delivers yet
	x.Flush()
	counts := o.Snapshot()
	checkBalance(t, o)
	alerts, flows := counts[event.TypeAlert], counts[event.TypeFlow]
	if alerts.Dropped[exporter.DropQueueFull] != 0 {
		t.Errorf("%d alerts dropped while the reserve has room", alerts.Dropped[exporter.DropQueueFull])
	}
	if flows.Dropped[exporter.DropQueueFull] == 0 {
		t.Error("no flow record was dropped by a full queue")
	}
	if alerts.Made != 30 || flows.Made != 90 {
		t.Errorf("made %d alerts and %d flows, want 30 and 90", alerts.Made, flows.Made)
	}
	appendEvents(x, e, 3000)
	x.Close()
	if _, bytes := o.QueueDepth(); bytes > 40<<10 {
		t.Errorf("%d bytes are queued, the bound is %d", bytes, 40<<10)
	}
	if err := o.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	total := checkBalance(t, o)
	if total.Queued != 0 || total.Delivered != uint64(len(s.bodies)) || total.Made != 3120 {
		t.Errorf("after the end: %+v, sink has %d", total, len(s.bodies))
	}
	if _, bytes := o.QueueDepth(); bytes != 0 {
		t.Errorf("%d bytes are queued after the end", bytes)
	}
}

func TestTheDeadlineDropsWhatIsQueuedAndCountsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := encoder(t)
		started := make(chan struct{}, 1)
		s := &fakeSink{name: "stuck", deliver: func(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
			started <- struct{}{}
			<-ctx.Done()
			for i := range records {
				tally.Dropped(&records[i], exporter.DropShutdown)
			}
			return ctx.Err()
		}}
		o := exporter.NewOutlet(s, exporter.Config{})
		x := exporter.New(e, 4<<10, o)
		ctx, deadline := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- o.Run(ctx) }()
		appendEvents(x, e, 200)
		x.Flush()
		<-started
		deadline()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		appendEvents(x, e, 100) // after the outlet has gone
		x.Close()
		total := checkBalance(t, o)
		if total.Made != 300 || total.Dropped[exporter.DropShutdown] != 300 {
			t.Errorf("got %+v, want 300 made and dropped by shutdown", total)
		}
	})
}

func TestABlockedPublisherIsFreedWhenTheOutletEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := encoder(t)
		s := &fakeSink{name: "stuck", deliver: func(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
			<-ctx.Done()
			return ctx.Err() // says nothing of the records
		}}
		o := exporter.NewOutlet(s, exporter.Config{Block: true, QueueBytes: 8 << 10})
		x := exporter.New(e, 4<<10, o)
		ctx, deadline := context.WithCancel(context.Background())
		ended, published := make(chan error, 1), make(chan struct{})
		go func() { ended <- o.Run(ctx) }()
		go func() {
			appendEvents(x, e, 1000)
			x.Close()
			close(published)
		}()
		synctest.Wait()
		select {
		case <-published:
			t.Error("Flush did not wait for room")
		default:
		}
		deadline()
		<-ended
		<-published
		total := checkBalance(t, o)
		if total.Made != 1000 || total.Delivered != 0 || total.Dropped[exporter.DropSinkFault] == 0 {
			t.Errorf("got %+v", total)
		}
	})
}

func TestWhatASinkSaysIsWhatIsCounted(t *testing.T) {
	fault := errors.New("fault")
	cases := []struct {
		name   string
		tell   func(r *exporter.Record, tally *exporter.Tally)
		err    error
		counts func(c exporter.TypeCounts) uint64
	}{
		{"spooled", func(r *exporter.Record, y *exporter.Tally) { y.Spooled(r) }, fault, func(c exporter.TypeCounts) uint64 { return c.Spooled }},
		{"dropped with a reason", func(r *exporter.Record, y *exporter.Tally) { y.Dropped(r, exporter.DropTooLarge) }, fault,
			func(c exporter.TypeCounts) uint64 { return c.Dropped[exporter.DropTooLarge] }},
		{"forgotten", func(*exporter.Record, *exporter.Tally) {}, nil, func(c exporter.TypeCounts) uint64 { return c.Dropped[exporter.DropSinkFault] }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var reports []error
			s := &fakeSink{name: "s", deliver: func(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
				for i := range records {
					c.tell(&records[i], tally)
				}
				return c.err
			}}
			o := exporter.NewOutlet(s, exporter.Config{Report: func(_ string, err error) { reports = append(reports, err) }})
			e := encoder(t)
			x := exporter.New(e, 1<<10, o)
			appendEvents(x, e, 40)
			x.Close()
			if err := o.Run(context.Background()); err != nil {
				t.Fatal(err)
			}
			total := checkBalance(t, o)
			if total.Made != 40 || c.counts(total) != 40 {
				t.Errorf("got %+v", total)
			}
			if c.err != nil && (len(reports) != 1 || !errors.Is(reports[0], fault)) {
				t.Errorf("the fault was reported %d times, want once: %v", len(reports), reports)
			}
		})
	}
}

func TestAppendingAndDeliveringAllocatesNothing(t *testing.T) {
	e := encoder(t)
	s := &fakeSink{name: "s", deliver: func(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
		for i := range records {
			tally.Delivered(&records[i])
		}
		return nil
	}}
	o := exporter.NewOutlet(s, exporter.Config{Block: true, QueueBatches: 4})
	x := exporter.New(e, 0, o)
	ended := make(chan error)
	go func() { ended <- o.Run(context.Background()) }()
	f := event.Flow{Envelope: event.Envelope{FlowID: 1}}
	open, key := e.AppendFlow(nil, &f), []byte("1:abcdefghijklmnopqrstuvwxyz0=")
	id := e.ID(event.TypeFlow, &f.Envelope, 0, 0)
	run := func() {
		for range 5000 {
			x.Append(event.TypeFlow, open, id, key, 0)
		}
		x.Flush()
	}
	run()
	if n := testing.AllocsPerRun(20, run); n != 0 {
		t.Errorf("%v allocations per 5000 events, want 0", n)
	}
	x.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestASinkForAlertsNeedsNoRoomForOtherEvents stalls a sink that takes alerts
// only: a flood of flows must neither fill its queue nor be held for it.
func TestASinkForAlertsNeedsNoRoomForOtherEvents(t *testing.T) {
	e, err := event.NewEncoder(event.Options{})
	if err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	var delivered []event.Type
	s := &fakeSink{name: "alerts", deliver: func(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
		<-release
		for i := range records {
			delivered = append(delivered, records[i].Type)
			tally.Delivered(&records[i])
		}
		return nil
	}}
	o := exporter.NewOutlet(s, exporter.Config{QueueBytes: 64 << 10, Types: []event.Type{event.TypeAlert}})
	x := exporter.New(e, 0, o)
	ended := make(chan error)
	go func() { ended <- o.Run(context.Background()) }()
	const rounds = 200
	body := []byte(`{"pad":"` + strings.Repeat("x", 1000) + `"`)
	for range rounds {
		for range 50 {
			x.Append(event.TypeFlow, body, event.ID{}, nil, 0)
		}
		x.Append(event.TypeAlert, []byte(`{"a":1`), event.ID{}, nil, 0)
		x.Flush()
	}
	if _, bytes := o.QueueDepth(); bytes > 64<<10 {
		t.Errorf("%d bytes wait, of a bound of 64 KiB", bytes)
	}
	close(release)
	x.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	counts := o.Snapshot()
	total := counts.Total()
	if total.Balance() != 0 || counts[event.TypeAlert].Delivered != rounds || counts[event.TypeFlow].Filtered[exporter.FilterType] != rounds*50 {
		t.Errorf("got %+v", total)
	}
	if len(delivered) != rounds || slices.Contains(delivered, event.TypeFlow) {
		t.Errorf("%d events were delivered, want %d alerts", len(delivered), rounds)
	}
}

func TestTheEndOfCaptureWaitsForASlowSinkButNotForEver(t *testing.T) {
	for _, c := range []struct {
		name     string
		slowness time.Duration // of a delivery
		all      bool
	}{{"a slow sink gets all", time.Millisecond, true}, {"a stuck one does not hold up the end", time.Hour, false}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := encoder(t)
				s := &fakeSink{name: "slow", deliver: func(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
					time.Sleep(c.slowness)
					for i := range records {
						tally.Delivered(&records[i])
					}
					return nil
				}}
				o := exporter.NewOutlet(s, exporter.Config{QueueBytes: 8 << 10})
				x := exporter.New(e, 4<<10, o)
				ended := make(chan error, 1)
				go func() { ended <- o.Run(context.Background()) }()
				began := time.Now()
				x.Drain(10 * time.Second)
				appendEvents(x, e, 1000)
				x.Close()
				if took := time.Since(began); took > 11*time.Second {
					t.Errorf("the end took %v", took)
				}
				<-ended
				total := checkBalance(t, o)
				if got := total.Delivered == 1000; got != c.all {
					t.Errorf("got %+v", total)
				}
			})
		})
	}
}
