//go:build !unix

package pcapfile

import (
	"os"
	"sync/atomic"
)

// pipe reads a file that may keep the reader waiting; without poll, closing takes
// effect when the next bytes arrive.
type pipe struct {
	file   *os.File
	closed *atomic.Bool // may be nil
}

func (p *pipe) Read(b []byte) (int, error) {
	if p.closed != nil && p.closed.Load() {
		return 0, ErrClosed
	}
	return p.file.Read(b)
}
