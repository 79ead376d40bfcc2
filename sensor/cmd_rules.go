package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	"spanwatch/signatures"
	"spanwatch/signatures/rule"
)

const rulesUsage = `usage: spanwatch rules check FILE… [options]

Says which rules load and which do not, and why: totals, reasons by count, then
each failure as file:line:column. Exit status 1 when a rule fails to load.

options:
`

func runRules(_ context.Context, args []string) (int, error) {
	fs := flag.NewFlagSet("rules", flag.ContinueOnError)
	fs.Usage = func() {
		fmt.Print(rulesUsage)
		fs.PrintDefaults()
	}
	var cf configFlags
	cf.register(fs)
	asJSON := fs.Bool("json", false, "print the report as one JSON object")
	warnings := fs.Bool("warnings", false, "print warnings too")
	short := fs.Bool("short", false, "leave out the single failures")
	words, err := parseMixed(fs, args)
	if err != nil {
		return flagStatus(err)
	}
	if len(words) == 0 || words[0] != "check" {
		return exitUsage, fmt.Errorf("%w: want check; see spanwatch rules --help", errUsage)
	}
	cfg, err := cf.load()
	if err != nil {
		return exitUsage, err
	}
	cfg.Rules.Files = append(cfg.Rules.Files, words[1:]...)
	if len(cfg.Rules.Files) == 0 {
		return exitUsage, fmt.Errorf("%w: no rule file named", errUsage)
	}
	loader := ruleLoader{cfg: &cfg.Rules}
	_, report, err := loader.load()
	if err != nil {
		return exitFailure, err
	}
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", " ")
		err = enc.Encode(report)
	} else {
		printReport(os.Stdout, report, *warnings, *short)
	}
	if err != nil || report.Failed > 0 {
		return exitFailure, err
	}
	return exitOK, nil
}

func printReport(w io.Writer, r *signatures.Report, warnings, short bool) {
	fmt.Fprintf(w, "%d rules: %d loaded, %d failed, %d skipped, %d replaced; %d more are commented out\n",
		r.Total, r.Loaded, r.Failed, r.Skipped, r.Replaced, r.Disabled)
	fmt.Fprintf(w, "%d signatures in %d groups, %d patterns in %d matchers (%.1f MB), %d without a pattern\n",
		r.Signatures, r.Prefilter.Groups, r.Prefilter.Patterns, r.Prefilter.Matchers, float64(r.Prefilter.Bytes)/1e6, r.Prefilter.Always)
	if len(r.Reasons) > 0 {
		fmt.Fprintln(w, "\nreasons:")
		for _, reason := range r.Reasons {
			fmt.Fprintf(w, "%7d  %-22s %s\n", reason.Count, reason.Code, reason.What)
		}
	}
	lists := [][]*rule.Diagnostic{}
	if !short {
		lists = append(lists, r.Failures, r.Skips)
	}
	if warnings {
		lists = append(lists, r.Warnings)
	}
	for _, d := range slices.Concat(lists...) {
		if d.Sid != 0 {
			fmt.Fprintf(w, "%s [sid %d]\n", d.Error(), d.Sid)
		} else {
			fmt.Fprintln(w, d.Error())
		}
	}
}
