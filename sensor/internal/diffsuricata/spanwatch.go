package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"spanwatch/exporter"
	"spanwatch/exporter/jsonl"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/sensor/pipeline"
	"spanwatch/signatures"
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
	"spanwatch/signatures/ruleconf"
)

// ours is spanwatch with a set of rules loaded.
type ours struct {
	cfg     *config.Config
	ruleset *signatures.Ruleset
	report  *signatures.Report
}

// loadOurs loads the rules of a file. A rule that does not load is no error:
// refusals says which.
func loadOurs(sets, options []string, rules string) (*ours, error) {
	cfg, err := ourConfig(sets, options)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(rules)
	if err != nil {
		return nil, err
	}
	s := &ours{cfg: cfg}
	load := signatures.Options{
		Vars: rule.DefaultVars(), NoPrefilter: !cfg.Rules.Prefilter, NoReferences: !cfg.Rules.References,
		ReadFile: func(ruleFile, name string) ([]byte, error) {
			if !filepath.IsAbs(name) {
				name = filepath.Join(filepath.Dir(ruleFile), name)
			}
			return os.ReadFile(name)
		},
	}
	maps.Copy(load.Vars.Addresses, cfg.Rules.AddressVars)
	maps.Copy(load.Vars.Ports, cfg.Rules.PortVars)
	for _, name := range cfg.Rules.ActionOrder {
		action, _ := signatures.ParseAction(name)
		load.ActionOrder = append(load.ActionOrder, action)
	}
	if name := cfg.Rules.ThresholdFile; name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		load.Thresholds, _ = ruleconf.ParseThresholds(name, text, load.Vars) // its faults are the rules' to show
	}
	if load.Reputation, err = reputation(&cfg.Rules); err != nil {
		return nil, err
	}
	s.ruleset, s.report = signatures.Load([]signatures.Source{{Name: rules, Text: text}}, load)
	return s, nil
}

// reputation reads the files of iprep; nil when none are configured.
func reputation(c *config.Rules) (*keyword.Reputation, error) {
	if c.ReputationCategories == "" {
		return nil, nil
	}
	categories, err := os.ReadFile(c.ReputationCategories)
	if err != nil {
		return nil, err
	}
	var hosts [][]byte
	for _, name := range c.ReputationFiles {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, text)
	}
	return keyword.ParseReputation(categories, hosts...)
}

// refusals are the lines of rules that did not load, with the reasons.
func (s *ours) refusals() map[int]string {
	lines := map[int]string{}
	for _, f := range s.report.Failures {
		lines[f.Pos.Line] = f.What
	}
	return lines
}

// run replays a capture and leaves eve.json in dir. A fault of the capture file
// is no error: what lies before it is compared.
func (s *ours) run(ctx context.Context, path, dir string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("spanwatch: %s: panic: %v", path, r)
		}
	}()
	source, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
	if err != nil {
		return fmt.Errorf("spanwatch: %w", err)
	}
	defer source.Close()
	sink, err := jsonl.Open(filepath.Join(dir, "eve.json"), true)
	if err != nil {
		return err
	}
	p, err := pipeline.New(pipeline.Options{
		Config: s.cfg, Sources: []capture.Source{source}, Ruleset: s.ruleset, Rules: s.report, Replay: true, Run: "diff",
		Outlets: []*exporter.Outlet{exporter.NewOutlet(sink, exporter.Config{Block: true})},
	})
	if err != nil {
		return errors.Join(err, sink.Close())
	}
	return p.Run(ctx)
}
