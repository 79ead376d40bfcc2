package signatures

import (
	"time"

	"spanwatch/decoders"
	"spanwatch/signatures/keyword"
)

// Thresholds decides which matches alert where the decision depends on other
// flows: threshold and detection_filter by_src, by_dst, by_both and by_rule,
// and rate_filter.
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
	entries []rateEntry
	slots   []uint32 // hash table of indexes into entries, +1; 0 is empty
	mask    uint64
	// oldest and newest are the ends of a list by time of use.
	oldest, newest uint32
	alertMax       int

	// Suppressed counts matches held back; Evicted counters given up for want
	// of memory within their window; Overflow alerts beyond AlertMax of one packet.
	Suppressed, Evicted, Overflow uint64
}

// ThresholdConfig bounds Thresholds.
type ThresholdConfig struct {
	MaxEntries int // counters kept; default 65,536, about 100 bytes each
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

type rateEntry struct {
	key          rateKey
	state        rateState
	live         int64  // packet time until which forgetting the entry could change a decision
	older, newer uint32 // index + 1
	nextInSlot   uint32 // index + 1
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
	slots := 1
	for slots < cfg.MaxEntries {
		slots <<= 1
	}
	return &Thresholds{
		entries: make([]rateEntry, 0, cfg.MaxEntries), slots: make([]uint32, slots), mask: uint64(slots - 1),
		alertMax: cfg.AlertMax,
	}
}

// Decision is what becomes of a match.
type Decision struct {
	Alert  bool
	Action Action // the rule's, or that of a rate_filter
}

// Apply decides about one match of packet p, in packet order. now is packet
// time in nanoseconds.
func (t *Thresholds) Apply(now int64, m *Match, p *decoders.Packet) Decision {
	d := Decision{Alert: m.Alert, Action: m.Sig.action}
	if !m.Pending {
		return d
	}
	for i := range m.Sig.rates {
		r := &m.Sig.rates[i]
		if r.Track == keyword.TrackFlow {
			continue // decided by the flow's Inspector
		}
		e, fresh := t.entry(now, rateKeyOf(m.Sig, i, r.Track, p))
		result := e.state.add(r, now, fresh)
		e.live = max(e.state.start+int64(r.Seconds)*int64(time.Second), e.state.until)
		switch result {
		case holdBack:
			d.Alert = false
		case changeAction:
			d.Action, d.Alert = newAction(r.NewAction, d.Alert)
		}
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
func (t *Thresholds) Len() int { return len(t.entries) }

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
func (k *rateKey) hash() uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, w := range [...]uint64{uint64(k.sid), uint64(k.gid)<<32 | uint64(k.rev), uint64(k.rate)<<8 | uint64(k.version)} {
		h = (h ^ w) * prime
	}
	for _, a := range [...]*decoders.Addr{&k.a, &k.b} {
		for _, c := range a {
			h = (h ^ uint64(c)) * prime
		}
	}
	return h ^ h>>32
}

// entry returns the counter of a key, making it when there is none.
func (t *Thresholds) entry(now int64, k rateKey) (e *rateEntry, fresh bool) {
	slot := &t.slots[k.hash()&t.mask]
	for i := *slot; i != 0; i = t.entries[i-1].nextInSlot {
		if e := &t.entries[i-1]; e.key == k {
			t.unlink(i)
			t.linkNewest(i)
			return e, false
		}
	}
	var i uint32
	if len(t.entries) < cap(t.entries) {
		t.entries = append(t.entries, rateEntry{})
		i = uint32(len(t.entries))
	} else {
		i = t.oldest
		if t.entries[i-1].live >= now {
			t.Evicted++
		}
		t.unlink(i)
		t.removeFromSlot(i)
	}
	e = &t.entries[i-1]
	*e = rateEntry{key: k, nextInSlot: *slot}
	*slot = i
	t.linkNewest(i)
	return e, true
}

func (t *Thresholds) removeFromSlot(i uint32) {
	for at := &t.slots[t.entries[i-1].key.hash()&t.mask]; *at != 0; at = &t.entries[*at-1].nextInSlot {
		if *at == i {
			*at = t.entries[i-1].nextInSlot
			return
		}
	}
}

func (t *Thresholds) unlink(i uint32) {
	e := &t.entries[i-1]
	if e.older != 0 {
		t.entries[e.older-1].newer = e.newer
	} else {
		t.oldest = e.newer
	}
	if e.newer != 0 {
		t.entries[e.newer-1].older = e.older
	} else {
		t.newest = e.older
	}
	e.older, e.newer = 0, 0
}

func (t *Thresholds) linkNewest(i uint32) {
	e := &t.entries[i-1]
	e.older = t.newest
	if t.newest != 0 {
		t.entries[t.newest-1].newer = i
	} else {
		t.oldest = i
	}
	t.newest = i
}
