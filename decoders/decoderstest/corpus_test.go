package decoderstest

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// corpus reads the large collection of the shared corpus, at most limit frames
// of each capture.
func corpus(tb testing.TB, limit int) []Capture {
	tb.Helper()
	f, err := os.Open(filepath.Join(Shared(tb), "corpus", "captures.tar.zst"))
	if err != nil {
		tb.Skipf("no corpus: %v", err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	var out []Capture
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			tb.Fatalf("corpus: %v", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			tb.Fatalf("corpus: %s: %v", h.Name, err)
		}
		out = appendCapture(tb, out, h.Name, data, limit)
	}
}
