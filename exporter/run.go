package exporter

import (
	"context"
	"sync"
	"time"

	"spanwatch/exporter/event"
)

// This file is the outlet's goroutine: out of the queue, into the sink.

// Run delivers until the exporter is closed and the queue is empty, or until
// ctx is done, which is the deadline of the shutdown: what is queued then is
// dropped and counted, or spooled if the sink is a Keeper. It closes the sink
// and returns that error. It must run exactly once.
func (o *Outlet) Run(ctx context.Context) error {
	defer close(o.gone)
	if o.ahead != nil {
		var writer sync.WaitGroup
		over := make(chan struct{})
		writer.Go(func() { o.writeAhead(over) })
		defer writer.Wait()
		defer close(over)
	}
	var tend <-chan time.Time
	if o.keeper != nil {
		ticker := time.NewTicker(tendEvery)
		defer ticker.Stop()
		tend = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			o.abandon(ctx)
			return o.end(ctx)
		case <-tend:
			if o.left {
				o.tend(ctx, tendBudget)
			}
		case it, ok := <-o.items:
			if !ok {
				return o.end(ctx)
			}
			if ctx.Err() != nil { // select takes either of two ready cases
				o.lose(ctx, it)
				continue
			}
			o.gather(ctx, it)
			o.report(o.deliver(ctx))
		}
	}
}

// end gives a keeper the time of Config.FlushTimeout, and closes the sink. A
// live sensor that is to end does not wait for what leads to nothing.
func (o *Outlet) end(ctx context.Context) error {
	if o.keeper == nil {
		return o.sink.Close()
	}
	start := time.Now()
	progress := start
	for o.left = true; o.left; {
		before := o.kept()
		o.tend(ctx, tendEvery)
		now := time.Now()
		if o.kept() < before {
			progress = now
		}
		if ctx.Err() != nil || now.Sub(start) >= o.cfg.FlushTimeout || !o.cfg.Block && now.Sub(progress) >= hopeless {
			break
		}
		if o.left {
			pause(ctx, tendBudget)
		}
	}
	return o.sink.Close()
}

// writeAhead writes ahead what has alerts in it, all that waits at a
// time, until the input or the outlet has ended.
func (o *Outlet) writeAhead(over <-chan struct{}) {
	var waiting []item
	for {
		select {
		case it, ok := <-o.early:
			if !ok {
				return
			}
			waiting = append(waiting[:0], it)
		case <-over:
			return
		}
		for more := true; more; {
			select {
			case it, ok := <-o.early:
				if more = ok; ok {
					waiting = append(waiting, it)
				}
			default:
				more = false
			}
		}
		for i, it := range waiting {
			o.ahead.Ahead(it.batch.records, i+1 < len(waiting))
		}
		for i := range waiting {
			close(waiting[i].ready)
			waiting[i] = item{}
		}
	}
}

// await waits until the disk has had the item, which does not take longer
// than the disk.
func (it *item) await() {
	if it.ready != nil {
		<-it.ready
	}
}

func (o *Outlet) kept() (n uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for t := range o.counts {
		n += o.counts[t].Spooled
	}
	return n
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (o *Outlet) tend(ctx context.Context, budget time.Duration) {
	o.tally = Tally{}
	var err error
	o.left, err = o.keeper.Tend(ctx, budget, &o.tally)
	var replayed uint64
	o.mu.Lock()
	for t := range o.counts {
		o.counts[t].add(&o.tally, t)
		replayed += o.tally.replayed[t]
	}
	o.mu.Unlock()
	if err != nil || !o.left && replayed > 0 {
		o.report(err)
	}
}

// report tells people of the begin and of the end of a fault, and of another
// reason for it, but not of each in a row of them.
func (o *Outlet) report(err error) {
	if o.cfg.Report == nil {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	now := time.Now()
	changed := text != o.reported && now.Sub(o.reportedAt) >= reportEvery
	if (err != nil) != (o.reported != "") || changed {
		o.cfg.Report(o.Name(), err)
		o.reported, o.reportedAt = text, now
	}
}

// gather makes one delivery of first and of what waits behind it or comes
// within Config.Linger.
func (o *Outlet) gather(ctx context.Context, first item) {
	first.await()
	o.gathered = append(o.gathered[:0], first)
	size := first.bytes
	var late <-chan time.Time
	for size < o.cfg.GatherBytes {
		select {
		case it, ok := <-o.items:
			if !ok {
				return
			}
			it.await()
			o.gathered = append(o.gathered, it)
			size += it.bytes
			continue
		default:
		}
		if o.cfg.Linger <= 0 {
			return
		}
		if late == nil {
			timer := time.NewTimer(o.cfg.Linger)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case it, ok := <-o.items:
			if !ok {
				return
			}
			it.await()
			o.gathered = append(o.gathered, it)
			size += it.bytes
		case <-late:
			return
		case <-ctx.Done():
			return
		}
	}
}

// deliver gives the sink what was gathered.
func (o *Outlet) deliver(ctx context.Context) error {
	records := o.admitted()
	o.tally = Tally{}
	err := o.sink.Deliver(ctx, records, &o.tally)
	if o.keeper != nil {
		o.left = true
	}
	o.settle(records)
	return err
}

// admitted returns the records of the gathered items that the queue took.
func (o *Outlet) admitted() []Record {
	if len(o.gathered) == 1 && o.gathered[0].whole() {
		return o.gathered[0].batch.records
	}
	o.selected = o.selected[:0]
	for _, it := range o.gathered {
		if it.whole() {
			o.selected = append(o.selected, it.batch.records...)
			continue
		}
		for i := range it.batch.records {
			if it.types[it.batch.records[i].Type] {
				o.selected = append(o.selected, it.batch.records[i])
			}
		}
	}
	return o.selected
}

// whole says that all records of the batch are queued.
func (it *item) whole() bool { return it.bytes == int64(len(it.batch.bodies)) }

// settle moves the records from queued to what the tally says, and those that
// the sink forgot to DropSinkFault. A record told twice makes the balance
// negative, where the metrics show it. It gives the batches free.
func (o *Outlet) settle(records []Record) {
	var given [event.NumTypes]uint64
	for i := range records {
		given[records[i].Type]++
	}
	o.mu.Lock()
	var delivered uint64
	for t := range given {
		c := &o.counts[t]
		c.add(&o.tally, t)
		if said := o.tally.direct(t); said < given[t] {
			c.Dropped[DropSinkFault] += given[t] - said
		}
		c.Queued -= given[t]
		delivered += o.tally.delivered[t]
	}
	now := time.Now()
	for _, it := range o.gathered {
		o.queuedBytes -= it.bytes
		// Who delivered only a part has delivered the oldest.
		n := min(delivered, uint64(len(it.batch.records)))
		delivered -= n
		if n > 0 {
			o.latency.add(now.Sub(it.batch.begun), n)
		}
	}
	o.waiting = o.waiting[:copy(o.waiting, o.waiting[len(o.gathered):])]
	o.mu.Unlock()
	for i, it := range o.gathered {
		it.free.release(it.batch)
		o.gathered[i] = item{}
	}
	clear(o.selected)
	o.gathered = o.gathered[:0]
	select {
	case o.room <- struct{}{}:
	default:
	}
}

// abandon gives up what is queued and everything that still comes.
func (o *Outlet) abandon(ctx context.Context) {
	o.mu.Lock()
	o.refusing = true
	o.mu.Unlock()
	for {
		select {
		case it, ok := <-o.items:
			if !ok {
				return
			}
			o.lose(ctx, it)
		default:
			return
		}
	}
}

// lose drops it because the deadline has come. A keeper, whose context is done,
// has a disk to put it on.
func (o *Outlet) lose(ctx context.Context, it item) {
	it.await()
	o.gathered = append(o.gathered[:0], it)
	if o.keeper != nil {
		o.report(o.deliver(ctx))
		return
	}
	records := o.admitted()
	o.tally = Tally{}
	for i := range records {
		o.tally.Dropped(&records[i], DropShutdown)
	}
	o.settle(records)
}
