package afpacket

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"spanwatch/decoders"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/capture/link"
)

// Capture is what Open opened: a Source for each worker.
type Capture struct {
	sources []*Source
	links   *link.Table
}

// Open starts the capture. All interfaces must exist; one that is down is
// captured from as soon as it is up. The errors are those of Options, *link.OpenError,
// and that of the filter, all of them joined. CAP_NET_RAW is needed now, and later
// to capture again from an interface that was removed and made anew.
func Open(o Options) (*Capture, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Capture{}
	if c.links, err = link.Open(); err != nil {
		return nil, err
	}
	fanouts := make([]fanout, len(o.Interfaces))
	ports := make([]*link.Ports[*port], 0, o.Workers)
	for worker := range o.Workers {
		s := &Source{o: &o, wake: -1}
		c.sources = append(c.sources, s)
		ports = append(ports, &s.ports)
		if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
			return nil, errors.Join(fmt.Errorf("open an eventfd: %w", err), c.Close())
		}
		for i, name := range o.Interfaces {
			s.ports.All = append(s.ports.All, &port{o: &o, name: name, number: uint16(i), worker: worker, links: c.links, fanout: &fanouts[i], fd: -1})
		}
		s.polls = make([]unix.PollFd, 1+len(s.ports.All))
	}
	if err := link.OpenAll(ports); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Sources returns the sources, one for each worker. They share nothing, and each
// is read by its own goroutine.
func (c *Capture) Sources() []*Source { return c.sources }

// Close closes all Sources. A second call does nothing.
func (c *Capture) Close() error {
	for _, s := range c.sources {
		s.Close()
	}
	c.links.Close()
	return nil
}

// Source reads one ring of each interface. Next is for one goroutine; all other
// methods may be called from any. It implements capture.Source.
type Source struct {
	o      *Options
	wake   int // an eventfd, which Close writes to
	closed atomic.Bool

	frames, bytes atomic.Uint64

	mu     sync.Mutex        // held by Next; guards what follows
	ports  link.Ports[*port] // All itself never changes
	leases []lease
	polls  []unix.PollFd // of wake and the ports' rings, in this order
	number uint64        // of the last frame
}

var _ capture.Live = (*Source)(nil)

// lease is what a batch has borrowed: one block. A capture.Batch has no room for
// it, so that it is found by the batch's address, among few.
type lease struct {
	batch *capture.Batch
	ring  *ring // nil: none
	block int
}

// Next implements capture.Source: see the package's comment for how long frames
// live. The error is capture.ErrClosed after Close, or a *link.Change, after which
// Next may be called again; both without frames. It never is io.EOF. Without
// frames and without an error it returns when there was nothing for
// capture.IdleAfter.
func (s *Source) Next(b *capture.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(b.Frames) == 0 {
		b.Frames = make([]decoders.Frame, 0, capture.DefaultBatchFrames)
	}
	b.Frames = b.Frames[:0]
	l := s.release(b)
	var idle time.Time // when to give up waiting; zero: not waiting yet
	for {
		if s.closed.Load() {
			s.forget(l)
			return capture.ErrClosed
		}
		if err := s.ports.Fault(); err != nil {
			return err
		}
		s.ports.Called()
		if p := s.oldest(); p != nil {
			s.read(p, b, &s.leases[l])
			return nil
		}
		now := time.Now()
		if idle.IsZero() {
			idle = now.Add(capture.IdleAfter)
		}
		if !now.Before(idle) {
			return nil
		}
		if err := s.wait(now, idle); err != nil {
			return err
		}
	}
}

// release ends what the batch has leased and returns its place in leases.
func (s *Source) release(b *capture.Batch) int {
	for i := range s.leases {
		l := &s.leases[i]
		if l.batch != b {
			continue
		}
		if r := l.ring; r != nil {
			l.ring = nil
			r.end(l.block)
			if r.retired && r.leases == 0 {
				r.close()
			}
		}
		return i
	}
	s.leases = append(s.leases, lease{batch: b})
	return len(s.leases) - 1
}

// forget drops the place of a batch that comes back for the last time.
func (s *Source) forget(i int) {
	last := len(s.leases) - 1
	s.leases[i] = s.leases[last]
	s.leases[last] = lease{}
	s.leases = s.leases[:last]
}

// oldest returns the port whose next frame is the oldest; nil if none has any.
func (s *Source) oldest() *port {
	var first *port
	var when int64
	for _, p := range s.ports.All {
		if p.ring == nil || !p.ring.ready() {
			continue
		}
		if at := p.ring.oldest(); first == nil || at < when {
			first, when = p, at
		}
	}
	return first
}

// read fills the batch from the port's ring, which is ready.
func (s *Source) read(p *port, b *capture.Batch, l *lease) {
	frames := b.Frames[:cap(b.Frames)]
	if p.ring.losing {
		// The kernel tells of losses by block; how many there were it has to be asked.
		p.ring.losing = false
		p.refresh()
	}
	n, from := p.ring.take(frames, s.number+1)
	l.ring, l.block = p.ring, from
	b.Frames = frames[:n]
	s.number += uint64(n)
	s.frames.Add(uint64(n))
	s.bytes.Add(p.ring.delivered.bytes)
	p.count(n, &p.ring.delivered)
}

// lookLeased is how often a ring is looked at that the kernel cannot wait for, since
// its last block is still leased.
const lookLeased = 10 * time.Millisecond

// wait waits for frames, a change of a link, or Close, but not beyond idle.
func (s *Source) wait(now, idle time.Time) error {
	timeout := max(min(s.ports.Due.Sub(now), idle.Sub(now)), 0) + time.Millisecond
	s.polls[0] = unix.PollFd{Fd: int32(s.wake), Events: unix.POLLIN}
	for i, p := range s.ports.All {
		poll := unix.PollFd{Fd: -1}
		if p.ring != nil {
			poll.Fd = int32(p.ring.fd)
			if p.ring.pollable() {
				poll.Events = unix.POLLIN
			} else {
				timeout = min(timeout, lookLeased)
			}
		}
		s.polls[1+i] = poll
	}
	if _, err := unix.Poll(s.polls, int(timeout.Milliseconds())); err != nil && err != unix.EINTR {
		return fmt.Errorf("poll: %w", err)
	}
	s.ports.Look(s.failed())
	return nil
}

// failed reports whether the last poll found a socket in error, which a change
// of its interface is.
func (s *Source) failed() bool {
	for i := range s.ports.All {
		if s.polls[1+i].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
			return true
		}
	}
	return false
}

// Load implements capture.Live. What the kernel has dropped is known by block.
func (s *Source) Load() capture.Load {
	var l capture.Load
	s.mu.Lock() // Close may give the rings back at any time
	defer s.mu.Unlock()
	for _, p := range s.ports.All {
		l.Lost += p.ringFull.Load()
		if p.ring != nil {
			l.Fill = max(l.Fill, p.ring.filled())
		}
	}
	return l
}

// Stats implements capture.Source. Losses of the interfaces themselves
// (capture.DropMissed, capture.DropOverrun) are reported by the first Source only.
func (s *Source) Stats() capture.Stats {
	st := capture.Stats{Frames: s.frames.Load(), Bytes: s.bytes.Load(), Dropped: map[string]uint64{}}
	for _, p := range s.ports.All {
		i := p.stats()
		c := capture.InterfaceStats{
			Name: i.Name, Up: i.State == link.Up && !s.closed.Load(), Changes: i.Downs + i.Removals + i.Failures, Reopens: i.Reopens,
			Frames: i.Frames, Bytes: i.Bytes, Seen: i.Seen,
			Dropped: map[string]uint64{capture.DropRingFull: i.RingFull, capture.DropUnread: i.Unread},
		}
		if left := i.Frames + i.RingFull + i.Unread; left < i.Seen {
			c.Waiting = i.Seen - left
		}
		if p.worker == 0 {
			c.Dropped[capture.DropMissed], c.Dropped[capture.DropOverrun] = i.Missed, i.Overruns
		}
		for reason, n := range c.Dropped {
			st.Dropped[reason] += n
		}
		st.Interfaces = append(st.Interfaces, c)
	}
	return st
}

// Interfaces returns the counters and the state of each interface, in the order
// of Options.Interfaces.
func (s *Source) Interfaces() []InterfaceStats {
	all := make([]InterfaceStats, len(s.ports.All))
	for i, p := range s.ports.All {
		all[i] = p.stats()
	}
	return all
}

// Close ends the capture of this Source, and Next with it. With several workers,
// frames that were this one's come to the others from then on, or to nobody as
// long as bytes of it are leased. It always returns nil.
func (s *Source) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if s.wake < 0 {
		return nil
	}
	_, _ = unix.Write(s.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // fails only if it is written already
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.ports.All {
		if p.ring != nil {
			p.dropRing()
		}
	}
	unix.Close(s.wake)
	return nil
}
