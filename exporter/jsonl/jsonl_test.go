package jsonl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/jsonl"
)

// rig drives a sink through a whole exporter, so that the accounts are those
// that the pipeline would see. It outlives the exporters, whose Run closes
// their sink.
type rig struct {
	t    *testing.T
	sink *jsonl.Sink
	sum  exporter.TypeCounts
	next int
	err  error // of the last Deliver
}

func (r *rig) Name() string { return r.sink.Name() }
func (r *rig) Close() error { return nil }
func (r *rig) Deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	r.err = r.sink.Deliver(ctx, records, tally)
	return r.err
}

// write sends n events with size bytes of filling and returns what became of
// them.
func (r *rig) write(n, size int) exporter.TypeCounts {
	r.t.Helper()
	e, err := event.NewEncoder(event.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	o := exporter.NewOutlet(r, exporter.Config{QueueBytes: 1 << 30})
	x := exporter.New(e, 1<<20, o)
	for range n {
		r.next++
		open := fmt.Appendf(nil, `{"n":%d,"pad":"%s"`, r.next, strings.Repeat("x", size))
		x.Append(event.TypeAlert, open, event.ID{}, nil, 0)
	}
	x.Close()
	r.err = nil
	if err := o.Run(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	counts := o.Snapshot()
	total := counts.Total()
	if total.Made != uint64(n) || total.Balance() != 0 {
		r.t.Fatalf("accounts do not add up: %+v", total)
	}
	r.sum.Delivered += total.Delivered
	return total
}

// checkLines says how many lines the file has, all of which must be whole.
func checkLines(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if !json.Valid(line) || !bytes.HasSuffix(line, []byte("\n")) {
			t.Fatalf("line %d is torn: %.80q", n, line)
		}
	}
	return n
}

func openFile(t *testing.T, path string, truncate bool) *rig {
	t.Helper()
	s, err := jsonl.Open(path, truncate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &rig{t: t, sink: s}
}

func TestOpenContinuesOrEmptiesAFile(t *testing.T) {
	for _, c := range []struct {
		name     string
		before   string
		truncate bool
		want     int
	}{
		{"append to whole lines", "{}\n{}\n", false, 5},
		{"truncate", "{}\n{}\n", true, 3},
		{"new file", "", false, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "deep", "eve.json")
			if c.before != "" {
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			r := openFile(t, path, c.truncate)
			if got := r.write(3, 10); got.Delivered != 3 || r.err != nil {
				t.Errorf("got %+v, error %v", got, r.err)
			}
			if n := checkLines(t, path); n != c.want {
				t.Errorf("got %d lines, want %d", n, c.want)
			}
		})
	}
}

func TestALineTornByACrashIsClosedBeforeTheNextOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	if err := os.WriteFile(path, []byte("{}\n{\"half\":"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := openFile(t, path, false)
	r.write(1, 1)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) != 3 || lines[1] != `{"half":` || !json.Valid([]byte(lines[2])) {
		t.Errorf("got lines %q", lines)
	}
}

func TestManyAndLargeEventsAreAllWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	r := openFile(t, path, false)
	r.write(3000, 300)
	r.write(2, 3<<20)
	if n := checkLines(t, path); n != 3002 || r.sum.Delivered != 3002 {
		t.Errorf("%d lines and %d delivered, want 3002", n, r.sum.Delivered)
	}
}

func TestAFileMovedOrRemovedIsMadeAnew(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(path string) error
	}{
		{"moved", func(p string) error { return os.Rename(p, p+".1") }},
		{"removed", os.Remove},
		{"moved and made by another", func(p string) error {
			return errors.Join(os.Rename(p, p+".1"), os.WriteFile(p, nil, 0o600))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "eve.json")
			r := openFile(t, path, true)
			r.write(2, 10)
			if err := c.do(path); err != nil {
				t.Fatal(err)
			}
			if got := r.write(3, 10); got.Delivered != 3 || r.err != nil {
				t.Errorf("got %+v, error %v", got, r.err)
			}
			if n := checkLines(t, path); n != 3 {
				t.Errorf("got %d lines at the path, want 3", n)
			}
			if _, err := os.Stat(path + ".1"); err == nil {
				if n := checkLines(t, path+".1"); n != 2 {
					t.Errorf("got %d lines in the moved file, want 2", n)
				}
			}
		})
	}
}

func TestWithoutAFolderEventsAreDroppedUntilItIsBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	r := openFile(t, filepath.Join(dir, "eve.json"), false)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := r.write(4, 10); got.Dropped[exporter.DropIO] != 4 || !errors.Is(r.err, os.ErrNotExist) {
			t.Errorf("without the folder: %+v, error %v", got, r.err)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := r.write(4, 10); got.Delivered != 4 {
		t.Errorf("with the folder: %+v, error %v", got, r.err)
	}
}

func TestReopenOpensThePathAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	r := openFile(t, path, false)
	r.write(1, 1)
	r.sink.Reopen()
	if got := r.write(1, 1); got.Delivered != 1 {
		t.Errorf("got %+v, error %v", got, r.err)
	}
	if n := checkLines(t, path); n != 2 {
		t.Errorf("got %d lines, want 2", n)
	}
}

// shortWriter takes some bytes and then fails, once.
type shortWriter struct {
	bytes.Buffer
	left int
	err  error
}

func (w *shortWriter) Write(p []byte) (int, error) {
	if w.left >= 0 && len(p) > w.left {
		n, _ := w.Buffer.Write(p[:w.left])
		w.left = -1
		return n, w.err
	}
	return w.Buffer.Write(p)
}

func TestAStreamTornInAnyPlaceIsMendedByTheNextLine(t *testing.T) {
	var unharmed bytes.Buffer
	(&rig{t: t, sink: jsonl.NewStream("stdout", &unharmed)}).write(5, 0)
	lastFeed := unharmed.Len() - 1 // without it alone, all events are whole
	for cut := range lastFeed {
		for _, fault := range []error{syscall.EIO, nil} { // nil: a short write without an error
			w := &shortWriter{left: cut, err: fault}
			r := &rig{t: t, sink: jsonl.NewStream("stdout", w)}
			first := r.write(5, 0)
			wantErr := fault
			if fault == nil {
				wantErr = io.ErrShortWrite
			}
			if !errors.Is(r.err, wantErr) {
				t.Fatalf("cut at %d: error %v, want %v", cut, r.err, wantErr)
			}
			if first.Dropped[exporter.DropIO] == 0 {
				t.Fatalf("cut at %d: %+v", cut, first)
			}
			r.write(2, 0)
			whole := 0
			for line := range strings.Lines(w.String()) {
				if json.Valid([]byte(line)) {
					whole++
				}
			}
			if uint64(whole) != r.sum.Delivered {
				t.Fatalf("cut at %d: %d whole lines, %d counted as delivered\n%s", cut, whole, r.sum.Delivered, w.String())
			}
		}
	}
}

func TestTheDeadlineStopsBetweenWrites(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := jsonl.NewStream("stdout", io.Discard)
	var tally exporter.Tally
	err := s.Deliver(ctx, []exporter.Record{{Type: event.TypeAlert, Body: []byte("{}")}}, &tally)
	if !errors.Is(err, jsonl.ErrStopped) {
		t.Errorf("got %v, want ErrStopped", err)
	}
}

func BenchmarkDeliver(b *testing.B) {
	path := filepath.Join(b.TempDir(), "eve.json")
	s, err := jsonl.Open(path, true)
	if err != nil {
		b.Fatal(err)
	}
	records := make([]exporter.Record, 128)
	for i := range records {
		records[i] = exporter.Record{Type: event.TypeAlert, Body: []byte(`{"pad":"` + strings.Repeat("x", 1000) + `"}`)}
	}
	var tally exporter.Tally
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Deliver(b.Context(), records, &tally); err != nil {
			b.Fatal(err)
		}
		if err := os.Truncate(path, 0); err != nil { // or the disk is full
			b.Fatal(err)
		}
	}
}
