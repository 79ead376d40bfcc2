package body

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// collector is a Sink that keeps everything, up to a limit.
type collector struct {
	b     []byte
	limit int
}

func (c *collector) Body(p []byte) bool {
	c.b = append(c.b, p...)
	return c.limit == 0 || len(c.b) < c.limit
}

// decode runs a body through encodings, in pieces of the given length.
func decode(encodings []Encoding, data []byte, piece int) []byte {
	var d Decoder
	return decodeWith(&d, encodings, data, piece)
}

func decodeWith(d *Decoder, encodings []Encoding, data []byte, piece int) []byte {
	for _, e := range encodings {
		d.Add(e)
	}
	var c collector
	for len(data) > 0 {
		n := min(piece, len(data))
		d.Decode(data[:n], &c)
		data = data[n:]
	}
	d.Finish(&c)
	d.Reset()
	return c.b
}

func encoded(t testing.TB, e Encoding, level int, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch e {
	case Gzip:
		w, err = gzip.NewWriterLevel(&b, level)
	case Zlib:
		w, err = zlib.NewWriterLevel(&b, level)
	case Deflate:
		w, err = flate.NewWriter(&b, level)
	case Brotli:
		w = brotli.NewWriterLevel(&b, max(level, 0))
	default:
		t.Fatalf("no encoder of %d", e)
	}
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func prose(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d bottles of %x on the wall\n", i%97, i*i*2654435761)
	}
	return b.Bytes()[:n]
}

func TestEveryEncodingIsUndoneInPiecesOfAnyLength(t *testing.T) {
	for _, e := range []Encoding{Gzip, Zlib, Deflate, Brotli} {
		for _, size := range []int{0, 1, 100, 5000, 200_000} {
			for _, level := range []int{0, 1, 6, 9} {
				want := prose(size)
				data := encoded(t, e, level, want)
				for _, piece := range []int{1, 7, 1460, len(data)} {
					if piece == 1 && size > 5000 && e != Gzip {
						continue
					}
					if got := decode([]Encoding{e}, data, piece); !bytes.Equal(got, want) {
						t.Fatalf("encoding %d level %d: %d bytes in pieces of %d gave %d", e, level, size, piece, len(got))
					}
				}
			}
		}
	}
}

// lzmaTexts were made with Python's lzma module, FORMAT_ALONE.
func lzmaTexts(t testing.TB) map[string][2][]byte {
	t.Helper()
	lines := strings.Builder{}
	for i := range 300 {
		fmt.Fprintf(&lines, "line %d of a text that repeats itself\n", i%17)
	}
	letters := strings.Repeat(lzmaLetters, 40)
	out := map[string][2][]byte{}
	for name, c := range map[string][2]string{"lines": {lzmaLines64, lines.String()}, "letters, small dictionary": {lzmaLetters64, letters}} {
		data, err := base64.StdEncoding.DecodeString(c[0])
		if err != nil {
			t.Fatal(err)
		}
		out[name] = [2][]byte{data, []byte(c[1])}
	}
	return out
}

func TestLZMAIsUndone(t *testing.T) {
	for name, c := range lzmaTexts(t) {
		for _, piece := range []int{1, 13, len(c[0])} {
			if got := decode([]Encoding{LZMA}, c[0], piece); !bytes.Equal(got, c[1]) {
				t.Errorf("%s in pieces of %d: %d bytes, want %d", name, piece, len(got), len(c[1]))
			}
		}
	}
}

// TestMatchesReachBackOverTheWholeWindow has matches of every length whose bytes
// are about to be overwritten by the match itself.
func TestMatchesReachBackOverTheWholeWindow(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for short := range 20 {
		block := make([]byte, windowSize-short)
		for i := range block {
			block[i] = byte(random.Uint32())
		}
		text := slices.Clone(block)
		for at, n := 0, 3; at+n < len(block); n = 3 + (n-2)%300 {
			text = append(text, block[at:at+n]...)
			text = append(text, byte(random.Uint32())) // so that the next one is a match of its own
			at += n + 1
		}
		data := encoded(t, Gzip, 9, text)
		for _, piece := range []int{100, len(data)} {
			if got := decode([]Encoding{Gzip}, data, piece); !bytes.Equal(got, text) {
				t.Fatalf("distance %d in pieces of %d: wrong text", len(block), piece)
			}
		}
	}
}

func TestLayersComeOffInReverse(t *testing.T) {
	want := prose(3000)
	data := encoded(t, Brotli, 5, encoded(t, Deflate, 6, encoded(t, Gzip, 6, want)))
	for _, piece := range []int{1, len(data)} {
		if got := decode([]Encoding{Gzip, Deflate, Brotli}, data, piece); !bytes.Equal(got, want) {
			t.Errorf("pieces of %d: %d bytes", piece, len(got))
		}
	}
}

func TestBodiesThatAreNotWhatTheyClaim(t *testing.T) {
	text := prose(4000)
	gz := encoded(t, Gzip, 6, text)
	named := append([]byte("\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\x03\x03\x00abcname.txt\x00a comment\x00\x12\x34"), gz[10:]...)
	badSum := bytes.Clone(gz)
	badSum[len(badSum)-6] ^= 0xff
	cases := []struct {
		name   string
		claims Encoding
		data   []byte
		want   []byte
	}{
		{"gzip with every optional header field", Gzip, named, text},
		{"gzip with a wrong checksum", Gzip, badSum, text},
		{"gzip and more behind it", Gzip, append(bytes.Clone(gz), "trailing"...), text},
		{"gzip without its trailer", Gzip, gz[:len(gz)-8], text},
		{"two gzip members: the first counts", Gzip, append(bytes.Clone(gz), gz...), text},
		{"deflate that is zlib", Deflate, encoded(t, Zlib, 6, text), text},
		{"deflate that is gzip", Deflate, gz, text},
		{"gzip that is deflate", Gzip, encoded(t, Deflate, 6, text), text},
		{"gzip that is zlib", Gzip, encoded(t, Zlib, 6, text), text},
		{"brotli that is gzip", Brotli, gz, text},
		{"lzma that is zlib", LZMA, append([]byte{}, encoded(t, Zlib, 6, text)...), text},
		{"gzip that is plain text", Gzip, []byte("<html>plain</html>"), []byte("<html>plain</html>")},
		{"deflate that is plain text", Deflate, []byte("X5O!P%@AP[4 and so on"), []byte("X5O!P%@AP[4 and so on")},
		{"nothing", Gzip, nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, piece := range []int{1, 5, len(c.data) + 1} {
				if got := decode([]Encoding{c.claims}, c.data, piece); !bytes.Equal(got, c.want) {
					t.Errorf("in pieces of %d: %d bytes %.40q, want %d", piece, len(got), got, len(c.want))
				}
			}
		})
	}
}

func TestABrokenBodyGivesWhatCameBefore(t *testing.T) {
	text := prose(60_000)
	for _, e := range []Encoding{Gzip, Zlib, Deflate, Brotli} {
		data := encoded(t, e, 6, text)
		cut := decode([]Encoding{e}, data[:len(data)/2], 1460)
		if len(cut) < len(text)/4 || !bytes.HasPrefix(text, cut) {
			t.Errorf("encoding %d cut in half gave %d bytes of %d", e, len(cut), len(text))
		}
		if e == Brotli {
			continue
		}
		broken := bytes.Clone(data)
		copy(broken[len(broken)/2:], bytes.Repeat([]byte{0xff}, 100))
		if got := decode([]Encoding{e}, broken, 1460); len(got) < len(text)/4 || !bytes.Equal(got[:len(text)/4], text[:len(text)/4]) {
			t.Errorf("encoding %d broken in the middle gave %d bytes", e, len(got))
		}
	}
}

func TestTheSinkStopsABomb(t *testing.T) {
	bomb := encoded(t, Gzip, 9, make([]byte, 64<<20))
	var d Decoder
	d.Add(Gzip)
	c := collector{limit: 100_000}
	if d.Decode(bomb, &c) {
		t.Error("the decoder wants more")
	}
	if len(c.b) < c.limit || len(c.b) > c.limit+windowSize {
		t.Errorf("%d bytes for a limit of %d", len(c.b), c.limit)
	}
	if d.Decode(bomb, &c) || len(c.b) > c.limit+windowSize {
		t.Error("it went on")
	}
	d.Finish(&c)
}

func TestLayersAreBounded(t *testing.T) {
	var d Decoder
	for range MaxLayers {
		if !d.Add(Gzip) {
			t.Fatal("too few layers")
		}
	}
	if d.Add(Gzip) || d.Layers() != MaxLayers || !d.Add(Identity) {
		t.Error("no bound")
	}
}

func TestDecodingDoesNotAllocateOnceWarm(t *testing.T) {
	text := prose(20_000)
	for _, e := range []Encoding{Gzip, Zlib, Deflate, LZMA} {
		var data []byte
		if e == LZMA {
			data = lzmaTexts(t)["lines"][0]
		} else {
			data = encoded(t, e, 6, text)
		}
		var d Decoder
		var sink discard
		once := func() {
			d.Add(e)
			d.Decode(data[:len(data)/2], &sink)
			d.Decode(data[len(data)/2:], &sink)
			d.Finish(&sink)
			d.Reset()
		}
		once()
		if n := testing.AllocsPerRun(20, once); n != 0 {
			t.Errorf("encoding %d: %v allocations", e, n)
		}
	}
}

type discard struct{ n int }

func (s *discard) Body(p []byte) bool { s.n += len(p); return true }

// FuzzInflate compares with the standard library, and pieces with the whole.
func FuzzInflate(f *testing.F) {
	f.Add(encoded(f, Deflate, 6, prose(500)), byte(3))
	f.Add(encoded(f, Deflate, 0, prose(50)), byte(1))
	f.Add([]byte{0x03, 0x00}, byte(1))
	f.Fuzz(func(t *testing.T, data []byte, piece byte) {
		r := flate.NewReader(bytes.NewReader(data))
		want, err := io.ReadAll(io.LimitReader(r, 1<<20))
		var d deflate
		var l layer
		d.reset()
		d.wrapping = Deflate
		c := &collector{}
		var own Decoder
		l.next = stage{&own, 0, c}
		for rest := data; len(rest) > 0; {
			n := min(int(piece)+1, len(rest))
			if done, e := d.write(rest[:n], &l); done || e != nil || len(c.b) > 1<<20 {
				break
			}
			rest = rest[n:]
		}
		if len(want) == 1<<20 || len(c.b) > 1<<20 {
			return
		}
		switch {
		case err == nil && !bytes.Equal(c.b, want):
			t.Fatalf("%d bytes, want %d", len(c.b), len(want))
		// A code without an end of block is refused before its first symbol, as
		// zlib does; the standard library decodes up to the end of the data.
		case err != nil && !bytes.HasPrefix(c.b, want) && !bytes.HasPrefix(want, c.b):
			t.Fatalf("%d bytes of a broken body differ from %d", len(c.b), len(want))
		}
	})
}

// FuzzDecoder checks that pieces give the same as the whole, within bounds.
func FuzzDecoder(f *testing.F) {
	for e := Gzip; e <= Brotli; e++ {
		f.Add(encoded(f, e, 6, prose(300)), byte(e), byte(0))
	}
	for _, c := range lzmaTexts(f) {
		f.Add(c[0], byte(LZMA), byte(Gzip))
	}
	f.Fuzz(func(t *testing.T, data []byte, first, second byte) {
		encodings := []Encoding{Encoding(first % 6), Encoding(second % 6)}
		run := func(piece int) []byte {
			var d Decoder
			for _, e := range encodings {
				d.Add(e)
			}
			c := collector{limit: 1 << 20}
			for rest := data; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
				d.Decode(rest[:min(piece, len(rest))], &c)
			}
			d.Finish(&c)
			return c.b
		}
		whole := run(len(data) + 1)
		if len(whole) >= 1<<20 || encodings[0] == Brotli || encodings[1] == Brotli {
			return // of broken data, the brotli library gives out more the smaller the pieces are
		}
		if pieces := run(1); !bytes.Equal(pieces, whole) {
			t.Fatalf("%d bytes byte by byte, %d at once", len(pieces), len(whole))
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	text := prose(100_000)
	data := encoded(b, Gzip, 6, text)
	var d Decoder
	var sink discard
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		d.Add(Gzip)
		d.Decode(data, &sink)
		d.Finish(&sink)
		d.Reset()
	}
	if sink.n == 0 {
		b.Fatal(errors.New("nothing decoded"))
	}
}
