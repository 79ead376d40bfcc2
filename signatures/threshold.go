package signatures

import (
	"spanwatch/decoders"
	"spanwatch/signatures/keyword"
)

// Thresholds decides which matches alert where the decision depends on other
// flows: threshold and detection_filter by_src, by_dst, by_both and by_rule,
// rate_filter, and bits of hosts (xbits, hostbits).
//
// One source's flows may live on several workers. If each worker counted its
// own, or all of them shared counters, what alerts would depend on their
// number or timing. So an Inspector only marks such matches (Pending), and
// one place that sees the matches of all workers in packet order asks a
// Thresholds: replay gives the same alerts for any number of workers.
//
// Memory is bounded by ThresholdConfig.MaxEntries; when it is full the entry
// that was not used for longest makes room, counted in Evicted. One goroutine.
type Thresholds struct {
	rates    recent[rateKey, rateState]
	bits     hostBits
	alertMax int

	// Suppressed counts matches held back; Overflow alerts beyond AlertMax of
	// one packet; Unset matches whose conditions on bits of hosts did not hold.
	Suppressed, Overflow, Unset uint64
}

// ThresholdConfig bounds Thresholds.
type ThresholdConfig struct {
	MaxEntries int // counters kept, and as many bits of hosts; default 65,536, about 110 bytes each
	AlertMax   int // alerts of one packet (packet-alert-max); default 15
}

// DefaultThresholdConfig returns the defaults.
func DefaultThresholdConfig() ThresholdConfig {
	return ThresholdConfig{MaxEntries: 1 << 16, AlertMax: defaultAlertMax}
}

// defaultAlertMax is Suricata's packet-alert-max.
const defaultAlertMax = 15

// rateKey names one counter.
type rateKey struct {
	sid, gid, rev uint32
	rate          uint8 // index into the signature's rates
	version       uint8
	a, b          decoders.Addr
}

// NewThresholds makes an empty table. Zero fields of cfg stand for defaults.
func NewThresholds(cfg ThresholdConfig) *Thresholds {
	d := DefaultThresholdConfig()
	if cfg.MaxEntries <= 0 {
		cfg.MaxEntries = d.MaxEntries
	}
	if cfg.AlertMax <= 0 {
		cfg.AlertMax = d.AlertMax
	}
	return &Thresholds{rates: newRecent[rateKey, rateState](cfg.MaxEntries), bits: newHostBits(cfg.MaxEntries), alertMax: cfg.AlertMax}
}

// Evicted returns how many counters and bits were given up for want of memory
// while they still mattered.
func (t *Thresholds) Evicted() uint64 { return t.rates.evicted + t.bits.table.evicted }

// Decision is what becomes of a match.
type Decision struct {
	Alert  bool
	Action Action // the rule's, or that of a rate_filter
	// EndsFlow: nothing of the flow is inspected any more, by the action of a
	// rule with a threshold or of its rate_filter, so that no further match of it
	// is one.
	EndsFlow bool
}

// Apply decides about one match of packet p, in packet order. now is packet
// time in nanoseconds. Matches that are Pending are to be given to it even if
// they make no alert: they may set bits of hosts.
func (t *Thresholds) Apply(now int64, m *Match, p *decoders.Packet) Decision {
	d := Decision{Alert: m.Alert, Action: m.Sig.action}
	if !m.Pending {
		return d
	}
	if uses := m.Sig.plan.HostBits; len(uses) > 0 {
		if !t.bits.hold(now, uses, p) {
			t.Unset++
			d.Alert = false
			return d
		}
		t.bits.change(now, uses, p)
	}
	for i := range m.Sig.rates {
		r := &m.Sig.rates[i]
		if r.Track == keyword.TrackFlow {
			continue // decided by the flow's Inspector
		}
		e, fresh := t.rates.entry(now, rateKeyOf(m.Sig, i, r.Track, p))
		result := e.value.add(r, now, fresh)
		e.live = e.value.matters(r)
		switch result {
		case holdBack:
			d.Alert = false
		case changeAction:
			d.Action, d.Alert = newAction(r.NewAction, d.Alert)
		}
	}
	if decided := *m; d.Alert || d.Action == ActionPass {
		decided.Action = d.Action
		d.EndsFlow = decided.endsFlow()
	}
	if m.Alert && !d.Alert {
		t.Suppressed++
	}
	return d
}

// newAction is what a rate_filter turns an alert into. pass makes no alert.
func newAction(name string, alert bool) (Action, bool) {
	switch name {
	case "drop", "sdrop":
		return ActionDrop, alert
	case "reject":
		return ActionReject, alert
	case "pass":
		return ActionPass, false
	}
	return ActionAlert, alert
}

// Finish decides about all matches of one packet: it removes those that make
// no alert and what is beyond AlertMax, in place, and sets Match.Action. It
// is Apply for callers that have the matches of a packet together.
func (t *Thresholds) Finish(now int64, p *decoders.Packet, matches []Match) []Match {
	kept := matches[:0]
	for i := range matches {
		m := matches[i]
		d := t.Apply(now, &m, p)
		if !d.Alert {
			continue
		}
		if len(kept) == t.alertMax {
			t.Overflow++
			continue
		}
		m.Action = d.Action
		kept = append(kept, m)
	}
	return kept
}

// Len returns the number of counters in memory.
func (t *Thresholds) Len() int { return len(t.rates.entries) }

func rateKeyOf(s *Signature, rate int, track keyword.Track, p *decoders.Packet) rateKey {
	k := rateKey{sid: s.Sid(), gid: s.Gid(), rev: s.Rev(), rate: uint8(rate)}
	if track != keyword.TrackRule {
		k.version = p.IPVersion
	}
	switch track {
	case keyword.TrackSource:
		k.a = p.Src
	case keyword.TrackDestination:
		k.a = p.Dst
	case keyword.TrackBoth:
		k.a, k.b = p.Src, p.Dst
		if string(k.a[:]) > string(k.b[:]) {
			k.a, k.b = k.b, k.a
		}
	}
	return k
}

// hash is FNV-1a over the words of the key. The table is chained and bounded,
// and only matches reach it.
func (k rateKey) hash() uint64 {
	h := fnvBasis
	h = fnv(h, uint64(k.sid))
	h = fnv(h, uint64(k.gid)<<32|uint64(k.rev))
	h = fnv(h, uint64(k.rate)<<8|uint64(k.version))
	return fnvAddresses(h, &k.a, &k.b)
}

const fnvBasis uint64 = 14695981039346656037

func fnv(h, word uint64) uint64 { return (h ^ word) * 1099511628211 }

func fnvAddresses(h uint64, addresses ...*decoders.Addr) uint64 {
	for _, a := range addresses {
		for _, c := range a {
			h = fnv(h, uint64(c))
		}
	}
	return h ^ h>>32
}
