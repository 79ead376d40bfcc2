package pipeline

import (
	"fmt"
	"sync/atomic"
	"time"

	"spanwatch/decoders"
	"spanwatch/exporter/event"
	"spanwatch/sensor/filestore"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/stream"
	"spanwatch/signatures"
	"spanwatch/signatures/keyword"
)

// workerCounters are one worker's counters since the start.
type workerCounters struct {
	Flow   flow.Stats
	Busy   time.Duration // on the wall clock
	Stream stream.Stats
	Detect signatures.InspectorStats
	Apps   [256]appCounters // by app.Proto
	// FailedTCP and FailedUDP are flows whose application protocol was not
	// recognised.
	FailedTCP, FailedUDP uint64
	// Expectations are connections waited for now; ExpectationsDropped are those
	// that gave way to newer ones.
	Expectations, ExpectationsDropped uint64
	Made                              [event.NumTypes]uint64
	Muted                             uint64 // anomalies that were counted but not written, see Events.AnomaliesPerType
	Ends                              endCounters
	Ignored                           uint64 // packets kept from parsers for a wrong checksum
	// IgnoredTCP are those of them whose TCP checksum is wrong.
	IgnoredTCP uint64

	Inspected, InspectedBytes uint64 // wire packets of outermost flows that were not shed
	Shed                      [shedReasons]shedCounters
}

// appCounters count one application protocol.
type appCounters struct {
	Flows, Tx, Events uint64
	// Flows whose parser gave up: for a gap, for what was sent, for a panic. A
	// panic is a bug of ours.
	Gaps, Errors, Panics uint64
}

func (c *workerCounters) add(d *workerCounters) {
	c.Flow.Add(&d.Flow)
	c.Stream.Add(&d.Stream)
	c.Detect.Add(&d.Detect)
	c.Busy += d.Busy
	for i := range c.Apps {
		a, b := &c.Apps[i], &d.Apps[i]
		a.Flows += b.Flows
		a.Tx += b.Tx
		a.Gaps += b.Gaps
		a.Errors += b.Errors
		a.Panics += b.Panics
		a.Events += b.Events
	}
	for i := range c.Made {
		c.Made[i] += d.Made[i]
	}
	c.Muted += d.Muted
	c.Ends.add(&d.Ends)
	c.Ignored += d.Ignored
	c.IgnoredTCP += d.IgnoredTCP
	c.FailedTCP += d.FailedTCP
	c.FailedUDP += d.FailedUDP
	c.Expectations += d.Expectations
	c.ExpectationsDropped += d.ExpectationsDropped
	c.Inspected += d.Inspected
	c.InspectedBytes += d.InspectedBytes
	for i := range c.Shed {
		c.Shed[i].add(&d.Shed[i])
	}
}

// worker owns the flows of one shard and everything known of them.
type worker struct {
	id           int // among all workers
	slot         int // its place in batch.mine and batch.out
	flows        *flow.Table
	streams      *stream.Engine
	apps         appTable
	heirs        map[uint64]uint32 // by flow id: places in apps, see bequeath
	midstream    bool              // sessions are taken up without their opening
	expectations expectations
	files        *filestore.Store    // nil keeps no files
	magic        bool                // rules ask what type files have: records say it too
	appEvents    keyword.AppEventSet // of the packet under work
	inspector    *signatures.Inspector
	policy       shedPolicy
	shunt        Shunter                            // nil: nothing is held back in the kernel
	rules        atomic.Pointer[signatures.Ruleset] // in use, for others to know
	profiled     int                                // batches
	events       eventMaker
	counters     workerCounters

	out     *output // of the batch under work
	b       *batch
	matches []signatures.Match
	regions [2]uint32        // of the stream that was closed last
	input   signatures.Input // of the packet under work
	last    signatures.Input // of what a flow leaves behind; a flow may end within a packet's work
	chunks  []signatures.StreamChunk
	pseudo  decoders.Packet // stands for the end of a flow
	// ciphered: the flow of the packet under work has become ciphertext.
	ciphered bool
}

func newWorker(id, slot int, o *Options, seed uint64, workers int) (*worker, error) {
	w := &worker{id: id, slot: slot, policy: newShedPolicy(o.Config), shunt: o.shunter(), midstream: o.Config.Stream.Midstream}
	cfg := flowConfig(o, seed, workers)
	cfg.OnEnd = w.flowEnded
	if cfg.Interval > 0 {
		cfg.OnInterval = w.flowInterval
	}
	sc, err := streamConfig(o, workers)
	if err != nil {
		return nil, err
	}
	if w.flows, err = flow.New(cfg); err != nil {
		return nil, fmt.Errorf("worker %d: %w", id, err)
	}
	if w.streams, err = stream.New(sc); err != nil {
		return nil, fmt.Errorf("worker %d: %w", id, err)
	}
	w.rules.Store(o.Ruleset)
	w.inspector = signatures.NewInspector(o.Ruleset, inspectorConfig(o))
	if w.apps, err = newAppTable(o); err != nil {
		return nil, fmt.Errorf("worker %d: %w", id, err)
	}
	if w.events, err = newEventMaker(o); err != nil {
		return nil, fmt.Errorf("worker %d: %w", id, err)
	}
	w.events.apps, w.events.rules = &w.apps, w.inspector
	w.heirs = map[uint64]uint32{}
	w.files = o.Files
	w.useRules(o.Ruleset)
	return w, nil
}

// warmPackets is how many packets' flows are brought into the cache together.
const warmPackets = 32

// process makes b.out[w.slot] of b.mine[w.slot].
func (w *worker) process(b *batch) {
	start := time.Now()
	w.b, w.out = b, &b.out[w.slot]
	if b.rules != w.inspector.Rules() {
		w.inspector.Swap(b.rules)
		clear(w.matches[:cap(w.matches)]) // of the old rules
		w.useRules(b.rules)
		w.rules.Store(b.rules)
	}
	for mine := b.mine[w.slot]; len(mine) > 0; {
		some := mine[:min(len(mine), warmPackets)]
		mine = mine[len(some):]
		w.streams.Warm(w.flows.Warm(b.packets, some))
		for _, i := range some {
			w.packet(i)
		}
	}
	w.events.atBatchEnd(b)
	if b.round != nil {
		b.round.Apply(w.flows, w.id)
	}
	switch {
	case b.final:
		w.flows.Close()
	case b.drain > 0:
		w.flows.Drain(b.drain)
	default:
		w.flows.Advance(b.endTime)
	}
	w.streams.Retain() // the frames of this batch are about to be reused
	w.out.deltas = w.flows.AppendDeltas(w.out.deltas)
	w.counters.Flow = w.flows.Stats()
	w.counters.Stream = w.streams.Stats()
	w.counters.Detect = w.inspector.Stats()
	w.counters.Expectations, w.counters.ExpectationsDropped = w.expectations.waiting(b.endTime), w.expectations.dropped
	w.counters.Busy += time.Since(start)
	w.out.counters = w.counters
	w.profile(b)
	if b.final {
		w.streams.Release()
	}
	w.b, w.out = nil, nil
}

// packet runs one packet through flow table, reassembly, parser and detection,
// and encodes what comes of it.
func (w *worker) packet(i uint32) {
	p, x := &w.b.packets[i], &w.b.extra[i]
	w.events.atPacket(w.b, i)
	w.appEvents = 0
	f, dir := w.flows.Update(p)
	in := &w.input
	*in = signatures.Input{Packet: p}
	if f == nil {
		w.inspect(in, nil)
		if p.ARPAddresses && p.Depth == 0 {
			w.arpRecord(p)
		}
		return
	}
	w.ciphered = false
	if x.fragments > 0 {
		w.flows.AddFragments(f, dir, x.fragments, x.wireBytes)
	}
	if f.State == flow.StateBypassed {
		w.countOnly(f, p, x, dir)
		return
	}
	if lost := w.b.health.Lost; lost > 0 && f.Packets[0]+f.Packets[1] == 1 {
		w.flows.SetLostBefore(f, lost)
	}
	w.inspected(f, p, x)
	switch {
	case x.ignore:
		w.counters.Ignored++
		if p.Layers.Has(decoders.LayerTCP) && p.L4Checksum == decoders.ChecksumBad {
			w.counters.IgnoredTCP++
		}
		in.Established = f.Established()
	case p.Layers.Has(decoders.LayerTCP):
		dir = w.tcp(f, p, dir, in)
	case p.Layers.Has(decoders.LayerUDP):
		dir = w.udp(f, p, dir)
		in.Established = f.Established()
	default:
		in.Established = f.Established()
	}
	if f.Generic() { // of GRE, OSPF and the like rules see packets, and no flow
		in.Established = false
		w.inspect(in, nil)
		w.decideShed(f, w.b.shed)
		return
	}
	in.Dir = dir
	w.inspect(in, f)
	if w.ciphered {
		w.ignorePayload(f)
	}
	if f.App != 0 && f.Stream != 0 && w.apps.at(f.App).upgraded == w.upgradeMark() {
		// By the other side's next packet another protocol has the flow.
		w.look(f, dir.Opposite())
	}
	w.records(f, p, dir, false)
	w.decideShed(f, w.b.shed)
}

// inspect reports the oddities of a packet and asks the rules about it. The
// caller has set Packet, Dir and what is known of the stream.
func (w *worker) inspect(in *signatures.Input, f *flow.Flow) {
	p := in.Packet
	if f != nil && tracked(p) {
		in.Flow = &f.Detect
		in.FlowStart, in.FlowPackets, in.FlowBytes = f.FirstSeen, f.Packets, f.Bytes
		in.App, in.AppSides, in.AppEvents = f.Protocol(), f.AppProto, w.appEvents
		if f.App != 0 {
			if a := w.apps.at(f.App); a.advanced[in.Dir] {
				a.advanced[in.Dir], a.recordable = false, true
				in.Txs, in.Frames = a.state.Txs(), a.frames
			}
		}
	}
	w.matches = w.inspector.Inspect(in, w.matches[:0])
	if !p.Events.Empty() || !in.StreamEvents.Empty() {
		w.anomalies(p, f, &in.StreamEvents)
	}
	if w.appEvents != 0 {
		w.detectionAnomalies(p, f)
		w.appEvents = 0
	}
	for k := range w.matches {
		w.askForFiles(&w.matches[k], f)
		w.alert(&w.matches[k], p, f, in)
	}
}

// flowEnded is called by the flow table for a flow that ends.
func (w *worker) flowEnded(f *flow.Flow, why flow.EndReason) {
	if f.Flags&flow.FlagHeld != 0 {
		w.shunt.Unshunt(&f.Key)
	}
	w.finishFlow(f)
	w.counters.Ends.count(f)
	w.flowRecord(f, why.String(), nil)
	w.inspector.EndFlow(&f.Detect)
	if f.App != 0 {
		w.apps.close(f.App)
	}
	if heir := w.heir(f); heir != 0 {
		w.apps.close(heir)
	}
}

// flowInterval is called by the flow table for a running flow.
func (w *worker) flowInterval(f *flow.Flow, r flow.Report) {
	w.flowRecord(f, string(event.FlowInterval), &r)
}

// tracked reports whether rules see the flow of a packet: not that of a packet
// without the header of its transport, such as a fragment, as in Suricata. It is
// counted in its flow all the same.
func tracked(p *decoders.Packet) bool {
	const transports = decoders.LayerTCP | decoders.LayerUDP | decoders.LayerICMPv4 | decoders.LayerICMPv6 | decoders.LayerSCTP | decoders.LayerESP
	return p.Layers&transports != 0
}
