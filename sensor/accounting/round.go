package accounting

import (
	"sync/atomic"
	"time"

	"spanwatch/bpf"
	"spanwatch/sensor/flow"
)

// settle is how long after the time of a round a lane may still get frames that
// were captured before it: as long as a block of a ring may stay open, twice.
const settle = int64(100 * time.Millisecond)

// Round is what the kernel counted since the round before. All workers apply it.
type Round struct {
	// Time is when it was read, in Unix nanoseconds: nothing counted later is in it.
	Time    int64
	offered []flow.Counted
	adopt   [][]*flow.Counted // by worker: what nobody took of the round before
	last    bool

	// Refused is what the programs found in no flow since they were attached,
	// outermost packets of all interfaces, duplicates left out.
	Refused bpf.Count

	offeredSum bpf.Count // outermost packets of offered
	pending    atomic.Int32
	taken      [2]atomic.Uint64 // packets, bytes of outermost packets
	next       atomic.Pointer[Round]
	more       chan struct{} // closed when next is set
}

func newRound(workers int) *Round {
	return &Round{adopt: make([][]*flow.Counted, workers), more: make(chan struct{})}
}

// Apply gives a worker's table its part of the round. Each worker calls it once,
// after it has given the table all packets captured before Time.
func (r *Round) Apply(t *flow.Table, worker int) {
	before := t.Stats()
	for _, c := range r.adopt[worker] {
		t.Adopt(c)
	}
	for i := range r.offered {
		t.Offer(&r.offered[i], worker)
	}
	t.EndRound()
	after := t.Stats()
	r.taken[0].Add(after.ToldPackets - before.ToldPackets)
	r.taken[1].Add(after.ToldBytes - before.ToldBytes)
	r.pending.Add(-1)
}

func (r *Round) done() bool { return r.pending.Load() == 0 }

// Reader gives the rounds to one lane, in order. One goroutine at a time.
type Reader struct {
	k     *Kernel
	at    *Round
	ended bool
}

// Due returns the next round if the lane, which has got all frames captured until
// now, may apply it; else nil.
func (r *Reader) Due(now int64) *Round {
	next := r.at.next.Load()
	if next == nil || now < next.Time+settle {
		return nil
	}
	r.at = next
	return next
}

// Wait is Due for a lane that gets no more frames. It waits for the next round
// until the last one was returned; then it waits until all workers have applied
// that, and returns nil. When all lanes have called it, counting ends.
func (r *Reader) Wait() *Round {
	if r.at.last {
		<-r.k.told
		return nil
	}
	if !r.ended {
		r.ended = true
		if r.k.lanes.Add(-1) == 0 {
			close(r.k.ended)
		}
	}
	<-r.at.more
	r.at = r.at.next.Load()
	return r.at
}
