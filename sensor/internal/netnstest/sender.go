//go:build linux

package netnstest

import (
	"fmt"
	"net"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sender puts frames on an interface as they are.
type Sender struct {
	fd int
}

// Bounds of a call of SendN, against a test that never ends: how many frames it
// sends, and how often in a row the kernel may have no room for one, which it also
// says of a frame that the other side's MTU refuses.
const (
	maxSend    = 20_000_000
	maxRetries = 10_000
)

// OpenSender opens a sender on an interface of the calling goroutine's
// namespace; it is closed with the test. The sender may then be used anywhere,
// by one goroutine at a time.
func OpenSender(t testing.TB, name string) *Sender {
	t.Helper()
	s, err := newSender(name)
	if err != nil {
		t.Fatalf("open a sender on %s: %v", name, err)
	}
	t.Cleanup(func() { unix.Close(s.fd) })
	return s
}

func newSender(name string) (*Sender, error) {
	link, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	// Protocol 0: it receives nothing.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	// Past the queueing discipline, which might drop without a trace.
	err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: link.Index})
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &Sender{fd: fd}, nil
}

// Send sends each frame once, in order, and fails the test unless the kernel
// took all. It returns the number of bytes.
func (s *Sender) Send(t testing.TB, frames [][]byte) (bytes uint64) {
	t.Helper()
	bytes, err := s.SendN(frames, len(frames))
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// OnOneProcessor keeps the calling goroutine, which Enter has locked to its
// thread, on one processor until the test ends: a veth pair delivers a frame on
// the processor that sends it, as a card does all frames of a flow on one.
// Processes that are started from then on are kept there, too.
func OnOneProcessor(t testing.TB) {
	t.Helper()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if before.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.SchedSetaffinity(0, &before); err != nil {
			t.Error(err)
		}
	})
}

// SendN sends n frames, going round the given ones, and returns the number of
// bytes.
func (s *Sender) SendN(frames [][]byte, n int) (bytes uint64, err error) {
	if len(frames) == 0 || n > maxSend {
		return 0, fmt.Errorf("cannot send %d frames made of %d", n, len(frames))
	}
	var messages [64]message
	var vectors [len(messages)]unix.Iovec
	retries := 0
	for sent := 0; sent < n; {
		count := min(len(messages), n-sent)
		for i := range count {
			f := frames[(sent+i)%len(frames)]
			vectors[i].Base = &f[0]
			vectors[i].SetLen(len(f))
			messages[i].header.Iov = &vectors[i]
			messages[i].header.SetIovlen(1)
		}
		took, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd),
			uintptr(unsafe.Pointer(&messages)), uintptr(count), 0, 0, 0)
		switch {
		case errno == 0:
			retries = 0
		case errno == unix.EINTR:
			continue
		case (errno == unix.ENOBUFS || errno == unix.EAGAIN) && retries < maxRetries:
			retries++
			continue
		default:
			return bytes, fmt.Errorf("frame %d of %d: %w", sent+1, n, errno)
		}
		for i := range int(took) {
			bytes += uint64(len(frames[(sent+i)%len(frames)]))
		}
		sent += int(took)
	}
	return bytes, nil
}

// message is a struct mmsghdr of sendmmsg(2).
type message struct {
	header unix.Msghdr
	_      [8]byte // how many bytes were sent, and padding
}
