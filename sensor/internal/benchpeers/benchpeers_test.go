package main

import (
	"bytes"
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

func TestTableTakesStartUpOffAndRelatesToTheFirstTool(t *testing.T) {
	at := func(cpu ...time.Duration) (out []sample) {
		for _, d := range cpu {
			out = append(out, sample{cpu: d, worker: d / 2, wall: d, rss: 5e6, flows: 7})
		}
		return out
	}
	var out bytes.Buffer
	err := print(&out, []result{
		{tool: tool{name: "ours"}, version: "1.0", startUps: at(time.Second), runs: at(3*time.Second, 2*time.Second, 5*time.Second)},
		{tool: tool{name: "theirs", threads: true}, version: "2.0", startUps: at(4 * time.Second), runs: at(10 * time.Second)},
	}, input{frames: 1000})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range [][]string{
		nil,
		{"ours", "1.0", "2.00", "(1.00..4.00)", "1.00", "2000000", "1.00", "3.00", "(2.00..5.00)", "5", "7"},
		{"theirs", "2.0", "6.00", "(6.00..6.00)", "3.00", "6000000", "4.00", "10.00", "(10.00..10.00)", "5", "7"},
		{"its", "worker", "thread", "3.00", "(3.00..3.00)", "1.50", "3000000"},
	} {
		if want == nil {
			continue
		}
		if got := strings.Fields(lines[i]); !slices.Equal(got, want) {
			t.Errorf("line %d: got %q, want %q", i, got, want)
		}
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
		{"those that know rules", "", true, "spanwatch suricata"},
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

func TestEveFlowsCountsFlowEventsOnly(t *testing.T) {
	dir := t.TempDir()
	text := `{"event_type":"flow","x":1}` + "\n" + `{"event_type":"dns"}` + "\n" + `{"event_type":"flow"}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "eve.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if n, err := eveFlows(dir); err != nil || n != 2 {
		t.Errorf("got %d, %v; want 2", n, err)
	}
}
