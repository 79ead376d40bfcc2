package pipeline

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"spanwatch/exporter/event"
	"spanwatch/exporter/metrics"
	"spanwatch/signatures"
)

// Rules change while packets flow:
//
//	SetRules ─► activeRules ─► front stamps each batch ─► workers swap between two batches
//	                     └──► merge: event, counters
//
// The batch decides, so all workers inspect a batch with the same rules, and a
// flow sees the change between two packets.

// activeRules is the ruleset in use, and what is to be told about the attempts
// to replace it.
type activeRules struct {
	ruleset atomic.Pointer[signatures.Ruleset]

	mu   sync.Mutex
	news []reload
}

// reload is one attempt to load rules anew.
type reload struct {
	report *signatures.Report // nil when nothing could be read
	err    error              // why the old rules stay in use
}

func (a *activeRules) use(rs *signatures.Ruleset) { a.ruleset.Store(rs) }

// Load returns the ruleset in use.
func (a *activeRules) Load() *signatures.Ruleset { return a.ruleset.Load() }

func (a *activeRules) tell(r reload) {
	a.mu.Lock()
	a.news = append(a.news, r)
	a.mu.Unlock()
}

// SetRules makes workers use other rules, each from its next batch on. What is
// known of flows and transactions under way is kept, see signatures.Inspector.Swap.
// Any goroutine may call it while Run works.
func (p *Pipeline) SetRules(rs *signatures.Ruleset, report *signatures.Report) {
	p.rules.use(rs)
	p.rules.tell(reload{report: report})
}

// Uses reports whether every worker inspects with rs.
func (p *Pipeline) Uses(rs *signatures.Ruleset) bool {
	for _, w := range p.workers {
		if w.rules.Load() != rs {
			return false
		}
	}
	return true
}

// RulesRefused takes note that rules could not be replaced. report may be nil.
func (p *Pipeline) RulesRefused(report *signatures.Report, err error) {
	p.rules.tell(reload{report, err})
}

// RuleReloads is what became of attempts to load rules anew.
type RuleReloads struct {
	Report     *signatures.Report // of the rules in use
	Ok, Failed uint64
	Since      time.Time // when the rules in use were taken up; zero for those of the start
}

func (r *RuleReloads) write(w *metrics.Writer) {
	w.Uint(metrics.DetectRules, uint64(r.Report.Loaded), "loaded")
	w.Uint(metrics.DetectRules, uint64(r.Report.Failed), "failed")
	w.Uint(metrics.DetectRules, uint64(r.Report.Skipped), "skipped")
	w.Uint(metrics.DetectReloads, r.Ok, "ok")
	w.Uint(metrics.DetectReloads, r.Failed, "failed")
	var since float64
	if !r.Since.IsZero() {
		since = float64(r.Since.UnixMilli()) / 1000
	}
	w.Float(metrics.DetectReloaded, since)
}

// reloaded reports the attempts since the last batch.
func (m *merger) reloaded(now time.Time) {
	a := m.rules
	a.mu.Lock()
	news := a.news
	a.news = nil
	a.mu.Unlock()
	for _, r := range news {
		if r.err != nil {
			m.reloads.Failed++
		} else {
			m.reloads.Ok++
			m.reloads.Report, m.reloads.Since = r.report, now
			m.rulesSince = m.counts.EndTime
		}
		if m.stats.wantsEngine {
			m.reloadEvent(&r)
		}
	}
}

func (m *merger) reloadEvent(r *reload) {
	c := &m.counts
	e := event.Engine{Envelope: event.Envelope{Time: c.EndTime, Packet: c.LastFrame, Index: ^uint32(1) - uint32(m.reloads.Ok+m.reloads.Failed)}}
	if r.err != nil {
		e.Failed, e.Error = true, r.err.Error()
	}
	if r.report != nil {
		e.Loaded, e.FailedRules, e.Skipped = uint64(r.report.Loaded), uint64(r.report.Failed), uint64(r.report.Skipped)
	}
	text := m.stats.enc.AppendEngine(nil, &e)
	c.Made[event.TypeEngine]++
	m.exporter.Append(event.TypeEngine, text, m.stats.enc.ID(event.TypeEngine, &e.Envelope, 0, 0), nil, c.EndTime)
}

// alertKey names a signature in every ruleset.
type alertKey struct{ gid, sid uint32 }

func (m *merger) countAlert(s *signatures.Signature) {
	k := alertKey{s.Gid(), s.Sid()}
	a := m.alerts[k]
	if a == nil {
		a = &SignatureAlerts{GID: k.gid, SID: k.sid, Severity: s.Severity(), Msg: strings.Clone(s.Msg())} // the ruleset may go
		m.alerts[k] = a
	}
	a.Count++
}
