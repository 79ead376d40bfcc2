package pcapfile

import (
	"encoding/binary"
	"io"
	"os"
	"sync/atomic"

	"spanwatch/decoders"
)

// Config is what the Readers of one source share.
type Config struct {
	Pool       *Pool
	Interfaces *Interfaces
	// Handled says which link types are wanted; frames of others are counted in
	// Reader.Unhandled and not delivered. Nil wants all.
	Handled func(decoders.LinkType) bool
	// Closed, once true, makes a read that waits for a pipe end with ErrClosed
	// within a tenth of a second. Nil never does.
	Closed *atomic.Bool
	// Read, if not nil, is given the bytes that all Readers take from their files.
	Read *atomic.Int64
}

// Reader reads one capture file. One goroutine at a time, but for Progress.
type Reader struct {
	path          string
	file          *os.File
	inflate       io.Closer // decompressor, or nil
	packing       string    // "gzip", "zstd", "lz4", or empty
	s             stream
	ng            bool
	pcap          pcap
	pcapng        pcapng
	ifaces        *Interfaces
	handled       func(decoders.LinkType) bool
	head          decoders.Frame // parsed, not yet delivered; valid iff ahead
	ahead         bool
	err           error             // final
	number        uint64            // frames seen in the file
	unhandled     uint64            // of them, left out for their link type
	unhandledLink decoders.LinkType // of the first of them; valid iff unhandled > 0
	untimed       uint64            // of them, without a time of their own
	size          int64             // of the file as stored; 0 for a pipe
	read          atomic.Int64      // bytes taken from the file as stored
}

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Open opens the capture file at path, "-" being standard input, and reads as far
// as the file header. Errors are those of the file system, *NotCaptureError and
// *CorruptError.
func Open(path string, cfg Config) (*Reader, error) {
	f := os.Stdin
	if path != Stdin {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, err
		}
	}
	r, err := newReader(path, f, cfg)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func newReader(path string, f *os.File, cfg Config) (*Reader, error) {
	r := &Reader{path: path, file: f, ifaces: cfg.Interfaces, handled: cfg.Handled}
	if path == Stdin {
		r.path = "standard input"
	}
	r.s.pool = cfg.Pool
	in, err := r.source(cfg.Closed)
	if err == nil {
		err = r.begin(&counter{r: in, n: &r.read, all: cfg.Read})
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// source finds out what kind of file it is and how to read it.
func (r *Reader) source(closed *atomic.Bool) (io.Reader, error) {
	info, err := r.file.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &os.PathError{Op: "read", Path: r.path, Err: errIsDirectory}
	case info.Mode().IsRegular():
		r.size = info.Size()
		return r.file, nil
	}
	r.s.live = true
	return &pipe{file: r.file, closed: closed}, nil
}

// begin finds out the format and reads the file header.
func (r *Reader) begin(in io.Reader) error {
	r.s.r = in
	if err := r.unpack(); err != nil {
		return err
	}
	if !r.s.more(4) {
		if r.s.err != io.EOF {
			return r.cut("file header")
		}
		return r.notCapture()
	}
	b := r.s.buf[r.s.pos:]
	if binary.LittleEndian.Uint32(b) == blockSection {
		r.ng = true
		return r.openPcapng()
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch magic := order.Uint32(b); magic {
		case magicMicro, magicNano, magicModified:
			return r.openPcap(order, magic)
		}
	}
	return r.notCapture()
}

func (r *Reader) notCapture() error {
	b := r.s.buf[r.s.pos:r.s.end]
	return &NotCaptureError{Path: r.path, Start: append([]byte(nil), b[:min(4, len(b))]...), In: r.packing}
}

// Peek returns the time of the next frame without reading past it. The error is
// io.EOF at the end and *CorruptError for a fault, both final; ErrClosed as told
// at Config.Closed.
func (r *Reader) Peek() (timestamp int64, err error) {
	if !r.ahead {
		if r.err == nil {
			r.s.nowait = false
			r.err = r.parse(&r.head)
		}
		if r.err != nil {
			return 0, r.err
		}
		r.ahead = true
	}
	return r.head.Timestamp, nil
}

// Read fills frames, whose bytes live as long as l, and returns how many it
// filled. It stops before the first frame later than until, when l is full, and
// rather than wait for a pipe when it has frames to return. 0 and nil mean that the next frame is
// later than until. Errors are those of Peek and come without frames.
func (r *Reader) Read(frames []decoders.Frame, until int64, l *Lease) (int, error) {
	s := &r.s
	var held *slab
	for n := range frames {
		f := &frames[n]
		if r.ahead {
			*f = r.head
			r.ahead = false
		} else if r.err == nil {
			s.nowait = s.live && n > 0
			r.err = r.parse(f)
		}
		if r.err != nil {
			if r.err == errAgain {
				r.err = nil
				return n, nil
			}
			if n > 0 {
				return n, nil
			}
			return 0, r.err
		}
		if f.Timestamp > until {
			r.head, r.ahead = *f, true
			return n, nil
		}
		if held != s.slab {
			held = s.slab
			l.hold(held)
			if l.Full() {
				return n + 1, nil
			}
		}
	}
	return len(frames), nil
}

// parse reads the next frame into f.
func (r *Reader) parse(f *decoders.Frame) error {
	if r.ng {
		return r.nextPcapng(f)
	}
	return r.nextPcap(f)
}

// Path of the file, for messages.
func (r *Reader) Path() string { return r.path }

// Link is the link type of a pcap file; false for pcapng, which has one for each
// interface.
func (r *Reader) Link() (decoders.LinkType, bool) { return r.pcap.link, !r.ng }

// Unhandled counts the frames that were left out for their link type, and gives
// the link type of the first of them.
func (r *Reader) Unhandled() (uint64, decoders.LinkType) { return r.unhandled, r.unhandledLink }

// Untimed counts the frames that came without a time that can be told, and were
// given that of the frame before.
func (r *Reader) Untimed() uint64 { return r.untimed }

// leaveOut counts a frame of a link type that is not handled.
func (r *Reader) leaveOut(link decoders.LinkType) {
	if r.unhandled == 0 {
		r.unhandledLink = link
	}
	r.unhandled++
}

// Seen counts the frames that were read, delivered or not. It is the Number of
// the last of them.
func (r *Reader) Seen() uint64 { return r.number }

// Progress returns the bytes read from the file as it is stored, and its size, 0
// if it is a pipe. It may be called from any goroutine.
func (r *Reader) Progress() (read, size int64) { return r.read.Load(), r.size }

// Close closes the file, standard input excepted. Frames under a lease stay valid.
func (r *Reader) Close() error {
	r.s.close()
	if r.inflate != nil {
		r.inflate.Close()
	}
	if r.file == nil || r.file == os.Stdin {
		return nil
	}
	return r.file.Close()
}

// counter counts what is read through it.
type counter struct {
	r   io.Reader
	n   *atomic.Int64
	all *atomic.Int64 // may be nil
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	if c.all != nil {
		c.all.Add(int64(n))
	}
	return n, err
}
