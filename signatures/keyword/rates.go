package keyword

import (
	"math"
	"strings"

	"spanwatch/signatures/rule"
)

// Rate says how often a match may alert.
type Rate struct {
	Kind       RateKind
	Track      Track
	Count      uint32
	Seconds    uint32
	Multiplier uint32 // of RateBackoff
	// RateFilter only: what happens, and for how long, once the rate is
	// exceeded.
	NewAction string
	Timeout   uint32 // seconds
}

// RateKind is the way of counting.
type RateKind uint8

// Ways of counting matches in a window of Seconds.
const (
	RateLimit     RateKind = iota + 1 // the first Count alert
	RateThreshold                     // every Count-th alerts
	RateBoth                          // the Count-th alerts, once
	RateBackoff                       // Count, Count·M, Count·M·M … alert, no window
	RateDetection                     // those behind the first Count alert
	RateFilter                        // beyond Count the action changes
)

// Track is what matches are counted per.
type Track uint8

// What a rate is counted for.
const (
	TrackSource Track = iota + 1
	TrackDestination
	TrackBoth // the pair of addresses, whichever way round
	TrackRule
	TrackFlow
)

var rateKinds = map[string]RateKind{"limit": RateLimit, "threshold": RateThreshold, "both": RateBoth, "backoff": RateBackoff}

var tracks = map[string]Track{
	"by_src": TrackSource, "by_dst": TrackDestination, "by_both": TrackBoth, "by_rule": TrackRule, "by_flow": TrackFlow,
}

// setThreshold is the keyword threshold:
// `threshold:type limit|threshold|both|backoff, track by_src|by_dst|by_both|by_rule|by_flow, count N, seconds T|multiplier M`.
func setThreshold(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.onlyRate(o); d != nil {
		return d
	}
	r, d := b.rate(o, true)
	if d != nil {
		return d
	}
	if r.Kind == 0 {
		return b.badValue(o, "threshold needs type")
	}
	if r.Kind == RateBackoff {
		if r.Track != TrackFlow {
			return b.badValue(o, "threshold type backoff counts by_flow only")
		}
		if r.Multiplier < 2 || r.Count == 0 {
			return b.badValue(o, "threshold type backoff needs count and a multiplier of 2 or more")
		}
	}
	b.plan.Rates = append(b.plan.Rates, r)
	return nil
}

// setDetectionFilter is the keyword detection_filter:
// `detection_filter:track by_src|by_dst|by_both|by_rule|by_flow, count N, seconds T`.
func setDetectionFilter(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.onlyRate(o); d != nil {
		return d
	}
	r, d := b.rate(o, false)
	if d != nil {
		return d
	}
	r.Kind = RateDetection
	b.plan.Rates = append(b.plan.Rates, r)
	return nil
}

// onlyRate refuses a threshold beside a detection_filter. Several thresholds
// must all let an alert pass.
func (b *Builder) onlyRate(o *rule.Option) *rule.Diagnostic {
	for _, r := range b.plan.Rates {
		if r.Kind == RateDetection || o.Name == "detection_filter" {
			return b.fail(o, "bad-combination", o.Name+" beside another threshold", "a rule has thresholds or one detection_filter", "")
		}
	}
	return nil
}

// rate reads `name value` pairs in any order.
func (b *Builder) rate(o *rule.Option, typed bool) (r Rate, d *rule.Diagnostic) {
	seen := map[string]bool{}
	for _, item := range splitList(o.Value) {
		name, value, _ := strings.Cut(item, " ")
		value = strings.TrimSpace(value)
		if seen[name] {
			return r, b.badValue(o, name+" is given twice")
		}
		seen[name] = true
		ok := true
		switch name {
		case "type":
			r.Kind, ok = rateKinds[value]
			ok = ok && typed
		case "track":
			r.Track, ok = tracks[value]
		case "count":
			r.Count, ok = parse32(value)
		case "seconds":
			r.Seconds, ok = parse32(value)
		case "multiplier":
			r.Multiplier, ok = parse32(value)
			ok = ok && typed
		case "unique_on":
			return r, b.unsupported(o, "unique_on", "distinct ports are not counted")
		default:
			return r, b.badValue(o, "unknown argument "+quoted(item))
		}
		if !ok {
			return r, b.badValue(o, "bad "+name+" "+quoted(value))
		}
	}
	if r.Track == 0 || !seen["count"] || !seen["seconds"] && r.Kind != RateBackoff {
		return r, b.badValue(o, o.Name+" needs track, count and seconds")
	}
	return r, nil
}

func parse32(text string) (uint32, bool) {
	v, ok := parseUnsigned(text)
	return uint32(v), ok && v <= math.MaxUint32
}

// ParseRateKind reads the type of a threshold.
func ParseRateKind(name string) (RateKind, bool) {
	k, ok := rateKinds[name]
	return k, ok
}

// ParseTrack reads what a threshold is counted for.
func ParseTrack(name string) (Track, bool) {
	t, ok := tracks[name]
	return t, ok
}
