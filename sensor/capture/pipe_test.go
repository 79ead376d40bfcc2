//go:build unix

package capture

import (
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/capturetest"
)

// stdin makes standard input a pipe for the time of the test and returns the end
// to write to.
func stdin(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdin
	os.Stdin = r
	t.Cleanup(func() {
		os.Stdin = old
		r.Close()
		w.Close()
	})
	return w
}

func TestStandardInputIsReadAsItArrives(t *testing.T) {
	w := stdin(t)
	whole := capturetest.AppendPcap(nil, decoders.LinkEthernet, at('a', 1, 2, 3, 4))
	header := len(capturetest.AppendPcap(nil, decoders.LinkEthernet, nil))
	record := (len(whole) - header) / 4
	pieces := []struct {
		end    int // bytes written so far
		frames int // that the next batch has
	}{{header + record, 1}, {header + 3*record + 5, 2}, {len(whole), 1}}
	if _, err := w.Write(whole[:header]); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, Options{Paths: []string{"-"}})
	var b Batch
	written := header
	for _, p := range pieces {
		if _, err := w.Write(whole[written:p.end]); err != nil {
			t.Fatal(err)
		}
		written = p.end
		if err := s.Next(&b); err != nil || len(b.Frames) != p.frames {
			t.Fatalf("after %d bytes: got %d frames and %v, want %d", written, len(b.Frames), err, p.frames)
		}
	}
	w.Close()
	if err := s.Next(&b); err != io.EOF {
		t.Errorf("got %v", err)
	}
	if done, total := s.Progress(); done != int64(len(whole)) || total != 0 {
		t.Errorf("progress is %d of %d, want %d of an unknown total", done, total, len(whole))
	}
}

func TestCompressedStandardInputIsRead(t *testing.T) {
	w := stdin(t)
	if _, err := w.Write(compress(t, ngFile(1, 101, 1))); err != nil {
		t.Fatal(err)
	}
	w.Close()
	got, faults := drain(t, mustOpen(t, Options{Paths: []string{"-"}}))
	if marks(got) != "abc" || len(faults) > 0 {
		t.Errorf("got %q and %v", marks(got), faults)
	}
}

func TestAFileAsStandardInputIsMergedWithOthers(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Open(write(t, dir, "a", at('a', 1, 3)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	old := os.Stdin
	os.Stdin = f
	defer func() { os.Stdin = old }()
	s := mustOpen(t, Options{Paths: []string{"-", write(t, dir, "b", at('b', 2, 4))}})
	got, faults := drain(t, s)
	if marks(got) != "abab" || len(faults) > 0 {
		t.Errorf("got %q and %v", marks(got), faults)
	}
	if done, total := s.Progress(); done != total || total == 0 {
		t.Errorf("progress is %d of %d", done, total)
	}
}

func TestPipesAreMergedWithFiles(t *testing.T) {
	w := stdin(t)
	r2, w2, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r2.Close()
	for f, frames := range map[*os.File][]decoders.Frame{w: at('a', 1, 4, 7), w2: at('b', 2, 5, 8)} {
		if _, err := f.Write(capturetest.AppendPcap(nil, decoders.LinkEthernet, frames)); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	file := write(t, t.TempDir(), "c", at('c', 3, 6, 9))
	got, faults := drain(t, mustOpen(t, Options{Paths: []string{"-", fmt.Sprintf("/dev/fd/%d", r2.Fd()), file}}))
	if marks(got) != "abcabcabc" || len(faults) > 0 {
		t.Errorf("got %q and %v", marks(got), faults)
	}
}

func TestCloseEndsAWaitForStandardInput(t *testing.T) {
	w := stdin(t)
	if _, err := w.Write(capturetest.AppendPcap(nil, decoders.LinkEthernet, nil)); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, Options{Paths: []string{"-"}})
	ended := make(chan error)
	go func() {
		var b Batch
		ended <- s.Next(&b)
	}()
	time.Sleep(10 * time.Millisecond)
	s.Close()
	select {
	case err := <-ended:
		if err != ErrClosed {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Next still waits")
	}
}
