package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	"spanwatch/sensor/enrich"
	"spanwatch/signatures"
	"spanwatch/signatures/rule"
)

const rulesUsage = `usage: spanwatch rules check [FILE…] [options]
       spanwatch rules explain SID[,SID…] [FILE…] [options]
       spanwatch rules list [FILE…] [options]

check says which rules load and which do not, and why: totals, reasons by count,
then each failure as file:line:column. Exit status 1 when a rule fails to load.

explain says how a rule was understood: where it is looked for, its fast pattern,
what is asked in which order, and why it may be slow.

list prints the signatures in the order in which they are inspected.

Without FILE the rules of the configuration are meant.

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
	asJSON := fs.Bool("json", false, "print JSON")
	warnings := fs.Bool("warnings", false, "check: print warnings too")
	short := fs.Bool("short", false, "check: leave out the single failures")
	compile := fs.Bool("compile", false, "check: compile all pattern matchers, so that rules.cache-dir has them")
	words, err := parseMixed(fs, args)
	if err != nil {
		return flagStatus(err)
	}
	verb, files := "", []string{}
	if len(words) > 0 {
		verb, files = words[0], words[1:]
	}
	var sids []uint32
	switch verb {
	case "check", "list":
	case "explain":
		if len(files) == 0 {
			return exitUsage, fmt.Errorf("%w: explain what? see spanwatch rules --help", errUsage)
		}
		if sids, err = parseSids(files[0]); err != nil {
			return exitUsage, err
		}
		files = files[1:]
	default:
		return exitUsage, fmt.Errorf("%w: want check, explain or list; see spanwatch rules --help", errUsage)
	}
	cfg, err := cf.load()
	if err != nil {
		return exitUsage, err
	}
	cfg.Rules.Files = append(cfg.Rules.Files, files...)
	if len(cfg.Rules.Files) == 0 {
		return exitUsage, fmt.Errorf("%w: no rule file named", errUsage)
	}
	geo, err := enrich.Open(enrich.Config{Databases: cfg.Enrich.GeoIP})
	if err != nil {
		return exitFailure, err
	}
	loader := ruleLoader{cfg: &cfg.Rules, geo: geo, keepText: verb == "explain", fileStore: cfg.FileStore.Enabled}
	rs, report, err := loader.load()
	if err != nil {
		return exitFailure, err
	}
	if *compile {
		rs.Prepare()
		report.Prefilter = rs.PrefilterReport()
	}
	switch {
	case verb == "list":
		err = listRules(os.Stdout, rs, *asJSON)
	case verb == "explain":
		err = explainRules(os.Stdout, rs, sids, *asJSON)
	case *asJSON:
		err = writeJSON(os.Stdout, report)
	default:
		printReport(os.Stdout, report, *warnings, *short)
	}
	if err != nil || verb == "check" && report.Failed > 0 {
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
