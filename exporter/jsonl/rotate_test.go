package jsonl_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"spanwatch/exporter/jsonl"
)

// openRotated opens eve.json in a folder of its own, with a clock that the test
// moves.
func openRotated(t *testing.T, dir string, r jsonl.Rotation) (*rig, *time.Time) {
	t.Helper()
	s, err := jsonl.OpenRotated("file", filepath.Join(dir, "eve.json"), false, r)
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	s.SetClock(func() time.Time { return clock })
	return &rig{t: t, sink: s}, &clock
}

// events reads every file of a folder, packed or not, and returns the numbers
// of the events in them. All lines must be whole.
func events(t *testing.T, dir string) (numbers []int, files []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		files = append(files, e.Name())
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		switch filepath.Ext(e.Name()) {
		case ".gz":
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if data, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		case ".zst":
			z, err := zstd.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if data, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
			z.Close()
		}
		for line := range bytes.Lines(data) {
			var x struct{ N int }
			if err := json.Unmarshal(line, &x); err != nil || x.N == 0 || !bytes.HasSuffix(line, []byte("\n")) {
				t.Fatalf("%s: torn line %.80q", e.Name(), line)
			}
			numbers = append(numbers, x.N)
		}
	}
	slices.Sort(numbers)
	return numbers, files
}

func checkAll(t *testing.T, numbers []int, want int) {
	t.Helper()
	if len(numbers) != want || len(slices.Compact(slices.Clone(numbers))) != want {
		t.Errorf("%d events are in the files, want each of %d once", len(numbers), want)
	}
}

func TestFilesAreRotatedBySizeWithoutLosingALine(t *testing.T) {
	for _, pack := range []string{"", "gzip", "zstd"} {
		dir := t.TempDir()
		r, clock := openRotated(t, dir, jsonl.Rotation{MaxBytes: 10_000, Compress: pack})
		for range 5 {
			r.write(100, 100)
			*clock = clock.Add(time.Second)
		}
		if err := r.sink.Close(); err != nil {
			t.Fatal(err)
		}
		numbers, files := events(t, dir)
		checkAll(t, numbers, 500)
		if len(files) < 7 {
			t.Errorf("%q: only %v", pack, files)
		}
		for _, name := range files {
			want := map[string]string{"": ".json", "gzip": ".json.gz", "zstd": ".json.zst"}[pack]
			if name != "eve.json" && (!strings.HasPrefix(name, "eve-20260102T15040") || !strings.HasSuffix(name, want)) {
				t.Errorf("%q: file %s", pack, name)
			}
			if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Size() > 10_000 {
				t.Errorf("%q: %s has %d bytes: %v", pack, name, st.Size(), err)
			}
		}
	}
}

func TestFilesAreRotatedByTime(t *testing.T) {
	dir := t.TempDir()
	r, clock := openRotated(t, dir, jsonl.Rotation{Every: time.Hour})
	r.write(1, 10)
	*clock = clock.Add(59 * time.Minute)
	r.write(1, 10)
	if _, files := events(t, dir); len(files) != 1 {
		t.Errorf("rotated too early: %v", files)
	}
	*clock = clock.Add(2 * time.Minute)
	r.write(1, 10)
	*clock = clock.Add(90 * time.Minute)
	r.write(1, 10)
	_ = r.sink.Close()
	numbers, files := events(t, dir)
	checkAll(t, numbers, 4)
	if want := []string{"eve-20260102T160505Z.json", "eve-20260102T173505Z.json", "eve.json"}; !slices.Equal(files, want) {
		t.Errorf("got %v, want %v", files, want)
	}
}

func TestTheOldestFilesGoWhenABoundIsReached(t *testing.T) {
	foreign := []string{"eve-20260102.json", "eve-backup.json", "other-20260102T000000Z.json", "eve-20250101T000000Z.txt", "eve-20250101T000000Z.x.json"}
	for name, c := range map[string]struct {
		rotation jsonl.Rotation
		kept     int // files put aside that stay
	}{
		"by number": {jsonl.Rotation{KeepFiles: 3}, 3},
		"by bytes":  {jsonl.Rotation{KeepBytes: 3500}, 2},
		"by age":    {jsonl.Rotation{KeepAge: 150 * time.Minute}, 3},
		"no bound":  {jsonl.Rotation{}, 9},
	} {
		dir := t.TempDir()
		for _, f := range foreign {
			if err := os.WriteFile(filepath.Join(dir, f), []byte("{\"n\":1000000}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c.rotation.Every = time.Hour
		r, clock := openRotated(t, dir, c.rotation)
		for range 10 {
			r.write(10, 80) // about 1,500 bytes
			*clock = clock.Add(time.Hour)
		}
		*clock = clock.Add(-time.Hour) // to the last rotation
		if err := r.sink.Close(); err != nil {
			t.Fatal(err)
		}
		_, files := events(t, dir)
		kept := len(files) - len(foreign) - 1
		if kept != c.kept {
			t.Errorf("%s: %d files stayed, want %d: %v", name, kept, c.kept, files)
		}
		if !slices.Contains(files, "eve-20260103T000405Z.json") {
			t.Errorf("%s: the newest is gone: %v", name, files)
		}
		for _, f := range foreign {
			if !slices.Contains(files, f) {
				t.Errorf("%s: %s was removed", name, f)
			}
		}
	}
}

func TestWhatAKilledProcessLeftIsPackedByTheNext(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"eve-20260101T000000Z.json":            "{\"n\":1}\n",
		"eve-20260101T010000Z.json":            "{\"n\":2}\n",
		"eve-20260101T010000Z.json.gz.partial": "half",
		"eve.json":                             "{\"n\":3}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, _ := openRotated(t, dir, jsonl.Rotation{MaxBytes: 1 << 20, Compress: "gzip"})
	if err := r.sink.Close(); err != nil {
		t.Fatal(err)
	}
	numbers, files := events(t, dir)
	checkAll(t, numbers, 3)
	if want := []string{"eve-20260101T000000Z.json.gz", "eve-20260101T010000Z.json.gz", "eve.json"}; !slices.Equal(files, want) {
		t.Errorf("got %v, want %v", files, want)
	}
}

func TestAnUnknownPackingIsRefused(t *testing.T) {
	if _, err := jsonl.OpenRotated("file", filepath.Join(t.TempDir(), "eve.json"), false, jsonl.Rotation{Compress: "rar"}); !errors.Is(err, jsonl.ErrCompress) {
		t.Errorf("got %v", err)
	}
}
