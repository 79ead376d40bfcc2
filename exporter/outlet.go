package exporter

import (
	"slices"
	"sync"
	"time"

	"spanwatch/exporter/event"
)

// Config bounds the queue of an outlet.
type Config struct {
	// QueueBytes bounds the JSON text waiting for the sink; 0 means 16 MiB.
	// One batch is always taken when nothing else waits.
	QueueBytes int64
	// QueueBatches bounds the number of batches waiting; 0 means 1024.
	QueueBatches int
	// Types are those that the sink takes; empty is all. Others are counted as
	// filtered and need no room in the queue.
	Types []event.Type
	// Block makes Flush wait for room in place of dropping. For replay: a
	// live capture must not wait for a disk.
	Block bool
	// GatherBytes makes one Deliver call of the batches that wait, up to about
	// this much JSON text. 0 is one batch per call.
	GatherBytes int64
	// Linger is how long the outlet waits for GatherBytes to come together. 0
	// takes what is there.
	Linger time.Duration
	// FlushTimeout is how long Run goes on delivering what a Keeper has kept,
	// when the exporter is closed; 0 means 10 s.
	FlushTimeout time.Duration
	// Report is called by Run with the sink's error when a run of errors
	// begins, again when its reason has become another for a while, and with nil
	// when it has ended: once per fault, not once per batch. May be nil.
	Report func(sink string, err error)
}

// Defaults and proportions of the queue.
const (
	DefaultQueueBytes   = 16 << 20
	DefaultQueueBatches = 1024
	DefaultFlushTimeout = 10 * time.Second
	alertReserve        = 4 // one part in so many of QueueBytes is for alerts alone
)

const (
	// tendEvery is how often a Keeper is asked to deliver what it kept, when no
	// events come; tendBudget is what it may take of the time then.
	tendEvery  = 100 * time.Millisecond
	tendBudget = 20 * time.Millisecond
	// hopeless is how long the end goes on without a single kept record getting
	// through. It is longer than the pauses between attempts of a working link.
	hopeless = 2 * time.Second
	// reportEvery is how long a fault is told by its first reason, before
	// another one is told.
	reportEvery = 30 * time.Second
)

// Outlet is a sink with the queue in front of it and its accounts.
type Outlet struct {
	sink   Sink
	keeper Keeper // sink, if it is one
	cfg    Config
	takes  typeSet     // Config.Types
	ahead  AheadWriter // sink, if it writes ahead

	items chan item     // as many places as QueueBatches
	early chan item     // those of items with alerts, when the sink writes ahead
	room  chan struct{} // signal that something left the queue
	gone  chan struct{} // closed when Run has returned

	mu          sync.Mutex // guards what follows; taken per batch, not per record
	counts      Counts
	queuedBytes int64
	refusing    bool        // Run has returned or the input is closed
	waiting     []time.Time // when the batches in the queue and in delivery were begun
	latency     Latency
	// patience is closed when publishing does not wait for room any more; nil
	// while it never does. See Exporter.Drain.
	patience chan struct{}

	// What follows belongs to Run.
	gathered   []item
	selected   []Record
	tally      Tally
	reported   string // the fault that people know of; empty when none
	reportedAt time.Time
	left       bool // the keeper has records
}

// item is a batch in the queue.
type item struct {
	batch *Batch
	free  *freeList
	types *typeSet // of the records that are queued; the rest was filtered or dropped
	bytes int64
	ready chan struct{} // closed when the disk has had it; nil when it need not
}

// NewOutlet puts a queue in front of a sink.
func NewOutlet(s Sink, cfg Config) *Outlet {
	if cfg.QueueBytes <= 0 {
		cfg.QueueBytes = DefaultQueueBytes
	}
	if cfg.QueueBatches <= 0 {
		cfg.QueueBatches = DefaultQueueBatches
	}
	if cfg.FlushTimeout <= 0 {
		cfg.FlushTimeout = DefaultFlushTimeout
	}
	o := &Outlet{
		sink: s, cfg: cfg, items: make(chan item, cfg.QueueBatches),
		room: make(chan struct{}, 1), gone: make(chan struct{}),
	}
	for t := range o.takes {
		o.takes[t] = len(cfg.Types) == 0 || slices.Contains(cfg.Types, event.Type(t))
	}
	if o.keeper = keeperOf(s); o.keeper != nil {
		for t, n := range o.keeper.Recovered() {
			o.counts[t].Recovered, o.counts[t].Spooled = n, n
		}
		o.left = true
	}
	if w, ok := o.keeper.(WriteAhead); ok && w.WritesAhead() && o.takes[event.TypeAlert] {
		o.ahead = s.(AheadWriter) // w, or a Wrapper
		o.early = make(chan item, cfg.QueueBatches+1)
	}
	return o
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

// OldestAge is how long the oldest event that has no fate yet has waited. Any
// goroutine may call it.
func (o *Outlet) OldestAge() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		return 0
	}
	return time.Since(o.waiting[0])
}

// Latency returns how long events took. Any goroutine may call it.
func (o *Outlet) Latency() Latency {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.latency
}

// publish queues b, or what there is room for.
func (o *Outlet) publish(b *Batch, free *freeList) {
	if b.size(&o.takes) == 0 {
		o.mu.Lock()
		o.account(b, item{types: &o.takes}, true)
		o.mu.Unlock()
		free.release(b)
		return
	}
	for {
		o.mu.Lock()
		patience := o.patience
		it, ok, wait := o.admit(b, free)
		if ok || !wait {
			o.account(b, it, ok)
		}
		if ok {
			o.waiting = append(o.waiting, b.begun)
			if o.ahead != nil && b.bytes[event.TypeAlert] > 0 {
				it.ready = make(chan struct{})
				o.early <- it // Run has at most one beyond those in items that is not ready
			}
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
		case <-patience:
		}
	}
}

// waits reports whether publishing waits for room.
func (o *Outlet) waits() bool {
	if o.cfg.Block || o.patience == nil {
		return o.cfg.Block
	}
	select {
	case <-o.patience:
		return false
	default:
		return true
	}
}

// admit decides about b: queue it, queue its alerts, or not; wait says that it
// should be asked again when there is room.
func (o *Outlet) admit(b *Batch, free *freeList) (it item, ok, wait bool) {
	if o.refusing {
		return item{}, false, false
	}
	if len(o.items) < cap(o.items) {
		size, alerts := b.size(&o.takes), int64(0)
		if o.takes[event.TypeAlert] {
			alerts = b.size(&alertsAlone)
		}
		limit := o.cfg.QueueBytes
		if o.queuedBytes == 0 || o.queuedBytes+size <= limit-limit/alertReserve || o.waits() && o.queuedBytes+size <= limit {
			return item{batch: b, free: free, bytes: size, types: &o.takes}, true, false
		}
		if !o.waits() && alerts > 0 && o.queuedBytes+alerts <= limit {
			return item{batch: b, free: free, bytes: alerts, types: &alertsAlone}, true, false
		}
	}
	return item{}, false, o.waits()
}

// account books the records of b as queued, filtered or dropped.
func (o *Outlet) account(b *Batch, it item, queued bool) {
	why := DropQueueFull
	if o.refusing {
		why = DropShutdown
	}
	for i := range b.records {
		t := b.records[i].Type
		c := &o.counts[t]
		c.Made++
		switch {
		case !o.takes[t]:
			c.Filtered[FilterType]++
		case queued && it.types[t]:
			c.Queued++
		default:
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
	if o.ahead != nil {
		close(o.early)
	}
}
