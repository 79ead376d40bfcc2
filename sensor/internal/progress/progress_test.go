package progress

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var epoch = time.Unix(0, 0)

// screen is a bar on a buffer.
func screen(width int, s style) (*Bar, *bytes.Buffer) {
	var out bytes.Buffer
	return newBar(&out, func() int { return width }, s, epoch), &out
}

var plain = style{full: "#", hollow: "-"}

func TestTheLineTellsFilePercentageRatesAndRemainingTime(t *testing.T) {
	b, out := screen(120, plain)
	b.Update(epoch.Add(time.Second), Sample{Packets: 1_200_000, Bytes: 310_000_000, Done: 45, Total: 100, File: "a.pcap"})
	want := "\ra.pcap   45% [#############-----------------]  1.20 M packets/s  310 MB/s  ETA 1.2 s\x1b[K"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out, want)
	}
}

func TestTheLineFitsEveryWidth(t *testing.T) {
	for _, s := range []style{plain, {color: true, full: "█", hollow: "░"}} {
		for _, total := range []int64{0, 1000} {
			seen := map[string]bool{}
			for width := 0; width < 200; width++ {
				b, out := screen(width, s)
				b.Update(epoch.Add(time.Second), Sample{Packets: 1e6, Bytes: 1e9, Done: 10, Total: total, File: "/a/long/path/to/some/capture/file-of-today.pcap.gz"})
				line := regexp.MustCompile("\x1b\\[[0-9]*[mK]|\r").ReplaceAllString(out.String(), "")
				if n := utf8.RuneCountInString(line); n > 0 && n >= width {
					t.Fatalf("width %d: %d columns: %q", width, n, line)
				}
				seen[line] = true
			}
			if len(seen) < 20 {
				t.Errorf("only %d different lines", len(seen))
			}
		}
	}
}

func TestPartsGoInOrderOfTheirUse(t *testing.T) {
	s := Sample{Packets: 1e6, Bytes: 1e9, Done: 10, Total: 100, File: "capture.pcap"}
	for _, tt := range []struct {
		width int
		want  string
	}{
		{100, "capture.pcap   10% [###---------------------------]  1.00 M packets/s  1.00 GB/s  ETA 9.0 s"},
		{66, "capture.pcap   10%  1.00 M packets/s  1.00 GB/s  ETA 9.0 s"},
		{62, "capture.pcap   10%  1.00 M packets/s  1.00 GB/s  ETA 9.0 s"},
		{46, " 10%  1.00 M packets/s  1.00 GB/s  ETA 9.0 s"},
		{34, " 10%  1.00 M packets/s  ETA 9.0 s"},
		{25, " 10%  1.00 M packets/s"},
		{10, " 10%"},
		{3, ""},
	} {
		b, out := screen(tt.width, plain)
		b.Update(epoch.Add(time.Second), s)
		if want := "\r" + tt.want + "\x1b[K"; out.String() != want {
			t.Errorf("width %d:\ngot  %q\nwant %q", tt.width, out, want)
		}
	}
}

func TestTheLineIsDrawnTenTimesASecondAtMost(t *testing.T) {
	b, out := screen(80, plain)
	for ms := range 1000 {
		b.Update(epoch.Add(time.Duration(ms)*time.Millisecond), Sample{Packets: uint64(ms)})
	}
	if n := strings.Count(out.String(), "\r"); n != 9 {
		t.Errorf("drawn %d times in 999 ms, want 9", n)
	}
}

func TestALogLineTakesThePlaceOfTheBar(t *testing.T) {
	b, out := screen(80, plain)
	b.Update(epoch.Add(time.Second), Sample{Packets: 1})
	out.Reset()
	for _, line := range []string{"first\n", "second\n"} {
		if n, err := b.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatalf("got %d and %v", n, err)
		}
	}
	if want := "\r\x1b[Kfirst\nsecond\n"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestFinishTellsWhatWasDone(t *testing.T) {
	b, out := screen(80, plain)
	b.Update(epoch.Add(time.Second), Sample{Packets: 1})
	out.Reset()
	b.Finish(epoch.Add(2*time.Second), Sample{Packets: 3_000_000, Bytes: 5_000})
	if want := "\r\x1b[K3.00 M packets, 5.00 kB in 2.0 s: 1.50 M packets/s, 2.50 kB/s\n"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestColoursAndBlocksFollowTheEnvironment(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		want style
	}{
		{"utf8", map[string]string{"LANG": "en_US.UTF-8"}, style{true, "█", "░"}},
		{"no_color", map[string]string{"LANG": "C.utf8", "NO_COLOR": "1"}, style{false, "█", "░"}},
		{"the_locale_of_lc_all_wins", map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, style{true, "#", "-"}},
		{"no_locale", nil, style{true, "#", "-"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := styleOf(func(name string) string { return tt.env[name] }); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	b, out := screen(100, style{color: true, full: "#", hollow: "-"})
	b.Update(epoch.Add(time.Second), Sample{Done: 1, Total: 2})
	if !strings.Contains(out.String(), "\x1b[36m###############\x1b[0m-") {
		t.Errorf("got %q", out)
	}
}

func TestAFileNameCannotCommandTheTerminal(t *testing.T) {
	b, out := screen(100, plain)
	b.Update(epoch.Add(time.Second), Sample{File: "a\x1b[2Jb\rc\u009bd\xff.pcap"})
	if want := "\ra?[2Jb?c?d?.pcap  "; !strings.HasPrefix(out.String(), want) {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestWhereThereIsNoTerminalOnlyTheLogIsWritten(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := New(f, epoch)
	b.Update(epoch.Add(time.Second), Sample{Packets: 1})
	if n, err := b.Write([]byte("a log line\n")); n != 11 || err != nil {
		t.Errorf("got %d and %v", n, err)
	}
	b.Finish(epoch.Add(2*time.Second), Sample{Packets: 1})
	got, err := os.ReadFile(f.Name())
	if err != nil || string(got) != "a log line\n" {
		t.Errorf("got %q and %v", got, err)
	}
}

func TestQuantitiesAndTimesReadWell(t *testing.T) {
	for v, want := range map[float64]string{0: "0 ", 999: "999 ", 999.6: "1.00 k", 12_345: "12.3 k", 999_999: "1.00 M", 123_456_789: "123 M", 1e21: "1000 E"} {
		if got := quantity(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		1500 * time.Millisecond: "1.5 s", 75 * time.Second: "1:15", 2*time.Hour + 3*time.Second: "2:00:03", -1: "?", 1 << 62: "?",
	} {
		if got := clock(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
