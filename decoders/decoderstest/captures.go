package decoderstest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spanwatch/decoders"
)

// Capture is one capture file read into memory.
type Capture struct {
	Name   string // path below its collection
	Frames []decoders.Frame
}

// RepositoryRoot returns the folder of go.mod.
func RepositoryRoot(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("no go.mod above the working folder")
		}
		dir = up
	}
}

// Shared returns the folder of the large test inputs that are not part of the
// repository: $SPANWATCH_SHARED, or shared beside the repository. It skips the
// test when there is none.
func Shared(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("SPANWATCH_SHARED")
	if dir == "" {
		dir = filepath.Join(RepositoryRoot(tb), "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("no shared test inputs: %v (set SPANWATCH_SHARED)", err)
	}
	return dir
}

// Required reports whether $SPANWATCH_TEST_REQUIRE, a comma-separated list,
// names the tool: then its absence fails a test instead of skipping it.
func Required(tool string) bool {
	for _, name := range strings.Split(os.Getenv("SPANWATCH_TEST_REQUIRE"), ",") {
		if strings.TrimSpace(name) == tool {
			return true
		}
	}
	return false
}

// Testdata reads the repository's own captures, at most limit frames of each.
func Testdata(tb testing.TB, limit int) []Capture {
	tb.Helper()
	return folder(tb, filepath.Join(RepositoryRoot(tb), "testdata", "pcap"), limit)
}

// Permissive reads the small captures of the shared corpus, at most limit
// frames of each.
func Permissive(tb testing.TB, limit int) []Capture {
	tb.Helper()
	return folder(tb, filepath.Join(Shared(tb), "corpus", "permissive"), limit)
}

// folder reads the captures below dir; none when there is no such folder.
func folder(tb testing.TB, dir string, limit int) []Capture {
	tb.Helper()
	var out []Capture
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".pcap", ".cap", ".pcapng", ".ntar", ".dump", ".trace":
		default:
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		out = appendCapture(tb, out, name, data, limit)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tb.Fatal(err)
	}
	return out
}

// appendCapture adds what could be read; a file that ends in the middle of a
// record, as captures of tests often do, counts as far as it goes.
func appendCapture(tb testing.TB, out []Capture, name string, data []byte, limit int) []Capture {
	frames, err := Read(data, limit)
	if err != nil {
		tb.Logf("%s: %v (%d frames read)", name, err, len(frames))
	}
	if len(frames) > 0 {
		out = append(out, Capture{Name: name, Frames: frames})
	}
	return out
}
