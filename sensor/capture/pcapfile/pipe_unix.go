//go:build unix

package pcapfile

import (
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// pollMillis is how long, in milliseconds, a read of a silent pipe goes without
// looking whether the capture was closed.
const pollMillis = 100

// pipe reads a file that may keep the reader waiting. Closing standard input does
// not wake a read of it, so the read is not begun before there is something.
type pipe struct {
	file   *os.File
	closed *atomic.Bool // may be nil
}

func (p *pipe) Read(b []byte) (int, error) {
	fds := [1]unix.PollFd{{Fd: int32(p.file.Fd()), Events: unix.POLLIN}}
	for {
		if p.closed != nil && p.closed.Load() {
			return 0, ErrClosed
		}
		n, err := unix.Poll(fds[:], pollMillis)
		if err == unix.EINTR || err == nil && n == 0 {
			continue
		}
		return p.file.Read(b)
	}
}
