package pcapfile

import (
	"errors"
	"fmt"
	"io"
)

// Kinds of fault, for errors.Is.
var (
	// ErrTruncated: the file ends inside a record.
	ErrTruncated = errors.New("file is cut short")
	// ErrMalformed: a record contradicts the format or its bounds.
	ErrMalformed = errors.New("malformed record")
	// ErrRead: the bytes could not be read or decompressed.
	ErrRead = errors.New("read failed")
	// ErrClosed: the reader was closed while it was waiting.
	ErrClosed = errors.New("capture is closed")
)

// CorruptError says where a capture file stops making sense. All frames before
// Offset have been delivered.
type CorruptError struct {
	Path         string
	Offset       int64  // bytes before the record that cannot be read
	Decompressed bool   // Offset counts decompressed bytes
	What         string // the record and what is wrong with it
	Kind         error  // ErrTruncated, ErrMalformed or ErrRead
	Cause        error  // error of the file system or of the decompressor; may be nil
}

func (e *CorruptError) Error() string {
	where := "byte"
	if e.Decompressed {
		where = "decompressed byte"
	}
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s %d: %v: %s: %v", e.Path, where, e.Offset, e.Kind, e.What, e.Cause)
	}
	return fmt.Sprintf("%s: %s %d: %v: %s", e.Path, where, e.Offset, e.Kind, e.What)
}

// Unwrap gives the kind and the cause to errors.Is and errors.As.
func (e *CorruptError) Unwrap() []error {
	if e.Cause != nil {
		return []error{e.Kind, e.Cause}
	}
	return []error{e.Kind}
}

// NotCaptureError is returned for a file that is in no format that is understood.
type NotCaptureError struct {
	Path  string
	Start []byte // first bytes (at most 4) of the file, or of what it decompresses to; empty if it has none
	In    string // "gzip", "zstd" or "lz4" when Start is what was found inside; else empty
}

func (e *NotCaptureError) Error() string {
	inside := ""
	if e.In != "" {
		inside = " inside " + e.In
	}
	if len(e.Start) == 0 {
		return fmt.Sprintf("%s: not a capture file: empty%s", e.Path, inside)
	}
	return fmt.Sprintf("%s: not a capture file: starts with %x (%q)%s; pcap, pcapng, gzip, zstd and lz4 are understood",
		e.Path, e.Start, e.Start, inside)
}

// cut is the answer when the bytes of what are not there: io.EOF if the file ends
// before the first of them, errAgain if they may still come, else the error of
// cutSince.
func (r *Reader) cut(what string) error {
	s := &r.s
	switch {
	case s.again:
		s.again = false
		return errAgain
	case s.err == io.EOF && s.pos == s.end:
		return io.EOF
	}
	return r.cutSince(s.offset(), what)
}

// cutSince is the answer when the record that begins at offset start is not all
// there.
func (r *Reader) cutSince(start int64, what string) error {
	switch err := r.s.err; err {
	case io.EOF, io.ErrUnexpectedEOF:
		return r.corruptAt(start, ErrTruncated, what, nil)
	case ErrClosed:
		return err
	default:
		return r.corruptAt(start, ErrRead, what, err)
	}
}

func (r *Reader) malformed(what string) error {
	return r.corruptAt(r.s.offset(), ErrMalformed, what, nil)
}

func (r *Reader) corruptAt(offset int64, kind error, what string, cause error) error {
	return &CorruptError{
		Path: r.path, Offset: offset, Decompressed: r.packing != "",
		What: what, Kind: kind, Cause: cause,
	}
}
