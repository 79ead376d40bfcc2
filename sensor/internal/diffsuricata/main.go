// Command diffsuricata replays captures through Suricata and through spanwatch
// with the same rules and prints where the two disagree.
//
//	rules × captures ─► Suricata ──► eve.json ─┐
//	                └─► spanwatch ─► eve.json ─┴─► pairs of sid and flow ─► differences ─► each flow alone
//
// A pair is a rule and the five-tuple that it alerted on, without direction.
// Of every pair the number of alerts is compared too. The flow of a difference
// is replayed alone, to tell a difference of meaning from one that other flows
// make. With -records the flow and application records are compared as well.
//
// diffsuricata mutate makes rules instead of taking them (mutate.go), diffsuricata
// families makes those of each part of the language, with other options where
// asked (family.go, variants.go), diffsuricata counters compares the counters of
// the stats event (counters.go), and diffsuricata case keeps what was learnt as a
// case of testdata/cases (case.go).
//
// Suricata is a Debian package of sid, put into .cache/suricata8 when it is not
// there; SPANWATCH_SURICATA names another one, a program or the root of a
// system with it.
//
// Exit status: 0 they agree, 1 they differ, 2 the comparison could not be made.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

const (
	exitSame = iota
	exitDifferent
	exitFailed
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := runDiff
	args := os.Args[1:]
	if len(args) > 0 {
		switch args[0] {
		case "mutate":
			run, args = runMutate, args[1:]
		case "families":
			run, args = runFamilies, args[1:]
		case "case":
			run, args = runCase, args[1:]
		case "counters":
			run, args = runCounters, args[1:]
		}
	}
	status, err := run(ctx, args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "diffsuricata:", err)
		status = exitFailed
	}
	os.Exit(status)
}

// list is a flag that may be given several times; blanks part several values.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }
func (l *list) Set(value string) error {
	*l = append(*l, strings.Fields(value)...)
	return nil
}

// flags are those of all commands.
type flags struct {
	rules, captures, sets, options list
	suricata                       string
}

func (f *flags) register(fs *flag.FlagSet) {
	fs.Var(&f.rules, "rules", "rule `FILE`s and patterns")
	fs.Var(&f.captures, "captures", "capture `FILE`s, patterns and folders")
	fs.Var(&f.sets, "set", "spanwatch's `KEY=VALUE` beside the common configuration")
	fs.Var(&f.options, "option", "Suricata's `NAME=VALUE` beside the common configuration, for both; -k=WHAT is its argument")
	place := os.Getenv(suricataEnv)
	if place == "" {
		place = ".cache/suricata8"
	}
	fs.StringVar(&f.suricata, "suricata", place, "Suricata's `PLACE`: a program, or the root of a system; "+suricataEnv+" has the default")
}

// open finds Suricata, or makes it where that is allowed.
func (f *flags) open(ctx context.Context) (*oracle, error) {
	if !exists(f.suricata) {
		if err := installSuricata(ctx, f.suricata); err != nil {
			return nil, err
		}
	}
	return findSuricata(f.suricata)
}

// ruleFile joins the rule files in dir.
func (f *flags) ruleFile(dir string) (string, error) {
	names, err := expand(f.rules)
	if err != nil {
		return "", err
	}
	var all []byte
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		all = append(append(all, text...), '\n')
	}
	path := filepath.Join(dir, "all.rules")
	return path, os.WriteFile(path, all, 0o644)
}

// expand resolves patterns and folders; what names nothing is an error.
func expand(patterns []string) (names []string, err error) {
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("%s names no file", pattern)
		}
		for _, name := range found {
			err := filepath.WalkDir(name, func(path string, d os.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					names = append(names, path)
				}
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

// comparison is one set of rules on some captures.
type comparison struct {
	oracle   *oracle
	rules    string
	captures []string
	sets     []string
	options  []string
	members  bool   // both write all that they know of an alert
	keep     string // folder for what both write; empty: none is kept
	fresh    bool   // each capture is replayed by a Suricata of its own
	packets  bool   // an alert on another packet is a difference
	reuse    bool   // Suricata's events are in keep from an earlier run

	refused  map[int]bool   // lines that Suricata does not load
	refusals map[int]string // lines that spanwatch does not load, and why
}

// run replays all captures through both.
func (c *comparison) run(ctx context.Context) (suricata, ours *sighting, err error) {
	dir := c.keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "diffsuricata"); err != nil {
			return nil, nil, err
		}
		defer os.RemoveAll(dir)
	}
	var theirs, mine []string
	for i := range c.captures {
		theirs = append(theirs, filepath.Join(dir, fmt.Sprint(i), "suricata"))
		mine = append(mine, filepath.Join(dir, fmt.Sprint(i), "spanwatch"))
		for _, d := range []string{theirs[i], mine[i]} {
			if err := os.MkdirAll(d, 0o755); err != nil {
				return nil, nil, err
			}
		}
	}
	if !c.reuse {
		config, checksums, err := suricataConfig(c.oracle, c.options, c.members)
		if err != nil {
			return nil, nil, err
		}
		if c.refused, err = c.oracle.run(ctx, config, checksums, c.rules, c.captures, theirs, c.fresh); err != nil {
			return nil, nil, err
		}
	}
	s, err := loadOurs(c.sets, c.options, c.rules)
	if err != nil {
		return nil, nil, err
	}
	c.refusals = s.refusals()
	suricata, ours = newSighting(), newSighting()
	for i, path := range c.captures {
		if c.fresh && i > 0 { // what rules wrote into sets is gone
			if s, err = loadOurs(c.sets, c.options, c.rules); err != nil {
				return nil, nil, err
			}
		}
		if err := s.run(ctx, path, mine[i]); err != nil {
			fmt.Fprintln(os.Stderr, "diffsuricata:", err) // the others are worth comparing
		}
		if err := suricata.read(i, filepath.Join(theirs[i], "eve.json")); err != nil {
			return nil, nil, err
		}
		if err := ours.read(i, filepath.Join(mine[i], "eve.json")); err != nil {
			return nil, nil, err
		}
	}
	return suricata, ours, nil
}

func (c *comparison) result(suricata, ours *sighting) *result {
	r := &result{captures: c.captures, suricata: len(suricata.pairs), ours: len(ours.pairs)}
	r.diffs, r.common = compare(suricata, ours, c.packets)
	return r
}

func runDiff(ctx context.Context, args []string) (int, error) {
	fs := flag.NewFlagSet("diffsuricata", flag.ExitOnError)
	var f flags
	f.register(fs)
	limit := fs.Int("isolate", 100, "replay the flows of at most `N` differences alone")
	records := fs.Bool("records", false, "compare flow, application and anomaly records too")
	members := fs.Bool("members", false, "with -records: compare alerts member by member, and all members of records")
	packets := fs.Bool("packets", false, "alerts of a pair that are as many, on other packets, differ too")
	out := fs.String("json", "", "write the differences to `FILE`, a JSON object a line")
	keep := fs.String("keep", "", "leave what both write in `DIR`")
	reuse := fs.Bool("reuse", false, "take what Suricata wrote into -keep before, with the same rules and captures")
	if err := fs.Parse(args); err != nil {
		return exitFailed, err
	}
	if len(f.rules) == 0 || len(f.captures) == 0 {
		return exitFailed, fmt.Errorf("-rules and -captures say what to compare")
	}
	dir, err := os.MkdirTemp("", "diffsuricata")
	if err != nil {
		return exitFailed, err
	}
	defer os.RemoveAll(dir)
	c := comparison{sets: f.sets, options: f.options, members: *members, packets: *packets, keep: *keep, reuse: *reuse}
	if c.oracle, err = f.open(ctx); err != nil {
		return exitFailed, err
	}
	if c.rules, err = f.ruleFile(dir); err != nil {
		return exitFailed, err
	}
	if c.captures, err = expand(f.captures); err != nil {
		return exitFailed, err
	}
	suricata, ours, err := c.run(ctx)
	if err != nil {
		return exitFailed, err
	}
	r := c.result(suricata, ours)
	var refusals []string
	if !c.reuse {
		refusals = c.loadDifferences()
	}
	if err := c.isolate(ctx, r, *limit); err != nil {
		return exitFailed, err
	}
	fmt.Printf("Suricata %s and spanwatch on %d captures\n", c.oracle.version, len(c.captures))
	for _, line := range refusals {
		fmt.Println(line)
	}
	r.print(os.Stdout)
	if *records {
		compareRecords(suricata, ours, c.captures, *members).Print(os.Stdout)
	}
	if *out != "" {
		if err := writeFile(*out, r); err != nil {
			return exitFailed, err
		}
	}
	if len(r.diffs) > 0 || len(refusals) > 0 {
		return exitDifferent, nil
	}
	return exitSame, nil
}

// loadDifferences are the rules that only one of the two loads.
func (c *comparison) loadDifferences() (lines []string) {
	for line := range c.refused {
		if _, ok := c.refusals[line]; !ok {
			lines = append(lines, fmt.Sprintf("line %d of the rules loads in spanwatch only", line))
		}
	}
	for line, why := range c.refusals {
		if !c.refused[line] {
			lines = append(lines, fmt.Sprintf("line %d of the rules loads in Suricata only: %s", line, why))
		}
	}
	return lines
}

func writeFile(path string, r *result) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := r.encode(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
