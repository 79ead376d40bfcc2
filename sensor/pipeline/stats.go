package pipeline

import (
	"cmp"
	"math/bits"
	"time"

	"spanwatch/decoders"
	"spanwatch/decoders/defrag"
	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
)

// statsMaker makes the stats event: all counters, with Suricata's names where
// the thing is the same, and the accounting equations.
type statsMaker struct {
	enc    *event.Encoder
	wanted bool
	// wantsEngine: events about the sensor itself are to be made too.
	wantsEngine bool
	interval    int64 // nanoseconds of packet time; 0 makes one event, at the end
	next        int64
	tree        *event.Tree
	stats       event.Stats
	text        []byte
}

func newStatsMaker(o *Options) (statsMaker, error) {
	e, err := event.NewEncoder(encoderOptions(o))
	if err != nil {
		return statsMaker{}, err
	}
	wanted, err := wantedTypes(o.Config.Events.Types)
	return statsMaker{
		enc: e, wanted: wanted[event.TypeStats], wantsEngine: wanted[event.TypeEngine], interval: int64(o.Config.Events.StatsInterval), tree: event.NewTree(),
	}, err
}

// due says whether it is time for a stats event: when an interval of packet
// time has passed, and at the end.
func (s *statsMaker) due(c *mergeCounters, final bool) bool {
	if !s.wanted || c.EndTime == 0 {
		return false
	}
	if final {
		return true
	}
	if s.interval == 0 || c.EndTime < s.next {
		return false
	}
	first := s.next == 0
	s.next = c.EndTime - c.EndTime%s.interval + s.interval
	return !first
}

// statsEvent gives out a stats event. Events are counted as given to the
// exporter, since what sinks have delivered depends on the clock, and a replay
// must give the same bytes each time.
func (m *merger) statsEvent() {
	s, c := &m.stats, &m.counts
	fillTree(s.tree, m.totals())
	if m.kernel != nil {
		fillKernel(s.tree, m.kernel.View(), &m.sum)
		fillFeed(s.tree, m.kernel.View())
	}
	fillEngines(s.tree, &m.reloads, cmp.Or(m.rulesSince, c.StartTime))
	if len(m.sources) > 0 {
		fillCapture(s.tree, captured(m.sources))
	}
	if m.live {
		m.fillMemcap(s.tree)
		if m.files != nil {
			fillFiles(s.tree, m.files.Stats())
		}
	}
	e := &s.stats
	e.Envelope = event.Envelope{Time: c.EndTime, Packet: c.LastFrame, Index: ^uint32(0)}
	e.Uptime = uint64(c.EndTime-c.StartTime) / uint64(time.Second)
	e.Counters = s.tree
	s.text = s.enc.AppendStats(s.text[:0], e)
	c.Made[event.TypeStats]++
	m.exporter.Append(event.TypeStats, s.text, s.enc.ID(event.TypeStats, &e.Envelope, 0, 0), nil, c.EndTime)
}

// Totals are the counters of all stages added up.
type Totals struct {
	Front frontCounters
	Work  workerCounters // of all workers
	Merge mergeCounters
	Sinks []SinkTotals
}

// SinkTotals are the accounts of one sink.
type SinkTotals struct {
	Name   string
	Counts exporter.Counts
}

// Suppressed is how many matches became no alert: held back by thresholds, by
// suppression, or by the rule itself (noalert).
func (t *Totals) Suppressed() uint64 {
	return t.Merge.Suppressed + t.Work.Detect.Suppressed + t.Work.Detect.Silent
}

// Overflow is how many alerts were discarded because one packet had too many.
func (t *Totals) Overflow() uint64 { return t.Merge.Overflow + t.Work.Detect.Overflow }

// HeldInFlows are the packets and bytes on the wire that all flows, ended and
// running, carried, as far as they were delivered.
func (t *Totals) HeldInFlows() (packets, bytes uint64) {
	return t.Work.Flow.Packets - t.Work.Flow.UnseenPackets, t.Work.Flow.WireBytes - t.Work.Flow.UnseenBytes
}

// Balance is what is left of the frames that the source delivered when those in
// flows, those refused and those still waiting as fragments are taken away. It
// is zero, or the accounting is wrong.
func (t *Totals) Balance() (packets, bytes int64) {
	outside := t.Front.Outside()
	p, b := t.HeldInFlows()
	return int64(t.Front.Frames) - int64(outside.Packets) - int64(t.Front.HeldFragments) - int64(p),
		int64(t.Front.Bytes) - int64(outside.Bytes) - int64(t.Front.HeldBytes) - int64(b)
}

// InspectionBalance is what is left of the packets and bytes in flows when those
// that were inspected and those that were shed are taken away: zero, or the
// accounting is wrong.
func (t *Totals) InspectionBalance() (packets, bytes int64) {
	p, b := t.HeldInFlows()
	packets, bytes = int64(p-t.Work.Inspected), int64(b-t.Work.InspectedBytes)
	for r := range t.Work.Shed {
		packets -= int64(t.Work.Shed[r].Packets)
		bytes -= int64(t.Work.Shed[r].Bytes)
	}
	return packets, bytes
}

// totals adds the workers' latest counters up.
func (m *merger) totals() *Totals {
	t := &m.sum
	t.Front, t.Work, t.Merge = frontCounters{}, workerCounters{}, m.counts
	for i := range m.fronts {
		t.Front.add(&m.fronts[i])
	}
	for i := range m.workers {
		t.Work.add(&m.workers[i])
	}
	return t
}

func fillTree(t *event.Tree, c *Totals) {
	f := &c.Front
	t.Set("decoder.pkts", f.Frames)
	t.Set("decoder.bytes", f.Bytes)
	var invalid uint64
	for r := decoders.Reason(0); r < decoders.ReasonCount; r++ {
		if r.Malformed() {
			invalid += f.Refused[r] + f.RefusedInner[r]
		}
	}
	t.Set("decoder.invalid", invalid)
	for _, l := range statsLayers {
		t.Set("decoder."+l.name, f.Layers[bits.TrailingZeros32(uint32(l.layer))])
	}
	for k, name := range statsTunnels {
		if name != "" {
			t.Set("decoder."+name, f.Tunnels[k])
		}
	}
	t.Set("decoder.max_pkt_size", uint64(f.MaxWireLen))
	if f.Frames > 0 {
		t.Set("decoder.avg_pkt_size", f.Bytes/f.Frames)
	}
	for e := decoders.Event(0); e < decoders.EventCount; e++ {
		if f.Events[e] > 0 {
			t.Set("decoder.event."+e.String(), f.Events[e])
		}
	}
	fillDefrag(t, &f.Defrag)

	w := &c.Work
	t.Set("flow.total", w.Flow.Started)
	t.Set("flow.active", uint64(w.Flow.Active))
	t.Set("flow.tcp", w.Flow.ByProto[flow.ClassTCP])
	t.Set("flow.udp", w.Flow.ByProto[flow.ClassUDP])
	t.Set("flow.icmpv4", w.Flow.ByProto[flow.ClassICMP])
	t.Set("flow.icmpv6", w.Flow.ByProto[flow.ClassICMPv6])
	t.Set("flow.tcp_reuse", w.Flow.Ended[flow.EndTCPReuse])
	t.Set("flow.memuse", w.Flow.Memory)
	t.Set("flow.end.timeout", w.Flow.Ended[flow.EndTimeout])
	t.Set("flow.end.shutdown", w.Flow.Ended[flow.EndShutdown])
	t.Set("flow.end.forced", w.Flow.Ended[flow.EndForced])
	w.Ends.fill(t)
	fillTCP(t, w)
	fillStreamEvents(t, &w.Stream)

	t.Set("detect.scanned_bytes", w.Detect.Scanned)
	t.Set("detect.alert", c.Merge.Made[event.TypeAlert])
	t.Set("detect.alerts_suppressed", c.Suppressed())
	t.Set("detect.alert_queue_overflow", c.Overflow())
	t.Set("detect.limited.steps", w.Detect.StepLimit)
	t.Set("detect.limited.pcre", w.Detect.PcreLimit)
	t.Set("detect.limited.packet", w.Detect.BudgetSpent)
	t.Set("detect.uninspected", w.Detect.Uninspected)
	t.Set("detect.memcap_drop.flowbits", w.Detect.BitsRefused)
	t.Set("detect.memcap_drop.notes", w.Detect.NotesRefused)
	t.Set("detect.memcap_drop.variables", w.Detect.VarsRefused)
	fillApps(t, w)
	fillAccounting(t, c)
}

func fillDefrag(t *event.Tree, d *defrag.Stats) {
	t.Set("defrag.ipv4.fragments", d.FragmentsV4)
	t.Set("defrag.ipv4.reassembled", d.Rebuilt-d.RebuiltV6)
	t.Set("defrag.ipv6.fragments", d.FragmentsV6)
	t.Set("defrag.ipv6.reassembled", d.RebuiltV6)
	t.Set("defrag.reassembled", d.Rebuilt)
	t.Set("defrag.timeouts", d.GivenUp[defrag.ReasonTimeout])
	t.Set("defrag.overlaps_different", d.OverlapsDifferent)
	t.Set("defrag.max_trackers_reached", d.Reached[defrag.BoundDatagrams])
	t.Set("defrag.max_frags_reached", d.Reached[defrag.BoundFragments])
	t.Set("defrag.memcap_reached", d.Reached[defrag.BoundBytes])
	t.Set("defrag.memuse", uint64(d.Bytes))
}

// fillEngines writes which rules are in use since when. Time is that of the
// packets, so that a replay says the same each time.
func fillEngines(t *event.Tree, r *RuleReloads, since int64) {
	if r.Report == nil {
		return
	}
	t.Set("detect.engines[0].id", 0)
	t.SetTime("detect.engines[0].last_reload", since)
	t.Set("detect.engines[0].rules_loaded", uint64(r.Report.Loaded))
	t.Set("detect.engines[0].rules_failed", uint64(r.Report.Failed))
	t.Set("detect.engines[0].rules_skipped", uint64(r.Report.Skipped))
	t.Set("detect.reloads", r.Ok)
	t.Set("detect.reloads_failed", r.Failed)
}

// fillMemcap writes how full, in percent, what has a bound is: the fullest of all,
// now and ever. It depends on which worker has which flows, so that a replay, which
// says the same for any number of them, does without.
func (m *merger) fillMemcap(t *event.Tree) {
	t.Set("memcap.pressure", uint64(100*max(m.sum.Work.fullness(), m.sum.Front.Defrag.Fullness)))
	t.Set("memcap.pressure_max", uint64(100*m.fullest))
}

// fullness is how much is in use of the bound that is closest, 0 to 1.
func (c *workerCounters) fullness() float64 {
	return max(c.Flow.Fullness, c.Stream.SessionFullness, c.Stream.MemoryFullness)
}

// fillAccounting writes the equations, each with all its terms and what they
// leave over.
func fillAccounting(t *event.Tree, c *Totals) {
	f := &c.Front
	t.Set("accounting.frames.delivered", f.Frames)
	packets, bytes := c.HeldInFlows()
	t.Set("accounting.frames.in_flows", packets)
	for r, n := range f.Refused {
		if n > 0 {
			t.Set("accounting.frames.refused."+decoders.Reason(r).String(), n)
		}
	}
	for r, n := range f.LostFragments {
		if n > 0 {
			t.Set("accounting.frames.lost_fragments."+defrag.Reason(r).String(), n)
		}
	}
	t.Set("accounting.frames.held_fragments", f.HeldFragments)
	leftFrames, leftBytes := c.Balance()
	t.SetInt("accounting.frames.balance", leftFrames)
	t.Set("accounting.bytes.delivered", f.Bytes)
	t.Set("accounting.bytes.in_flows", bytes)
	outside := f.Outside()
	t.Set("accounting.bytes.outside", outside.Bytes)
	t.Set("accounting.bytes.held_fragments", f.HeldBytes)
	t.SetInt("accounting.bytes.balance", leftBytes)
	w := &c.Work
	t.Set("accounting.inspection.in_flows", packets)
	t.Set("accounting.inspection.inspected", w.Inspected)
	var shed shedCounters
	for r := shedRule; r < shedReasons; r++ {
		s := &w.Shed[r]
		shed.add(s)
		path := "accounting.inspection.shed." + r.String()
		t.Set(path+".flows", s.Flows)
		t.Set(path+".packets", s.Packets)
		t.Set(path+".bytes", s.Bytes)
	}
	leftPackets, leftShedBytes := c.InspectionBalance()
	t.SetInt("accounting.inspection.balance", leftPackets)
	t.SetInt("accounting.inspection.bytes_balance", leftShedBytes)
	t.Set("flow_bypassed.local_pkts", shed.Packets)
	t.Set("flow_bypassed.local_bytes", shed.Bytes)
	for _, et := range event.Types() {
		t.Set("accounting.events."+et.String(), c.Merge.Made[et])
	}
	t.Set("accounting.anomalies_counted_only", c.Work.Muted+c.Merge.Muted)
}

// statsTunnels names the tunnels that EVE counts as it does layers. What of the
// others is inside is among decoder.ipv4 and the like.
var statsTunnels = [decoders.TunnelKinds]string{
	decoders.TunnelERSPAN: "erspan", decoders.TunnelVXLAN: "vxlan", decoders.TunnelGeneve: "geneve",
	decoders.TunnelTeredo: "teredo", decoders.TunnelGTPU: "gtpu",
}

// statsLayers names the layers that EVE counts.
var statsLayers = [...]struct {
	name  string // as EVE's stats.decoder has it
	layer decoders.Layers
}{
	{"ethernet", decoders.LayerEthernet}, {"sll", decoders.LayerSLL}, {"null", decoders.LayerLoopback},
	{"vlan", decoders.LayerVLAN}, {"mpls", decoders.LayerMPLS}, {"pppoe", decoders.LayerPPPoE},
	{"arp", decoders.LayerARP}, {"ipv4", decoders.LayerIPv4}, {"ipv6", decoders.LayerIPv6},
	{"tcp", decoders.LayerTCP}, {"udp", decoders.LayerUDP}, {"icmpv4", decoders.LayerICMPv4},
	{"icmpv6", decoders.LayerICMPv6}, {"sctp", decoders.LayerSCTP}, {"igmp", decoders.LayerIGMP},
	{"gre", decoders.LayerGRE}, {"esp", decoders.LayerESP}, {"ah", decoders.LayerAH},
}
