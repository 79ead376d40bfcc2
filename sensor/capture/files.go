package capture

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/pcapfile"
)

// What capture files can be faulty of; see package pcapfile.
type (
	CorruptError    = pcapfile.CorruptError
	NotCaptureError = pcapfile.NotCaptureError
)

// Kinds of CorruptError, for errors.Is, and the error of a closed source.
var (
	ErrTruncated = pcapfile.ErrTruncated
	ErrMalformed = pcapfile.ErrMalformed
	ErrRead      = pcapfile.ErrRead
	ErrClosed    = pcapfile.ErrClosed
)

// Files is the Source of capture files. Next is for one goroutine; all other
// methods may be called from any.
type Files struct {
	closed atomic.Bool
	done   chan struct{} // closed by Close, to wake a pacing Next

	mu     sync.Mutex // held by Next; guards what follows
	pool   pcapfile.Pool
	ifaces pcapfile.Interfaces
	merge  merge
	pacer  pacer
	filter *filter // nil: none
	limits limits
	total  uint64 // frames met, delivered or not

	size    int64 // bytes of all files as stored; 0 if one is a pipe
	read    atomic.Int64
	current atomic.Pointer[input]
	ended   atomic.Uint32 // End

	frames, bytes, filtered, unhandled, outside, untimed atomic.Uint64

	faultsMu sync.Mutex
	faults   []error
}

var _ Source = (*Files)(nil)

// OpenFiles opens capture files as one source, merged in time order: files whose
// times do not overlap are read one after the other, those that do are merged
// frame by frame; of equal times the file named first goes first, and the order
// within a file is never changed.
//
// Faults of the options and of files that are named, as far as their first frame
// shows them, are returned together. A fault found later, or in a file that a
// directory or a pattern led to, is returned by Next, which may then be called
// again and goes on with the other files.
func OpenFiles(o Options) (*Files, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	inputs, err := expand(o.Paths)
	if err != nil {
		return nil, err
	}
	s := &Files{done: make(chan struct{}), limits: newLimits(&o)}
	s.pacer = pacer{speed: o.Speed, done: s.done}
	if o.Filter != "" {
		s.filter = &filter{expression: o.Filter}
	}
	var faults []error
	pipes := false
	for _, in := range inputs {
		size, err := s.probe(in, len(inputs) == 1)
		if err != nil && in.named {
			faults = append(faults, err)
			continue
		}
		s.size += size
		pipes = pipes || err == nil && size == 0
		s.merge.push(in)
	}
	if pipes {
		s.size = 0
	}
	if s.filter != nil {
		faults = append(faults, s.compile())
	}
	if err := errors.Join(faults...); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// probe opens the file to learn its size, its format, and the time of its first
// frame, and closes it again unless it is the only one. A pipe and standard input,
// which cannot be opened a second time, stay open; the first frame of a pipe that
// is the only input is not waited for.
func (s *Files) probe(in *input, alone bool) (size int64, err error) {
	before := s.read.Load()
	defer func() {
		if in.reader == nil { // what was read will be read again
			s.read.Store(before)
		}
	}()
	if err := s.open(in); err != nil {
		return 0, err
	}
	r := in.reader
	_, size = r.Progress()
	if link, ok := r.Link(); ok && !Handled(link) {
		s.shut(in)
		return size, &UnsupportedLinkError{Path: r.Path(), Link: link}
	}
	if size == 0 && alone {
		return 0, nil
	}
	// A fault of the first frame is met again when it is the file's turn.
	t, err := r.Peek()
	if err == io.EOF {
		if fault := unsupported(r); fault != nil {
			s.shut(in)
			return size, fault
		}
	}
	if err == nil {
		in.next = t
	}
	if size > 0 && !alone && in.path != pcapfile.Stdin {
		s.shut(in)
	}
	return size, nil
}

// compile compiles the filter for what the probes have found, so that a bad
// expression is known before the first frame.
func (s *Files) compile() error {
	found := s.ifaces.List()
	if len(found) == 0 {
		return s.filter.add(decoders.LinkEthernet)
	}
	for _, it := range found {
		if Handled(it.Link) {
			if err := s.filter.add(it.Link); err != nil {
				return err
			}
		}
	}
	return nil
}

// unsupported is the fault of a file that was read to its end and had frames, but
// none of a link type that is decoded.
func unsupported(r *pcapfile.Reader) error {
	if n, link := r.Unhandled(); n > 0 && n == r.Seen() {
		return &UnsupportedLinkError{Path: r.Path(), Link: link}
	}
	return nil
}

func (s *Files) open(in *input) error {
	r, err := pcapfile.Open(in.path, pcapfile.Config{
		Pool: &s.pool, Interfaces: &s.ifaces, Handled: Handled, Closed: &s.closed, Read: &s.read,
	})
	if err != nil {
		return err
	}
	in.reader = r
	return nil
}

func (s *Files) shut(in *input) error {
	r := in.reader
	in.reader = nil
	if r == nil {
		return nil
	}
	return r.Close()
}

// Faults returns what was wrong with the files so far, in the order Next told it.
func (s *Files) Faults() []error {
	s.faultsMu.Lock()
	defer s.faultsMu.Unlock()
	return append([]error(nil), s.faults...)
}

// fault keeps err for Faults.
func (s *Files) fault(err error) error {
	s.faultsMu.Lock()
	defer s.faultsMu.Unlock()
	s.faults = append(s.faults, err)
	return err
}

// Stats implements Source.
func (s *Files) Stats() Stats {
	return Stats{
		Frames: s.frames.Load(), Bytes: s.bytes.Load(), Filtered: s.filtered.Load(),
		Unhandled: s.unhandled.Load(), Outside: s.outside.Load(), Untimed: s.untimed.Load(),
	}
}

// Progress returns how many bytes of the files, as they are stored (compressed,
// if they are), have been read, and how many there are: 0 if a pipe is among
// them, whose end is not known.
func (s *Files) Progress() (doneBytes, totalBytes int64) { return s.read.Load(), s.size }

// Current returns the path of the file that was read last, empty before the first.
func (s *Files) Current() string {
	if in := s.current.Load(); in != nil {
		return in.path
	}
	return ""
}

// Ended returns why Next has returned io.EOF.
func (s *Files) Ended() End { return End(s.ended.Load()) }

// Interfaces returns the interfaces met so far; Frame.Interface is an index.
// It waits for a Next in progress.
func (s *Files) Interfaces() []pcapfile.Interface {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ifaces.List()
}

// Close ends a waiting Next, within a tenth of a second, and closes the files.
// Frames of batches stay valid.
func (s *Files) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	close(s.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, in := range s.merge.heap {
		errs = append(errs, s.shut(in))
	}
	s.merge.heap = nil
	return errors.Join(errs...)
}
