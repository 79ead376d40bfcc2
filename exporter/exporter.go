package exporter

import (
	"sync"
	"time"

	"spanwatch/exporter/event"
)

// Exporter numbers events, gathers them in batches and hands each batch to all
// outlets. Append, Flush and Close are for one goroutine.
type Exporter struct {
	encoder *event.Encoder
	outlets []*Outlet
	batch   *Batch // being filled; nil when empty
	seq     uint64
	free    freeList
	closed  bool
}

// finishRoom is more than Encoder.Finish appends: seq in 20 digits, event_id,
// names and the brace.
const finishRoom = 96

// New makes an exporter whose batches are handed on when they have grown to
// batchBytes (0 means DefaultBatchBytes). encoder must be configured like the
// ones that begin the events. Nothing runs yet: the caller starts Run of each
// outlet.
func New(encoder *event.Encoder, batchBytes int, outlets ...*Outlet) *Exporter {
	if batchBytes <= 0 {
		batchBytes = DefaultBatchBytes
	}
	return &Exporter{encoder: encoder, outlets: outlets, free: freeList{size: batchBytes}}
}

// Outlets returns what Run is to be called of, and what Snapshot is to be
// asked of.
func (x *Exporter) Outlets() []*Outlet { return x.outlets }

// Seq is the number of the last event that Append took; 0 before the first.
func (x *Exporter) Seq() uint64 { return x.seq }

// Append numbers and completes an event. open is what an Append method of
// event.Encoder wrote, id that of Encoder.ID, key the community id, time packet
// time in nanoseconds. All are copied. The order of the calls is the order of
// seq. After Close it does nothing and returns false.
func (x *Exporter) Append(t event.Type, open []byte, id event.ID, key []byte, time int64) bool {
	if x.closed {
		return false
	}
	size := len(open) + finishRoom
	if x.batch != nil && !x.batch.fits(size, len(key)) {
		x.Flush()
	}
	if x.batch == nil {
		x.batch = x.free.get()
		if !x.batch.fits(size, len(key)) {
			x.batch = newBatch(size, len(key)) // an event larger than a batch travels alone
		}
		x.batch.begin()
	}
	b := x.batch
	x.seq++
	start := len(b.bodies)
	b.bodies = append(b.bodies, open...)
	b.bodies = x.encoder.Finish(b.bodies, x.seq, id)
	k := len(b.keys)
	b.keys = append(b.keys, key...)
	b.records = append(b.records, Record{
		Type: t, Time: time, ID: id,
		Body: b.bodies[start:len(b.bodies):len(b.bodies)], Key: b.keys[k:len(b.keys):len(b.keys)],
	})
	b.bytes[t] += len(b.bodies) - start
	return true
}

// Flush hands the events gathered so far to the outlets. The caller flushes at
// the interval within which an event should be visible.
func (x *Exporter) Flush() {
	b := x.batch
	if b == nil || len(b.records) == 0 {
		return
	}
	x.batch = nil
	b.holders.Store(int32(len(x.outlets)) + 1)
	for _, o := range x.outlets {
		o.publish(b, &x.free)
	}
	x.free.release(b)
}

// Drain says that capture is over and nothing else is held up by a sink that
// is slow: until patience has passed, Flush waits for room in place of
// dropping.
func (x *Exporter) Drain(patience time.Duration) {
	over := make(chan struct{})
	time.AfterFunc(patience, func() { close(over) })
	for _, o := range x.outlets {
		o.mu.Lock()
		o.patience = over
		o.mu.Unlock()
	}
}

// Close hands on what is left and ends the outlets' input: their Run delivers
// what is queued and returns.
func (x *Exporter) Close() {
	if x.closed {
		return
	}
	x.Flush()
	x.closed = true
	for _, o := range x.outlets {
		o.closeInput()
	}
}

// freeList keeps batches whose memory can be used again: the one being filled and
// those in flight, as many as one burst makes when many flows end at once. What is
// more goes to the collector, so that a long fault of a sink does not keep memory
// for ever.
type freeList struct {
	size int // bytes of bodies in a batch

	mu   sync.Mutex
	list []*Batch
}

const maxFree = 64

func (f *freeList) get() *Batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.list); n > 0 {
		b := f.list[n-1]
		f.list = f.list[:n-1]
		return b
	}
	return newBatch(f.size, keyBytes)
}

// release gives up one hold on b.
func (f *freeList) release(b *Batch) {
	if b.holders.Add(-1) > 0 {
		return
	}
	b.reset()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) < maxFree && cap(b.bodies) == f.size {
		f.list = append(f.list, b)
	}
}
