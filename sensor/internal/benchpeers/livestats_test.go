//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestStatsTailFollowsAFileThatGrowsAndIsEmptied(t *testing.T) {
	tail := statsTail{path: filepath.Join(t.TempDir(), "eve.json")}
	stats := func(n string) string { return `{"timestamp":"x","event_type":"stats","stats":{"n":` + n + "}}\n" }
	const flow = `{"timestamp":"x","event_type":"flow"}` + "\n"
	write := func(text string) {
		t.Helper()
		f, err := os.OpenFile(tail.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	const none = -1.0
	for _, c := range []struct {
		name  string
		empty bool
		text  string
		want  float64
	}{
		{"no file yet", false, "", none},
		{"other events", false, flow, none},
		{"the latest of several", false, stats("1") + flow + stats("2") + flow, 2},
		{"nothing new", false, "", none},
		{"a line that is not whole yet", false, stats("3")[:20], none},
		{"its end", false, stats("3")[20:], 3},
		{"what follows when it was emptied, beginning with the end of a line", true, stats("4")[12:] + stats("5"), 5},
	} {
		if c.empty {
			if err := tail.empty(); err != nil {
				t.Fatal(err)
			}
		}
		if c.text != "" {
			write(c.text)
		}
		latest, err := tail.next()
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got := none
		if latest != nil {
			got = latest["n"].(float64)
		}
		if got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
