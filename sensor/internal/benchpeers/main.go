// Command benchpeers measures spanwatch beside other programs that make flow
// records of a capture: Suricata, softflowd, nfpcapd, tshark.
//
//	capture ─► each tool, one at a time, in turn, N times ─► user + system time,
//	           wall time, peak memory, flows counted      ─► a table of medians
//
// A tool's start-up, measured with a capture of one frame, is subtracted: it
// is what a sensor pays once. Every tool writes its records to disk where it
// can. The programs do not do the same work: Suricata parses application
// protocols whatever it logs, tshark dissects everything, softflowd and
// nfpcapd look no further than ports. The flows that each counts are printed
// so that the reader sees how far the work is comparable.
//
// With -live nothing is replayed from a file: see live.go.
//
// Without -capture it measures on the mix that the traffic generator of the
// shared corpus makes by seed, where there is one, and else on the bundled
// office capture, which is small: mind the spread.
package main

import (
	"cmp"
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
	capture string
	rules   string
	rounds  int
	tools   string
	seed    uint64
	bytes   int64
	cache   string
	install bool
	alive   bool
	live    liveSettings
	set     list
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

func main() {
	// A child is measured by polling; the poller must not wander between
	// processors while it does.
	runtime.LockOSThread()
	var s settings
	flag.StringVar(&s.capture, "capture", "", "capture `file` to replay (default: see above)")
	flag.StringVar(&s.rules, "rules", "", "rule `file`: measure detection (alerts and flows) instead of flows alone; spanwatch and Suricata only")
	flag.IntVar(&s.rounds, "n", 5, "rounds")
	flag.StringVar(&s.tools, "tools", "", "only these `tools`, separated by commas")
	flag.Uint64Var(&s.seed, "seed", 1, "of the mix")
	flag.Int64Var(&s.bytes, "bytes", 475_000_000, "size of the mix")
	flag.StringVar(&s.cache, "cache", filepath.Join(".cache", "bench"), "`folder` for the mix and the tools' output")
	flag.BoolVar(&s.install, "install", true, "install missing Debian packages")
	flag.BoolVar(&s.alive, "live", false, "send the capture over an interface to sensors that capture from it: spanwatch and Suricata (root)")
	flag.StringVar(&s.live.rates, "rates", "20,40,80,120,160,240,320,0", "with -live: thousands of frames a `second`, in turn; 0 is as many as can be")
	flag.IntVar(&s.live.seconds, "seconds", 3, "with -live: `time` for each rate")
	flag.IntVar(&s.live.workers, "workers", 1, "with -live: workers of each sensor")
	flag.Var(&s.set, "set", "with -live: a `setting` of spanwatch; may be repeated")
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
	if s.alive {
		tools, err := chosen(cmp.Or(s.tools, "spanwatch,suricata"), s.rules != "")
		if err != nil {
			return err
		}
		if err := provide(tools, s.install); err != nil {
			return err
		}
		return live(s)
	}
	tools, err := chosen(s.tools, s.rules != "")
	if err != nil {
		return err
	}
	if err := provide(tools, s.install); err != nil {
		return err
	}
	capture, err := captureFor(s)
	if err != nil {
		return err
	}
	input, err := describe(capture)
	if err != nil {
		return err
	}
	single := filepath.Join(s.cache, "one-frame.pcap")
	if err := os.WriteFile(single, oneFrame(), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d frames, %d bytes; %d rounds, %s, %d processors\n\n", input.path, input.frames, input.bytes, s.rounds, goal(s.rules), runtime.NumCPU())

	results := make([]result, len(tools))
	for i, t := range tools {
		results[i] = result{tool: t, version: t.version()}
	}
	// In turn, not tool by tool: what else the machine does meets all alike.
	for round := range s.rounds {
		for i, t := range tools {
			for _, step := range []struct {
				file string
				into *[]sample
			}{{single, &results[i].startUps}, {capture, &results[i].runs}} {
				dir := filepath.Join(s.cache, "out-"+t.name)
				got, err := measure(t, step.file, s.rules, dir)
				if err != nil {
					return fmt.Errorf("%s, round %d: %w", t.name, round+1, err)
				}
				*step.into = append(*step.into, got)
			}
			fmt.Fprintf(os.Stderr, "\rround %d of %d: %-12s", round+1, s.rounds, t.name)
		}
	}
	fmt.Fprint(os.Stderr, "\r\x1b[K")
	return print(os.Stdout, results, input)
}

func goal(rules string) string {
	if rules == "" {
		return "flow records only"
	}
	return "flow records and alerts of " + rules
}

// chosen returns the tools named in list, all of them for an empty list, that
// can do the work.
func chosen(list string, detection bool) ([]tool, error) {
	names := strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
	var out []tool
	for _, t := range allTools() {
		i := slices.Index(names, t.name)
		if i >= 0 {
			names = slices.Delete(names, i, i+1)
		} else if list != "" {
			continue
		}
		if !detection || t.detects {
			out = append(out, t)
		}
	}
	if len(names) > 0 {
		return nil, fmt.Errorf("no tool is called %s", strings.Join(names, ", "))
	}
	if len(out) == 0 {
		return nil, errors.New("no tool is left")
	}
	return out, nil
}
