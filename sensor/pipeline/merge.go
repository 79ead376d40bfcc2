package pipeline

import (
	"cmp"
	"slices"
	"time"

	"spanwatch/decoders"
	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/sensor/accounting"
	"spanwatch/sensor/analytics"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/filestore"
	"spanwatch/sensor/flow"
	"spanwatch/signatures"
)

// merger takes batches in the order of capture, when all workers are done with
// them, and gives their events one order, sequence numbers and a way out. What
// needs to see all flows at once is here: thresholds, talkers, statistics.
type merger struct {
	exporter   *exporter.Exporter
	thresholds *signatures.Thresholds
	account    *analytics.Account
	rater      *rater // nil when nobody watches
	stats      statsMaker
	overloads  overloads
	state      *State
	kernel     *accounting.Kernel // nil unless the kernel counts
	sources    []capture.Source   // of live capture, for what the kernel counts

	workers []workerCounters              // latest of each
	fronts  []frontCounters               // latest of each
	rounds  []*accounting.Round           // latest of each
	ending  int                           // lanes without further frames
	ended   int                           // lanes whose last batch was taken
	alerts  map[alertKey]*SignatureAlerts // given out; touched once an alert
	rules   *activeRules
	// profiles are the latest reports of what rules cost, by worker.
	profiles [][]signatures.RuleCost
	reloads  RuleReloads
	// rulesSince is when those in use came, in packet time; 0 for those of the start.
	rulesSince int64
	// live: packets come from a device, and the same run will not come again.
	live  bool
	files *filestore.Store // nil keeps no files
	// fullest is how full the fullest bound has ever been after a batch, 0 to 1.
	fullest float64
	counts  mergeCounters
	sum     Totals // scratch
	top     int    // rows of the top lists in a View

	patience time.Duration // for sinks, once capture is over

	endedFlows flowSet // of which rate_filters want no more alerts

	// anomalies of one kind that were given out, and how many may be; 0 is no
	// bound.
	anomalies    [anomalyKinds]uint64
	anomalyLimit uint64

	alertMax   int // alerts of one packet that are given out
	alertsAt   uint32
	alertsRank uint64
	alertsHere int

	packet    decoders.Packet // scratch: what thresholds ask of a packet
	late      []lateEvent     // scratch
	deltas    []flow.Delta    // scratch: those of several workers
	flushed   time.Time       // wall clock of the last exporter.Flush
	published time.Time

	publishCost time.Duration // of the last publish
}

// mergeCounters count what the merge stage decided.
type mergeCounters struct {
	Batches    uint64
	Suppressed uint64 // alerts that thresholds across flows held back
	Overflow   uint64 // alerts of one packet beyond Rules.MaxAlertsPerPacket
	Muted      uint64 // anomalies that were counted but not written, see Events.AnomaliesPerType
	Made       [event.NumTypes]uint64
	EndTime    int64 // packet time
	StartTime  int64
	LastFrame  uint64
	// UnseenOutside is what the kernel counted in no flow and capture did not
	// deliver.
	UnseenOutside analytics.Counts
}

// lateEvent is an event of a batch's end and the worker it came from.
type lateEvent struct {
	*madeEvent
	out *output
}

// How often, at least, events leave the exporter's batch and counters become
// visible to readers, on the wall clock.
const (
	flushInterval   = 200 * time.Millisecond
	publishInterval = time.Second
)

// publishShare bounds the time that making a View takes to one part in so
// many: sorting a million hosts is not done every second.
const publishShare = 50

// take gives out the events of a batch; now is the wall clock.
func (m *merger) take(b *batch, now time.Time) {
	for i := range b.out {
		m.workers[b.lane+i] = b.out[i].counters
		m.fullest = max(m.fullest, b.out[i].counters.fullness(), b.front.Defrag.Fullness)
		if costs := b.out[i].costs; costs != nil {
			m.profiles[b.lane+i] = costs
		}
	}
	if b.drain == drainStep { // the first one of its lane
		if m.ending++; m.ending == len(m.fronts) {
			m.exporter.Drain(m.patience)
		}
	}
	m.untracked(b)
	m.fronts[b.lane] = b.front
	if b.round != nil {
		m.unseenOutside(b)
	}
	m.alertsAt, m.alertsRank, m.alertsHere = 0, 0, 0
	m.inOrder(b)
	m.atEnd(b)
	m.overloaded(b)
	deltas := m.deltasOf(b)
	m.account.Apply(deltas)
	if m.rater != nil {
		m.rater.take(deltas, b.endTime)
	}

	m.counts.Batches++
	m.counts.EndTime, m.counts.LastFrame = max(m.counts.EndTime, b.endTime), max(m.counts.LastFrame, b.last)
	if m.counts.StartTime == 0 {
		m.counts.StartTime = b.endTime // of a silent link
		if len(b.packets) > 0 {
			m.counts.StartTime = b.packets[0].Timestamp
		}
	}
	if b.final {
		m.ended++
	}
	final := m.ended == len(m.fronts)
	m.reloaded(now)
	if m.stats.due(&m.counts, final) {
		m.statsEvent()
	}
	if final || now.Sub(m.flushed) >= flushInterval {
		m.exporter.Flush()
		m.flushed = now
	}
	if m.rater == nil {
		return
	}
	if final {
		m.rater.end(m.counts.EndTime)
	}
	if final || now.Sub(m.published) >= max(publishInterval, publishShare*m.publishCost) {
		m.publish(final)
		m.published, m.publishCost = now, time.Since(now)
	}
}

// deltasOf returns the deltas of all workers in an order that does not depend on
// their number, until the next call or until b is reset.
func (m *merger) deltasOf(b *batch) []flow.Delta {
	if len(b.out) == 1 {
		return b.out[0].deltas
	}
	m.deltas = m.deltas[:0]
	for i := range b.out {
		m.deltas = append(m.deltas, b.out[i].deltas...)
	}
	flow.SortDeltas(m.deltas)
	return m.deltas
}

// inOrder gives out the events that packets triggered, in the order of the
// packets. A packet belongs to one worker, so positions never tie.
func (m *merger) inOrder(b *batch) {
	if len(b.out) == 1 {
		o := &b.out[0]
		for i := range o.events {
			if o.events[i].position != atBatchEnd {
				m.give(o, &o.events[i])
			}
		}
		return
	}
	next := make([]int, len(b.out))
	for {
		best, at := -1, uint32(atBatchEnd)
		for w := range b.out {
			if e := b.out[w].events; next[w] < len(e) && e[next[w]].position < at {
				best, at = w, e[next[w]].position
			}
		}
		if best < 0 {
			return
		}
		o := &b.out[best]
		for ; next[best] < len(o.events) && o.events[next[best]].position == at; next[best]++ {
			m.give(o, &o.events[next[best]])
		}
	}
}

// atEnd gives out the events of the batch's end in an order that does not
// depend on which worker made them.
func (m *merger) atEnd(b *batch) {
	m.late = m.late[:0]
	for w := range b.out {
		o := &b.out[w]
		for i := len(o.events) - 1; i >= 0 && o.events[i].position == atBatchEnd; i-- {
			m.late = append(m.late, lateEvent{&o.events[i], o})
		}
	}
	slices.SortFunc(m.late, func(x, y lateEvent) int {
		return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.start, y.start))
	})
	for _, e := range m.late {
		m.give(e.out, e.madeEvent)
	}
	clear(m.late)
}

// give decides on an event and hands it to the exporter.
func (m *merger) give(o *output, e *madeEvent) {
	if e.match.Sig != nil && !m.decide(o, e) || e.anomaly > 0 && !m.heard(e.anomaly-1) {
		return
	}
	m.counts.Made[e.kind]++
	m.exporter.Append(e.kind, o.text[e.start:e.end], e.id, o.keys[e.keyStart:e.keyEnd], e.time)
}

// decide says whether an alert is given out.
func (m *merger) decide(o *output, e *madeEvent) bool {
	if m.alertsAt != e.position || m.alertsRank != e.rank {
		m.alertsAt, m.alertsRank, m.alertsHere = e.position, e.rank, 0
	}
	if e.flow != 0 && m.endedFlows.has(e.flow) {
		m.counts.Suppressed++
		return false
	}
	m.packet.Src, m.packet.Dst, m.packet.IPVersion = e.src, e.dst, e.version
	d := m.thresholds.Apply(e.time, &e.match, &m.packet)
	if d.EndsFlow && e.flow != 0 {
		m.endedFlows.add(e.flow)
	}
	if !d.Alert {
		m.counts.Suppressed++
		return false
	}
	if m.alertsHere == m.alertMax {
		m.counts.Overflow++
		return false
	}
	if d.Action != e.match.Action {
		setAction(o.text[e.start:e.end], d.Action)
	}
	m.alertsHere++
	m.countAlert(e.match.Sig)
	return true
}

// flowSet has the IDs of flows, at least the maxFlowSet that came last.
type flowSet struct{ young, old map[uint64]struct{} }

const maxFlowSet = 1 << 16

func (s *flowSet) has(id uint64) bool {
	if _, ok := s.young[id]; ok {
		return true
	}
	_, ok := s.old[id]
	return ok
}

func (s *flowSet) add(id uint64) {
	if s.young == nil || len(s.young) >= maxFlowSet {
		s.young, s.old = map[uint64]struct{}{}, s.young
	}
	s.young[id] = struct{}{}
}

// heard reports whether another anomaly of a kind is written.
func (m *merger) heard(kind uint16) bool {
	if m.anomalyLimit > 0 && m.anomalies[kind] >= m.anomalyLimit {
		m.counts.Muted++
		return false
	}
	m.anomalies[kind]++
	return true
}

// untracked books the frames of this batch that belong to no flow, so that the
// account's total is what was on the wire.
func (m *merger) untracked(b *batch) {
	before, after := m.fronts[b.lane].Outside(), b.front.Outside()
	if after.Packets == before.Packets {
		return
	}
	m.account.AddUntracked(b.endTime/int64(time.Second), analytics.Counts{
		Packets: after.Packets - before.Packets, Bytes: after.Bytes - before.Bytes,
	})
}

// unseenOutside books what the kernel refused and no front was given, when all
// lanes are through with a round.
func (m *merger) unseenOutside(b *batch) {
	m.rounds[b.lane] = b.round
	var refused analytics.Counts // by the fronts
	for lane, r := range m.rounds {
		if r != b.round {
			return
		}
		f := &m.fronts[lane]
		for i := range f.Refused {
			refused.Packets += f.Refused[i]
			refused.Bytes += f.RefusedBytes[i]
		}
	}
	refused.Packets += m.counts.UnseenOutside.Packets
	refused.Bytes += m.counts.UnseenOutside.Bytes
	n := b.round.Refused
	if n.Packets <= refused.Packets || n.Bytes < refused.Bytes {
		return
	}
	c := analytics.Counts{Packets: n.Packets - refused.Packets, Bytes: n.Bytes - refused.Bytes}
	m.account.AddUntracked(b.round.Time/int64(time.Second), c)
	m.counts.UnseenOutside.Packets += c.Packets
	m.counts.UnseenOutside.Bytes += c.Bytes
}

// Outside sums what is in no flow for good: refused packets and lost fragments.
func (c *frontCounters) Outside() (sum analytics.Counts) {
	for i := range c.Refused {
		sum.Packets += c.Refused[i]
		sum.Bytes += c.RefusedBytes[i]
	}
	for i := range c.LostFragments {
		sum.Packets += c.LostFragments[i]
		sum.Bytes += c.LostFragmentBytes[i]
	}
	return sum
}
