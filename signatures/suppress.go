package signatures

import (
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/ruleconf"
)

// suppression removes alerts of a signature: all, or those from or to some
// addresses.
type suppression struct {
	source, destination bool        // which addresses are looked at; neither: all alerts
	addresses           *addressSet // nil is any
}

// suppressed reports whether the alert of s on this packet is removed. It has
// no memory, so that workers decide it alone.
func (s *Signature) suppressed(f *packetFacts) bool {
	for i := range s.suppress {
		r := &s.suppress[i]
		if !r.source && !r.destination {
			return true
		}
		if f.family == familyNone {
			continue
		}
		if r.addresses == nil || r.source && r.addresses.has(f.src) || r.destination && r.addresses.has(f.dst) {
			return true
		}
	}
	return false
}

// applyThresholds gives a signature what threshold.config says of it: a line
// with its sid replaces the rule's own threshold, one for all signatures is
// for those without. Suppressions and rate filters add up.
func (s *Signature) applyThresholds(c *ruleconf.Thresholds, sets *setTable) {
	if c == nil {
		return
	}
	gid, sid := s.Gid(), s.Sid()
	for i := range c.Thresholds {
		t := &c.Thresholds[i]
		if !t.Covers(gid, sid) || t.Sid == 0 && len(s.plan.Rates) > 0 {
			continue
		}
		kind, _ := keyword.ParseRateKind(t.Type)
		track, _ := keyword.ParseTrack(t.Track)
		s.rates = []keyword.Rate{{Kind: kind, Track: track, Count: t.Count, Seconds: t.Seconds, Multiplier: t.Multiplier}}
	}
	for i := range c.RateFilters {
		f := &c.RateFilters[i]
		if !f.Covers(gid, sid) {
			continue
		}
		track, _ := keyword.ParseTrack(f.Track)
		s.rates = append(s.rates[:len(s.rates):len(s.rates)], keyword.Rate{
			Kind: keyword.RateFilter, Track: track, Count: f.Count, Seconds: f.Seconds, NewAction: f.NewAction, Timeout: f.Timeout,
		})
	}
	for i := range c.Suppressions {
		r := &c.Suppressions[i]
		if !r.Covers(gid, sid) {
			continue
		}
		p := suppression{source: r.Track == "by_src" || r.Track == "by_either", destination: r.Track == "by_dst" || r.Track == "by_either"}
		if r.Track != "" {
			p.addresses = sets.addressSet(r.Addresses)
		}
		s.suppress = append(s.suppress, p)
	}
}
