package afpacket

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// port is one interface of one Source, through all its changes of state:
//
//	up ◄──► down       the ring stays: the kernel goes on by itself
//	up ───► gone       the ring is read to its end and closed
//	gone ─► up         a new ring, of whatever interface has the name now
//	  └──── failed ◄─┘ tried again, ever more seldom
type port struct {
	o      *Options
	name   string
	number uint16 // among the options' interfaces
	worker int
	links  *links
	fanout *fanout

	// Of the goroutine that calls Next, and of Open and Close.
	filter  []bpf.RawInstruction // compiled, once it is
	ring    *ring                // nil: none at the time
	retry   time.Time            // not before that time is a ring opened again
	backoff time.Duration
	drained time.Time // of an interface that is gone: when its ring has given all

	frames, bytes, ringFull                               atomic.Uint64
	merged, truncated, otherTags, unsummed, softwareTimes atomic.Uint64

	// Written by that goroutine alone, under mu; read by any, under mu.
	mu    sync.Mutex
	state LinkState
	link  link           // as last seen
	fd    int            // of the ring; -1: none
	kept  InterfaceStats // counts of the ring and of changes
	base  loss           // what the interface had lost when capture began
	past  loss           // what its predecessors lost
}

// Time between attempts to open a ring.
const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// open makes the first ring, which waits for start, unless the interface is down.
func (p *port) open() error {
	l, err := p.links.byName(p.name)
	if err != nil {
		return &OpenError{p.name, "look it up", err}
	}
	p.base = l.loss
	p.backoff = minBackoff
	if l.up() {
		if err := p.makeRing(&l); err != nil {
			return err
		}
		p.set(LinkUp, &l)
		return nil
	}
	p.set(LinkDown, &l)
	if p.o.Filter != "" {
		err = check(p.o.Filter)
	}
	if _, ok := linkTypes[l.kind]; !ok {
		err = errors.Join(err, ErrLinkType)
	}
	if err != nil {
		return &OpenError{p.name, "prepare for when it is up", err}
	}
	return nil
}

// makeRing opens a ring that waits for start.
func (p *port) makeRing(l *link) (err error) {
	switch {
	case len(p.o.Program) > 0:
		p.filter = p.o.Program
	case p.o.Filter != "" && p.filter == nil:
		if p.filter, err = compile(p.name, p.o.Filter); err != nil {
			return &OpenError{p.name, "compile the filter", err}
		}
	}
	p.ring, err = openRing(p.o, p.name, l, p.fanout)
	if err != nil {
		return err
	}
	p.ring.number = p.number
	return nil
}

// start lets frames into the ring.
func (p *port) start() error {
	if err := p.ring.start(p.o, p.filter); err != nil {
		return &OpenError{p.name, "attach the filter", err}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fd = p.ring.fd
	return nil
}

// reopen makes and starts a ring after the first.
func (p *port) reopen(l *link) error {
	if err := p.makeRing(l); err != nil {
		return err
	}
	if err := p.start(); err != nil {
		p.dropRing()
		return err
	}
	p.backoff = minBackoff
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept.Reopens++
	p.kept.LastError = nil
	if p.link.index != l.index {
		p.past = p.past.add(p.link.loss.since(p.base))
		p.base = loss{}
	}
	return nil
}

// dropRing closes the ring when its numbers have been read. What it holds is lost:
// all that the kernel has counted and nobody was given.
func (p *port) dropRing() {
	_ = attach(p.ring.fd, refuseAll) // so that the numbers stand still; fails only for an interface that is gone
	p.mu.Lock()
	p.readRing()
	p.fd = -1
	if left := p.frames.Load() + p.kept.RingFull + p.kept.Unread; left < p.kept.Seen {
		p.kept.Unread += p.kept.Seen - left
	}
	p.mu.Unlock()
	p.ring.retire()
	p.ring = nil
}

// set records a state, and the link if it is known, and returns what is to be
// told of a change.
func (p *port) set(to LinkState, l *link) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l != nil {
		p.link = *l
	}
	from := p.state
	p.state = to
	if from == to || from == LinkUnknown {
		return nil
	}
	told := &LinkError{Interface: p.name, From: from, To: to}
	switch to {
	case LinkDown:
		p.kept.Downs++
	case LinkGone:
		p.kept.Removals++
	case LinkFailed:
		told.Err = p.kept.LastError
	}
	return told
}

// look finds out what became of the interface, opens and closes the ring as
// needed, and returns a change of state as an error.
func (p *port) look(now time.Time) error {
	if p.ring != nil {
		return p.lookAtRing(now)
	}
	if now.Before(p.retry) {
		return nil
	}
	l, err := p.links.byName(p.name)
	switch {
	case errors.Is(err, ErrNoSuchInterface):
		return p.set(LinkGone, nil)
	case err != nil:
		return p.fail(err, now)
	case !l.up():
		return p.set(LinkDown, &l)
	}
	if err := p.reopen(&l); err != nil {
		return p.fail(err, now)
	}
	return p.set(LinkUp, &l)
}

// fail notes that a ring could not be opened, and when to try again.
func (p *port) fail(err error, now time.Time) error {
	p.retry = now.Add(p.backoff)
	p.backoff = min(2*p.backoff, maxBackoff)
	p.mu.Lock()
	p.kept.Failures++
	p.kept.LastError = err
	p.mu.Unlock()
	return p.set(LinkFailed, nil)
}

// lookAtRing is look while there is a ring.
func (p *port) lookAtRing(now time.Time) error {
	p.mu.Lock()
	p.readRing()
	p.mu.Unlock()
	// A change of the interface is an error of the socket, of which poll tells
	// until it has been read.
	_, _ = unix.GetsockoptInt(p.ring.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if p.state == LinkGone {
		if now.After(p.drained) && !p.ring.ready() {
			p.dropRing()
		}
		return nil
	}
	l, err := p.links.byIndex(p.link.index)
	switch {
	case errors.Is(err, ErrNoSuchInterface):
		// The kernel hands over its last block after the block timeout at the latest.
		p.drained = now.Add(2 * p.o.BlockTimeout)
		return p.set(LinkGone, nil)
	case err != nil:
		return nil // no answer for now: the ring tells what there is
	case !l.up():
		return p.set(LinkDown, &l)
	}
	p.ring.fit(&l)
	return p.set(LinkUp, &l)
}

// refresh reads the ring's counters, of which one has changed.
func (p *port) refresh() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readRing()
}

// readRing adds the kernel's counters of the ring, which start again from zero
// when they are read. p.mu is held.
func (p *port) readRing() {
	if p.fd < 0 {
		return
	}
	st, err := unix.GetsockoptTpacketStatsV3(p.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return // they are still there the next time
	}
	p.kept.Seen += uint64(st.Packets)
	p.kept.RingFull += uint64(st.Drops)
	p.ringFull.Store(p.kept.RingFull)
	p.kept.Freezes += uint64(st.Freeze_q_cnt)
}

// count adds what a batch was given.
func (p *port) count(frames int, d *delivered) {
	p.frames.Add(uint64(frames))
	p.bytes.Add(d.bytes)
	if d.merged|d.truncated|d.otherTags|d.unsummed|d.softwareTimes == 0 {
		return
	}
	p.merged.Add(d.merged)
	p.truncated.Add(d.truncated)
	p.otherTags.Add(d.otherTags)
	p.unsummed.Add(d.unsummed)
	p.softwareTimes.Add(d.softwareTimes)
}

// stats returns the counters as of now. It may be called from any goroutine.
func (p *port) stats() InterfaceStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readRing()
	lost := p.link.loss
	if l, err := p.links.byIndex(p.link.index); err == nil {
		lost = l.loss
	}
	lost = lost.since(p.base).add(p.past)
	st := p.kept
	st.Name, st.Index, st.State, st.MTU = p.name, p.link.index, p.state, int(p.link.mtu)
	st.Frames, st.Bytes = p.frames.Load(), p.bytes.Load()
	st.Merged, st.Truncated = p.merged.Load(), p.truncated.Load()
	st.OtherTags, st.Unsummed, st.SoftwareTimes = p.otherTags.Load(), p.unsummed.Load(), p.softwareTimes.Load()
	st.Missed, st.Overruns, st.Dropped = lost.missed, lost.overruns, lost.dropped
	return st
}
