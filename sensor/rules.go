package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"spanwatch/decoders"
	"spanwatch/sensor/config"
	"spanwatch/sensor/enrich"
	"spanwatch/signatures"
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/prefilter"
	"spanwatch/signatures/rule"
	"spanwatch/signatures/ruleconf"
)

// ruleLoader reads and compiles what the configuration names as rules, as
// often as it is asked: at the start and at every reload.
type ruleLoader struct {
	cfg *config.Rules
	geo *enrich.DB // for geoip; nil when there is no database
	// keepText keeps the text of rules in memory: for explaining them and for
	// events that show it.
	keepText  bool
	fileStore bool // files are kept, which rules may require
	// datasets are those of the ruleset in use, whose values the next one
	// takes over.
	datasets *keyword.Datasets
}

// load compiles the rules anew. A rule that does not load is in the report, a
// bad line of the other files in its warnings; the error is for files that
// cannot be read at all.
func (l *ruleLoader) load() (*signatures.Ruleset, *signatures.Report, error) {
	c := l.cfg
	options := signatures.Options{
		Vars: rule.DefaultVars(), NoPrefilter: !c.Prefilter, ReadFile: l.readFile, Datasets: l.datasets, KeepText: l.keepText, NoReferences: !c.References,
		Prefilter: prefilter.Options{CacheDir: ruleCacheDir(c.CacheDir), CacheBytes: int64(c.CacheSize), Clock: time.Now},
	}
	if l.geo != nil && len(l.geo.Loaded()) > 0 {
		options.Country = func(a decoders.Addr, version uint8) ([2]byte, bool) { return l.geo.Country(a.Netip(version)) }
	}
	options.Features = slices.Clone(c.Features)
	if l.fileStore {
		options.Features = append(options.Features, keyword.FeatureFileStore)
	}
	maps.Copy(options.Vars.Addresses, c.AddressVars)
	maps.Copy(options.Vars.Ports, c.PortVars)

	var faults []error
	var lines []*rule.Diagnostic
	read := func(path string, parse func(name string, text []byte) []*rule.Diagnostic) {
		if path == "" {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			faults = append(faults, err)
			return
		}
		lines = append(lines, parse(path, text)...)
	}
	read(c.ClassificationFile, func(name string, text []byte) (diags []*rule.Diagnostic) {
		options.Classifications, diags = ruleconf.ParseClassifications(name, text)
		return diags
	})
	read(c.ReferenceFile, func(name string, text []byte) (diags []*rule.Diagnostic) {
		options.References, diags = ruleconf.ParseReferences(name, text)
		return diags
	})
	read(c.ThresholdFile, func(name string, text []byte) (diags []*rule.Diagnostic) {
		options.Thresholds, diags = ruleconf.ParseThresholds(name, text, options.Vars)
		return diags
	})
	var err error
	if options.Reputation, err = readReputation(c); err != nil {
		faults = append(faults, err)
	}
	if options.ActionOrder, err = actionOrder(c.ActionOrder); err != nil {
		faults = append(faults, err)
	}
	sources, closeRules, err := openRules(c.Files)
	defer closeRules()
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, nil, err
	}
	var ruleset *signatures.Ruleset
	var report *signatures.Report
	garbage.loading(func() {
		ruleset, report = signatures.Load(sources, options)
	})
	report.Warnings = append(lines, report.Warnings...)
	if c.DataDir == "" {
		report.Warnings = append(report.Warnings, unsaved(ruleset.Datasets())...)
	}
	return ruleset, report, nil
}

// acceptable says whether a ruleset may be used: rules.strict wants all of its
// rules.
func (l *ruleLoader) acceptable(report *signatures.Report) error {
	if report.Failed > 0 && l.cfg.Strict {
		return fmt.Errorf("rules.strict: %d rules do not load, the first: %w", report.Failed, report.Failures[0])
	}
	return nil
}

// accept takes note of the ruleset that goes into use.
func (l *ruleLoader) accept(rs *signatures.Ruleset) { l.datasets = rs.Datasets() }

// fileNames are the files that a ruleset is made of, but for those that rules
// name.
func (l *ruleLoader) fileNames() []string {
	names, _ := ruleFileNames(l.cfg.Files) // a bad pattern is the error of load
	names = append(names, l.cfg.ClassificationFile, l.cfg.ReferenceFile, l.cfg.ThresholdFile, l.cfg.ReputationCategories)
	return slices.DeleteFunc(append(names, l.cfg.ReputationFiles...), func(name string) bool { return name == "" })
}

// openRules opens files and patterns; a pattern that names nothing is an error.
// close closes them.
func openRules(patterns []string) (sources []signatures.Source, close func(), err error) {
	var files []*os.File
	close = func() {
		for _, f := range files {
			f.Close()
		}
	}
	names, err := ruleFileNames(patterns)
	faults := []error{err}
	for _, name := range names {
		f, err := os.Open(name)
		if err == nil {
			err = isFile(f)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("rule file: %w", err))
			continue
		}
		files = append(files, f)
		sources = append(sources, signatures.Source{Name: name, Reader: f})
	}
	return sources, close, errors.Join(faults...)
}

// isFile refuses a folder, which opens and cannot be read.
func isFile(f *os.File) error {
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		return &os.PathError{Op: "read", Path: f.Name(), Err: errors.New("is a directory")}
	}
	return err
}

// ruleFileNames resolves patterns.
func ruleFileNames(patterns []string) (names []string, err error) {
	var faults []error
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			faults = append(faults, fmt.Errorf("rule file %s: %w", pattern, err))
			continue
		}
		if len(found) == 0 {
			found = []string{pattern} // the error of reading it says more than "no match"
		}
		names = append(names, found...)
	}
	return names, errors.Join(faults...)
}

// readReputation reads the files of iprep; nil when none are configured.
func readReputation(c *config.Rules) (*keyword.Reputation, error) {
	if c.ReputationCategories == "" {
		return nil, nil
	}
	categories, err := os.ReadFile(c.ReputationCategories)
	faults := []error{err}
	var hosts [][]byte
	for _, name := range c.ReputationFiles {
		text, err := os.ReadFile(name)
		faults = append(faults, err)
		hosts = append(hosts, text)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("reputation: %w", err)
	}
	return keyword.ParseReputation(categories, hosts...)
}

// actionOrder reads rules.action-order.
func actionOrder(names []string) (order []signatures.Action, err error) {
	for _, name := range names {
		a, ok := signatures.ParseAction(name)
		if !ok {
			return nil, fmt.Errorf("rules.action-order: unknown action %q", name)
		}
		order = append(order, a)
	}
	return order, nil
}

// ruleCacheDir is the folder that compiled patterns are kept in: the one
// configured, the service manager's or the user's cache, or none.
func ruleCacheDir(configured string) string {
	switch configured {
	case "":
		return ""
	case "auto":
	default:
		return configured
	}
	if dir := os.Getenv("CACHE_DIRECTORY"); dir != "" { // systemd's CacheDirectory=
		return dir
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "spanwatch")
}
