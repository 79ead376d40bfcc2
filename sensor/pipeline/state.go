package pipeline

import (
	"sync/atomic"

	"spanwatch/exporter"
	"spanwatch/sensor/analytics"
	"spanwatch/sensor/capture"
	"spanwatch/signatures"
)

// State is what readers outside the packet path (metrics, summary, web page)
// see of a pipeline: an immutable View, replaced when Run returns and, if there is
// an endpoint for metrics, about once a second by the merge stage. So a scrape
// never waits for a worker, nor a worker for a scrape.
type State struct {
	view    atomic.Pointer[View]
	outlets []*exporter.Outlet
}

// View is one consistent picture. Readers must not change it.
type View struct {
	Totals
	Workers []workerCounters
	Traffic analytics.Snapshot
	Seconds []analytics.Second
	Alerts  []SignatureAlerts // those that alerted, in no order
	Queues  []Queue
	Rules   RuleReloads
	// Costs are the dearest rules, nil without rules.profile; all of them in the
	// final View.
	Costs []signatures.RuleCost
	Final bool // the pipeline has ended
	// Interfaces is what the kernel says of live capture.
	Interfaces []capture.InterfaceStats
	Overload   []uint8 // level of shedding, by source
	Overloads  uint64  // times that shedding has begun
}

// SignatureAlerts counts the alerts of one signature, whatever the ruleset it
// was in.
type SignatureAlerts struct {
	GID, SID uint32
	Severity uint8
	Msg      string
	Count    uint64
}

// Queue is what waits for one sink.
type Queue struct {
	Sink    string
	Batches int
	Bytes   int64
}

// View returns the latest picture; never nil.
func (s *State) View() *View { return s.view.Load() }

func newState(outlets []*exporter.Outlet) *State {
	s := &State{outlets: outlets}
	s.view.Store(&View{})
	return s
}

// publish replaces the View.
func (m *merger) publish(final bool) {
	v := &View{Totals: *m.totals(), Final: final}
	v.Workers = append(v.Workers, m.workers...)
	v.Traffic = m.account.Snapshot(m.top)
	v.Seconds = m.account.Seconds(nil)
	for _, a := range m.alerts {
		v.Alerts = append(v.Alerts, *a)
	}
	v.Rules, v.Costs = m.reloads, m.costs()
	v.Interfaces = captured(m.sources)
	v.Overload, v.Overloads = m.overloads.levels(), m.overloads.starts
	for _, o := range m.state.outlets {
		batches, bytes := o.QueueDepth()
		v.Queues = append(v.Queues, Queue{o.Name(), batches, bytes})
		v.Sinks = append(v.Sinks, SinkTotals{o.Name(), o.Snapshot()})
	}
	m.state.view.Store(v)
}
