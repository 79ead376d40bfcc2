package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
)

// start is one way to start with the rules.
type start struct {
	name    string
	command func(rules string) ([]string, error)
	before  func() error // done first, not measured
	runs    []sample
}

// loading measures what it takes to start with a large rule set, up to the end
// of a capture of one frame. Suricata makes every pattern matcher before it looks
// at a packet. spanwatch makes and compiles one when the traffic pays for it, so
// it is measured three times: as it starts, and with all matchers compiled, from
// nothing (cold) and from the cache of the run before (warm).
func (b *bench) loading() error {
	rules, err := b.provideRules()
	if err != nil {
		return err
	}
	tools, err := chosen(b.tools, true)
	if err != nil {
		return err
	}
	tools = slices.DeleteFunc(tools, func(t tool) bool { return t.only != "" })
	if err := provide(tools, b.install); err != nil {
		return err
	}
	cacheDir := filepath.Join(b.cache, "rules")
	compile := func(rules string) ([]string, error) {
		return []string{"bin/spanwatch", "rules", "check", "--short", "--compile", "--set", "rules.cache-dir=" + cacheDir, rules}, nil
	}
	var starts []start
	for _, t := range tools {
		dir := filepath.Join(b.cache, "out-"+t.name)
		s := start{name: t.name, before: func() error { return errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)) }}
		s.command = func(rules string) ([]string, error) {
			return t.command(job{capture: b.single, rules: rules, everything: true, workers: 1, dir: dir})
		}
		if t.name == "spanwatch" {
			s.name = "spanwatch, as it starts, no cache"
			s.command = func(rules string) ([]string, error) {
				argv, err := t.command(job{capture: b.single, rules: rules, everything: true, workers: 1, dir: dir})
				return append(argv, "--set", "rules.cache-dir="), err
			}
		}
		starts = append(starts, s)
		if t.name == "spanwatch" {
			starts = append(starts,
				start{name: "spanwatch, all compiled, cold", command: compile, before: func() error { return os.RemoveAll(cacheDir) }},
				start{name: "spanwatch, all compiled, warm", command: compile, before: func() error { return nil }})
		}
	}
	fmt.Printf("\nloading %s\n\n", rules)
	for round := range b.settings.rounds {
		for i := range starts {
			s := &starts[i]
			fmt.Fprintf(os.Stderr, "\r\x1b[Kround %d of %d: %s", round+1, b.settings.rounds, s.name)
			if err := s.before(); err != nil {
				return err
			}
			argv, err := s.command(rules)
			if err != nil {
				return err
			}
			got, err := timed(argv, filepath.Join(b.cache, printed), false)
			if err != nil {
				return fmt.Errorf("%s, round %d: %w", s.name, round+1, err)
			}
			s.runs = append(s.runs, got)
		}
	}
	fmt.Fprint(os.Stderr, "\r\x1b[K")
	return printLoading(starts)
}

// printLoading writes the table. Ratios are to Suricata, if it is there.
func printLoading(starts []start) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\tCPU s\twall s\tpeak MB\tCPU ratio\tmemory ratio")
	peer := slices.IndexFunc(starts, func(s start) bool { return s.name == "suricata" })
	for i := range starts {
		s := &starts[i]
		fmt.Fprintf(w, "%s\t%v\t%v\t%v", s.name, over(s.runs, cpuSeconds), over(s.runs, wallSeconds), over(s.runs, megabytes))
		if peer >= 0 {
			p := &starts[peer]
			fmt.Fprintf(w, "\t%.3f\t%.2f", over(s.runs, cpuSeconds).median/over(p.runs, cpuSeconds).median, over(s.runs, megabytes).median/over(p.runs, megabytes).median)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
