package pcapfile

import (
	"errors"
	"io"
)

// minRead is the least free room, in bytes, that is worth a read; with less left
// a slab counts as full.
const minRead = slabSize / 4

// emptyReads is how many reads without bytes and without error are taken in a
// row, as in bufio.
const emptyReads = 100

// errAgain says that the next record is not in memory yet and that the caller
// asked not to wait for it.
var errAgain = errors.New("next record has not arrived")

// stream is the window of the (decompressed) bytes of a file that is in memory.
type stream struct {
	r    io.Reader
	pool *Pool
	slab *slab
	buf  []byte // slab.buf
	pos  int    // next byte to parse
	end  int    // bytes of buf that were read
	base int64  // offset in the stream of buf[0]
	err  error  // what ended the reading; io.EOF at the proper end

	live   bool // reading may wait for whoever writes the pipe
	nowait bool // answer errAgain rather than read
	again  bool // more has refused to read because of nowait
}

// offset of the next byte to parse, in the decompressed stream.
func (s *stream) offset() int64 { return s.base + int64(s.pos) }

// more brings at least n bytes behind pos into memory and reports whether they
// are there; if not, err or again says why. It may move the window: slices of buf
// taken before belong to the old slab.
func (s *stream) more(n int) bool {
	if s.end-s.pos >= n {
		return true
	}
	if s.err != nil {
		return false
	}
	if s.nowait {
		s.again = true
		return false
	}
	if len(s.buf)-s.end < minRead || len(s.buf)-s.pos < n {
		s.turn(n)
	}
	for empty := 0; s.end-s.pos < n; {
		m, err := s.r.Read(s.buf[s.end:])
		s.end += m
		if err != nil {
			s.err = err
			return s.end-s.pos >= n
		}
		if m > 0 {
			empty = 0
		} else if empty++; empty == emptyReads {
			s.err = io.ErrNoProgress
			return false
		}
	}
	return true
}

// turn makes room for n bytes from pos on: the unparsed rest moves to the front
// of the slab if no frame points into it, else to the front of a fresh one.
func (s *stream) turn(n int) {
	old, rest := s.slab, s.buf[s.pos:s.end]
	if old != nil && old.refs == 1 && len(old.buf) == slabSize && n <= slabSize {
		copy(s.buf, rest)
	} else {
		s.slab = s.pool.get(n)
		s.buf = s.slab.buf
		copy(s.buf, rest)
		if old != nil {
			s.pool.drop(old)
		}
	}
	s.base += int64(s.pos)
	s.pos, s.end = 0, len(rest)
}

// skip passes over n bytes without needing them in memory at once.
func (s *stream) skip(n int64) bool {
	for {
		have := int64(s.end - s.pos)
		if n <= have {
			s.pos += int(n)
			return true
		}
		n -= have
		s.pos = s.end
		if !s.more(1) {
			return false
		}
	}
}

// close gives the memory back.
func (s *stream) close() {
	if s.slab != nil {
		s.pool.drop(s.slab)
	}
	s.slab, s.buf, s.pos, s.end = nil, nil, 0, 0
}
