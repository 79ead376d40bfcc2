package capture

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/capturetest"
)

func TestFilesAreMergedInTimeOrder(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files [][]decoders.Frame
		want  string
	}{
		{"one_after_the_other", [][]decoders.Frame{at('b', 10, 11), at('a', 1, 2)}, "aabb"},
		{"interleaved", [][]decoders.Frame{at('a', 1, 3, 5), at('b', 2, 4, 6)}, "ababab"},
		{"equal_times_in_the_order_of_the_arguments", [][]decoders.Frame{at('a', 1, 1, 2), at('b', 1, 2), at('c', 1)}, "aabcab"},
		{"one_within_the_other", [][]decoders.Frame{at('a', 1, 9), at('b', 2, 3, 4)}, "abbba"},
		{"disorder_within_a_file_is_kept", [][]decoders.Frame{at('a', 5, 1, 6), at('b', 2, 7)}, "baaab"},
		{"files_without_frames_do_not_matter", [][]decoders.Frame{nil, at('a', 1), nil}, "a"},
		{"no_frames_at_all", [][]decoders.Frame{nil}, ""},
		{"time_zero", [][]decoders.Frame{at('a', 0, 1), at('b', 0)}, "aba"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			var paths []string
			for i, frames := range tt.files {
				paths = append(paths, write(t, dir, string(rune('0'+i)), frames))
			}
			got, faults := drain(t, mustOpen(t, Options{Paths: paths}))
			if marks(got) != tt.want || len(faults) > 0 {
				t.Errorf("got %q and faults %v, want %q", marks(got), faults, tt.want)
			}
			for i, f := range got {
				if f.Number != uint64(i+1) {
					t.Errorf("frame %d has number %d", i+1, f.Number)
				}
			}
		})
	}
}

// TestMergeEqualsAStableSort compares random files with what sorting all frames
// by time, then file, would give.
func TestMergeEqualsAStableSort(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 40 {
		dir := t.TempDir()
		var paths []string
		var want []decoders.Frame
		for file := range 1 + random.IntN(9) {
			ts := random.Int64N(50)
			var times []int64
			for range random.IntN(600) {
				times = append(times, ts)
				ts += random.Int64N(3)
			}
			frames := at('a'+byte(file), times...)
			content := capturetest.AppendPcap(nil, decoders.LinkEthernet, frames)
			if random.IntN(3) == 0 {
				content = compress(t, content)
			}
			paths = append(paths, writeBytes(t, dir, string(rune('a'+file)), content))
			want = append(want, frames...)
		}
		slices.SortStableFunc(want, func(a, b decoders.Frame) int { return int(a.Timestamp - b.Timestamp) })
		got, faults := drain(t, mustOpen(t, Options{Paths: paths}))
		if len(faults) > 0 || len(got) != len(want) {
			t.Fatalf("round %d: got %d frames and %v, want %d", round, len(got), faults, len(want))
		}
		for i := range want {
			if !bytes.Equal(got[i].Data, want[i].Data) {
				t.Fatalf("round %d: frame %d is %x of time %d, want %x of time %d",
					round, i, got[i].Data[:8], got[i].Timestamp, want[i].Data[:8], want[i].Timestamp)
			}
		}
	}
}

func TestManyFilesThatFollowEachOtherNeedOneDescriptor(t *testing.T) {
	dir := t.TempDir()
	const files = 300
	for i := range files {
		write(t, dir, filepathOf(i), at('x', int64(i)*10, int64(i)*10+9))
	}
	s := mustOpen(t, Options{Paths: []string{dir}})
	var b Batch
	b.Frames = make([]decoders.Frame, 0, 4)
	frames := 0
	for s.Next(&b) == nil {
		frames += len(b.Frames)
		open := 0
		for _, in := range s.merge.heap {
			if in.reader != nil {
				open++
			}
		}
		if open > 2 {
			t.Fatalf("%d files open after %d frames", open, frames)
		}
	}
	if frames != 2*files {
		t.Errorf("got %d frames, want %d", frames, 2*files)
	}
}

func filepathOf(i int) string {
	return string([]byte{byte('a' + i/26/26), byte('a' + i/26%26), byte('a' + i%26)})
}

func TestPathsAreExpanded(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a1.pcap", at('a', 1))
	write(t, dir, "a2.pcap", at('b', 2))
	write(t, dir, "b[1].pcap", at('c', 3))
	write(t, dir, ".hidden", at('h', 4))
	if err := os.Mkdir(filepath.Join(dir, "inner"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "inner"), "d.pcap", at('d', 5))
	in := func(names ...string) (paths []string) {
		for _, n := range names {
			paths = append(paths, filepath.Join(dir, n))
		}
		return paths
	}
	for _, tt := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"files", in("a1.pcap", "inner/d.pcap"), "ad"},
		{"a_directory_without_what_is_deeper_or_hidden", in("."), "abc"},
		{"a_pattern", in("a*.pcap"), "ab"},
		{"a_name_that_looks_like_a_pattern", in("b[1].pcap"), "c"},
		{"a_pattern_in_the_middle", in("inn?r/*"), "d"},
		{"a_file_met_twice_is_read_once", in("a1.pcap", "a*", "./a1.pcap"), "ab"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, faults := drain(t, mustOpen(t, Options{Paths: tt.paths}))
			if marks(got) != tt.want || len(faults) > 0 {
				t.Errorf("got %q and %v, want %q", marks(got), faults, tt.want)
			}
		})
	}
}

func TestOpenFilesReportsAllFaultsTogether(t *testing.T) {
	dir := t.TempDir()
	good := write(t, dir, "good", at('g', 1))
	text := writeBytes(t, dir, "text", []byte("not a capture"))
	empty := writeBytes(t, dir, "empty", nil)
	cut := writeBytes(t, dir, "cut", capturetest.AppendPcap(nil, 1, nil)[:20])
	wlan := writeBytes(t, dir, "wlan", capturetest.AppendPcap(nil, 127, at('w', 1)))
	hollow := filepath.Join(dir, "hollow")
	if err := os.Mkdir(hollow, 0o755); err != nil {
		t.Fatal(err)
	}

	_, err := OpenFiles(Options{Paths: []string{good, text, empty, cut, wlan}})
	var none *NotCaptureError
	var corrupt *CorruptError
	var link *UnsupportedLinkError
	if !errors.As(err, &none) || !errors.As(err, &corrupt) || !errors.As(err, &link) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{
		text + `: not a capture file: starts with 6e6f7420 ("not ")`,
		empty + ": not a capture file: empty",
		cut + ": byte 0: file is cut short: file header",
		wlan + ": frames of link type IEEE802_11_RADIOTAP (127) are not decoded",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}

	_, err = OpenFiles(Options{Paths: []string{filepath.Join(dir, "gone"), filepath.Join(dir, "no*such"), hollow, filepath.Join(dir, "[")}})
	for _, want := range []string{"gone: no such file", "no*such: no file matches", "hollow: no files in directory", "syntax error in pattern"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v is not os.ErrNotExist", err)
	}

	if _, err := OpenFiles(Options{}); !errors.Is(err, ErrNoPaths) {
		t.Errorf("no paths: got %v", err)
	}
}

func TestAFileThatMayNotBeReadIsNamed(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	path := write(t, t.TempDir(), "secret", nil)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	_, err := OpenFiles(Options{Paths: []string{path}})
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestAFaultEndsItsFileOnly(t *testing.T) {
	dir := t.TempDir()
	whole := capturetest.AppendPcap(nil, 1, at('a', 1, 4, 6))
	a := writeBytes(t, dir, "a", whole[:len(whole)-1])
	b := write(t, dir, "b", at('b', 2, 3, 5, 7))
	for _, tt := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"alone", []string{a}, "aa"},
		{"merged_with_another", []string{a, b}, "abbabb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mustOpen(t, Options{Paths: tt.paths})
			got, faults := drain(t, s)
			var corrupt *CorruptError
			if marks(got) != tt.want || len(faults) != 1 || !errors.As(faults[0], &corrupt) || !errors.Is(faults[0], ErrTruncated) {
				t.Fatalf("got %q and %v, want %q", marks(got), faults, tt.want)
			}
			if want := int64(len(whole) - 76); corrupt.Offset != want || corrupt.Path != a {
				t.Errorf("fault at %d of %s, want %d of %s", corrupt.Offset, corrupt.Path, want, a)
			}
			if kept := s.Faults(); len(kept) != 1 || kept[0] != faults[0] {
				t.Errorf("kept %v", kept)
			}
			if done, total := s.Progress(); done != total {
				t.Errorf("progress is %d of %d", done, total)
			}
			if s.Ended() != EndOfInput {
				t.Errorf("ended for %v", s.Ended())
			}
		})
	}
}

func TestAFaultyFileFoundInADirectoryDoesNotStopTheOthers(t *testing.T) {
	dir := t.TempDir()
	writeBytes(t, dir, "a.txt", []byte("read me"))
	write(t, dir, "b.pcap", at('b', 1, 2))
	writeBytes(t, dir, "c.pcap", capturetest.AppendPcap(nil, 127, at('c', 1, 2, 3)))
	broken := capturetest.AppendPcap(nil, 1, at('d', 5))
	writeBytes(t, dir, "d.pcap", broken[:30])
	s := mustOpen(t, Options{Paths: []string{dir}})
	got, faults := drain(t, s)
	if marks(got) != "bb" || len(faults) != 3 {
		t.Fatalf("got %q and %v", marks(got), faults)
	}
	var link *UnsupportedLinkError
	if !errors.As(errors.Join(faults...), &link) || s.Stats().Unhandled != 3 {
		t.Errorf("got %v and %+v, want an UnsupportedLinkError and 3 unhandled", faults, s.Stats())
	}
}

// ngFile is a pcapng file with one enhanced packet block for each link type, each
// of an interface of its own.
func ngFile(links ...uint16) []byte {
	var b []byte
	words := func(v ...uint32) {
		for _, w := range v {
			b = append(b, byte(w), byte(w>>8), byte(w>>16), byte(w>>24))
		}
	}
	words(0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28)
	for _, l := range links {
		words(1, 20, uint32(l), 0, 20)
	}
	for i := range links {
		words(6, 36, uint32(i), 0, uint32(i+1), 4, 60, uint32('a'+i), 36)
	}
	return b
}

func TestAPcapngOfSeveralLinkTypesDeliversThoseThatAreDecoded(t *testing.T) {
	dir := t.TempDir()
	mixed := writeBytes(t, dir, "mixed", ngFile(1, 127, 101, 189))
	s := mustOpen(t, Options{Paths: []string{mixed}})
	got, faults := drain(t, s)
	if marks(got) != "ac" || len(faults) > 0 || s.Stats().Unhandled != 2 {
		t.Errorf("got %q, %v and %+v", marks(got), faults, s.Stats())
	}
	if got[1].Number != 3 || got[1].Link != 101 || s.Interfaces()[got[1].Interface].Link != 101 {
		t.Errorf("got %+v of %v", got[1], s.Interfaces())
	}

	var link *UnsupportedLinkError
	none := writeBytes(t, dir, "none", ngFile(189, 127))
	if _, err := OpenFiles(Options{Paths: []string{none}}); !errors.As(err, &link) || link.Link != 189 {
		t.Errorf("none decoded: got %v", err)
	}
}

func TestNumbersCountFramesThatAreLeftOutOfAnyFile(t *testing.T) {
	dir := t.TempDir()
	writeBytes(t, dir, "a", ngFile(1, 127))    // times 1000 and 2000
	writeBytes(t, dir, "b", ngFile(127, 1, 1)) // times 1000 to 3000
	s := mustOpen(t, Options{Paths: []string{dir}})
	got, _ := drain(t, s)
	var numbers []uint64
	for _, f := range got {
		numbers = append(numbers, f.Number)
	}
	if marks(got) != "abc" || !slices.IsSorted(numbers) || numbers[2] != 5 || s.Stats().Unhandled != 2 {
		t.Errorf("got %q numbered %d, %+v", marks(got), numbers, s.Stats())
	}
}

func TestProgressReachesTheSizeOfTheFilesAsStored(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a", at('a', 1, 2, 3))
	b := writeBytes(t, dir, "b", compress(t, capturetest.AppendPcap(nil, 1, at('b', 2, 3, 4))))
	s := mustOpen(t, Options{Paths: []string{a, b}})
	var want int64
	for _, p := range []string{a, b} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		want += info.Size()
	}
	if done, total := s.Progress(); done != 0 || total != want {
		t.Errorf("before: got %d of %d, want 0 of %d", done, total, want)
	}
	drain(t, s)
	if done, total := s.Progress(); done != want || total != want {
		t.Errorf("after: got %d of %d, want %d", done, total, want)
	}
	if s.Current() != b {
		t.Errorf("current file is %q", s.Current())
	}
}

func TestAClosedSourceAnswersErrClosed(t *testing.T) {
	s := mustOpen(t, Options{Paths: []string{write(t, t.TempDir(), "a", at('a', 1))}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var b Batch
	if err := s.Next(&b); err != ErrClosed {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestNextKeepsToTheCapacityOfTheBatch(t *testing.T) {
	s := mustOpen(t, Options{Paths: []string{write(t, t.TempDir(), "a", at('a', make([]int64, 100)...))}})
	b := Batch{Frames: make([]decoders.Frame, 0, 30)}
	var sizes []int
	for s.Next(&b) == nil {
		sizes = append(sizes, len(b.Frames))
	}
	if !slices.Equal(sizes, []int{30, 30, 30, 10}) {
		t.Errorf("got batches of %d", sizes)
	}
}

func TestABatchMayMoveFromSourceToSource(t *testing.T) {
	dir := t.TempDir()
	one := mustOpen(t, Options{Paths: []string{write(t, dir, "a", at('a', 1, 2))}})
	two := mustOpen(t, Options{Paths: []string{write(t, dir, "b", at('b', 1, 2))}})
	var b Batch
	for _, s := range []*Files{one, two, one, two} {
		if err := s.Next(&b); err != nil && err != io.EOF {
			t.Fatal(err)
		}
	}
}

func TestFramesInSlabsOfTheirOwnMakeShortBatches(t *testing.T) {
	big := make([]decoders.Frame, 200)
	data := make([]byte, 262144)
	for i := range big {
		big[i] = decoders.Frame{Data: data, Timestamp: int64(i)}
	}
	path := writeBytes(t, t.TempDir(), "a", compress(t, capturetest.AppendPcap(nil, 1, big)))
	s := mustOpen(t, Options{Paths: []string{path}})
	frames, most := 0, 0
	var b Batch
	for s.Next(&b) == nil {
		frames += len(b.Frames)
		most = max(most, len(b.Frames))
	}
	if frames != len(big) || most > 40 {
		t.Errorf("got %d frames, at most %d a batch; want %d, 40", frames, most, len(big))
	}
}

func TestAFileThatIsTruncatedWhileItIsReadIsAFault(t *testing.T) {
	path := write(t, t.TempDir(), "a", at('a', make([]int64, 20_000)...))
	s := mustOpen(t, Options{Paths: []string{path}})
	var b Batch
	if err := s.Next(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	_, faults := drain(t, s)
	if len(faults) != 1 || !errors.Is(faults[0], ErrTruncated) {
		t.Errorf("got %v", faults)
	}
}

func TestNextAllocatesNothingInSteadyState(t *testing.T) {
	dir := t.TempDir()
	long := make([]int64, 300_000)
	for i := range long {
		long[i] = int64(i)
	}
	a, b := write(t, dir, "a", at('a', long...)), write(t, dir, "b", at('b', long...))
	packed := writeBytes(t, dir, "c", compress(t, capturetest.AppendPcap(nil, 1, at('c', long...))))
	for _, tt := range []struct {
		name string
		o    Options
	}{
		{"one_file", Options{Paths: []string{a}}},
		{"merged", Options{Paths: []string{a, b}}},
		{"compressed", Options{Paths: []string{packed}}},
		{"limited", Options{Paths: []string{a}, MaxFrames: 1 << 40}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mustOpen(t, tt.o)
			batches := make([]Batch, 8) // in flight
			turn := 0
			next := func() {
				if err := s.Next(&batches[turn%len(batches)]); err != nil {
					t.Fatal(err)
				}
				turn++
			}
			for range 200 {
				next()
			}
			if n := testing.AllocsPerRun(500, next); n != 0 {
				t.Errorf("%v allocations a batch", n)
			}
		})
	}
}
