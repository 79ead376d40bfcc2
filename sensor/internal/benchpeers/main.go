// Command benchpeers measures spanwatch beside other programs that do its work:
// Suricata, softflowd, nfpcapd, tshark.
//
//	capture ─► each tool, one at a time, in turn, N times ─► user + system time,
//	           wall time, peak memory, events counted     ─► a table of medians
//
// It has three parts.
//
// flows: flow records of one capture, without rules, by every tool. The programs
// do not do the same work: Suricata and spanwatch reassemble streams and parse
// application protocols whatever they log, tshark dissects everything, softflowd
// and nfpcapd look no further than ports. The flows that each counts are printed
// so that the reader sees how far the work is comparable.
//
// detection: a rule set and every event type that both know, by spanwatch and
// Suricata, on each of the corpus' captures, with one and with two workers.
//
// live: a rule set, by spanwatch and Suricata, while the first capture's frames come
// over an interface at stepped rates; see live.go. Needs root.
//
// loading: what it takes to start with the rule set, and the memory.
//
// What a sensor pays once is taken off. Of spanwatch that is what it takes for a
// capture of one frame, measured each round; what is left includes its garbage
// collector and its writing. Suricata takes some thirty seconds to load a large
// rule set, and the noise of that would drown what is to be measured: of it, only
// the threads that read and inspect packets and those that end flows and write
// their records count (/proc/PID/task/*/schedstat), from the moment they exist.
// Its other threads (counters, the main one once rules are loaded) are left out,
// to its advantage. Every tool writes its records to disk where it
// can. Memory is that of the whole process, with its rules.
//
// The captures are made by the traffic generator of the shared corpus, by seed;
// where there is none, the bundled office capture is measured, which is small:
// mind the spread.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// settings are the command's flags.
type settings struct {
	parts    string
	captures string
	rules    string
	workers  string
	rounds   int
	tools    string
	seed     uint64
	bytes    int64
	cache    string
	install  bool
	live     liveSettings
}

func main() {
	// A child is measured by polling; the poller must not wander between
	// processors while it does.
	runtime.LockOSThread()
	var s settings
	flag.StringVar(&s.parts, "parts", "flows,detection,loading", "what to measure, separated by commas")
	flag.StringVar(&s.captures, "captures", strings.Join(kinds, ","), "captures of the corpus, or files to replay, separated by commas; flows are measured on the first")
	flag.StringVar(&s.rules, "rules", "", "rule `file` of detection (default: Emerging Threats Open of the corpus, or else the bundled rules)")
	flag.StringVar(&s.workers, "workers", "1,2", "numbers of workers in detection")
	flag.IntVar(&s.rounds, "n", 3, "rounds")
	flag.StringVar(&s.tools, "tools", "", "only these `tools`, separated by commas")
	flag.Uint64Var(&s.seed, "seed", 1, "of the captures")
	flag.Int64Var(&s.bytes, "bytes", 475_000_000, "size of the mix")
	flag.StringVar(&s.cache, "cache", filepath.Join(".cache", "bench"), "`folder` for captures and the tools' output")
	flag.BoolVar(&s.install, "install", true, "install missing Debian packages")
	flag.StringVar(&s.live.rates, "rates", "80,160,0", "of live: thousands of frames a `second`, in turn; 0 is as many as can be")
	flag.IntVar(&s.live.seconds, "seconds", 3, "of live: least `time` for each rate")
	flag.StringVar(&s.live.methods, "methods", "afpacket,ebpf+bypass,afxdp,afxdp+bypass,pcap", "of live: ways of spanwatch to capture (capture.`method`s)")
	flag.BoolVar(&s.live.search, "search", true, "of live: search the highest rate without loss")
	flag.StringVar(&s.live.events, "events", eventsAll, "of live: `all` that Suricata's package logs, or flows and alerts")
	flag.StringVar(&s.live.set, "set", "", "of live: `settings` of spanwatch, separated by blanks")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "benchpeers:", err)
		os.Exit(1)
	}
}

func run(s settings) error {
	if s.rounds < 1 {
		return errors.New("-n: at least one round")
	}
	if err := os.MkdirAll(s.cache, 0o755); err != nil {
		return err
	}
	var captures []input
	if s.parts != "loading" {
		var err error
		if captures, err = s.provideCaptures(); err != nil {
			return err
		}
	}
	single := filepath.Join(s.cache, "one-frame.pcap")
	if err := os.WriteFile(single, oneFrame(), 0o644); err != nil {
		return err
	}
	b := bench{settings: s, single: single}
	fmt.Printf("%d rounds in turn, %d processors; medians and, in brackets, the least and the most\n", s.rounds, runtime.NumCPU())
	for _, part := range list(s.parts) {
		var err error
		switch part {
		case "flows":
			err = b.flows(captures[0])
		case "detection":
			err = b.detection(captures)
		case "live":
			err = b.measureLive(captures[0])
		case "loading":
			err = b.loading()
		default:
			err = fmt.Errorf("-parts: no part is called %s", part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

// bench is one run of the command.
type bench struct {
	settings
	single string // capture of one frame
}

// flows measures flow records of one capture.
func (b *bench) flows(c input) error {
	tools, err := chosen(b.tools, false)
	if err != nil {
		return err
	}
	if err := provide(tools, b.install); err != nil {
		return err
	}
	fmt.Printf("\nflow records of %s (%d frames, %d bytes), no rules, one worker\n\n", c.name, c.frames, c.bytes)
	results, err := b.inTurn(tools, job{capture: c.path, workers: 1})
	if err != nil {
		return err
	}
	return printFlows(os.Stdout, results, c)
}

// detection measures all captures with rules, a table each.
func (b *bench) detection(captures []input) error {
	tools, err := chosen(b.tools, true)
	if err != nil {
		return err
	}
	if err := provide(tools, b.install); err != nil {
		return err
	}
	rules, err := b.provideRules()
	if err != nil {
		return err
	}
	fmt.Printf("\nevery event with the rules of %s\n", rules)
	for _, c := range captures {
		for _, text := range list(b.workers) {
			var workers int
			if _, err := fmt.Sscan(text, &workers); err != nil || workers < 1 {
				return fmt.Errorf("-workers: %q is no number of workers", text)
			}
			fmt.Printf("\n%s (%d frames, %d bytes), %d workers\n\n", c.name, c.frames, c.bytes, workers)
			here := slices.DeleteFunc(slices.Clone(tools), func(t tool) bool { return t.only != "" && t.only != c.name })
			results, err := b.inTurn(here, job{capture: c.path, rules: rules, everything: true, workers: workers})
			if err != nil {
				return err
			}
			if err := printDetection(os.Stdout, results, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// inTurn runs every tool on one job, in turn and not tool by tool: what else
// the machine does meets all alike.
func (b *bench) inTurn(tools []tool, j job) ([]result, error) {
	results := make([]result, len(tools))
	for i, t := range tools {
		results[i] = result{tool: t, version: t.version()}
	}
	for round := range b.settings.rounds {
		for i, t := range tools {
			fmt.Fprintf(os.Stderr, "\r\x1b[Kround %d of %d: %s", round+1, b.settings.rounds, t.name)
			j.dir = filepath.Join(b.cache, "out-"+t.name)
			if !t.threads { // else its start-up is told by its threads
				start := j
				start.capture = b.single
				got, err := measure(t, start)
				if err != nil {
					return nil, fmt.Errorf("%s, start-up, round %d: %w", t.name, round+1, err)
				}
				results[i].startUps = append(results[i].startUps, got)
			}
			got, err := measure(t, j)
			if err != nil {
				return nil, fmt.Errorf("%s, round %d: %w", t.name, round+1, err)
			}
			results[i].runs = append(results[i].runs, got)
		}
	}
	fmt.Fprint(os.Stderr, "\r\x1b[K")
	return results, nil
}

// chosen returns the tools named in list, all of them for an empty list, that
// can do the work.
func chosen(names string, detection bool) ([]tool, error) {
	left := list(names)
	var out []tool
	for _, t := range allTools() {
		i := slices.Index(left, t.name)
		if i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else if names != "" || t.extra && !present(t) {
			continue
		}
		if detection && t.detects || !detection && t.only == "" {
			out = append(out, t)
		}
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("no tool is called %s", strings.Join(left, ", "))
	}
	if len(out) == 0 {
		return nil, errors.New("no tool is left")
	}
	return out, nil
}
