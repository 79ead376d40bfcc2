package file

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	// maxPending bytes of a file wait for inspection; the oldest give way when
	// nobody inspects them.
	maxPending  = 128 << 10
	keptPending = 16 << 10
)

// Content is a File that is inspected while it comes, in one direction: what
// the transactions of protocols share that carry one file as it is. The zero
// value is unused.
type Content struct {
	File
	Dir     decoders.Direction
	pending []byte // not inspected yet
	offset  uint64 // of pending in the file
	given   int    // bytes of pending that were given out
	room    int    // of pending beyond maxPending, for bytes that came at once
	magic   []byte // memory of a buffer
}

// Append takes the next bytes.
func (c *Content) Append(p []byte) {
	c.Write(p)
	if over := len(c.pending) + len(p) - maxPending - c.room; over > 0 {
		drop := min(over, len(c.pending))
		c.forget(drop)
		c.offset += uint64(over - drop)
		p = p[over-drop:]
	}
	c.pending = append(c.pending, p...)
}

// AppendWaiting takes bytes that the caller held back, in bounds of its own:
// all of them can be inspected, however many they are.
func (c *Content) AppendWaiting(p []byte) {
	c.room += len(p)
	c.Append(p)
}

// Skip leaves out n bytes, across which nothing matches.
func (c *Content) Skip(n uint64) {
	c.Gap(n)
	c.forget(len(c.pending))
	c.offset += n
}

// forget drops the first n bytes that wait.
func (c *Content) forget(n int) {
	c.offset += uint64(n)
	c.pending = c.pending[:copy(c.pending, c.pending[n:])]
	c.given = max(0, c.given-n)
	if len(c.pending) == 0 {
		c.room = 0
		if cap(c.pending) > 2*maxPending {
			c.pending = nil
		}
	}
}

// Ended reports that no more bytes come.
func (c *Content) Ended() bool { return c.State == Closed || c.State == Truncated }

// Stream returns what is new of the file for file.data: every byte once.
func (c *Content) Stream(b app.Buffer, i int) (app.Piece, bool) {
	if b != app.FileData.In(c.Dir) || i != 0 || c.State == Unused {
		return app.Piece{}, false
	}
	c.given = len(c.pending)
	return app.Piece{Data: c.pending, Offset: c.offset, EOF: c.Ended()}, true
}

// Inspected says that the piece given out is done with.
func (c *Content) Inspected(dir decoders.Direction) {
	if dir == c.Dir {
		c.forget(c.given)
	}
}

// Buffer returns what rules ask of the file, in its direction.
func (c *Content) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if i != 0 || c.State == Unused {
		return nil, false
	}
	switch b {
	case app.FileName.In(c.Dir):
		return c.Name(), true
	case app.FileMagic.In(c.Dir):
		if !c.Ended() && c.Size < HeadLen {
			return nil, false
		}
		c.magic = append(c.magic[:0], c.Magic()...)
		return c.magic, true
	case app.FileMD5.In(c.Dir):
		return c.Hash(MD5)
	case app.FileSHA1.In(c.Dir):
		return c.Hash(SHA1)
	case app.FileSHA256.In(c.Dir):
		return c.Hash(SHA256)
	}
	return nil, false
}

// Integer returns the size of the file and whether it is complete.
func (c *Content) Integer(b app.Buffer, i int) (uint64, bool) {
	if i != 0 || c.State == Unused {
		return 0, false
	}
	switch b {
	case app.FileSize.In(c.Dir):
		return c.Size, true
	case app.FileClosed.In(c.Dir):
		if c.State == Closed {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// Clear makes the content unused and keeps its memory within bounds.
func (c *Content) Clear() {
	c.File.Reset()
	pending := c.pending[:0]
	if cap(pending) > keptPending {
		pending = nil
	}
	*c = Content{File: c.File, pending: pending, magic: c.magic[:0]}
}
