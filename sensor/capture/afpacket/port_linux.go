package afpacket

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"spanwatch/sensor/capture/link"
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
	links  *link.Table
	track  link.Tracker
	fanout *fanout

	// Of the goroutine that calls Next, and of Open and Close.
	filter  []bpf.RawInstruction // compiled, once it is
	ring    *ring                // nil: none at the time
	drained time.Time            // of an interface that is gone: when its ring has given all

	frames, bytes, ringFull                               atomic.Uint64
	merged, truncated, otherTags, unsummed, softwareTimes atomic.Uint64

	// Written by that goroutine alone, under mu; read by any, under mu.
	mu   sync.Mutex
	fd   int            // of the ring; -1: none
	kept InterfaceStats // counts of rings
}

// Open implements link.Port: it makes the first ring, which waits for Start, unless the interface is down.
func (p *port) Open() error {
	l, err := p.links.ByName(p.name)
	if err != nil {
		return &link.OpenError{Interface: p.name, Step: "look it up", Err: err}
	}
	p.track.Begin(p.name, &l)
	if l.Up() {
		if err := p.makeRing(&l); err != nil {
			return err
		}
		p.track.Set(link.Up, &l)
		return nil
	}
	p.track.Set(link.Down, &l)
	if p.o.Filter != "" {
		err = check(p.o.Filter)
	}
	if _, ok := linkTypes[l.Kind]; !ok {
		err = errors.Join(err, link.ErrKind)
	}
	if err != nil {
		return &link.OpenError{Interface: p.name, Step: "prepare for when it is up", Err: err}
	}
	return nil
}

// makeRing opens a ring that waits for Start.
func (p *port) makeRing(l *link.Info) (err error) {
	switch {
	case len(p.o.Program) > 0:
		p.filter = p.o.Program
	case p.o.Filter != "" && p.filter == nil:
		if p.filter, err = compile(p.name, p.o.Filter); err != nil {
			return &link.OpenError{Interface: p.name, Step: "compile the filter", Err: err}
		}
	}
	p.ring, err = openRing(p.o, p.name, l, p.fanout)
	if err != nil {
		return err
	}
	p.ring.number = p.number
	return nil
}

// Start implements link.Port: it lets frames into the ring.
func (p *port) Start() error {
	if err := p.ring.start(p.o, p.filter); err != nil {
		return &link.OpenError{Interface: p.name, Step: "attach the filter", Err: err}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fd = p.ring.fd
	return nil
}

// reopen makes and starts a ring after the first.
func (p *port) reopen(l *link.Info) error {
	if err := p.makeRing(l); err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		p.dropRing()
		return err
	}
	p.track.Reopened(l)
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

// Look implements link.Port: it finds out what became of the interface, opens and closes the ring as
// needed, and returns a change of state as an error.
func (p *port) Look(now time.Time) error {
	if p.ring != nil {
		return p.lookAtRing(now)
	}
	if !p.track.Due(now) {
		return nil
	}
	l, err := p.links.ByName(p.name)
	switch {
	case errors.Is(err, link.ErrNoSuchInterface):
		return p.track.Set(link.Gone, nil)
	case err != nil:
		return p.track.Fail(err, now)
	case !l.Up():
		return p.track.Set(link.Down, &l)
	}
	if err := p.reopen(&l); err != nil {
		return p.track.Fail(err, now)
	}
	return p.track.Set(link.Up, &l)
}

// lookAtRing is Look while there is a ring.
func (p *port) lookAtRing(now time.Time) error {
	p.mu.Lock()
	p.readRing()
	p.mu.Unlock()
	// A change of the interface is an error of the socket, of which poll tells
	// until it has been read.
	_, _ = unix.GetsockoptInt(p.ring.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if p.track.Now().State == link.Gone {
		if now.After(p.drained) && !p.ring.ready() {
			p.dropRing()
		}
		return nil
	}
	l, err := p.links.ByIndex(p.track.Now().Info.Index)
	switch {
	case errors.Is(err, link.ErrNoSuchInterface):
		// The kernel hands over its last block after the block timeout at the latest.
		p.drained = now.Add(2 * p.o.BlockTimeout)
		return p.track.Set(link.Gone, nil)
	case err != nil:
		return nil // no answer for now: the ring tells what there is
	case !l.Up():
		return p.track.Set(link.Down, &l)
	}
	p.ring.fit(&l)
	return p.track.Set(link.Up, &l)
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

// Name implements link.Port.
func (p *port) Name() string { return p.name }

// State implements link.Port.
func (p *port) State() link.State { return p.track.Now().State }

// stats returns the counters as of now. It may be called from any goroutine.
func (p *port) stats() InterfaceStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readRing()
	lost, now := p.track.Lost(p.links), p.track.Now()
	st := p.kept
	st.Name, st.Index, st.State, st.MTU = p.name, now.Info.Index, now.State, int(now.Info.MTU)
	st.Frames, st.Bytes = p.frames.Load(), p.bytes.Load()
	st.Merged, st.Truncated = p.merged.Load(), p.truncated.Load()
	st.OtherTags, st.Unsummed, st.SoftwareTimes = p.otherTags.Load(), p.unsummed.Load(), p.softwareTimes.Load()
	st.Downs, st.Removals, st.Reopens, st.Failures, st.LastError = now.Downs, now.Removals, now.Reopens, now.Failures, now.LastError
	st.Missed, st.Overruns, st.Dropped = lost.Missed, lost.Overruns, lost.Dropped
	return st
}
