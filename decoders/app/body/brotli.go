package body

import (
	"errors"

	"github.com/andybalholm/brotli"
)

// brotliDecoder is RFC 7932. The library pulls its input; it goes on where it
// stopped after its source answered errStarved.
type brotliDecoder struct {
	reader *brotli.Reader
	source feed
	out    [8 << 10]byte
}

var errStarved = errors.New("no input at hand")

// feed is the input at hand.
type feed struct{ p []byte }

func (f *feed) Read(p []byte) (int, error) {
	if len(f.p) == 0 {
		return 0, errStarved
	}
	n := copy(p, f.p)
	f.p = f.p[n:]
	return n, nil
}

func newBrotli() *brotliDecoder {
	b := &brotliDecoder{}
	b.reader = brotli.NewReader(&b.source)
	return b
}

func (b *brotliDecoder) reset() {
	b.source.p = nil
	if err := b.reader.Reset(&b.source); err != nil {
		b.reader = brotli.NewReader(&b.source)
	}
}

func (b *brotliDecoder) write(p []byte, l *layer) (bool, error) {
	b.source.p = p
	defer func() { b.source.p = nil }()
	for {
		n, err := b.reader.Read(b.out[:])
		if e := l.emit(b.out[:n]); e != nil {
			return false, e
		}
		switch {
		case err == errStarved:
			return false, nil
		case err != nil: // bytes behind the end are an error as well
			return false, errCorrupt
		}
	}
}

func (b *brotliDecoder) finish(*layer) error { return nil }
