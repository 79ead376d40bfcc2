package exporter

import (
	"context"
	"sync"

	"spanwatch/exporter/event"
)

// Sink is a destination: a file, standard output, Kafka.
type Sink interface {
	// Name is the label sink of the metrics.
	Name() string
	// Deliver takes records in order and reports to the tally, before it
	// returns, exactly once for each record, what became of it. It may block;
	// when ctx is done it gives up soon. The records are only lent. An error
	// says why something was dropped or spooled; it is for people, the
	// accounting is the tally.
	Deliver(ctx context.Context, records []Record, tally *Tally) error
	// Close releases the destination. No Deliver follows.
	Close() error
}

// Config bounds the queue of an outlet.
type Config struct {
	// QueueBytes bounds the JSON text waiting for the sink; 0 means 16 MiB.
	// One batch is always taken when nothing else waits.
	QueueBytes int64
	// QueueBatches bounds the number of batches waiting; 0 means 1024.
	QueueBatches int
	// Block makes Flush wait for room in place of dropping. For replay: a
	// live capture must not wait for a disk.
	Block bool
	// Report is called by Run with the sink's error when a run of errors
	// begins, and with nil when it has ended: once per fault, not once per
	// batch. May be nil.
	Report func(sink string, err error)
}

// Defaults and proportions of the queue.
const (
	DefaultQueueBytes   = 16 << 20
	DefaultQueueBatches = 1024
	alertReserve        = 4 // one part in so many of QueueBytes is for alerts alone
)

// Outlet is a sink with the queue in front of it and its accounts.
type Outlet struct {
	sink Sink
	cfg  Config

	items chan item     // as many places as QueueBatches
	room  chan struct{} // signal that something left the queue
	gone  chan struct{} // closed when Run has returned

	mu          sync.Mutex // guards what follows; taken per batch, not per record
	counts      Counts
	queuedBytes int64
	refusing    bool // Run has returned or the input is closed

	// Scratch memory of Run.
	selected []Record
	tally    Tally
}

// item is a batch in the queue.
type item struct {
	batch      *Batch
	free       *freeList
	alertsOnly bool // the rest of the batch was dropped for want of room
	bytes      int64
}

// NewOutlet puts a queue in front of a sink.
func NewOutlet(s Sink, cfg Config) *Outlet {
	if cfg.QueueBytes <= 0 {
		cfg.QueueBytes = DefaultQueueBytes
	}
	if cfg.QueueBatches <= 0 {
		cfg.QueueBatches = DefaultQueueBatches
	}
	return &Outlet{
		sink: s, cfg: cfg, items: make(chan item, cfg.QueueBatches),
		room: make(chan struct{}, 1), gone: make(chan struct{}),
	}
}

// Name is the sink's.
func (o *Outlet) Name() string { return o.sink.Name() }

// Snapshot returns the accounts as they stand between two batches. Any
// goroutine may call it.
func (o *Outlet) Snapshot() Counts {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts
}

// QueueDepth returns the batches and the bytes waiting. Any goroutine may call
// it.
func (o *Outlet) QueueDepth() (batches int, bytes int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.items), o.queuedBytes
}

// publish queues b, or what there is room for.
func (o *Outlet) publish(b *Batch, free *freeList) {
	for {
		o.mu.Lock()
		it, ok, wait := o.admit(b, free)
		if ok || !wait {
			o.account(b, it, ok)
		}
		if ok {
			o.items <- it // under the lock, so that abandon sees it; admit saw a free place
		}
		o.mu.Unlock()
		if ok {
			return
		}
		if !wait {
			free.release(b)
			return
		}
		select {
		case <-o.room:
		case <-o.gone:
		}
	}
}

// admit decides about b: queue it, queue its alerts, or not; wait says that it
// should be asked again when there is room.
func (o *Outlet) admit(b *Batch, free *freeList) (it item, ok, wait bool) {
	if o.refusing {
		return item{}, false, false
	}
	if len(o.items) < cap(o.items) {
		size, alerts := int64(len(b.bodies)), int64(b.alerts)
		limit := o.cfg.QueueBytes
		if o.queuedBytes == 0 || o.queuedBytes+size <= limit-limit/alertReserve || o.cfg.Block && o.queuedBytes+size <= limit {
			return item{batch: b, free: free, bytes: size}, true, false
		}
		if !o.cfg.Block && alerts > 0 && o.queuedBytes+alerts <= limit {
			return item{batch: b, free: free, bytes: alerts, alertsOnly: true}, true, false
		}
	}
	return item{}, false, o.cfg.Block
}

// account books the records of b as queued or dropped.
func (o *Outlet) account(b *Batch, it item, queued bool) {
	why := DropQueueFull
	if o.refusing {
		why = DropShutdown
	}
	for i := range b.records {
		t := b.records[i].Type
		c := &o.counts[t]
		c.Made++
		if queued && (!it.alertsOnly || t == event.TypeAlert) {
			c.Queued++
		} else {
			c.Dropped[why]++
		}
	}
	o.queuedBytes += it.bytes
}

func (o *Outlet) closeInput() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refusing = true
	close(o.items)
}

// Run delivers until the exporter is closed and the queue is empty, or until
// ctx is done, which is the deadline of the shutdown: what is queued then is
// dropped and counted. It closes the sink and returns that error. It must run
// exactly once.
func (o *Outlet) Run(ctx context.Context) error {
	defer close(o.gone)
	failing := false
	for {
		select {
		case <-ctx.Done():
			o.abandon()
			return o.sink.Close()
		case it, ok := <-o.items:
			if !ok {
				return o.sink.Close()
			}
			if ctx.Err() != nil { // select takes either of two ready cases
				o.lose(it)
				continue
			}
			err := o.deliver(ctx, it)
			if o.cfg.Report != nil && (err != nil) != failing {
				o.cfg.Report(o.Name(), err)
			}
			failing = err != nil
		}
	}
}

func (o *Outlet) deliver(ctx context.Context, it item) error {
	records := o.admitted(it)
	o.tally = Tally{}
	err := o.sink.Deliver(ctx, records, &o.tally)
	o.settle(records, it.bytes)
	it.free.release(it.batch)
	return err
}

// admitted returns the records of it that the queue took.
func (o *Outlet) admitted(it item) []Record {
	if !it.alertsOnly {
		return it.batch.records
	}
	o.selected = o.selected[:0]
	for i := range it.batch.records {
		if it.batch.records[i].Type == event.TypeAlert {
			o.selected = append(o.selected, it.batch.records[i])
		}
	}
	return o.selected
}

// settle moves the records from queued to what the tally says, and those that
// the sink forgot to DropSinkFault. A record told twice makes the balance
// negative, where the metrics show it.
func (o *Outlet) settle(records []Record, bytes int64) {
	var given [event.NumTypes]uint64
	for i := range records {
		given[records[i].Type]++
	}
	o.mu.Lock()
	for t := range given {
		if given[t] == 0 {
			continue
		}
		c, tally := &o.counts[t], &o.tally
		said := tally.delivered[t] + tally.spooled[t]
		c.Delivered += tally.delivered[t]
		c.Spooled += tally.spooled[t]
		c.Bytes += tally.bytes[t]
		for r, n := range tally.dropped[t] {
			c.Dropped[r] += n
			said += n
		}
		for r, n := range tally.filtered[t] {
			c.Filtered[r] += n
			said += n
		}
		if said < given[t] {
			c.Dropped[DropSinkFault] += given[t] - said
		}
		c.Queued -= given[t]
	}
	o.queuedBytes -= bytes
	o.mu.Unlock()
	select {
	case o.room <- struct{}{}:
	default:
	}
}

// abandon drops what is queued and everything that still comes.
func (o *Outlet) abandon() {
	o.mu.Lock()
	o.refusing = true
	o.mu.Unlock()
	for {
		select {
		case it, ok := <-o.items:
			if !ok {
				return
			}
			o.lose(it)
		default:
			return
		}
	}
}

// lose drops it because the deadline has come.
func (o *Outlet) lose(it item) {
	records := o.admitted(it)
	o.tally = Tally{}
	for i := range records {
		o.tally.Dropped(&records[i], DropShutdown)
	}
	o.settle(records, it.bytes)
	it.free.release(it.batch)
}
