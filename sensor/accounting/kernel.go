package accounting

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"spanwatch/bpf"
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// How often evictions are read, so that their ring buffer does not overflow, and
// how many may wait for their round: some 150 MB. Beyond, the kernel's ring fills
// up, and counts what it loses.
const (
	evictionInterval = 50 * time.Millisecond
	maxWaiting       = 1 << 20
)

// Room for flows is used again by a later round unless it is more than spareTimes
// what was needed, which is taken for minSpare at least.
const (
	spareTimes = 4
	minSpare   = 1 << 10
)

// Kernel counts the packets of all interfaces until Close.
type Kernel struct {
	o       Options
	choices []Choice
	devices []*device

	round   *Round // the last one that was published
	first   *Round // what readers begin at; nil once Run is at work, or no round would ever be freed
	waiting []flow.Counted
	drained bool           // all evictions of the last sweep's time have been read
	swept   time.Time      // when that was
	spare   []flow.Counted // of the round before the last: nobody looks at it when the last is done
	sums    Sums
	settled Sums // of all rounds that were applied by all workers

	shuntsRefused atomic.Uint64 // since the kernel's table of them was full

	lanes atomic.Int32
	ended chan struct{} // closed when no lane gets frames any more
	told  chan struct{} // closed when everything was told
	view  atomic.Pointer[View]
}

func newKernel(o Options) *Kernel {
	k := &Kernel{o: o, ended: make(chan struct{}), told: make(chan struct{})}
	k.first = newRound(o.Workers)
	k.round = k.first
	k.view.Store(&View{})
	return k
}

// Choices says how each interface is counted.
func (k *Kernel) Choices() []Choice { return k.choices }

// Counts reports whether the kernel counts at least one interface.
func (k *Kernel) Counts() bool { return len(k.devices) > 0 }

// Programs returns those of an interface by its number in Options.Interfaces, or
// nil where the kernel does not count. Of their methods only those for any
// goroutine (see package bpf) may be called.
func (k *Kernel) Programs(i int) *bpf.Programs {
	for _, d := range k.devices {
		if int(d.index) == i {
			p, _ := d.programs.(*bpf.Programs)
			return p
		}
	}
	return nil
}

// Reader returns a reader for one more lane. All are made before Run.
func (k *Kernel) Reader() *Reader {
	k.lanes.Add(1)
	return &Reader{k: k, at: k.first}
}

// Own sets Options.Owner, before Run.
func (k *Kernel) Own(owner func(*decoders.FlowKey) int) { k.o.Owner = owner }

// Run reads what was counted and makes rounds, until all lanes have ended and
// were told everything.
func (k *Kernel) Run() {
	k.first = nil
	tick := time.NewTicker(evictionInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.reattach()
			k.readEvictions(maxWaiting)
			if time.Since(k.swept) >= k.o.Interval && k.round.done() {
				k.guardDrop()
				k.sweep(false)
			}
		case <-k.ended:
			k.finish()
			close(k.told)
			return
		}
	}
}

// reattach has the programs count again on interfaces that were removed and made
// anew. What passes until then is counted by capture alone.
func (k *Kernel) reattach() {
	for _, d := range k.devices {
		switch err := d.programs.Attached(); {
		case err == nil:
			continue
		case !d.gone:
			d.gone = true
			k.fault(d, err)
		}
		if d.programs.Reattach() == nil {
			d.gone = false
			k.fault(d, nil)
		}
	}
}

// guardDrop lets frames through again where they have become somebody's.
func (k *Kernel) guardDrop() {
	for _, d := range k.devices {
		if d.gone {
			continue
		}
		if err := d.programs.GuardDrop(); (err == nil) == d.paused {
			d.paused = err != nil
			k.fault(d, err)
		}
	}
}

// finish tells what is left, when nothing more is captured.
func (k *Kernel) finish() {
	k.await()
	for _, d := range k.devices {
		if err := d.programs.Detach(); err != nil {
			k.fault(d, fmt.Errorf("detach: %w", err))
		}
	}
	k.readEvictions(math.MaxInt)
	k.sweep(false)
	k.await()
	k.sweep(true) // finds nothing new; what nobody took is adopted
	k.await()
	k.account()
	for _, d := range k.devices {
		if err := d.look(); err != nil {
			k.fault(d, err)
		}
	}
	k.publishView()
}

// await waits until all workers have applied the last round. They do at once when
// their lanes have ended.
func (k *Kernel) await() {
	for !k.round.done() {
		time.Sleep(time.Millisecond)
	}
}

// readEvictions takes what had to make room, as long as no more than limit wait.
func (k *Kernel) readEvictions(limit int) {
	k.drained = true
	for _, d := range k.devices {
		var err error
		var all bool
		if k.waiting, all, err = d.evictions(k.waiting, max(limit-len(k.waiting), 0)); err != nil {
			k.fault(d, err)
		}
		k.drained = k.drained && all
	}
}

// sweep reads all tables and publishes a round. The round before is done.
func (k *Kernel) sweep(last bool) {
	if !k.drained && !last {
		return // evictions first: see device.sweepFlows
	}
	k.account()
	next := newRound(k.o.Workers)
	k.adopt(next)
	for _, d := range k.devices {
		var err error
		if k.waiting, err = d.sweepFlows(k.waiting); err != nil {
			k.fault(d, err)
		}
		if err := d.look(); err != nil {
			k.fault(d, err)
		}
		next.Refused.Add(d.refused())
	}
	k.swept = time.Now()
	next.Time, next.last = k.swept.UnixNano(), last
	next.offered, k.waiting = k.waiting, k.spare[:0]
	for i := range next.offered {
		if c := &next.offered[i]; c.Key.Depth == 0 {
			next.offeredSum.Add(bpf.Count{Packets: c.Packets[0] + c.Packets[1], Bytes: c.Bytes[0] + c.Bytes[1]})
		}
	}
	k.sums.Told.Add(next.offeredSum)
	next.pending.Store(int32(k.o.Workers))
	old := k.round
	if k.spare = old.offered; cap(k.spare) > spareTimes*max(len(k.spare), minSpare) {
		k.spare = nil // of a burst that is over
	}
	k.round = next
	old.next.Store(next)
	close(old.more)
	k.publishView()
}

// account takes over what workers took of the round that is done.
func (k *Kernel) account() {
	r := k.round
	k.sums.Taken.Add(bpf.Count{Packets: r.taken[0].Swap(0), Bytes: r.taken[1].Swap(0)})
	k.sums.Waiting = bpf.Count{}
	for i := range r.offered {
		if c := &r.offered[i]; !c.Taken() && c.Key.Depth == 0 {
			k.sums.Waiting.Add(bpf.Count{Packets: c.Packets[0] + c.Packets[1], Bytes: c.Bytes[0] + c.Bytes[1]})
		}
	}
	k.settled = k.sums
}

// adopt deals what nobody took of the last round to workers.
func (k *Kernel) adopt(next *Round) {
	for i := range k.round.offered {
		c := &k.round.offered[i]
		switch {
		case c.Taken():
		case k.o.Filtered:
			if c.Key.Depth == 0 {
				k.sums.Filtered.Add(bpf.Count{Packets: c.Packets[0] + c.Packets[1], Bytes: c.Bytes[0] + c.Bytes[1]})
			}
		default:
			w, ok := c.Knows()
			if !ok && k.o.Owner != nil {
				w, ok = k.o.Owner(&c.Key)%k.o.Workers, true
			}
			if !ok {
				w = 0
			}
			next.adopt[w] = append(next.adopt[w], c)
		}
	}
	k.sums.Waiting = bpf.Count{}
}

func (k *Kernel) fault(d *device, err error) {
	if k.o.Fault != nil {
		k.o.Fault("accounting of "+d.name, err)
	}
}

// Close detaches the programs and frees everything. Run must have returned, if it
// was called.
func (k *Kernel) Close() error {
	var faults []error
	for _, d := range k.devices {
		if err := d.programs.Close(); err != nil {
			faults = append(faults, fmt.Errorf("accounting of %s: %w", d.name, err))
		}
	}
	k.devices = nil
	return errors.Join(faults...)
}
