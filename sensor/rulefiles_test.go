//go:build linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"spanwatch/sensor/config"
)

func TestRulesReadFilesOfTheirFoldersOnly(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"secret": "s", "rules/beside": "beside", "rules/both": "rules", "data/both": "data"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := &ruleLoader{cfg: &config.Rules{DataDir: filepath.Join(dir, "data")}}
	ruleFile := filepath.Join(dir, "rules", "a.rules")
	for name, want := range map[string]string{"beside": "beside", "both": "data"} {
		if text, err := l.readFile(ruleFile, name); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v; want %q", name, text, err, want)
		}
	}
	for _, name := range []string{"../secret", filepath.Join(dir, "secret"), "x/../../secret", ""} {
		if _, err := l.readFile(ruleFile, name); !errors.Is(err, errOutside) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := l.readFile(ruleFile, "missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := l.readFile(filepath.Join(dir, "a.rules"), "rules"); err == nil {
		t.Error("a folder is read")
	}
}

// TestDatasetsAreKeptFromRunToRun replays twice: what the first run saw is
// known to the second.
func TestDatasetsAreKeptFromRunToRun(t *testing.T) {
	dir := t.TempDir()
	rules := filepath.Join(dir, "a.rules")
	const text = `alert dns any any -> any any (dns.query; dataset:set,names,type string,state names.lst; sid:1;)` + "\n"
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	alerts := func() int {
		r := &liveRun{eve: filepath.Join(dir, "eve.json")}
		if status, _, stderr := spanwatch(t, "replay", office, "-r", rules, "-o", dir, "--workers", "1", "--set", "rules.data-dir="+filepath.Join(dir, "data")); status != exitOK {
			t.Fatalf("%d %s", status, stderr)
		}
		return len(r.events(t, "alert"))
	}
	if n := alerts(); n == 0 {
		t.Fatal("no name is new")
	}
	if saved, err := os.ReadFile(filepath.Join(dir, "data", "names.lst")); err != nil || len(saved) == 0 {
		t.Fatalf("%q %v", saved, err)
	}
	if n := alerts(); n != 0 {
		t.Errorf("%d names are new in the second run", n)
	}
}
