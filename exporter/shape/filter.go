package shape

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"

	"spanwatch/exporter"
	"spanwatch/exporter/document"
	"spanwatch/exporter/event"
)

// Filter says which events a sink gets. The zero value lets all through.
type Filter struct {
	// Types lists the event types that pass; empty passes all.
	Types []event.Type
	// Severity lets only alerts through that are at least as severe: 1 is the
	// most severe, as in alert.severity. 0 lets all through. Other events are
	// not held back by it.
	Severity int
	// Networks lets only events through of which one end lies in one of them,
	// NotNetworks holds back those of which one end does. Events without
	// addresses, such as stats, are not held back by either.
	Networks, NotNetworks []netip.Prefix
	// Sample is the share of a type's events that pass, above 0 and up to 1.
	// The choice is made by flow: either all events of that type of a flow
	// pass or none, and the same ones at every sensor.
	Sample map[event.Type]float64
}

// Faults of a Filter.
var (
	ErrSample   = errors.New("a sample is a share above 0 and up to 1")
	ErrSeverity = errors.New("a severity is at least 1, the most severe")
)

// filter is a Filter made fast.
type filter struct {
	Filter
	only  bool
	types [event.NumTypes]bool
	share [event.NumTypes]uint64 // of 2^64; MaxUint64 is all
}

func newFilter(f Filter) (*filter, error) {
	x := &filter{Filter: f, only: len(f.Types) > 0}
	for _, t := range f.Types {
		x.types[t] = true
	}
	for i := range x.share {
		x.share[i] = math.MaxUint64
	}
	var faults []error
	if f.Severity < 0 {
		faults = append(faults, fmt.Errorf("%w, not %d", ErrSeverity, f.Severity))
	}
	for t, s := range f.Sample {
		if !(s > 0 && s <= 1) {
			faults = append(faults, fmt.Errorf("%w: %s: %v", ErrSample, t, s))
			continue
		}
		if s < 1 {
			x.share[t] = uint64(s * (1 << 63) * 2)
		}
	}
	return x, errors.Join(faults...)
}

// empty says that everything passes.
func (f *filter) empty() bool {
	return !f.only && f.Severity == 0 && len(f.Networks) == 0 && len(f.NotNetworks) == 0 && len(f.Sample) == 0
}

// decide returns why r is held back, or FilterNone. The cheap questions come
// first.
func (f *filter) decide(r *exporter.Record) exporter.FilterReason {
	if f.only && !f.types[r.Type] {
		return exporter.FilterType
	}
	if f.share[r.Type] != math.MaxUint64 && sampleOf(r) >= f.share[r.Type] {
		return exporter.FilterSampled
	}
	if f.Severity > 0 && r.Type == event.TypeAlert {
		n, err := strconv.ParseUint(string(document.Find(r.Body, "alert", "severity")), 10, 32)
		if err == nil && n > uint64(f.Severity) {
			return exporter.FilterSeverity
		}
	}
	if (len(f.Networks) > 0 || len(f.NotNetworks) > 0) && !f.network(r.Body) {
		return exporter.FilterNetwork
	}
	return exporter.FilterNone
}

// network says whether the ends of an event let it pass.
func (f *filter) network(body []byte) bool {
	src, hasSrc := addrAt(body, "src_ip")
	dst, hasDst := addrAt(body, "dest_ip")
	if !hasSrc && !hasDst {
		return true
	}
	inside := func(list []netip.Prefix) bool {
		for _, p := range list {
			if hasSrc && p.Contains(src) || hasDst && p.Contains(dst) {
				return true
			}
		}
		return false
	}
	return (len(f.Networks) == 0 || inside(f.Networks)) && !inside(f.NotNetworks)
}

func addrAt(body []byte, name string) (netip.Addr, bool) {
	raw := bytes.Trim(document.Find(body, name), `"`)
	if len(raw) == 0 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(string(raw))
	return a, err == nil
}

// sampleOf places a flow somewhere in the range of 64 bits, the same place at
// every sensor; an event without a flow by itself. FNV-1a spreads too little
// in its high bits, so that a last round of mixing follows (MurmurHash3's
// finaliser).
func sampleOf(r *exporter.Record) uint64 {
	key := r.Key
	if len(key) == 0 {
		key = r.ID[:]
	}
	h := uint64(14695981039346656037)
	for _, b := range key {
		h = (h ^ uint64(b)) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
