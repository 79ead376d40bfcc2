package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"spanwatch/sensor/config"
	"spanwatch/signatures"
	"spanwatch/signatures/rule"
	"spanwatch/signatures/ruleconf"
)

// loadRules reads and compiles what cfg.Rules names. A rule that does not load
// is in the report, a bad line of the other files in its warnings; the error is
// for files that cannot be read at all.
func loadRules(cfg *config.Config) (*signatures.Ruleset, *signatures.Report, error) {
	c := &cfg.Rules
	options := signatures.Options{Vars: rule.DefaultVars(), NoPrefilter: !c.Prefilter}
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
	sources, err := ruleFiles(c.Files)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, nil, err
	}
	ruleset, report := signatures.Load(sources, options)
	report.Warnings = append(lines, report.Warnings...)
	return ruleset, report, nil
}

// ruleFiles reads files and patterns; a pattern that names nothing is an error.
func ruleFiles(patterns []string) ([]signatures.Source, error) {
	var sources []signatures.Source
	var faults []error
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil {
			faults = append(faults, fmt.Errorf("rule file %s: %w", pattern, err))
			continue
		}
		if len(names) == 0 {
			names = []string{pattern} // the error of reading it says more than "no match"
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				faults = append(faults, fmt.Errorf("rule file: %w", err))
				continue
			}
			sources = append(sources, signatures.Source{Name: name, Text: text})
		}
	}
	return sources, errors.Join(faults...)
}
