package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// fakeKeeper spools everything that it is given, and delivers it later as the
// test says.
type fakeKeeper struct {
	fakeSink
	before [event.NumTypes]uint64
	tend   func(ctx context.Context, tally *exporter.Tally) (left bool, err error)
	took   []int // records of each Deliver
}

func (k *fakeKeeper) Deliver(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
	k.took = append(k.took, len(records))
	for i := range records {
		tally.Spooled(&records[i])
	}
	return nil
}

func (k *fakeKeeper) Recovered() [event.NumTypes]uint64 { return k.before }

func (k *fakeKeeper) Tend(ctx context.Context, _ time.Duration, tally *exporter.Tally) (bool, error) {
	return k.tend(ctx, tally)
}

func TestSpooledEventsAreFollowedToTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &fakeKeeper{fakeSink: fakeSink{name: "kept"}}
		k.before[event.TypeFlow] = 5
		steps := 0
		k.tend = func(_ context.Context, tally *exporter.Tally) (bool, error) {
			switch steps++; steps {
			case 1:
				return true, errors.New("away")
			case 2: // an alert, two flows of the earlier process, and one flow too old
				tally.Replayed(event.TypeAlert, 1, 100)
				tally.Replayed(event.TypeFlow, 2, 200)
				tally.Lost(event.TypeFlow, 1, exporter.DropExpired)
				return true, nil
			}
			return true, nil
		}
		var reports []error
		o := exporter.NewOutlet(k, exporter.Config{
			FlushTimeout: time.Second, Block: true, Report: func(_ string, err error) { reports = append(reports, err) },
		})
		if got := checkBalance(t, o); got.Recovered != 5 || got.Spooled != 5 {
			t.Errorf("before anything: %+v", got)
		}
		e := encoder(t)
		x := exporter.New(e, 16<<10, o)
		ended := make(chan error)
		go func() { ended <- o.Run(t.Context()) }()
		appendEvents(x, e, 8) // two alerts, six flows
		x.Flush()
		time.Sleep(150 * time.Millisecond)
		if got := checkBalance(t, o); got.Spooled != 13 || got.Stored != 8 || got.Delivered != 0 {
			t.Errorf("while the destination is away: %+v", got)
		}
		time.Sleep(100 * time.Millisecond)
		x.Close()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		got := checkBalance(t, o)
		if got.Made != 8 || got.Delivered != 3 || got.Replayed != 3 || got.Spooled != 9 || got.Dropped[exporter.DropExpired] != 1 || got.Bytes != 300 {
			t.Errorf("at the end: %+v", got)
		}
		if len(reports) != 1 || reports[0] == nil {
			t.Errorf("reported %v, want the fault once", reports)
		}
	})
}

func TestALiveSensorDoesNotWaitForADestinationThatIsAway(t *testing.T) {
	for name, c := range map[string]struct {
		block bool
		want  time.Duration
	}{"live": {false, 2 * time.Second}, "replay": {true, 30 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &fakeKeeper{fakeSink: fakeSink{name: "kept"}}
				k.tend = func(context.Context, *exporter.Tally) (bool, error) { return true, errors.New("away") }
				o := exporter.NewOutlet(k, exporter.Config{Block: c.block, FlushTimeout: 30 * time.Second})
				x := exporter.New(encoder(t), 0, o)
				x.Close()
				start := time.Now()
				if err := o.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took < c.want || took > c.want+time.Second {
					t.Errorf("the end took %v, want %v", took, c.want)
				}
			})
		})
	}
}

func TestTheDeadlineSpoolsWhatAKeeperHasQueued(t *testing.T) {
	k := &fakeKeeper{fakeSink: fakeSink{name: "kept"}}
	k.tend = func(context.Context, *exporter.Tally) (bool, error) { return true, nil }
	o := exporter.NewOutlet(k, exporter.Config{})
	e := encoder(t)
	x := exporter.New(e, 4<<10, o)
	appendEvents(x, e, 200)
	x.Flush()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := checkBalance(t, o); got.Spooled != 200 || got.Dropped != [exporter.NumDropReasons]uint64{} {
		t.Errorf("got %+v, want 200 spooled", got)
	}
}

func TestBatchesThatWaitAreGathered(t *testing.T) {
	for name, c := range map[string]struct {
		cfg   exporter.Config
		calls func(n int) bool
	}{
		"one call per batch":            {exporter.Config{}, func(n int) bool { return n > 20 }},
		"as many as fit":                {exporter.Config{GatherBytes: 16 << 10}, func(n int) bool { return n > 2 && n < 12 }},
		"all that comes within linger":  {exporter.Config{GatherBytes: 1 << 20, Linger: time.Minute}, func(n int) bool { return n == 1 }},
		"what is there, without linger": {exporter.Config{GatherBytes: 1 << 20}, func(n int) bool { return n == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			var calls []int
			var order []string
			s := &fakeSink{name: "s", deliver: func(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
				calls = append(calls, len(records))
				for i := range records {
					order = append(order, string(records[i].Key))
					tally.Delivered(&records[i])
				}
				return nil
			}}
			o := exporter.NewOutlet(s, c.cfg)
			e := encoder(t)
			x := exporter.New(e, 2<<10, o)
			appendEvents(x, e, 200)
			x.Close()
			if err := o.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := checkBalance(t, o); got.Delivered != 200 || !c.calls(len(calls)) {
				t.Errorf("%d delivered in calls of %v", got.Delivered, calls)
			}
			for i, key := range order {
				if want := fmt.Sprintf("key-%d", i); key != want {
					t.Fatalf("record %d has key %s, want %s", i, key, want)
				}
			}
		})
	}
}

func TestLatencyAndAgeAreThoseOfTheBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSink{name: "s", deliver: func(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
			time.Sleep(300 * time.Millisecond)
			for i := range records {
				tally.Delivered(&records[i])
			}
			return nil
		}}
		o := exporter.NewOutlet(s, exporter.Config{Block: true})
		e := encoder(t)
		x := exporter.New(e, 1<<20, o)
		ended := make(chan error)
		go func() { ended <- o.Run(t.Context()) }()
		appendEvents(x, e, 10)
		time.Sleep(time.Second) // in the batch
		x.Flush()
		time.Sleep(100 * time.Millisecond)
		if age := o.OldestAge(); age != 1100*time.Millisecond {
			t.Errorf("the oldest has waited %v, want 1.1s", age)
		}
		x.Close()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		l := o.Latency()
		if l.Events != 10 || l.Seconds < 12.9 || l.Seconds > 13.1 || l.Buckets[8] != 10 { // 1 s to 2.5 s
			t.Errorf("got %+v, want 10 events of 1.3 s", l)
		}
		if age := o.OldestAge(); age != 0 {
			t.Errorf("the oldest has waited %v when nothing is left", age)
		}
	})
}
