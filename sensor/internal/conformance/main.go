// Command conformance runs the sensor on every case of a differential
// conformance dataset and has the results scored.
//
//	CASES/NAME/{input.pcap, test.rules, vars.json} ─► spanwatch replay ─► RESULTS/NAME/eve.json ─► score.py
//
// A case's options are Suricata's names; those that spanwatch has are mapped
// (sensor/internal/suriconf), the others are listed with the cases that want them, since
// such a case is judged in a configuration it was not made for.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"spanwatch/sensor/internal/suriconf"
)

func main() {
	cases := flag.String("cases", "", "folder of case folders")
	results := flag.String("results", "", "folder to write NAME/eve.json into")
	scorer := flag.String("scorer", "", "path of score.py; empty does not score")
	binary := flag.String("spanwatch", "bin/spanwatch", "the sensor to run")
	only := flag.String("only", "", "run only cases whose name has this prefix")
	list := flag.Bool("failures", false, "list failing cases too")
	fields := flag.Bool("fields", false, "compare the members of application records too")
	flag.Parse()
	if *cases == "" || *results == "" {
		flag.Usage()
		os.Exit(2)
	}
	report, err := Run(context.Background(), *binary, *cases, *results, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
	report.Print(os.Stdout)
	if *fields {
		compared, err := compareFields(*cases, *results, *only)
		if err != nil {
			fmt.Fprintln(os.Stderr, "conformance:", err)
			os.Exit(1)
		}
		compared.Print(os.Stdout)
	}
	if *scorer == "" {
		return
	}
	args := []string{*scorer, *cases, *results}
	if !*list {
		args = append(args, "--summary")
	}
	cmd := exec.Command("python3", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// The scorer exits 1 when a case fails, which is what its table says.
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		fmt.Fprintln(os.Stderr, "conformance: score:", err)
		os.Exit(1)
	}
}

// caseTimeout bounds one replay; the largest case takes well under a second.
const caseTimeout = 60 * time.Second

// errNoCases keeps a wrong path from passing as a success.
var errNoCases = errors.New("no case folders found")

// Report says how the runs went; what they found is the scorer's to say.
type Report struct {
	Cases    int
	Failed   map[string]string   // case to the sensor's last words
	Unmapped map[string][]string // Suricata option to the cases that set it
}

// Run replays every case below cases whose name starts with prefix, as many at
// once as there are CPUs.
// more are further arguments of each replay.
func Run(ctx context.Context, binary, cases, results, prefix string, more ...string) (*Report, error) {
	entries, err := os.ReadDir(cases)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	r := &Report{Failed: map[string]string{}, Unmapped: map[string][]string{}}
	var mu sync.Mutex
	var faults []error
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.NumCPU())
	for _, e := range entries {
		dir := filepath.Join(cases, e.Name())
		capture := inputOf(dir)
		if !e.IsDir() || capture == "" || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		r.Cases++
		wg.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; wg.Done() }()
			unmapped, said, err := runCase(ctx, binary, dir, capture, filepath.Join(results, e.Name()), more)
			mu.Lock()
			defer mu.Unlock()
			for _, option := range unmapped {
				r.Unmapped[option] = append(r.Unmapped[option], e.Name())
			}
			if said != "" {
				r.Failed[e.Name()] = said
			}
			if err != nil {
				faults = append(faults, fmt.Errorf("case %s: %w", e.Name(), err))
			}
		}()
	}
	wg.Wait()
	if r.Cases == 0 {
		return nil, fmt.Errorf("%w in %s", errNoCases, cases)
	}
	return r, errors.Join(faults...)
}

// runCase replays one case. said is what the sensor said when it failed; an
// error means that the case could not be run at all.
func runCase(ctx context.Context, binary, dir, capture, out string, more []string) (unmapped []string, said string, err error) {
	if err := os.RemoveAll(out); err != nil {
		return nil, "", err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, "", err
	}
	settings, unmapped, err := settingsOf(dir)
	if err != nil {
		return nil, "", err
	}
	args := []string{"replay", capture, "-o", out, "--quiet"}
	for _, setting := range settings {
		args = append(args, "--set", setting)
	}
	args = append(args, more...)
	if rules := filepath.Join(dir, "test.rules"); exists(rules) {
		args = append(args, "-r", rules)
	}
	if words, err := replay(ctx, binary, args); err != nil {
		said = fmt.Sprintf("%v: %s", err, words)
	}
	return unmapped, said, nil
}

func replay(ctx context.Context, binary string, args []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, caseTimeout)
	defer cancel()
	said, err := exec.CommandContext(ctx, binary, args...).CombinedOutput()
	words := strings.TrimSpace(string(said))
	if i := strings.LastIndexByte(words, '\n'); i >= 0 {
		words = words[i+1:]
	}
	return words, err
}

func inputOf(dir string) string {
	for _, name := range []string{"input.pcap", "input.pcapng"} {
		if path := filepath.Join(dir, name); exists(path) {
			return path
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// settingsOf turns a case's vars.json into settings of spanwatch replay.
func settingsOf(dir string) (settings, unmapped []string, err error) {
	settings = suriconf.Baseline()
	text, err := os.ReadFile(filepath.Join(dir, "vars.json"))
	if errors.Is(err, os.ErrNotExist) {
		return settings, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var vars struct {
		Options  map[string]any `json:"options"`
		Checksum string         `json:"checksum_checks"`
		Args     any            `json:"args"`
	}
	if err := json.Unmarshal(text, &vars); err != nil {
		return nil, nil, fmt.Errorf("vars.json: %w", err)
	}
	if checks := vars.Checksum; checks != "" {
		setting, ok := suriconf.Checksums(checks)
		if !ok {
			unmapped = append(unmapped, "checksum_checks="+checks)
		} else {
			settings = append(settings, setting)
		}
	}
	if filter := words(vars.Args); len(filter) > 0 {
		settings = append(settings, "capture.filter="+strings.Join(filter, " "))
	}
	for option, value := range vars.Options {
		mapped, ok := suriconf.Settings(dir, option, words(value))
		if !ok {
			unmapped = append(unmapped, option)
			continue
		}
		settings = append(settings, mapped...)
	}
	slices.Sort(unmapped)
	return settings, unmapped, nil
}

func words(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, e := range x {
			out = append(out, fmt.Sprint(e))
		}
		return out
	}
	return nil
}

// Print lists what kept cases from running as they were meant to.
func (r *Report) Print(w interface{ WriteString(string) (int, error) }) {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cases run, %d of them failed to replay\n", r.Cases, len(r.Failed))
	for _, name := range sortedKeys(r.Failed) {
		fmt.Fprintf(&b, "  %s: %s\n", name, r.Failed[name])
	}
	if len(r.Unmapped) > 0 {
		b.WriteString("options that spanwatch does not have yet:\n")
	}
	for _, option := range sortedKeys(r.Unmapped) {
		fmt.Fprintf(&b, "  %-60s %d cases, e.g. %s\n", option, len(r.Unmapped[option]), r.Unmapped[option][0])
	}
	w.WriteString(b.String())
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
