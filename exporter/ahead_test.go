package exporter_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// fakeAhead notes what it was given before Deliver, and when.
type fakeAhead struct {
	fakeKeeper
	slow time.Duration // of the disk
	busy time.Duration // of Deliver

	mu       sync.Mutex
	ahead    []string // keys of alerts
	unsynced bool
	order    []string // keys of alerts that Deliver got
	early    int      // that Deliver got before Ahead
}

func (*fakeAhead) WritesAhead() bool { return true }

func (k *fakeAhead) Ahead(records []exporter.Record, more bool) {
	time.Sleep(k.slow)
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range records {
		if records[i].Type == event.TypeAlert {
			k.ahead = append(k.ahead, string(records[i].Key))
		}
	}
	k.unsynced = more
}

func (k *fakeAhead) Deliver(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
	k.mu.Lock()
	for i := range records {
		if records[i].Type == event.TypeAlert {
			key := string(records[i].Key)
			if !slices.Contains(k.ahead, key) || k.unsynced {
				k.early++
			}
			k.order = append(k.order, key)
		}
		tally.Delivered(&records[i])
	}
	k.mu.Unlock()
	time.Sleep(k.busy)
	return nil
}

func newAhead() *fakeAhead {
	k := &fakeAhead{fakeKeeper: fakeKeeper{fakeSink: fakeSink{name: "ahead"}}}
	k.tend = func(context.Context, *exporter.Tally) (bool, error) { return false, nil }
	return k
}

func TestAlertsAreWrittenAheadWhileDeliverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newAhead()
		k.busy = time.Second
		o := exporter.NewOutlet(k, exporter.Config{})
		e := encoder(t)
		x := exporter.New(e, 4<<10, o)
		ended := make(chan error)
		go func() { ended <- o.Run(t.Context()) }()
		for range 3 {
			appendEvents(x, e, 40) // ten alerts, in several batches
			x.Flush()
			synctest.Wait() // no time passes
		}
		k.mu.Lock()
		if len(k.ahead) != 30 || len(k.order) >= 30 {
			t.Errorf("%d of 30 alerts are on the disk, %d were given to Deliver", len(k.ahead), len(k.order))
		}
		k.mu.Unlock()
		if got := checkBalance(t, o); got.Queued == 0 || got.Made != 120 {
			t.Errorf("while Deliver waits: %+v", got)
		}
		x.Close()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := checkBalance(t, o); got.Delivered != 120 || k.early > 0 || !slices.Equal(k.order, k.ahead) {
			t.Errorf("%+v, %d came too early, order\n%v\nahead\n%v", got, k.early, k.order, k.ahead)
		}
	})
}

func TestASlowDiskHoldsUpTheQueueAndNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newAhead()
		k.slow = time.Minute
		o := exporter.NewOutlet(k, exporter.Config{QueueBatches: 4})
		e := encoder(t)
		x := exporter.New(e, 1<<10, o)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- o.Run(ctx) }()
		start := time.Now()
		for range 10 {
			appendEvents(x, e, 40)
			x.Flush()
			synctest.Wait()
		}
		if waited := time.Since(start); waited > 0 {
			t.Errorf("publishing waited %v", waited)
		}
		got := checkBalance(t, o)
		if got.Made != 400 || got.Dropped[exporter.DropQueueFull] == 0 || got.Queued+got.Dropped[exporter.DropQueueFull] != 400 {
			t.Errorf("behind a slow disk: %+v", got)
		}
		cancel() // the deadline of the shutdown
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := checkBalance(t, o); got.Queued != 0 || k.early > 0 {
			t.Errorf("at the end: %+v, %d came too early", got, k.early)
		}
		x.Close()
	})
}
