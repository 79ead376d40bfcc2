//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"spanwatch/decoders"
	"spanwatch/sensor/capture"
)

// loop sends the frames of a capture again and again, at a rate. Each time round,
// the third byte of both IPv4 addresses is another one, so that flows are new ones,
// of the same networks; checksums are not mended, and no sensor looks at them.
type loop struct {
	fd     int
	frames [][]byte
	next   int
	round  byte
}

// Places in an Ethernet frame of IPv4 without tags.
const (
	placeType   = 12
	placeSource = 26 + 2 // third byte
	placeTarget = 30 + 2
)

// turn gives the frames the addresses of another round.
func (l *loop) turn(round byte) {
	change := l.round ^ round
	l.round = round
	for _, f := range l.frames {
		if len(f) > placeTarget && f[placeType] == 0x08 && f[placeType+1] == 0x00 {
			f[placeSource] ^= change
			f[placeTarget] ^= change
		}
	}
}

// begin goes to the first frame, with other addresses than before.
func (l *loop) begin() {
	l.next = 0
	l.turn(l.round + 1)
}

// Lengths in bytes: of an Ethernet header, and of the longest frame that is sent.
const (
	linkHeader   = 14
	maxLiveFrame = 9000 + linkHeader
)

// maxLoopBytes bounds the memory for frames.
const maxLoopBytes = 1 << 30

// readFrames reads a capture's Ethernet frames; larger ones than any interface takes,
// and those that were not captured whole, are left out.
func readFrames(path string) (frames [][]byte, err error) {
	source, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
	if err != nil {
		return nil, err
	}
	defer source.Close()
	var b capture.Batch
	size := 0
	for done := false; !done; {
		err := source.Next(&b)
		if done = errors.Is(err, io.EOF); err != nil && !done {
			return nil, err
		}
		for i := range b.Frames {
			f := &b.Frames[i]
			if f.Link != decoders.LinkEthernet || len(f.Data) > maxLiveFrame || len(f.Data) < linkHeader || int(f.WireLen) != len(f.Data) {
				continue
			}
			frames = append(frames, bytes.Clone(f.Data))
			size += len(f.Data)
		}
		done = done || size > maxLoopBytes
	}
	if len(frames) == 0 {
		return nil, fmt.Errorf("%s has no Ethernet frame that can be sent", path)
	}
	return frames, nil
}

// mtuOf is the MTU of an interface that takes the frames.
func mtuOf(frames [][]byte) int {
	const usual = 1500
	longest := 0
	for _, f := range frames {
		longest = max(longest, len(f))
	}
	return max(usual, longest-linkHeader)
}

// newLoop opens a sender of frames, at least one.
func newLoop(device string, frames [][]byte) (*loop, error) {
	l := &loop{fd: -1, frames: frames}
	link, err := net.InterfaceByName(device)
	if err != nil {
		return nil, err
	}
	if l.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, err
	}
	// Past the queueing discipline, which might drop without a trace.
	err = errors.Join(unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1),
		unix.Bind(l.fd, &unix.SockaddrLinklayer{Ifindex: link.Index}))
	return l, err
}

func (l *loop) close() { unix.Close(l.fd) }

func (l *loop) average() int {
	n := 0
	for _, f := range l.frames {
		n += len(f)
	}
	return n / len(l.frames)
}

// maxSent bounds a run whatever the rate.
const maxSent = 50_000_000

// run sends rate frames a second, or as fast as can be with rate 0, whole rounds of
// all frames until a time has passed, and returns how many the kernel took. A frame
// for which the other side had no room is sent again.
func (l *loop) run(rate int, least time.Duration) (sent uint64, err error) {
	const most = 32
	var messages [most]struct {
		header unix.Msghdr
		_      [8]byte
	}
	var vectors [most]unix.Iovec
	start := time.Now()
	for {
		passed := time.Since(start)
		if l.next == 0 && sent > 0 && passed >= least || sent >= maxSent {
			return sent, nil
		}
		count := most
		if rate > 0 {
			due := uint64(passed.Seconds() * float64(rate))
			if due <= sent {
				time.Sleep(200 * time.Microsecond)
				continue
			}
			count = int(min(uint64(most), due-sent))
		}
		count = min(count, len(l.frames)-l.next)
		for i := range count {
			f := l.frames[l.next+i]
			vectors[i].Base = &f[0]
			vectors[i].SetLen(len(f))
			messages[i].header.Iov = &vectors[i]
			messages[i].header.SetIovlen(1)
		}
		took, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(l.fd), uintptr(unsafe.Pointer(&messages)), uintptr(count), 0, 0, 0)
		switch errno {
		case 0:
			sent += uint64(took)
			if l.next += int(took); l.next == len(l.frames) {
				l.next = 0
				l.turn(l.round + 1)
			}
		case unix.EINTR, unix.ENOBUFS, unix.EAGAIN:
		default:
			return sent, fmt.Errorf("frame %d: %w", l.next, errno)
		}
	}
}
