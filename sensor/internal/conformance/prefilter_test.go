package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestThePrefilterChangesNoAlertOfAnyCase replays every case of the shared
// dataset with the prefilter and without: it may only save work.
func TestThePrefilterChangesNoAlertOfAnyCase(t *testing.T) {
	if testing.Short() {
		t.Skip("runs several hundred replays twice")
	}
	shared := os.Getenv("SPANWATCH_SHARED")
	if shared == "" {
		shared = "../../../../shared"
	}
	cases := filepath.Join(shared, "conformance", "dev")
	if _, err := os.Stat(cases); err != nil {
		t.Skipf("no conformance dataset at %s (set SPANWATCH_SHARED)", cases)
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "spanwatch")
	if out, err := exec.Command("go", "build", "-o", binary, "spanwatch/sensor").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	with, without := filepath.Join(dir, "with"), filepath.Join(dir, "without")
	types := []string{"--set", "events.types=alert"}
	report, err := Run(t.Context(), binary, cases, with, "", types...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), binary, cases, without, "", append(types, "--set", "rules.prefilter=false")...); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(with)
	if err != nil {
		t.Fatal(err)
	}
	alerts := 0
	for _, name := range names {
		a, b := eve(t, with, name.Name()), eve(t, without, name.Name())
		alerts += bytes.Count(a, []byte("\n"))
		if !bytes.Equal(a, b) {
			x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
			i := 0
			for i < min(len(x), len(y))-1 && slices.Equal(x[i], y[i]) {
				i++
			}
			t.Errorf("%s: %d alerts with the prefilter, %d without; the first that differs\nwith    %s\nwithout %s", name.Name(), len(x)-1, len(y)-1, x[i], y[i])
		}
	}
	t.Logf("%d cases, %d alerts", report.Cases, alerts)
	if alerts < 2*report.Cases {
		t.Errorf("%d alerts in %d cases: the comparison says little", alerts, report.Cases)
	}
}

func eve(t *testing.T, results, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(results, name, "eve.json"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return text
}
