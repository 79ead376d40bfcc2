//go:build cgo

package pcaplive

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcap"

	"spanwatch/decoders"
	"spanwatch/sensor/capture"
)

const (
	// arenaBytes is the memory of a batch: 256 frames of Ethernet's usual MTU, and
	// more than one of any size.
	arenaBytes = 512 << 10
	// statsEvery is how many batches may follow each other before libpcap's
	// counters are read; they are read when there is nothing else to do, too.
	statsEvery = 64

	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// Source reads one interface. Next is for one goroutine; all other methods may
// be called from any. It implements capture.Source.
type Source struct {
	o      Options
	closed atomic.Bool
	done   chan struct{} // closed by Close, to wake a wait for the interface

	frames, bytes, ringFull, missed atomic.Uint64
	seen, unread                    atomic.Uint64
	stops, reopens                  atomic.Uint64
	up                              atomic.Bool

	mu      sync.Mutex   // held by Next; guards what follows
	handle  *pcap.Handle // nil: the interface is awaited
	link    decoders.LinkType
	last    pcap.Stats // as of the last look; its counters have 32 bits
	calls   int        // of Next since then
	backoff time.Duration
	retry   time.Time // not before that time is the interface opened again
	arenas  []arena
	number  uint64

	// A frame that had no room in the last batch: bytes of libpcap, good until the
	// next is read.
	pending     []byte
	pendingInfo gopacket.CaptureInfo
}

var _ capture.Live = (*Source)(nil)

// arena is the memory of a batch, found by the batch's address among few.
type arena struct {
	batch *capture.Batch
	bytes []byte
}

// Open starts the capture. The interface must exist and be up. Errors are those
// of Options, *OpenError, and *capture.FilterError.
func Open(o Options) (*Source, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Source{o: o, done: make(chan struct{}), backoff: minBackoff}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Source) open() error {
	fault := func(step string, err error) error { return &OpenError{s.o.Interface, step, err} }
	inactive, err := pcap.NewInactiveHandle(s.o.Interface)
	if err != nil {
		return fault("create", err)
	}
	defer inactive.CleanUp()
	for _, step := range []struct {
		what string
		err  error
	}{
		{"set the snap length", inactive.SetSnapLen(s.o.SnapLen)},
		{"set promiscuous mode", inactive.SetPromisc(s.o.Promiscuous)},
		{"set the timeout", inactive.SetTimeout(s.o.timeout)},
		{"set the buffer size", inactive.SetBufferSize(s.o.BufferBytes)},
	} {
		if step.err != nil {
			return fault(step.what, step.err)
		}
	}
	h, err := inactive.Activate()
	if err != nil {
		return fault("activate", err)
	}
	s.link = decoders.LinkType(h.LinkType())
	if !capture.Handled(s.link) {
		h.Close()
		return &capture.UnsupportedLinkError{Path: s.o.Interface, Link: s.link}
	}
	if s.o.Filter != "" {
		if err := h.SetBPFFilter(s.o.Filter); err != nil {
			h.Close()
			return &capture.FilterError{Expression: s.o.Filter, Link: s.link, Err: err}
		}
	}
	s.handle, s.last = h, pcap.Stats{}
	s.up.Store(true)
	return nil
}

// Next implements capture.Source. The error is capture.ErrClosed after Close, or
// a *LinkError, after which Next may be called again; both without frames.
func (s *Source) Next(b *capture.Batch) error {
	idle := time.Now().Add(capture.IdleAfter)
	for {
		err := s.poll(b)
		if err != nil || len(b.Frames) > 0 || !time.Now().Before(idle) {
			return err
		}
	}
}

// poll is Next that waits for one timeout of libpcap's at most.
func (s *Source) poll(b *capture.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(b.Frames) == 0 {
		b.Frames = make([]decoders.Frame, 0, capture.DefaultBatchFrames)
	}
	b.Frames = b.Frames[:0]
	if s.closed.Load() {
		s.forget(b)
		return capture.ErrClosed
	}
	if s.handle == nil {
		return s.await()
	}
	err := s.fill(b)
	if s.calls++; s.calls >= statsEvery || len(b.Frames) == 0 {
		s.readStats()
	}
	if err != nil && len(b.Frames) == 0 {
		return s.stop(err)
	}
	s.frames.Add(uint64(len(b.Frames)))
	return nil
}

// fill copies frames into the batch until it is full or no more are there. An
// error is the end of the handle; the same comes again from the next call.
func (s *Source) fill(b *capture.Batch) error {
	memory := s.arena(b)
	used, wire := 0, uint64(0)
	defer func() { s.bytes.Add(wire) }()
	for len(b.Frames) < cap(b.Frames) {
		data, info := s.pending, s.pendingInfo
		if data == nil {
			var err error
			data, info, err = s.handle.ZeroCopyReadPacketData()
			if err == pcap.NextErrorTimeoutExpired {
				return nil
			}
			if err != nil {
				return errors.Join(err, s.handle.Error())
			}
		}
		if len(data) > len(memory)-used {
			s.pending, s.pendingInfo = data, info
			return nil
		}
		s.pending = nil
		own := memory[used : used+len(data) : used+len(data)]
		used += copy(own, data)
		s.number++
		b.Frames = append(b.Frames, decoders.Frame{
			Data: own, Timestamp: info.Timestamp.UnixNano(), Number: s.number, WireLen: uint32(info.Length), Link: s.link,
		})
		wire += uint64(info.Length)
	}
	return nil
}

// arena returns the memory of the batch.
func (s *Source) arena(b *capture.Batch) []byte {
	for i := range s.arenas {
		if s.arenas[i].batch == b {
			return s.arenas[i].bytes
		}
	}
	s.arenas = append(s.arenas, arena{b, make([]byte, arenaBytes)})
	return s.arenas[len(s.arenas)-1].bytes
}

// forget drops the memory of a batch that comes back for the last time.
func (s *Source) forget(b *capture.Batch) {
	for i := range s.arenas {
		if s.arenas[i].batch == b {
			last := len(s.arenas) - 1
			s.arenas[i] = s.arenas[last]
			s.arenas[last] = arena{}
			s.arenas = s.arenas[:last]
			return
		}
	}
}

// stop closes a handle that has failed, as it does when its interface goes down,
// for good.
func (s *Source) stop(err error) error {
	s.closeHandle()
	s.stops.Add(1)
	s.retry = time.Now().Add(s.backoff)
	return &LinkError{Interface: s.o.Interface, Err: err}
}

// await tries to open the interface again, if it is time to. It returns an error if
// it could be: that of the good news.
func (s *Source) await() error {
	if wait := time.Until(s.retry); wait > 0 {
		select {
		case <-s.done:
		case <-time.After(min(wait, s.o.timeout)):
		}
		return nil
	}
	if err := s.open(); err != nil {
		s.retry = time.Now().Add(s.backoff)
		s.backoff = min(2*s.backoff, maxBackoff)
		return nil
	}
	s.backoff = minBackoff
	s.reopens.Add(1)
	s.up.Store(true)
	return &LinkError{Interface: s.o.Interface, Up: true}
}

// readStats adds what libpcap has counted since the last time, in 32 bits.
func (s *Source) readStats() {
	s.calls = 0
	st, err := s.handle.Stats()
	if err != nil {
		return // they are still there the next time
	}
	s.seen.Add(uint64(uint32(st.PacketsReceived) - uint32(s.last.PacketsReceived)))
	s.ringFull.Add(uint64(uint32(st.PacketsDropped) - uint32(s.last.PacketsDropped)))
	s.missed.Add(uint64(uint32(st.PacketsIfDropped) - uint32(s.last.PacketsIfDropped)))
	s.last = *st
}

// Load implements capture.Live. libpcap does not say how full its buffer is, and
// what it lost is known as of a moment ago.
func (s *Source) Load() capture.Load { return capture.Load{Lost: s.ringFull.Load()} }

// Stats implements capture.Source. Dropped has the reasons capture.DropRingFull, by
// libpcap's buffer, and capture.DropInterface, where the system counts it; both as
// of at most a moment ago, as long as Next is being called.
func (s *Source) Stats() capture.Stats {
	dropped := map[string]uint64{capture.DropRingFull: s.ringFull.Load(), capture.DropInterface: s.missed.Load(), capture.DropUnread: s.unread.Load()}
	frames, bytes := s.frames.Load(), s.bytes.Load()
	i := capture.InterfaceStats{
		Name: s.o.Interface, Up: s.up.Load(), Changes: s.stops.Load(), Reopens: s.reopens.Load(),
		Frames: frames, Bytes: bytes, Seen: s.seen.Load(), Dropped: dropped,
	}
	if left := frames + dropped[capture.DropRingFull] + dropped[capture.DropUnread]; left < i.Seen {
		i.Waiting = i.Seen - left
	}
	return capture.Stats{Frames: frames, Bytes: bytes, Dropped: dropped, Interfaces: []capture.InterfaceStats{i}}
}

// Changes returns how often capture has stopped since the interface went down,
// and how often it went on.
func (s *Source) Changes() (stops, reopens uint64) { return s.stops.Load(), s.reopens.Load() }

// Close ends the capture, and Next with it, within some tens of milliseconds. It
// always returns nil.
func (s *Source) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	close(s.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handle != nil {
		s.closeHandle()
	}
	return nil
}

// closeHandle counts what libpcap still holds as lost.
func (s *Source) closeHandle() {
	s.readStats()
	s.handle.Close()
	s.handle, s.pending = nil, nil
	s.up.Store(false)
	if left := s.frames.Load() + s.ringFull.Load() + s.unread.Load(); left < s.seen.Load() {
		s.unread.Add(s.seen.Load() - left)
	}
}
