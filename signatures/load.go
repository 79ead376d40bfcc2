package signatures

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"spanwatch/signatures/keyword"
	"spanwatch/signatures/prefilter"
	"spanwatch/signatures/rule"
	"spanwatch/signatures/ruleconf"
)

// Source is one rule file.
type Source struct {
	Name string // in positions of diagnostics
	Text []byte
	// Reader is read to its end instead of Text, when it is set.
	Reader io.Reader
}

// Options of Load. Nil fields stand for the defaults of package ruleconf and
// rule.DefaultVars.
type Options struct {
	Vars            *rule.Vars
	Classifications *ruleconf.Classifications
	References      *ruleconf.References
	Thresholds      *ruleconf.Thresholds // nil: none
	// Country finds the country of an address, for the keyword geoip; rules
	// with it do not load without. Several workers call it at once.
	Country keyword.CountryFunc
	// Reputation is for iprep; rules with it do not load without.
	Reputation *keyword.Reputation
	// ReadFile reads a file that a rule names (datasets, lists of digests);
	// ruleFile is the Name of the rule's source. nil refuses such rules.
	ReadFile func(ruleFile, name string) ([]byte, error)
	// Datasets are those of the ruleset that this one replaces; nil: there is
	// none. A set that rules change keeps its values. The old ruleset may be in
	// use meanwhile.
	Datasets *keyword.Datasets
	// KeepText keeps the text of rules, for Signature.RawText.
	KeepText bool
	// NoReferences leaves the references of rules out of Signature.AppendAlert.
	NoReferences bool
	// Features are those that rules may require (`requires: feature X`); nil
	// stands for JA3 and JA4.
	Features []string
	// ActionOrder is the order in which rules of different actions are
	// inspected; nil is pass, drop, reject, alert.
	ActionOrder []Action
	// NoPrefilter makes every rule of a group be inspected for every packet.
	// Matches are the same; it is for tests and for finding faults.
	NoPrefilter bool
	// Prefilter chooses the pattern matcher and its cache.
	Prefilter prefilter.Options
}

// Load compiles rules. It never fails as a whole: what cannot be honoured is
// left out and stands in the report with its reason, so that a caller decides
// whether that is acceptable.
func Load(sources []Source, opts Options) (*Ruleset, *Report) {
	if opts.Vars == nil {
		opts.Vars = rule.DefaultVars()
	}
	if opts.Classifications == nil {
		opts.Classifications = ruleconf.DefaultClassifications()
	}
	if opts.Features == nil {
		opts.Features = []string{keyword.FeatureJA3, keyword.FeatureJA4}
	}
	if opts.References == nil {
		opts.References = ruleconf.DefaultReferences()
	}
	l := loader{
		compiler: newCompiler(environment(&opts)),
		report:   newReport(),
		byID:     make(map[ruleID]int),
		opts:     opts,
		// Of threshold.config, which may know other variables than the rules.
		suppressed: newSetTable(),
	}
	l.compiler.keepText, l.compiler.noReferences = opts.KeepText, opts.NoReferences
	for _, s := range sources {
		l.file(s)
	}
	rs := newRuleset(l.signatures(), l.compiler.names, newGroupBuilder(!opts.NoPrefilter, opts.Prefilter))
	rs.datasets = l.compiler.env.Datasets
	rs.datasets.Loaded()
	l.compiler.parts.seal()
	l.report.finish(rs)
	return rs, l.report
}

func environment(o *Options) keyword.Environment {
	return keyword.Environment{
		Class: func(name string) (string, uint8, bool) {
			c, ok := o.Classifications.Lookup(name)
			return c.Label, c.Priority, ok
		},
		URL:        o.References.URL,
		Country:    o.Country,
		Reputation: o.Reputation,
		Datasets:   keyword.NewDatasets(o.Datasets),
		ReadFile:   o.ReadFile,
		Features:   o.Features,
		Memory:     &keyword.Memory{},
	}
}

// ruleID is what must be unique.
type ruleID struct{ gid, sid uint32 }

// loader is one call of Load.
type loader struct {
	compiler   *compiler
	report     *Report
	opts       Options
	suppressed *setTable
	rules      [][]*Signature // one entry per rule, nil when replaced
	byID       map[ruleID]int // index into rules
}

func (l *loader) file(s Source) {
	if s.Reader == nil {
		s.Reader = bytes.NewReader(s.Text)
	}
	f, err := rule.Each(s.Name, s.Reader, l.opts.Vars, rule.Options{}, func(r *rule.Rule) {
		sigs, warnings, d := l.compiler.compile(r)
		if d == nil {
			d = l.add(sigs)
		}
		if d != nil {
			l.report.refuse(d)
			return
		}
		l.report.loaded(warnings)
	})
	l.report.read(f, l.compiler.unmet)
	if err != nil {
		l.report.unreadable(s.Name, err)
	}
}

// add takes the signatures of a rule in, unless another with their id is as
// new.
func (l *loader) add(sigs []*Signature) *rule.Diagnostic {
	s := sigs[0]
	id := ruleID{s.Gid(), s.Sid()}
	for _, s := range sigs {
		s.applyThresholds(l.opts.Thresholds, l.suppressed)
		s.waits = len(s.plan.HostBits) > 0 || slices.ContainsFunc(s.rates, func(r keyword.Rate) bool { return r.Track != keyword.TrackFlow })
	}
	i, ok := l.byID[id]
	if !ok {
		l.byID[id] = len(l.rules)
		l.rules = append(l.rules, sigs)
		return nil
	}
	old := l.rules[i][0]
	if s.Rev() <= old.Rev() {
		return &rule.Diagnostic{
			Pos: s.pos, Sid: s.Sid(), Code: "duplicate-sid",
			What: fmt.Sprintf("sid %d is taken by a rule of revision %d", s.Sid(), old.Rev()),
			Why:  "the other rule is at " + place(old.pos),
			Hint: "raise rev to replace it, or use another sid",
		}
	}
	l.report.replaced(old)
	l.rules[i] = sigs
	return nil
}

func place(p rule.Position) string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

func (l *loader) signatures() []*Signature {
	var all []*Signature
	for _, sigs := range l.rules {
		all = append(all, sigs...)
	}
	sortSignatures(all, l.opts.ActionOrder)
	return all
}

// Compile compiles one rule with default options, for tools and tests. The
// error is a *rule.Diagnostic.
func Compile(text string) (*Ruleset, error) {
	rs, report := Load([]Source{{Name: "rule", Text: []byte(strings.TrimSpace(text) + "\n")}}, Options{})
	for _, f := range report.Failures {
		return nil, f
	}
	return rs, nil
}
