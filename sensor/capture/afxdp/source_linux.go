//go:build linux && (amd64 || arm64)

package afxdp

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"spanwatch/bpf"
	"spanwatch/decoders"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/capture/link"
)

// Capture is what Open opened: a Source for each worker.
type Capture struct {
	sources []*Source
	links   *link.Table
}

// Open starts the capture. All interfaces must exist; one that is down is captured
// from as soon as it is up. The errors are those of Options and *link.OpenError, all
// of them joined. CAP_NET_RAW is needed now, and later to capture again from an
// interface that was removed and made anew.
func Open(o Options) (*Capture, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if !o.Force {
		var faults []error
		for _, name := range o.Interfaces {
			if err := bpf.InUse(name); err != nil {
				faults = append(faults, &link.OpenError{Interface: name, Step: "take its frames from this host", Err: err})
			}
		}
		if err := errors.Join(faults...); err != nil {
			return nil, err
		}
	}
	liftLimit()
	c := &Capture{}
	if c.links, err = link.Open(); err != nil {
		return nil, err
	}
	ports := make([]*link.Ports[*port], 0, o.Workers)
	for worker := range o.Workers {
		s := &Source{o: &o, wake: -1}
		c.sources = append(c.sources, s)
		ports = append(ports, &s.ports)
		if s.watch, err = link.OpenWatch(); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
			return nil, errors.Join(fmt.Errorf("open an eventfd: %w", err), c.Close())
		}
		if err := s.clock.set(); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		for i, name := range o.Interfaces {
			s.ports.All = append(s.ports.All, &port{o: &o, name: name, number: uint16(i), worker: worker, links: c.links,
				programs: o.Programs[i], promiscuous: -1, seen: map[int]bpf.Count{}})
		}
	}
	if err := link.OpenAll(ports); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// liftLimit lets the kernel pin memory as far as the process may ask for it. What it
// may not is told by ErrLocked.
func liftLimit() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit) != nil {
		return
	}
	if unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}) != nil {
		limit.Cur = limit.Max
		_ = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit)
	}
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

// Source reads the sockets of its queues. Next is for one goroutine; all other
// methods may be called from any. It implements capture.Source.
type Source struct {
	o      *Options
	wake   int // an eventfd, which Close writes to
	watch  *link.Watch
	closed atomic.Bool

	frames, bytes atomic.Uint64

	mu     sync.Mutex        // held by Next; guards what follows
	ports  link.Ports[*port] // All itself never changes
	leases []*lease
	polls  []unix.PollFd
	clock  clock
	number uint64 // of the last frame
	slept  bool   // since the last frame
}

var _ capture.Live = (*Source)(nil)

// lease is what a batch has borrowed: chunks of one socket. A capture.Batch has no
// room for it, so that it is found by the batch's address, among few.
type lease struct {
	batch  *capture.Batch
	socket *socket // nil: none
	chunks []uint64
	joined []byte // frames that came in pieces
}

// clock turns the monotonic clock, which programs read, into the wall's.
type clock struct {
	start     time.Time
	monotonic int64 // at start
	offset    int64
}

func (c *clock) set() error {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return fmt.Errorf("read the monotonic clock: %w", err)
	}
	c.start, c.monotonic = time.Now(), t.Nano()
	c.offset = c.start.UnixNano() - c.monotonic
	return nil
}

// look returns the monotonic clock, and what makes it the wall's: that changes when
// the wall's clock is set or slewed, not by the noise of reading both.
func (c *clock) look() (monotonic, offset int64) {
	const noise = 1000 // ns
	now := time.Now()
	monotonic = c.monotonic + int64(now.Sub(c.start))
	if offset = now.UnixNano() - monotonic; offset > c.offset+noise || offset < c.offset-noise {
		c.offset = offset
	}
	return monotonic, c.offset
}

// Next implements capture.Source: see the package's comment for how long frames
// live. The error is capture.ErrClosed after Close, or a *link.Change, after which
// Next may be called again; both without frames. It never is io.EOF. Without frames
// and without an error it returns when there was nothing for capture.IdleAfter.
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
		if p, x := s.oldest(); x != nil {
			if s.read(p, x, b, l) {
				return nil
			}
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

// release ends what the batch has leased and returns its lease.
func (s *Source) release(b *capture.Batch) *lease {
	for _, l := range s.leases {
		if l.batch != b {
			continue
		}
		if l.socket != nil {
			l.socket.end(l.chunks)
			l.socket, l.chunks, l.joined = nil, l.chunks[:0], l.joined[:0]
		}
		return l
	}
	l := &lease{batch: b, chunks: make([]uint64, 0, cap(b.Frames))}
	s.leases = append(s.leases, l)
	return l
}

// forget drops the lease of a batch that comes back for the last time.
func (s *Source) forget(l *lease) {
	for i := range s.leases {
		if s.leases[i] == l {
			s.leases = append(s.leases[:i], s.leases[i+1:]...)
			return
		}
	}
}

// oldest returns the socket whose next frame is the oldest; nil if none has any.
func (s *Source) oldest() (port *port, first *socket) {
	var when int64
	for _, p := range s.ports.All {
		for _, x := range p.sockets {
			if x.rx.waiting() == 0 {
				continue
			}
			if at := x.oldest(); first == nil || at < when {
				port, first, when = p, x, at
			}
		}
	}
	return port, first
}

// read fills the batch from a socket that has something, and reports whether it was
// a whole frame at least.
func (s *Source) read(p *port, x *socket, b *capture.Batch, l *lease) bool {
	if x.filled() > 0.5 {
		p.refresh() // it may be losing
	}
	now, offset := s.clock.look()
	frames := b.Frames[:cap(b.Frames)]
	t := x.take(frames, l, s.number+1, p.number, now, offset)
	if t.frames == 0 {
		return false
	}
	x.leases++
	l.socket = x
	b.Frames = frames[:t.frames]
	s.number += t.frames
	s.frames.Add(t.frames)
	s.bytes.Add(t.bytes)
	p.count(&t)
	s.slept = false
	return true
}

// wait waits for frames, a change of a link, or Close, but not beyond idle: first it
// sleeps, so that more than one frame comes.
func (s *Source) wait(now, idle time.Time) error {
	s.polls = append(s.polls[:0], unix.PollFd{Fd: int32(s.wake), Events: unix.POLLIN}, unix.PollFd{Fd: int32(s.watch.FD()), Events: unix.POLLIN})
	timeout := max(min(s.ports.Due.Sub(now), idle.Sub(now)), 0) + time.Millisecond
	if !s.slept && s.o.Coalesce > 0 {
		s.slept, timeout = true, s.o.Coalesce
	} else {
		for _, p := range s.ports.All {
			for _, x := range p.sockets {
				s.polls = append(s.polls, unix.PollFd{Fd: int32(x.fd), Events: unix.POLLIN})
			}
		}
	}
	t := unix.NsecToTimespec(int64(timeout))
	if _, err := unix.Ppoll(s.polls, &t, nil); err != nil && err != unix.EINTR {
		return fmt.Errorf("poll: %w", err)
	}
	s.ports.Look(s.polls[1].Revents != 0 && s.watch.Changed())
	return nil
}

// Load implements capture.Live. What the kernel has dropped is known when half of
// the memory waits, and every few seconds.
func (s *Source) Load() (l capture.Load) {
	s.mu.Lock() // Close may give the memory back at any time
	defer s.mu.Unlock()
	for _, p := range s.ports.All {
		l.Lost += p.lost.Load()
		for _, x := range p.sockets {
			l.Fill = max(l.Fill, x.filled())
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
			Frames: i.Frames, Bytes: i.Bytes, Seen: i.Seen, Waiting: i.Waiting,
			Dropped: map[string]uint64{capture.DropRingFull: i.RingFull, capture.DropFillEmpty: i.FillEmpty, capture.DropUnread: i.Unread},
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

// Interfaces returns the counters and the state of each interface, in the order of
// Options.Interfaces.
func (s *Source) Interfaces() []InterfaceStats {
	all := make([]InterfaceStats, len(s.ports.All))
	for i, p := range s.ports.All {
		all[i] = p.stats()
	}
	return all
}

// Close ends the capture of this Source, and Next with it: its queues' frames go to
// the stack from then on. It always returns nil.
func (s *Source) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if s.watch != nil {
		defer s.watch.Close()
	}
	if s.wake < 0 {
		return nil
	}
	_, _ = unix.Write(s.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // fails only if it is written already
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.ports.All {
		if len(p.sockets) > 0 {
			p.dropSockets()
		}
	}
	unix.Close(s.wake)
	return nil
}
