package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A case is a folder of testdata/cases: test.rules, input.pcap with the flows
// that they are about, and want.json with Suricata's answer. Its capture is cut
// out of one that the project recorded itself.

// caseAlert is one line of want.json.
type caseAlert struct {
	Sid    int    `json:"sid"`
	Flow   string `json:"flow"`
	Alerts int    `json:"alerts"`
}

// alertsOf lists the alerts of one capture.
func alertsOf(s *sighting) (list []caseAlert) {
	for p, v := range s.pairs {
		list = append(list, caseAlert{p.Sid, p.Flow.String(), v.count()})
	}
	slices.SortFunc(list, func(a, b caseAlert) int { return cmp.Or(cmp.Compare(a.Sid, b.Sid), cmp.Compare(a.Flow, b.Flow)) })
	return list
}

// runCase is the command case: it makes one of rules and a capture.
func runCase(ctx context.Context, args []string) (int, error) {
	fs := flag.NewFlagSet("diffsuricata case", flag.ExitOnError)
	var f flags
	f.register(fs)
	dir := fs.String("dir", "", "`FOLDER` of the case, with its test.rules")
	flows := fs.String("flows", "", "ports of the clients whose flows are taken; empty takes all that rules match on")
	if err := fs.Parse(args); err != nil {
		return exitFailed, err
	}
	if len(f.captures) != 1 || *dir == "" {
		return exitFailed, fmt.Errorf("-dir and one file in -captures say what to make a case of")
	}
	o, err := f.open(ctx)
	if err != nil {
		return exitFailed, err
	}
	rules, input := filepath.Join(*dir, "test.rules"), filepath.Join(*dir, "input.pcap")
	c := comparison{oracle: o, rules: rules, captures: f.captures, sets: f.sets, options: f.options}
	suricata, ours, err := c.run(ctx)
	if err != nil {
		return exitFailed, err
	}
	var ports list
	if err := ports.Set(*flows); err != nil {
		return exitFailed, err
	}
	files := map[tuple]string{}
	for _, side := range []*sighting{suricata, ours} {
		for p := range side.pairs {
			if len(ports) == 0 || slices.Contains(ports, fmt.Sprint(p.Flow.A.Port)) || slices.Contains(ports, fmt.Sprint(p.Flow.B.Port)) {
				files[p.Flow] = input
			}
		}
	}
	if len(files) == 0 {
		return exitFailed, fmt.Errorf("no rule of %s matches", rules)
	}
	if err := extract(f.captures[0], files); err != nil {
		return exitFailed, err
	}
	c.captures = []string{input}
	if suricata, ours, err = c.run(ctx); err != nil {
		return exitFailed, err
	}
	text, err := json.MarshalIndent(alertsOf(suricata), "", " ")
	if err != nil {
		return exitFailed, err
	}
	if err := os.WriteFile(filepath.Join(*dir, "want.json"), append(text, '\n'), 0o644); err != nil {
		return exitFailed, err
	}
	r := c.result(suricata, ours)
	r.print(os.Stdout)
	if len(r.diffs) > 0 {
		return exitDifferent, nil
	}
	return exitSame, nil
}
