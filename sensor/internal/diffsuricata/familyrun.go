package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// runFamilies is the command families: rules of each part of the language, made
// with a seed, on captures; a line of figures for each family, and the kinds of
// its differences with an example.
func runFamilies(ctx context.Context, args []string) (int, error) {
	fs := flag.NewFlagSet("diffsuricata families", flag.ExitOnError)
	var f flags
	f.register(fs)
	var names, variants list
	fs.Var(&names, "family", "`NAME`s, with commas between, of those that are run; all without it")
	fs.Var(&variants, "variant", "`NAME`s of sets of options to run them with, \"all\" for each; none without it")
	seed := fs.Uint64("seed", 1, "of the rules")
	scale := fs.Float64("scale", 1, "more or fewer rules of each template")
	every := fs.Int("every", 1, "take every `N`th capture, where each has a Suricata of its own every 4Nth")
	examples := fs.Int("examples", 3, "rules shown of each template and kind of difference")
	loadOnly := fs.Bool("load", false, "compare only which rules load")
	packets := fs.Bool("packets", false, "alerts of a pair that are as many, on other packets, differ too")
	keep := fs.String("keep", "", "leave rules and what both write in `DIR`, a folder for each family")
	parallel := fs.Int("parallel", 4, "processes of Suricata at once")
	if err := fs.Parse(args); err != nil {
		return exitFailed, err
	}
	if len(f.captures) == 0 {
		return exitFailed, fmt.Errorf("-captures says what to compare on")
	}
	o, err := f.open(ctx)
	if err != nil {
		return exitFailed, err
	}
	o.parallel = *parallel
	captures, err := expand(f.captures)
	if err != nil {
		return exitFailed, err
	}
	if captures, err = distinct(captures); err != nil {
		return exitFailed, err
	}
	selected, err := families(strings.FieldsFunc(strings.Join(names, ","), func(r rune) bool { return r == ',' }))
	if err != nil {
		return exitFailed, err
	}
	sets, err := chosenVariants(strings.FieldsFunc(strings.Join(variants, ","), func(r rune) bool { return r == ',' }))
	if err != nil {
		return exitFailed, err
	}
	all := buffers()
	if err := harvest(ctx, all, captures, f.sets); err != nil {
		return exitFailed, err
	}
	var total familyTally
	fmt.Printf("%d captures, seed %d\n", len(captures), *seed)
	for _, v := range sets {
		for i, family := range selected {
			r := familyRun{
				oracle: o, family: family, captures: captures, sets: f.sets, packets: *packets, loadOnly: *loadOnly, examples: *examples,
				options: slices.Concat(f.options, family.options, v.options),
			}
			step := *every
			if family.fresh {
				step *= 4
			}
			r.captures = slices.Clone(captures)
			if step > 1 {
				r.captures = nil
				for k := 0; k < len(captures); k += step {
					r.captures = append(r.captures, captures[k])
				}
			}
			if *keep != "" {
				r.keep = filepath.Join(*keep, v.name, family.name)
			}
			g := &generator{Rand: rand.New(rand.NewPCG(*seed, uint64(i))), buffers: all}
			t, err := r.run(ctx, g, *scale, os.Stdout)
			if ctx.Err() != nil {
				return exitFailed, ctx.Err()
			}
			if err != nil {
				fmt.Printf("%-24s %s: %v\n", family.name, v.name, err)
				total.failed++
				continue
			}
			t.print(os.Stdout, family.name, v.name)
			total.add(t)
		}
	}
	total.print(os.Stdout, "all", "")
	switch {
	case total.failed > 0:
		return exitFailed, fmt.Errorf("%d runs failed", total.failed)
	case total.suricata+total.ours+total.counts+total.theirs+total.mine > 0:
		return exitDifferent, nil
	}
	return exitSame, nil
}

// distinct leaves out captures that are there under another name.
func distinct(captures []string) (kept []string, err error) {
	seen := map[[sha256.Size]byte]bool{}
	for _, name := range captures {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(data); !seen[sum] {
			seen[sum] = true
			kept = append(kept, name)
		}
	}
	return kept, nil
}

// familyTally is what a family came to: rules by who loads them, pairs by who
// has them.
type familyTally struct {
	rules, both, theirs, mine, matched     int
	common, suricata, ours, counts, failed int
}

func (t *familyTally) add(o familyTally) {
	t.rules, t.both, t.theirs, t.mine, t.matched = t.rules+o.rules, t.both+o.both, t.theirs+o.theirs, t.mine+o.mine, t.matched+o.matched
	t.common, t.suricata, t.ours, t.counts = t.common+o.common, t.suricata+o.suricata, t.ours+o.ours, t.counts+o.counts
}

func (t *familyTally) print(w io.Writer, name, variant string) {
	fmt.Fprintf(w, "== %-22s %-22s rules %5d, both load %5d, Suricata only %3d, spanwatch only %3d, match %5d; pairs common %6d, Suricata only %4d, spanwatch only %4d, other counts %4d\n",
		name, variant, t.rules, t.both, t.theirs, t.mine, t.matched, t.common, t.suricata, t.ours, t.counts)
}

// familyRun is one family with one set of options.
type familyRun struct {
	oracle            *oracle
	family            *family
	captures          []string
	sets, options     []string
	keep              string
	packets, loadOnly bool
	examples          int
}

func (r *familyRun) run(ctx context.Context, g *generator, scale float64, w io.Writer) (t familyTally, err error) {
	rules, files, err := r.family.make(g, scale)
	if err != nil {
		return t, err
	}
	dir := r.keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "diffsuricata"); err != nil {
			return t, err
		}
		defer os.RemoveAll(dir)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return t, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return t, err
	}
	var text strings.Builder
	for _, made := range rules {
		fmt.Fprintln(&text, made.text)
	}
	files["made.rules"] = []byte(text.String())
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return t, err
		}
	}
	c := comparison{
		oracle: r.oracle, rules: filepath.Join(dir, "made.rules"), captures: r.captures, sets: r.sets,
		keep: filepath.Join(dir, "out"), fresh: r.family.fresh,
	}
	if r.loadOnly {
		c.captures = c.captures[:1]
	}
	for _, option := range r.options {
		c.options = append(c.options, strings.ReplaceAll(option, "DIR/", dir+"/"))
	}
	suricata, ours, err := c.run(ctx)
	if r.keep == "" {
		defer os.RemoveAll(c.keep)
	}
	if err != nil {
		return t, err
	}
	t.rules = len(rules)
	for i, made := range rules {
		why, mine := c.refusals[i+1]
		theirs := c.refused[i+1]
		switch {
		case !mine && !theirs:
			t.both++
		case mine && !theirs:
			t.theirs++
			fmt.Fprintf(w, "   load Suricata only (%s): %s\n", why, made.text)
		case theirs && !mine:
			t.mine++
			fmt.Fprintf(w, "   load spanwatch only: %s\n", made.text)
		}
	}
	if r.loadOnly {
		return t, nil
	}
	matched := map[int]bool{}
	for p := range suricata.pairs {
		matched[p.Sid] = true
	}
	t.matched = len(matched)
	var diffs []difference
	diffs, t.common = compare(suricata, ours, r.packets)
	r.explain(w, &t, rules, &c, diffs)
	return t, nil
}

// explain counts the differences and writes examples of each kind: template and
// who has the alert.
func (r *familyRun) explain(w io.Writer, t *familyTally, rules []madeRule, c *comparison, diffs []difference) {
	type kind struct {
		line int
		only string
	}
	kinds := map[kind][]*difference{}
	for i := range diffs {
		d := &diffs[i]
		if d.Sid < 1 || d.Sid > len(rules) {
			continue
		}
		if _, no := c.refusals[d.Sid]; no || c.refused[d.Sid] {
			continue
		}
		switch d.only() {
		case "suricata":
			t.suricata++
		case "spanwatch":
			t.ours++
		default:
			t.counts++
		}
		k := kind{rules[d.Sid-1].line, d.only()}
		kinds[k] = append(kinds[k], d)
	}
	order := slices.SortedFunc(maps.Keys(kinds), func(a, b kind) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.only, b.only))
	})
	for _, k := range order {
		bySid := map[int][]*difference{}
		for _, d := range kinds[k] {
			bySid[d.Sid] = append(bySid[d.Sid], d)
		}
		fmt.Fprintf(w, "   %s line %d: %s, %d pairs, %d rules\n", r.family.name, k.line, k.only, len(kinds[k]), len(bySid))
		sids := slices.SortedFunc(maps.Keys(bySid), func(a, b int) int {
			return cmp.Or(cmp.Compare(len(bySid[b]), len(bySid[a])), cmp.Compare(a, b))
		})
		for _, sid := range sids[:min(len(sids), r.examples)] {
			d := bySid[sid][0]
			fmt.Fprintf(w, "      %d pairs: %s\n         %d/%d packet %d app %s %s  %s\n", len(bySid[sid]), rules[sid-1].text,
				d.Suricata, d.Spanwatch, d.Packet, d.App, d.Flow, r.captures[d.Capture])
		}
	}
}
