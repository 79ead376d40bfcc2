package signatures

import (
	"cmp"
	"slices"
	"strings"

	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
)

// Report says what became of every rule that was to be loaded. Loaded +
// Failed + Skipped + Replaced is Total. It marshals to JSON.
type Report struct {
	Total    int `json:"total"`    // rules that are not commented out
	Loaded   int `json:"loaded"`   // rules in use
	Failed   int `json:"failed"`   // rules that cannot be honoured
	Skipped  int `json:"skipped"`  // rules that ask for another engine (requires)
	Replaced int `json:"replaced"` // rules whose sid came again with a higher rev
	Disabled int `json:"disabled"` // commented out; not part of Total

	Signatures int            `json:"signatures"` // a rule with <> makes two
	Types      map[string]int `json:"types"`      // signatures by rule type

	// Reasons counts failed and skipped rules by what kept them out, most
	// frequent first.
	Reasons  []Reason           `json:"reasons"`
	Failures []*rule.Diagnostic `json:"failures"` // one per failed rule, in the files' order
	Skips    []*rule.Diagnostic `json:"skips"`    // one per skipped rule
	Warnings []*rule.Diagnostic `json:"warnings"`

	Prefilter PrefilterReport `json:"prefilter"`
}

// Reason counts rules with one fault.
type Reason struct {
	Code  string `json:"code"`
	What  string `json:"what"` // of the first such rule; of all, when it names something unsupported or unknown
	Count int    `json:"count"`
}

// PrefilterReport says what the prefilter is made of.
type PrefilterReport struct {
	Groups   int `json:"groups"`   // different sets of signatures for packets
	Matchers int `json:"matchers"` // pattern matchers of packets and buffers
	Patterns int `json:"patterns"` // in all of them
	Bytes    int `json:"bytes"`    // memory of all of them
	Always   int `json:"always"`   // signatures inspected without a pattern
}

func newReport() *Report {
	return &Report{Types: map[string]int{}, Reasons: []Reason{}, Failures: []*rule.Diagnostic{}, Skips: []*rule.Diagnostic{}, Warnings: []*rule.Diagnostic{}}
}

// read takes note of what the parser found in a file. unmet says whether a
// rule that could not be read asks for another engine anyway.
func (r *Report) read(f *rule.File, unmet func(*rule.Rule) *rule.Diagnostic) {
	r.Total += f.Written
	r.Disabled += f.CommentedOut
	r.Failed += f.Failed
	var last *rule.Diagnostic // a rule may have several faults; it fails for the first
	for _, d := range f.Diagnostics {
		if d.Warning {
			r.Warnings = append(r.Warnings, d)
			continue
		}
		if last != nil && sameRule(last, d) {
			continue
		}
		last = d
		if d.Partial != nil {
			if skip := unmet(d.Partial); skip != nil {
				r.Failed--
				r.Skipped++
				r.Skips = append(r.Skips, skip)
				continue
			}
		}
		r.Failures = append(r.Failures, d)
	}
}

// sameRule reports whether two successive diagnostics are about one rule.
func sameRule(a, b *rule.Diagnostic) bool {
	if a.Partial != nil || b.Partial != nil {
		return a.Partial == b.Partial
	}
	return a.Pos.Line == b.Pos.Line
}

// refuse takes note of a rule that was read and cannot be used.
func (r *Report) refuse(d *rule.Diagnostic) {
	if d.Code == keyword.CodeRequires {
		r.Skipped++
		r.Skips = append(r.Skips, d)
		return
	}
	r.Failed++
	r.Failures = append(r.Failures, d)
}

// unreadable takes note of a file that broke off. What it would have held is
// not known; it counts as one rule.
func (r *Report) unreadable(file string, err error) {
	r.Total++
	r.refuse(&rule.Diagnostic{Pos: rule.Position{File: file}, Code: "unreadable", What: "the file could not be read to its end: " + err.Error()})
}

func (r *Report) loaded(warnings []*rule.Diagnostic) {
	r.Loaded++
	r.Warnings = append(r.Warnings, warnings...)
}

func (r *Report) replaced(old *Signature) {
	r.Loaded--
	r.Replaced++
	r.Warnings = append(r.Warnings, &rule.Diagnostic{
		Pos: old.pos, Sid: old.Sid(), Code: "replaced", Warning: true,
		What: "rule is replaced by a later one of a higher revision",
	})
}

// finish sums up. Syntax is checked before meaning; the files' order is that
// of people.
func (r *Report) finish(rs *Ruleset) {
	files := map[string]int{}
	for _, list := range [][]*rule.Diagnostic{r.Failures, r.Skips, r.Warnings} {
		for _, d := range list {
			d.Partial = nil
			if _, ok := files[d.Pos.File]; !ok {
				files[d.Pos.File] = len(files)
			}
		}
		slices.SortStableFunc(list, func(a, b *rule.Diagnostic) int {
			return cmp.Or(cmp.Compare(files[a.Pos.File], files[b.Pos.File]), cmp.Compare(a.Pos.Line, b.Pos.Line))
		})
	}
	r.Signatures = len(rs.signatures)
	for _, s := range rs.signatures {
		r.Types[s.kind.String()]++
	}
	r.Prefilter = rs.PrefilterReport()
	r.Reasons = reasons(append(r.Failures[:len(r.Failures):len(r.Failures)], r.Skips...))
}

// reasons counts diagnostics by code and, where it names what is missing, by
// text.
func reasons(diagnostics []*rule.Diagnostic) []Reason {
	type key struct{ code, what string }
	index := map[key]int{}
	list := []Reason{}
	for _, d := range diagnostics {
		k := key{code: d.Code}
		if strings.HasPrefix(d.Code, "un") { // unsupported-…, unknown-…
			k.what = d.What
		}
		i, ok := index[k]
		if !ok {
			i = len(list)
			index[k] = i
			list = append(list, Reason{Code: d.Code, What: d.What})
		}
		list[i].Count++
	}
	slices.SortStableFunc(list, func(a, b Reason) int { return -cmp.Compare(a.Count, b.Count) })
	return list
}
