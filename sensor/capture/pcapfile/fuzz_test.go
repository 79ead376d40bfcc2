package pcapfile

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"spanwatch/decoders"
)

// FuzzRead gives arbitrary bytes to the reader. Whatever they are, it ends with
// io.EOF or a typed error; frames keep their bounds, are numbered in order and
// take no more bytes than there were; reading byte by byte gives the same; and
// pcapgo agrees on every frame that both accept.
func FuzzRead(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.bytes)
	}
	for _, p := range packings[1:] {
		f.Add(p.pack(f, samples()[0].bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, r, err := readAll(bytes.NewReader(b), nil)
		checkEnd(t, err, r)
		taken := 0
		for i, fr := range got {
			taken += len(fr.Data)
			if len(fr.Data) > maxFrame || fr.WireLen < uint32(len(fr.Data)) || fr.Number != uint64(i+1) {
				t.Fatalf("frame %d: %d of %d bytes, number %d", i+1, len(fr.Data), fr.WireLen, fr.Number)
			}
		}
		if taken > len(b) && r.packing == "" {
			t.Fatalf("%d bytes of frames from %d bytes", taken, len(b))
		}
		if len(b) < 4096 { // one read for each byte is slow
			slow, _, slowErr := readAll(iotest.OneByteReader(bytes.NewReader(b)), nil)
			if !sameError(err, slowErr) {
				t.Fatalf("ended with %v, byte by byte with %v", err, slowErr)
			}
			wantFrames(t, slow, got)
		}
		if r.packing == "" {
			// pcapgo rounds clocks that tick in powers of two by up to a second.
			if _, err := disagreement(b, got, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		checkUnhandled(t, b, got)
	})
}

// checkEnd fails on an error that callers are not told about.
func checkEnd(t *testing.T, err error, r *Reader) {
	t.Helper()
	var corrupt *CorruptError
	var none *NotCaptureError
	switch {
	case err == io.EOF, errors.As(err, &none):
	case !errors.As(err, &corrupt):
		t.Fatalf("ended with %v", err)
	case corrupt.Offset < 0 || corrupt.What == "" || corrupt.Path == "" || corrupt.Kind == nil || corrupt.Error() == "":
		t.Fatalf("fault lacks something: %#v", corrupt)
	case corrupt.Offset > r.s.offset():
		t.Fatalf("fault at %d, beyond the %d bytes that were parsed", corrupt.Offset, r.s.offset())
	}
}

// sameError compares errors of two readings of the same bytes.
func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Error() == b.Error()
}

// checkUnhandled reads again without the link types that are odd: what is left
// keeps its number, and the rest is counted.
func checkUnhandled(t *testing.T, b []byte, all []decoders.Frame) {
	t.Helper()
	even := func(l decoders.LinkType) bool { return l%2 == 0 }
	got, r, err := readAll(bytes.NewReader(b), even)
	checkEnd(t, err, r)
	var want []decoders.Frame
	for _, f := range all {
		if even(f.Link) {
			want = append(want, f)
		}
	}
	wantFrames(t, got, want)
	if n, _ := r.Unhandled(); n != uint64(len(all)-len(want)) {
		t.Fatalf("%d frames left out, want %d", n, len(all)-len(want))
	}
}
