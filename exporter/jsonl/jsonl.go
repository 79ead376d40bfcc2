// Package jsonl writes events as lines: to a file such as eve.json, or to a
// stream such as standard output.
//
// A line is whole or absent. When a write ends in the middle of a line, the
// file is cut back to the last whole one; where that is impossible (a pipe),
// the next write begins with a line feed, so that only the torn line is bad.
// A file that was moved or removed is made anew at its path before the next
// batch, so that log rotation from outside needs no signal, though Reopen is
// there for it. A sink can also rotate its file itself; see Rotation.
//
// A delivered record has been taken by the kernel. Nothing is synced to disk:
// a power failure loses what the kernel had not written.
package jsonl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"spanwatch/exporter"
)

// bufferBytes is gathered before a write: large enough that the system call
// is a small part of the cost of a line.
const bufferBytes = 128 << 10

// Permissions of what is created: events can hold payloads, so others may not
// read them.
const (
	fileMode   = 0o640
	folderMode = 0o750
)

// ErrStopped says that the deadline came before all records were written.
var ErrStopped = errors.New("jsonl: stopped before all events were written")

// Sink writes to one file or stream. Reopen may be called from any goroutine;
// the rest is for the goroutine of the outlet.
type Sink struct {
	name string
	path string // "" for a stream
	out  io.Writer
	file *os.File // nil for a stream, and while the path cannot be opened

	rotator *rotator // nil when the file is not rotated

	buf    []byte
	torn   bool // the last write left part of a line that could not be removed
	reopen atomic.Bool
}

// Open makes a sink that writes to the file at path, whose folder it creates.
// An existing file is continued, or emptied when truncate is set.
func Open(path string, truncate bool) (*Sink, error) {
	return OpenRotated("file", path, truncate, Rotation{})
}

// OpenRotated is Open for a file that is rotated. name is the label of its
// metrics.
func OpenRotated(name, path string, truncate bool, r Rotation) (*Sink, error) {
	s := &Sink{name: name, path: path}
	if r != (Rotation{}) {
		var err error
		if s.rotator, err = newRotator(path, r); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, fmt.Errorf("jsonl: %w", err)
	}
	flags := 0
	if truncate {
		flags = os.O_TRUNC
	}
	if err := s.open(flags); err != nil {
		return nil, err
	}
	if s.rotator != nil {
		s.rotator.tidy() // what an earlier process left
	}
	return s, nil
}

// NewStream makes a sink that writes to w, for example os.Stdout. name is the
// label of its metrics. Close does not close w.
func NewStream(name string, w io.Writer) *Sink {
	return &Sink{name: name, out: w}
}

// Name implements exporter.Sink.
func (s *Sink) Name() string { return s.name }

// Reopen makes the next Deliver close the file and open its path again.
func (s *Sink) Reopen() { s.reopen.Store(true) }

// Close implements exporter.Sink.
func (s *Sink) Close() error {
	var fault error
	if s.file != nil {
		if err := s.file.Close(); err != nil {
			fault = fmt.Errorf("jsonl: %w", err)
		}
		s.file, s.out = nil, nil
	}
	if s.rotator != nil {
		fault = errors.Join(fault, s.rotator.finish())
	}
	return fault
}

// open opens the path for appending. Reading is for cut, which makes sure
// that it removes only what this sink wrote.
func (s *Sink) open(flags int) error {
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_APPEND|os.O_CREATE|flags, fileMode)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ESPIPE) || errors.Is(err, syscall.ENXIO) {
		f, err = os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|flags, fileMode)
	}
	if err != nil {
		return fmt.Errorf("jsonl: %w", err)
	}
	s.file, s.out = f, f
	s.torn = endsTorn(f)
	if s.rotator != nil {
		s.rotator.began(f)
	}
	return nil
}

// rotate puts the file aside and begins a new one. When it cannot be put
// aside, the sink goes on with it: events are worth more than the bound.
func (s *Sink) rotate() error {
	_ = s.file.Close() // everything written to it is accounted for
	s.file, s.out = nil, nil
	fault := s.rotator.putAside(s.path)
	if err := s.open(0); err != nil {
		return errors.Join(fault, err)
	}
	if fault != nil {
		s.rotator.opened, s.rotator.size = s.rotator.now(), 1 // not with every write again
		return fault
	}
	s.rotator.tidy()
	return nil
}

// endsTorn says whether the file ends in the middle of a line, as a crash
// leaves it.
func endsTorn(f *os.File) bool {
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return false
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], st.Size()-1); err != nil {
		return false
	}
	return last[0] != '\n'
}

// follow opens the path again when that was asked for, when the file is no
// longer the one at the path, or when opening failed before.
func (s *Sink) follow() error {
	if s.path == "" {
		return nil
	}
	asked := s.reopen.Swap(false)
	if s.file != nil && !asked {
		mine, err := s.file.Stat()
		if err == nil {
			var there os.FileInfo
			there, err = os.Stat(s.path)
			if err == nil && os.SameFile(mine, there) {
				return nil
			}
		}
	}
	if s.file != nil {
		// Everything written to it is accounted for, so an error of closing
		// tells nothing that the writes did not.
		_ = s.file.Close()
		s.file, s.out = nil, nil
	}
	return s.open(0)
}

// Deliver implements exporter.Sink. Records that cannot be written are
// dropped: a full disk must not become a full memory.
func (s *Sink) Deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	if err := s.follow(); err != nil {
		dropAll(records, tally, reasonOf(err))
		return err
	}
	var firstErr error
	for len(records) > 0 {
		if ctx.Err() != nil {
			dropAll(records, tally, exporter.DropShutdown)
			return ErrStopped
		}
		n := s.fill(records)
		if s.rotator != nil && s.rotator.due(len(s.buf)) {
			if err := s.rotate(); err != nil && firstErr == nil {
				firstErr = err
			}
			if s.file == nil {
				dropAll(records, tally, reasonOf(firstErr))
				return firstErr
			}
			n = s.fill(records) // a new file is not torn
		}
		whole, err := s.write(records[:n])
		for i := range records[:whole] {
			tally.Delivered(&records[i])
		}
		if err != nil {
			dropAll(records[whole:n], tally, reasonOf(err))
			if firstErr == nil {
				firstErr = fmt.Errorf("jsonl: %w", err)
			}
		}
		records = records[n:]
	}
	if s.rotator != nil && firstErr == nil {
		select {
		case firstErr = <-s.rotator.packed:
		default:
		}
	}
	return firstErr
}

// fill puts as many records into the buffer as make one write, at least one,
// and returns their number.
func (s *Sink) fill(records []exporter.Record) int {
	s.buf = s.buf[:0]
	if s.torn {
		s.buf = append(s.buf, '\n')
	}
	n := 0
	for n < len(records) && (n == 0 || len(s.buf)+len(records[n].Body) < s.writeBytes()) {
		s.buf = append(s.buf, records[n].Body...)
		s.buf = append(s.buf, '\n')
		n++
	}
	return n
}

// writeBytes is how much is gathered for a write: less where files are small,
// so that they keep to their bound.
func (s *Sink) writeBytes() int {
	if s.rotator != nil && s.rotator.MaxBytes > 0 {
		return int(min(bufferBytes, max(s.rotator.MaxBytes-s.rotator.size, 0)))
	}
	return bufferBytes
}

// write writes the buffer, which holds records, and returns how many of them
// are whole in the file.
func (s *Sink) write(records []exporter.Record) (whole int, err error) {
	n, err := s.out.Write(s.buf)
	if s.rotator != nil {
		s.rotator.size += int64(n)
	}
	if err == nil && n == len(s.buf) {
		s.torn = false
		return len(records), nil
	}
	if err == nil {
		err = io.ErrShortWrite
	}
	end := 0 // of the last whole line in the buffer
	if s.torn && n > 0 {
		end = 1
		s.torn = false
	}
	for whole < len(records) && end+len(records[whole].Body)+1 <= n {
		end += len(records[whole].Body) + 1
		whole++
	}
	if n > end && !s.cut(s.buf[end:n]) {
		s.torn = true
		if n-end == len(records[whole].Body) {
			whole++ // only its line feed is missing, which the next write begins with
		}
	}
	return whole, err
}

// cut removes tail from the end of the file, if that is a regular file and
// tail is what it ends in: another process may have written since.
func (s *Sink) cut(tail []byte) bool {
	if s.file == nil {
		return false
	}
	st, err := s.file.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() < int64(len(tail)) {
		return false
	}
	at := st.Size() - int64(len(tail))
	there := make([]byte, len(tail))
	if _, err := s.file.ReadAt(there, at); err != nil || !bytes.Equal(there, tail) {
		return false
	}
	return s.file.Truncate(at) == nil
}

func dropAll(records []exporter.Record, tally *exporter.Tally, why exporter.DropReason) {
	for i := range records {
		tally.Dropped(&records[i], why)
	}
}

func reasonOf(err error) exporter.DropReason {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return exporter.DropDiskFull
	}
	return exporter.DropIO
}
