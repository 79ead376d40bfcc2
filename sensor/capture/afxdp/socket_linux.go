//go:build linux && (amd64 || arm64)

package afxdp

import (
	"errors"
	"fmt"
	"math/bits"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"spanwatch/decoders"
)

// socket is one AF_XDP socket with its memory, bound to one queue.
type socket struct {
	fd     int
	queue  int
	memory []byte
	chunk  uint64 // size of a chunk, a power of two
	chunks int
	rx     rxRing
	fill   fillRing

	zeroCopy bool
	last     int64 // monotonic time of the last frame
	retired  bool  // closed, but for memory still leased
	leases   int   // batches that have chunks of it
}

// umemReg is struct xdp_umem_reg.
type umemReg struct {
	addr, len uint64
	chunk     uint32
	_         [3]uint32 // headroom besides the kernel's own, flags, metadata of sending
}

// openSocket makes a socket for one queue of an interface. The kernel gives it
// nothing before the program knows it (bpf.Programs.BindQueue).
func openSocket(o *Options, index, queue, memory, mtu int) (_ *socket, err error) {
	size, pieces := chunkFor(mtu)
	chunks := max(1<<(bits.Len(uint(memory/size))-1), 64) // what fits, of powers of two
	s := &socket{fd: -1, queue: queue, chunk: uint64(size), chunks: chunks}
	defer func() {
		if err != nil {
			s.retire()
		}
	}()
	if s.fd, err = unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		if errors.Is(err, unix.EAFNOSUPPORT) {
			err = fmt.Errorf("%w by this kernel", ErrNotSupported)
		}
		return nil, err
	}
	if s.memory, err = frameMemory(chunks * size); err != nil {
		return nil, fmt.Errorf("allocate %d bytes: %w", chunks*size, err)
	}
	reg := umemReg{addr: uint64(uintptr(unsafe.Pointer(&s.memory[0]))), len: uint64(len(s.memory)), chunk: uint32(size)}
	if err = setOption(s.fd, unix.XDP_UMEM_REG, &reg); err != nil {
		if errors.Is(err, unix.ENOBUFS) {
			err = ErrLocked
		}
		return nil, fmt.Errorf("register %d bytes: %w", len(s.memory), err)
	}
	if err = s.makeRings(); err != nil {
		return nil, fmt.Errorf("make rings: %w", err)
	}
	all := make([]uint64, chunks)
	for i := range all {
		all[i] = uint64(i * size)
	}
	s.fill.give(all)
	if err = s.bind(o.Mode, index, pieces); err != nil {
		return nil, err
	}
	return s, nil
}

// frameMemory maps memory that is there: the kernel pins it, and page faults would
// come with the first frames.
func frameMemory(size int) ([]byte, error) {
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, err
	}
	_ = unix.Madvise(memory, unix.MADV_HUGEPAGE) // where the kernel has them: fewer entries of the TLB
	page := unix.Getpagesize()
	for i := 0; i < size; i += page {
		memory[i] = 0
	}
	return memory, nil
}

func (s *socket) makeRings() error {
	// Entries of the completion ring, without which no socket is bound: of sending,
	// which we do not.
	fill, completion := int32(s.chunks), int32(64)
	for name, entries := range map[int]*int32{unix.XDP_UMEM_FILL_RING: &fill, unix.XDP_UMEM_COMPLETION_RING: &completion, unix.XDP_RX_RING: &fill} {
		if err := setOption(s.fd, name, entries); err != nil {
			return err
		}
	}
	var at ringOffsets
	err := option(s.fd, unix.XDP_MMAP_OFFSETS, &at)
	if err != nil {
		return err
	}
	if s.rx, err = mapRxRing(s.fd, at.rx, s.chunks); err != nil {
		return err
	}
	s.fill, err = mapFillRing(s.fd, at.fill, s.chunks)
	return err
}

// bind binds the socket to its queue. A queue that another socket has just left is
// free when the kernel has torn that down, which takes a moment.
func (s *socket) bind(mode Mode, index int, pieces bool) error {
	flags := uint16(unix.XDP_USE_NEED_WAKEUP)
	switch mode {
	case ModeCopy:
		flags |= unix.XDP_COPY
	case ModeZeroCopy:
		flags |= unix.XDP_ZEROCOPY
	}
	if pieces {
		flags |= unix.XDP_USE_SG
	}
	const patience, pause = 2 * time.Second, 10 * time.Millisecond
	var err error
	for start := time.Now(); time.Since(start) < patience; time.Sleep(pause) {
		err = unix.Bind(s.fd, &unix.SockaddrXDP{Flags: flags, Ifindex: uint32(index), QueueID: uint32(s.queue)})
		if !errors.Is(err, unix.EBUSY) {
			break
		}
	}
	switch {
	case err == nil:
	case pieces && errors.Is(err, unix.EINVAL):
		return fmt.Errorf("bind to queue %d: %w", s.queue, ErrFrameSize)
	case mode == ModeZeroCopy && (errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL)):
		return fmt.Errorf("bind to queue %d without copies: %w by the driver: %w", s.queue, ErrNotSupported, err)
	default:
		return fmt.Errorf("bind to queue %d: %w", s.queue, err)
	}
	var options uint32
	if err := option(s.fd, unix.XDP_OPTIONS, &options); err != nil {
		return fmt.Errorf("ask for options: %w", err)
	}
	s.zeroCopy = options&unix.XDP_OPTIONS_ZEROCOPY != 0
	return nil
}

// stats returns the kernel's counters; of a socket whose interface is gone too.
func (s *socket) stats() (st socketStats) {
	_ = option(s.fd, unix.XDP_STATISTICS, &st) // cannot fail for a socket that is open
	return st
}

// end ends a lease of chunks: they return to the kernel.
func (s *socket) end(chunks []uint64) {
	s.leases--
	if s.retired {
		s.free()
		return
	}
	s.fill.give(chunks)
	if s.fill.needsWakeup() {
		s.wake()
	}
}

// wake has the driver look at its rings.
func (s *socket) wake() {
	_, _, _ = unix.Recvfrom(s.fd, nil, unix.MSG_DONTWAIT) // says EAGAIN, or what poll will say
}

// oldest returns the time at which the next frame came; valid only if one waits.
func (s *socket) oldest() int64 { return s.stampOf(s.rx.at(0).addr) }

// stampOf reads what the program wrote in front of a frame.
func (s *socket) stampOf(addr uint64) int64 {
	return int64(*(*uint64)(unsafe.Pointer(&s.memory[addr-8])))
}

// filled is the part of the memory that waits to be read.
func (s *socket) filled() float64 { return float64(s.rx.waiting()) / float64(s.chunks) }

// taken is what take put into a batch.
type taken struct{ frames, bytes, pieces, unstamped uint64 }

// take puts frames that wait into frames, as many as fit both it and the lease,
// numbered from number. now and offset are the monotonic clock and what makes it
// the wall's.
func (s *socket) take(frames []decoders.Frame, l *lease, number uint64, port uint16, now, offset int64) (t taken) {
	waiting, at := s.rx.waiting(), 0
	for int(t.frames) < len(frames) && at < waiting {
		d := s.rx.at(at)
		last := at
		for s.rx.at(last).options&unix.XDP_PKT_CONTD != 0 && last+1 < waiting {
			last++
		}
		if s.rx.at(last).options&unix.XDP_PKT_CONTD != 0 {
			break // its end has not come yet
		}
		stamp := s.stampOf(d.addr)
		if stamp < s.last || stamp > now {
			stamp = now // nobody wrote it
			t.unstamped++
		}
		s.last = stamp
		data := s.memory[d.addr : d.addr+uint64(d.len) : d.addr+uint64(d.len)]
		if last > at {
			data = s.join(l, at, last)
			t.pieces++
		}
		for ; at <= last; at++ {
			l.chunks = append(l.chunks, s.rx.at(at).addr&^(s.chunk-1))
		}
		f := &frames[t.frames]
		*f = decoders.Frame{Data: data, Timestamp: stamp + offset, Number: number + t.frames, WireLen: uint32(len(data)),
			Link: decoders.LinkEthernet, Interface: port}
		t.frames++
		t.bytes += uint64(len(data))
	}
	s.rx.took(at)
	return t
}

// join copies the pieces of a frame together. What was joined before lives on: when
// the room does not suffice there is new one.
func (s *socket) join(l *lease, first, last int) []byte {
	size := 0
	for i := first; i <= last; i++ {
		size += int(s.rx.at(i).len)
	}
	if cap(l.joined)-len(l.joined) < size {
		l.joined = make([]byte, 0, max(2*cap(l.joined), 4*size, 1<<16))
	}
	start := len(l.joined)
	for i := first; i <= last; i++ {
		d := s.rx.at(i)
		l.joined = append(l.joined, s.memory[d.addr:d.addr+uint64(d.len)]...)
	}
	return l.joined[start:len(l.joined):len(l.joined)]
}

// retire ends the capture of a socket; its memory stays as long as chunks are leased.
func (s *socket) retire() {
	s.retired = true
	s.rx.unmap()
	s.fill.unmap()
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
	s.free()
}

// free unmaps the memory of a socket that is closed and of which nothing is leased.
func (s *socket) free() {
	if s.retired && s.leases == 0 && s.memory != nil {
		_ = unix.Munmap(s.memory) // of our own mapping: cannot fail
		s.memory = nil
	}
}
