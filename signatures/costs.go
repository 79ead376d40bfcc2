package signatures

import (
	"cmp"
	"slices"
)

// RuleCost is what one rule did and took, since the start.
type RuleCost struct {
	GID         uint32 `json:"gid"`
	SID         uint32 `json:"sid"`
	Rev         uint32 `json:"rev"`
	Candidates  uint64 `json:"candidates"`  // times the prefilter or an always list brought it up and its gate was open
	Inspected   uint64 `json:"inspected"`   // times its cheap conditions held
	Matches     uint64 `json:"matches"`     // alerting or not
	Nanoseconds uint64 `json:"nanoseconds"` // that its evaluation took, what reading the clock takes included
	Longest     uint64 `json:"longest"`     // evaluation, in nanoseconds
	Msg         string `json:"msg"`
}

func (c *RuleCost) add(d *RuleCost) {
	c.Candidates += d.Candidates
	c.Inspected += d.Inspected
	c.Matches += d.Matches
	c.Nanoseconds += d.Nanoseconds
	c.Longest = max(c.Longest, d.Longest)
}

func (c *RuleCost) name(s *Signature) {
	c.GID, c.SID, c.Rev, c.Msg = s.Gid(), s.Sid(), s.Rev(), s.Msg()
}

// costs counts per signature. One worker's.
type costs struct {
	clock   func() int64
	byOrder []RuleCost // of the ruleset in use
	before  []RuleCost // of earlier ones
}

// costMark is where an evaluation began.
type costMark struct {
	at        int64
	inspected uint64
}

func newCosts(clock func() int64) *costs { return &costs{clock: clock} }

func (c *costs) begin(i *Inspector) costMark { return costMark{c.clock(), i.stats.Inspected} }

func (c *costs) end(i *Inspector, s *Signature, start costMark, matches int) {
	took := uint64(max(c.clock()-start.at, 0))
	r := &c.byOrder[s.order]
	r.Candidates++
	r.Inspected += i.stats.Inspected - start.inspected
	r.Matches += uint64(matches)
	r.Nanoseconds += took
	r.Longest = max(r.Longest, took)
}

// swap puts what was counted aside, by name, and makes room for other rules.
func (c *costs) swap(old, now *Ruleset) {
	if old != nil {
		c.before = MergeCosts(c.before, c.named(old))
	}
	c.byOrder = make([]RuleCost, len(now.signatures))
}

// named returns the rules that were candidates.
func (c *costs) named(rs *Ruleset) (list []RuleCost) {
	for k := range c.byOrder {
		if r := c.byOrder[k]; r.Candidates > 0 {
			r.name(rs.signatures[k])
			list = append(list, r)
		}
	}
	return list
}

// Costs returns the dearest rules, at most n of them, 0 for all that were ever
// candidates; nil when rules are not profiled. For the worker's goroutine, now
// and then.
func (i *Inspector) Costs(n int) []RuleCost {
	if i.costs == nil {
		return nil
	}
	list := MergeCosts(i.costs.before, i.costs.named(i.rules))
	if n > 0 && len(list) > n {
		list = slices.Clone(list[:n])
	}
	return list
}

// MergeCosts adds what several workers counted, the dearest rules first.
func MergeCosts(lists ...[]RuleCost) (all []RuleCost) {
	index := map[ruleID]int{}
	for _, list := range lists {
		for k := range list {
			r := &list[k]
			id := ruleID{r.GID, r.SID}
			if at, ok := index[id]; ok { // also the other way of a rule with <>
				all[at].add(r)
				continue
			}
			index[id] = len(all)
			all = append(all, *r)
		}
	}
	slices.SortFunc(all, func(a, b RuleCost) int {
		return cmp.Or(-cmp.Compare(a.Nanoseconds, b.Nanoseconds), cmp.Compare(a.GID, b.GID), cmp.Compare(a.SID, b.SID))
	})
	return all
}
