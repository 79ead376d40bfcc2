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
	"spanwatch/sensor/capture/link"
)

// port is one interface of one Source, through all its changes of state, as in
// package afpacket:
//
//	up ◄──► down       the sockets stay: the kernel goes on by itself
//	up ───► gone       they are read to their end and closed
//	gone ─► up         new ones, of whatever interface has the name now
//	  └──── failed ◄─┘ tried again, ever more seldom
type port struct {
	o        *Options
	name     string
	number   uint16 // among the options' interfaces
	worker   int
	links    *link.Table
	track    link.Tracker
	programs *bpf.Programs

	// Of the goroutine that calls Next, and of Open and Close.
	sockets     []*socket // none at times
	promiscuous int       // a packet socket that asks for it, or -1

	frames, bytes, pieces, unstamped, lost atomic.Uint64

	// Written by that goroutine alone, under mu; read by any, under mu.
	mu   sync.Mutex
	live []liveSocket      // of sockets
	kept InterfaceStats    // counts of sockets that were closed
	seen map[int]bpf.Count // by queue: what the program had counted at first
}

// liveSocket is what stats needs to know of a socket.
type liveSocket struct {
	fd, queue int
}

// Open implements link.Port: it makes the first sockets, which wait for Start, unless the interface is down.
func (p *port) Open() error {
	l, err := p.links.ByName(p.name)
	if err != nil {
		return &link.OpenError{Interface: p.name, Step: "look it up", Err: err}
	}
	p.track.Begin(p.name, &l)
	if !l.Up() {
		p.track.Set(link.Down, &l)
		return nil
	}
	if err := p.makeSockets(&l); err != nil {
		return err
	}
	p.track.Set(link.Up, &l)
	return nil
}

// makeSockets opens a socket for each queue that is this Source's.
func (p *port) makeSockets(l *link.Info) error {
	if l.Kind != unix.ARPHRD_ETHER {
		return &link.OpenError{Interface: p.name, Step: fmt.Sprintf("kind %d of interface", l.Kind), Err: link.ErrKind}
	}
	queues, err := queuesOf(p.name, l)
	if err != nil {
		return &link.OpenError{Interface: p.name, Step: "count its queues", Err: err}
	}
	if queues > bpf.MaxQueues {
		return &link.OpenError{Interface: p.name, Step: fmt.Sprintf("read %d queues", queues), Err: fmt.Errorf("%w: no more than %d", ErrOption, bpf.MaxQueues)}
	}
	mine := (queues - p.worker + p.o.Workers - 1) / p.o.Workers
	for queue := p.worker; queue < queues; queue += p.o.Workers {
		s, err := openSocket(p.o, l.Index, queue, p.o.Memory/mine, int(l.MTU))
		if err != nil {
			p.retire()
			return &link.OpenError{Interface: p.name, Step: fmt.Sprintf("open an AF_XDP socket for queue %d of %d", queue, queues), Err: err}
		}
		p.sockets = append(p.sockets, s)
	}
	if p.o.Promiscuous && p.worker == 0 {
		if err := p.makePromiscuous(l.Index); err != nil {
			p.retire()
			return &link.OpenError{Interface: p.name, Step: "make promiscuous", Err: err}
		}
	}
	return nil
}

// makePromiscuous asks for frames to other stations by way of a packet socket that
// gets none itself: who closes it, also by dying, takes the wish back.
func (p *port) makePromiscuous(index int) (err error) {
	if p.promiscuous, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		p.promiscuous = -1
		return err
	}
	return unix.SetsockoptPacketMreq(p.promiscuous, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
		&unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC})
}

// Start implements link.Port: it lets frames into the sockets.
func (p *port) Start() error {
	for _, s := range p.sockets {
		before, err := p.programs.QueueCount(s.queue)
		if err == nil {
			err = p.programs.BindQueue(s.queue, s.fd)
		}
		if err != nil {
			return &link.OpenError{Interface: p.name, Step: "redirect frames", Err: err}
		}
		p.mu.Lock()
		if _, known := p.seen[s.queue]; !known {
			p.seen[s.queue] = before
		}
		p.live = append(p.live, liveSocket{s.fd, s.queue})
		p.kept.ZeroCopy = s.zeroCopy
		p.mu.Unlock()
	}
	return nil
}

// reopen makes and starts sockets after the first.
func (p *port) reopen(l *link.Info) error {
	if err := p.makeSockets(l); err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		p.dropSockets()
		return err
	}
	p.track.Reopened(l)
	return nil
}

// dropSockets closes the sockets when their numbers have been read. What they hold
// is lost: all that the program has given them and nobody was given.
func (p *port) dropSockets() {
	for _, s := range p.sockets {
		_ = p.programs.UnbindQueue(s.queue) // fails only for programs that are closed, and then nothing comes
	}
	p.mu.Lock()
	for _, s := range p.sockets {
		st := s.stats()
		p.kept.RingFull += st.rxRingFull
		p.kept.FillEmpty += st.rxDropped
	}
	p.live = p.live[:0]
	seen := p.countSeen()
	if had := p.frames.Load() + p.kept.RingFull + p.kept.FillEmpty + p.kept.Unread; had < seen {
		p.kept.Unread += seen - had
	}
	p.kept.Seen = seen
	p.lost.Store(p.kept.RingFull + p.kept.FillEmpty)
	p.mu.Unlock()
	p.retire()
}

// retire closes the sockets.
func (p *port) retire() {
	for _, s := range p.sockets {
		s.retire()
	}
	p.sockets = nil
	if p.promiscuous >= 0 {
		unix.Close(p.promiscuous)
		p.promiscuous = -1
	}
}

// countSeen is what the program gave to all sockets so far. p.mu is held.
func (p *port) countSeen() (frames uint64) {
	for queue, before := range p.seen {
		now, err := p.programs.QueueCount(queue)
		if err != nil {
			return p.kept.Seen // the programs are closed
		}
		frames += now.Packets - before.Packets
	}
	return frames
}

// Look implements link.Port: it finds out what became of the interface, opens and closes sockets as needed,
// and returns a change of state as an error.
func (p *port) Look(now time.Time) error {
	if len(p.sockets) > 0 {
		return p.lookAtSockets(now)
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
	case errors.Is(p.programs.Attached(), bpf.ErrDetached):
		return nil // of an interface made anew: who counts it attaches the programs again
	}
	if err := p.reopen(&l); err != nil {
		return p.track.Fail(err, now)
	}
	return p.track.Set(link.Up, &l)
}

// lookAtSockets is Look while there are sockets.
func (p *port) lookAtSockets(now time.Time) error {
	p.refresh()
	if p.track.Now().State == link.Gone {
		if p.drained() {
			p.dropSockets()
		}
		return nil
	}
	l, err := p.links.ByIndex(p.track.Now().Info.Index)
	switch {
	case errors.Is(err, link.ErrNoSuchInterface):
		return p.track.Set(link.Gone, nil)
	case err != nil:
		return nil // no answer for now: the sockets tell what there is
	case !l.Up():
		return p.track.Set(link.Down, &l)
	}
	if outgrown(p.track.Now().Info.MTU, l.MTU) {
		p.dropSockets()
		if err := p.reopen(&l); err != nil {
			return p.track.Fail(err, now)
		}
	}
	return p.track.Set(link.Up, &l)
}

// outgrown reports whether frames of a new MTU need other chunks than those before.
func outgrown(before, after uint32) bool {
	size, pieces := chunkFor(int(before))
	now, nowPieces := chunkFor(int(after))
	return now > size || nowPieces && !pieces
}

// drained reports whether no socket has anything left.
func (p *port) drained() bool {
	for _, s := range p.sockets {
		if s.rx.waiting() > 0 {
			return false
		}
	}
	return true
}

// refresh reads what the kernel dropped.
func (p *port) refresh() {
	p.mu.Lock()
	defer p.mu.Unlock()
	lost := p.kept.RingFull + p.kept.FillEmpty
	for _, s := range p.sockets {
		st := s.stats()
		lost += st.rxRingFull + st.rxDropped
	}
	p.lost.Store(lost)
}

// count adds what a batch was given.
func (p *port) count(t *taken) {
	p.frames.Add(t.frames)
	p.bytes.Add(t.bytes)
	if t.pieces|t.unstamped != 0 {
		p.pieces.Add(t.pieces)
		p.unstamped.Add(t.unstamped)
	}
}

// Name implements link.Port.
func (p *port) Name() string { return p.name }

// State implements link.Port.
func (p *port) State() link.State { return p.track.Now().State }

// stats returns the counters as of now. It may be called from any goroutine.
func (p *port) stats() InterfaceStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.kept
	st.Frames = p.frames.Load() // before what was seen, so that it is not more
	for _, l := range p.live {
		var socket socketStats
		if option(l.fd, unix.XDP_STATISTICS, &socket) == nil {
			st.RingFull += socket.rxRingFull
			st.FillEmpty += socket.rxDropped
		}
	}
	st.Seen = p.countSeen()
	if had := st.Frames + st.RingFull + st.FillEmpty + st.Unread; had < st.Seen {
		st.Waiting = st.Seen - had
	}
	lost, now := p.track.Lost(p.links), p.track.Now()
	st.Name, st.Index, st.State, st.Queues = p.name, now.Info.Index, now.State, len(p.live)
	st.Bytes = p.bytes.Load()
	st.Pieces, st.Unstamped = p.pieces.Load(), p.unstamped.Load()
	st.Downs, st.Removals, st.Reopens, st.Failures, st.LastError = now.Downs, now.Removals, now.Reopens, now.Failures, now.LastError
	st.Missed, st.Overruns = lost.Missed, lost.Overruns
	return st
}
