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
	// readTimeout is how long libpcap waits for frames, and so how long Close waits
	// for Next. A frame on a quiet link is delivered after two of it at the latest:
	// libpcap may keep it for one, and Next looks for another to follow for one.
	readTimeout = 25 * time.Millisecond
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
	stops, reopens                  atomic.Uint64

	mu      sync.Mutex   // held by Next; guards what follows
	handle  *pcap.Handle // nil: the interface is awaited
	link    decoders.LinkType
	last    pcap.Stats // as of the last look; its counters have 32 bits
	calls   int        // of Next since then
	backoff time.Duration
	arenas  []arena
	number  uint64

	// A frame that had no room in the last batch: bytes of libpcap, good until the
	// next is read.
	pending     []byte
	pendingInfo gopacket.CaptureInfo
}

var _ capture.Source = (*Source)(nil)

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
		{"set the timeout", inactive.SetTimeout(readTimeout)},
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
	return nil
}

// Next implements capture.Source. The error is capture.ErrClosed after Close, or
// a *LinkError, after which Next may be called again; both without frames.
func (s *Source) Next(b *capture.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(b.Frames) == 0 {
		b.Frames = make([]decoders.Frame, 0, capture.DefaultBatchFrames)
	}
	b.Frames = b.Frames[:0]
	for {
		if s.closed.Load() {
			s.forget(b)
			return capture.ErrClosed
		}
		if s.handle == nil {
			if err := s.await(); err != nil {
				return err
			}
			continue
		}
		err := s.fill(b)
		if s.calls++; s.calls >= statsEvery || len(b.Frames) == 0 {
			s.readStats()
		}
		if err != nil && len(b.Frames) == 0 {
			return s.stop(err)
		}
		if len(b.Frames) > 0 {
			s.frames.Add(uint64(len(b.Frames)))
			return nil
		}
	}
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
	s.handle.Close()
	s.handle = nil
	s.stops.Add(1)
	return &LinkError{Interface: s.o.Interface, Err: err}
}

// await tries to open the interface again, after a while. It returns an error if
// it could be: that of the good news.
func (s *Source) await() error {
	select {
	case <-s.done:
		return nil
	case <-time.After(s.backoff):
	}
	if err := s.open(); err != nil {
		s.backoff = min(2*s.backoff, maxBackoff)
		return nil
	}
	s.backoff = minBackoff
	s.reopens.Add(1)
	return &LinkError{Interface: s.o.Interface, Up: true}
}

// readStats adds what libpcap has counted since the last time, in 32 bits.
func (s *Source) readStats() {
	s.calls = 0
	st, err := s.handle.Stats()
	if err != nil {
		return // they are still there the next time
	}
	s.ringFull.Add(uint64(uint32(st.PacketsDropped) - uint32(s.last.PacketsDropped)))
	s.missed.Add(uint64(uint32(st.PacketsIfDropped) - uint32(s.last.PacketsIfDropped)))
	s.last = *st
}

// Stats implements capture.Source. Dropped has the reasons "ring_full", by
// libpcap's buffer, and "interface_missed", where the system counts it; both as of
// at most a moment ago, as long as Next is being called.
func (s *Source) Stats() capture.Stats {
	return capture.Stats{Frames: s.frames.Load(), Bytes: s.bytes.Load(),
		Dropped: map[string]uint64{"ring_full": s.ringFull.Load(), "interface_missed": s.missed.Load()}}
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
		s.readStats()
		s.handle.Close()
		s.handle = nil
		s.pending = nil
	}
	return nil
}
