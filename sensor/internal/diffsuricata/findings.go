package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// finding is a made rule on which the two disagree.
type finding struct {
	rule    string
	capture string // of the one flow
	flow    tuple
	// what each says of the whole rule
	suricata, ours int
}

// runMutate is the command mutate: thousands of made rules, batch by batch,
// and of those on which the two disagree the smallest that still do.
func runMutate(ctx context.Context, args []string) (int, error) {
	fs := flag.NewFlagSet("diffsuricata mutate", flag.ExitOnError)
	var f flags
	f.register(fs)
	seed := fs.Uint64("seed", 1, "of the rules")
	batches := fs.Int("batches", 1, "sets of rules")
	size := fs.Int("size", 1000, "rules of a set")
	shrinks := fs.Int("shrink", 30, "findings of a set that are made small")
	keep := fs.String("findings", "out/findings", "`DIR` for a folder of each kind of finding")
	if err := fs.Parse(args); err != nil {
		return exitFailed, err
	}
	o, err := f.open(ctx)
	if err != nil {
		return exitFailed, err
	}
	captures, err := expand(f.captures)
	if err != nil {
		return exitFailed, err
	}
	all := buffers()
	if err := harvest(ctx, all, captures, f.sets); err != nil {
		return exitFailed, err
	}
	all = slices.DeleteFunc(all, func(b *buffer) bool { return len(b.samples) == 0 || b.keyword == addressBuffer })
	if len(all) == 0 {
		return exitFailed, fmt.Errorf("the captures have nothing to make rules of")
	}
	var base []string
	if len(f.rules) > 0 {
		names, err := expand(f.rules)
		if err != nil {
			return exitFailed, err
		}
		for _, name := range names {
			lines, err := ruleLines(name)
			if err != nil {
				return exitFailed, err
			}
			for _, sid := range slices.Sorted(maps.Keys(lines)) {
				base = append(base, lines[sid])
			}
		}
	}
	var total tally
	left := 0 // sets
	kinds := map[string]int{}
	for batch := range *batches {
		g := &generator{Rand: rand.New(rand.NewPCG(*seed, uint64(batch))), buffers: all, base: base}
		rules := make([]string, *size)
		for i := range rules {
			rules[i] = g.rule(i + 1)
		}
		found, t, err := tryRules(ctx, o, f.sets, captures, rules)
		if err != nil && ctx.Err() == nil {
			// One made rule may keep Suricata's matcher from being built at all.
			fmt.Fprintf(os.Stderr, "diffsuricata: set %d is left out: %v\n", batch, err)
			left++
			continue
		}
		if err != nil {
			return exitFailed, err
		}
		total.add(t)
		if found, err = shrink(ctx, o, f.sets, found[:min(len(found), *shrinks)]); err != nil {
			return exitFailed, err
		}
		for _, one := range found {
			kind := shape(one.rule)
			if kinds[kind]++; kinds[kind] > 1 {
				continue
			}
			fmt.Printf("suricata %d, spanwatch %d: %s\n  %s\n", one.suricata, one.ours, one.rule, one.flow)
			if err := one.keep(filepath.Join(*keep, fmt.Sprintf("%d-%03d", *seed, len(kinds)))); err != nil {
				return exitFailed, err
			}
		}
	}
	fmt.Printf("%d rules: %d load in both, %d in Suricata only, %d in spanwatch only; %d matched; %d pairs, %d differ, of %d rules, %d kinds\n",
		total.rules, total.both, total.theirs, total.mine, total.matched, total.pairs, total.differ, total.differing, len(kinds))
	if left == *batches {
		return exitFailed, fmt.Errorf("none of %d sets could be compared", left)
	}
	if total.differ > 0 || total.theirs > 0 || total.mine > 0 {
		return exitDifferent, nil
	}
	return exitSame, nil
}

// tally counts what batches came to.
type tally struct {
	rules, both, theirs, mine int // made, and who loads them
	matched                   int // rules that Suricata alerts on
	pairs, differ, differing  int
}

func (t *tally) add(o tally) {
	t.rules, t.both, t.theirs, t.mine = t.rules+o.rules, t.both+o.both, t.theirs+o.theirs, t.mine+o.mine
	t.matched, t.pairs, t.differ, t.differing = t.matched+o.matched, t.pairs+o.pairs, t.differ+o.differ, t.differing+o.differing
}

// tryRules compares a set of rules on captures. Of each rule that differs one
// flow is found, extracted to a file of its own.
func tryRules(ctx context.Context, o *oracle, sets, captures, rules []string) (found []finding, t tally, err error) {
	dir, err := os.MkdirTemp("", "diffsuricata")
	if err != nil {
		return nil, t, err
	}
	defer os.RemoveAll(dir)
	c := comparison{oracle: o, rules: filepath.Join(dir, "made.rules"), captures: captures, sets: sets}
	if err := os.WriteFile(c.rules, []byte(strings.Join(rules, "\n")+"\n"), 0o644); err != nil {
		return nil, t, err
	}
	suricata, ours, err := c.run(ctx)
	if err != nil {
		return nil, t, err
	}
	loads := func(sid int) bool { _, no := c.refusals[sid]; return !no && !c.refused[sid] }
	t.rules = len(rules)
	for i := range rules {
		_, mine := c.refusals[i+1]
		theirs := c.refused[i+1]
		switch {
		case !mine && !theirs:
			t.both++
		case mine && !theirs:
			t.theirs++
			fmt.Printf("loads in Suricata only (%s): %s\n", c.refusals[i+1], rules[i])
		case theirs && !mine:
			t.mine++
			fmt.Printf("loads in spanwatch only: %s\n", rules[i])
		}
	}
	matched := map[int]bool{}
	for p := range suricata.pairs {
		matched[p.Sid] = true
	}
	t.matched = len(matched)
	diffs, common := compare(suricata, ours, false)
	t.pairs = common
	first := map[int]*difference{}
	for i := range diffs {
		d := &diffs[i]
		if !loads(d.Sid) {
			continue
		}
		t.differ++
		if first[d.Sid] == nil {
			first[d.Sid] = d
			t.differing++
		}
	}
	wanted := map[int]map[tuple]string{}
	for _, sid := range slices.Sorted(maps.Keys(first)) {
		d := first[sid]
		if wanted[d.Capture] == nil {
			wanted[d.Capture] = map[tuple]string{}
		}
		file := wanted[d.Capture][d.Flow]
		if file == "" {
			f, err := os.CreateTemp("", "diffsuricata*.pcap")
			if err != nil {
				return nil, t, err
			}
			f.Close()
			file = f.Name()
			wanted[d.Capture][d.Flow] = file
		}
		found = append(found, finding{rule: rules[sid-1], capture: file, flow: d.Flow, suricata: d.Suricata, ours: d.Spanwatch})
	}
	for i, files := range wanted {
		if err := extract(captures[i], files); err != nil {
			return nil, t, err
		}
	}
	return found, t, nil
}

// shrink leaves out options of findings' rules as long as the two still
// disagree. All findings go through one run of both a round. A finding that
// does not show on its flow alone is dropped.
func shrink(ctx context.Context, o *oracle, sets []string, found []finding) ([]finding, error) {
	const perFinding = 200 // sids
	for round := 0; round < 12 && len(found) > 0; round++ {
		var rules []string
		var captures []string
		at := map[string]int{}
		for i := range found {
			mine := append([]string{renumber(found[i].rule, i*perFinding+1)}, without(found[i].rule, i*perFinding+2)...)
			rules = append(rules, mine[:min(len(mine), perFinding)]...)
			if _, ok := at[found[i].capture]; !ok {
				at[found[i].capture] = len(captures)
				captures = append(captures, found[i].capture)
			}
		}
		dir, err := os.MkdirTemp("", "diffsuricata")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		c := comparison{oracle: o, rules: filepath.Join(dir, "made.rules"), captures: captures, sets: sets}
		if err := os.WriteFile(c.rules, []byte(strings.Join(rules, "\n")+"\n"), 0o644); err != nil {
			return nil, err
		}
		suricata, ours, err := c.run(ctx)
		if err != nil {
			return nil, err
		}
		refused := map[int]bool{}
		for i, text := range rules {
			if _, mine := c.refusals[i+1]; mine || c.refused[i+1] {
				refused[sidOf(text)] = true
			}
		}
		diffs, _ := compare(suricata, ours, false)
		least := make([]string, len(found))
		whole := make([]bool, len(found))
		for k := range diffs {
			d := &diffs[k]
			i := (d.Sid - 1) / perFinding
			if d.Capture != at[found[i].capture] || d.Flow != found[i].flow || refused[d.Sid] {
				continue
			}
			text := bySid(rules, d.Sid)
			if d.Sid == i*perFinding+1 {
				whole[i] = true
				found[i].suricata, found[i].ours = d.Suricata, d.Spanwatch
			} else if least[i] == "" || len(text) < len(least[i]) {
				least[i] = text
			}
		}
		progress := false
		kept := found[:0]
		for i, one := range found {
			if !whole[i] {
				continue
			}
			if least[i] != "" {
				one.rule, progress = least[i], true
			}
			kept = append(kept, one)
		}
		found = kept
		if !progress {
			break
		}
	}
	return found, nil
}

func sidOf(text string) (sid int) {
	if m := sidOption.FindStringSubmatch(text); m != nil {
		fmt.Sscan(m[1], &sid)
	}
	return sid
}

func bySid(rules []string, sid int) string {
	i := slices.IndexFunc(rules, func(text string) bool { return sidOf(text) == sid })
	return rules[i]
}

func renumber(text string, sid int) string {
	return sidOption.ReplaceAllStringFunc(text, func(o string) string { return o[:1] + fmt.Sprintf(" sid:%d;", sid) })
}

// keep leaves a finding in a folder.
func (f *finding) keep(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data, err := os.ReadFile(f.capture)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "input.pcap"), data, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "test.rules"), []byte(f.rule+"\n"), 0o644)
}
