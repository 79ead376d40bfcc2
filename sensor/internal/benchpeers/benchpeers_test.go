package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSpreadOf(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		want   spread
	}{
		{"one value", []float64{3}, spread{3, 3, 3}},
		{"odd count, out of order", []float64{5, 1, 2}, spread{2, 1, 5}},
		{"even count takes the middle of two", []float64{4, 1, 2, 8}, spread{3, 1, 8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := spreadOf(c.values); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestTablesTakeStartUpOffAndRelateToSuricata(t *testing.T) {
	at := func(cpu ...time.Duration) (out []sample) {
		for _, d := range cpu {
			out = append(out, sample{cpu: d, work: d / 2, wall: d, workWall: d / 2, rss: 5e6, events: counts{flows: 7, alerts: 3, events: 12, scanned: 9000}})
		}
		return out
	}
	results := []result{
		{tool: tool{name: "ours"}, version: "1.0", startUps: at(time.Second), runs: at(3*time.Second, 2*time.Second, 5*time.Second)},
		{tool: tool{name: "suricata", threads: true}, version: "2.0", runs: at(8 * time.Second)},
	}
	in := input{frames: 1000}
	for _, c := range []struct {
		name  string
		print func(io.Writer, []result, input) error
		want  [][]string
	}{
		{"flows", printFlows, [][]string{
			{"ours", "1.0", "2.00", "(1.00..4.00)", "0.50", "2000000", "3.00", "0.38", "5", "1.00", "7"},
			{"suricata", "2.0", "4.00", "(4.00..4.00)", "1.00", "4000000", "8.00", "1.00", "5", "1.00", "7"},
		}},
		{"detection", printDetection, [][]string{
			{"ours", "1.0", "2.00", "(1.00..4.00)", "0.50", "2000000", "2.00", "(1.00..4.00)", "0.50", "5", "1.00", "1.00", "7", "3", "12", "9"},
			{"suricata", "2.0", "4.00", "(4.00..4.00)", "1.00", "4000000", "4.00", "(4.00..4.00)", "1.00", "5", "1.00", "4.00", "7", "3", "12", "9"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := c.print(&out, results, in); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")[1:]
			for i, want := range c.want {
				if got := strings.Fields(lines[i]); !slices.Equal(got, want) {
					t.Errorf("line %d: got %q, want %q", i, got, want)
				}
			}
		})
	}
}

func TestTimedCountsTheProcessorTimeOfTheChild(t *testing.T) {
	out := filepath.Join(t.TempDir(), printed)
	busy, err := timed([]string{"sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done"}, out, false)
	if err != nil {
		t.Fatal(err)
	}
	idle, err := timed([]string{"sleep", "0.3"}, out, false)
	if err != nil {
		t.Fatal(err)
	}
	if busy.cpu < 20*time.Millisecond || busy.cpu > busy.wall+50*time.Millisecond {
		t.Errorf("a busy child took %v in %v", busy.cpu, busy.wall)
	}
	if idle.cpu > 100*time.Millisecond || idle.wall < 300*time.Millisecond {
		t.Errorf("a sleeping child took %v in %v", idle.cpu, idle.wall)
	}
	if busy.rss < 100_000 {
		t.Errorf("peak memory of a shell: %d bytes", busy.rss)
	}
}

func TestTimedReportsAChildThatFails(t *testing.T) {
	_, err := timed([]string{"sh", "-c", "echo broken; exit 3"}, filepath.Join(t.TempDir(), printed), false)
	if err == nil || !strings.Contains(err.Error(), "broken") || !strings.Contains(err.Error(), "3") {
		t.Errorf("got %v, want the exit status and what was printed", err)
	}
}

func TestChosen(t *testing.T) {
	for _, c := range []struct {
		name      string
		list      string
		detection bool
		want      string
	}{
		{"all", "", false, "spanwatch suricata softflowd nfpcapd tshark"},
		{"those that know rules", "", true, "spanwatch suricata suricata-1gb"},
		{"by name, in the order of the table", "tshark,spanwatch", false, "spanwatch tshark"},
		{"unknown name", "zeek", false, ""},
		{"none of them knows rules", "tshark", true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tools, err := chosen(c.list, c.detection)
			var names []string
			for _, tool := range tools {
				names = append(names, tool.name)
			}
			if got := strings.Join(names, " "); got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestOneFrameIsOneFrame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "one.pcap")
	if err := os.WriteFile(path, oneFrame(), 0o644); err != nil {
		t.Fatal(err)
	}
	in, err := describe(path)
	if err != nil || in.frames != 1 || in.bytes != 60 {
		t.Errorf("got %+v, %v; want 1 frame of 60 bytes", in, err)
	}
}

func TestEveCounts(t *testing.T) {
	dir := t.TempDir()
	text := `{"event_type":"flow","x":1}` + "\n" + `{"event_type":"dns"}` + "\n" + `{"event_type":"flow"}` + "\n" +
		`{"event_type":"alert"}` + "\n" + `{"event_type":"stats","stats":{"detect":{"scanned_bytes":42}}}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "eve.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	want := counts{flows: 2, alerts: 1, events: 5, scanned: 42}
	if c, err := eveCounts(dir); err != nil || c != want {
		t.Errorf("got %+v, %v; want %+v", c, err, want)
	}
}

// TestWorkIsThatOfNamedThreads: others do not count.
func TestWorkIsThatOfNamedThreads(t *testing.T) {
	busy := map[string]time.Duration{}
	readThreads(os.Getpid(), busy)
	if len(busy) != 0 {
		t.Errorf("threads of a test counted as workers: %v", busy)
	}
}
