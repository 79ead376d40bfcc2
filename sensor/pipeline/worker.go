package pipeline

import (
	"fmt"
	"time"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
	"spanwatch/signatures"
)

// workerCounters are one worker's counters since the start.
type workerCounters struct {
	Flow    flow.Stats
	Busy    time.Duration // on the wall clock
	Detect  signatures.InspectorStats
	Apps    [256]appCounters // by app.Proto
	Made    [event.NumTypes]uint64
	Muted   uint64 // anomalies that were counted but not written, see Events.AnomaliesPerType
	Ignored uint64 // packets kept from parsers for a wrong checksum
	Panics  uint64 // parsers that panicked; their flows are no longer parsed
}

// appCounters count one application protocol.
type appCounters struct {
	Flows, Tx, Errors, Events uint64
}

func (c *workerCounters) add(d *workerCounters) {
	c.Flow.Add(&d.Flow)
	c.Detect.Add(&d.Detect)
	c.Busy += d.Busy
	for i := range c.Apps {
		a, b := &c.Apps[i], &d.Apps[i]
		a.Flows += b.Flows
		a.Tx += b.Tx
		a.Errors += b.Errors
		a.Events += b.Events
	}
	for i := range c.Made {
		c.Made[i] += d.Made[i]
	}
	c.Muted += d.Muted
	c.Ignored += d.Ignored
	c.Panics += d.Panics
}

// worker owns the flows of one shard and everything known of them.
type worker struct {
	slot      int // its place in batch.mine and batch.out
	flows     *flow.Table
	apps      appTable
	inspector *signatures.Inspector
	events    eventMaker
	counters  workerCounters

	out     *output // of the batch under work
	b       *batch
	matches []signatures.Match
	input   signatures.Input
}

func newWorker(id, slot int, o *Options, seed uint64, workers int) (*worker, error) {
	w := &worker{slot: slot}
	cfg := flowConfig(o, seed, workers)
	cfg.OnEnd = w.flowEnded
	if cfg.Interval > 0 {
		cfg.OnInterval = w.flowInterval
	}
	var err error
	if w.flows, err = flow.New(cfg); err != nil {
		return nil, fmt.Errorf("worker %d: %w", id, err)
	}
	w.inspector = signatures.NewInspector(o.Ruleset, signatures.InspectorConfig{AlertMax: o.Config.Rules.MaxAlertsPerPacket})
	if w.apps, err = newAppTable(o); err != nil {
		return nil, fmt.Errorf("worker %d: %w", id, err)
	}
	if w.events, err = newEventMaker(o); err != nil {
		return nil, fmt.Errorf("worker %d: %w", id, err)
	}
	return w, nil
}

// warmPackets is how many packets' flows are brought into the cache together.
const warmPackets = 32

// process makes b.out[w.slot] of b.mine[w.slot].
func (w *worker) process(b *batch) {
	start := time.Now()
	w.b, w.out = b, &b.out[w.slot]
	for mine := b.mine[w.slot]; len(mine) > 0; {
		some := mine[:min(len(mine), warmPackets)]
		mine = mine[len(some):]
		w.flows.Warm(b.packets, some)
		for _, i := range some {
			w.packet(i)
		}
	}
	w.events.atBatchEnd(b)
	switch {
	case b.final:
		w.flows.Close()
	case b.drain > 0:
		w.flows.Drain(b.drain)
	default:
		w.flows.Advance(b.endTime)
	}
	w.out.deltas = w.flows.AppendDeltas(w.out.deltas)
	w.counters.Flow = w.flows.Stats()
	w.counters.Detect = w.inspector.Stats()
	w.counters.Busy += time.Since(start)
	w.out.counters = w.counters
	w.b, w.out = nil, nil
}

// packet runs one packet through flow table, parser and detection, and encodes
// what comes of it.
func (w *worker) packet(i uint32) {
	p, x := &w.b.packets[i], &w.b.extra[i]
	w.events.atPacket(w.b, i)
	f, dir := w.flows.Update(p)
	in := &w.input
	*in = signatures.Input{Packet: p}
	var a *appFlow
	if f != nil {
		if x.fragments > 0 {
			w.flows.AddFragments(f, dir, x.fragments, x.wireBytes)
		}
		if x.ignore {
			w.counters.Ignored++
		} else {
			a, dir = w.parse(f, p, dir)
		}
		in.Flow, in.Dir = &f.Detect, dir
		in.Established = f.Established()
		in.FlowStart, in.FlowPackets, in.FlowBytes = f.FirstSeen, f.Packets, f.Bytes
		in.App = f.Protocol()
		if a != nil {
			in.Txs = a.state.Txs()
		}
	}
	if !p.Events.Empty() {
		w.anomalies(p, f)
	}
	w.matches = w.inspector.Inspect(in, w.matches[:0])
	for k := range w.matches {
		w.alert(&w.matches[k], p, f, dir)
	}
	if a != nil {
		w.records(a, p, f)
		a.state.Release()
	}
}

// parse gives the payload of p to the parser of its flow, once detection has
// found one. It returns nil when nothing is parsed, and the packet's direction,
// which detection may turn round with the flow.
func (w *worker) parse(f *flow.Flow, p *decoders.Packet, dir decoders.Direction) (*appFlow, decoders.Direction) {
	if p.PayloadLen == 0 || !p.Layers.Has(decoders.LayerUDP) {
		return nil, dir
	}
	in := app.Input{Data: p.Payload(), Dir: dir, Timestamp: p.Timestamp, Datagram: true}
	if f.App == 0 {
		if f.AppProto[dir] == app.ProtoFailed {
			return nil, dir
		}
		found := w.apps.detect(p, in)
		if found.Answer != app.Yes {
			if found.Answer == app.No {
				f.AppProto[dir] = app.ProtoFailed
			}
			return nil, dir
		}
		if found.Reversed && f.Packets[dir.Opposite()] == 0 {
			w.flows.Swap(f) // the server was seen first
			dir = dir.Opposite()
			in.Dir = dir
		}
		f.AppProto = [2]app.Proto{found.Proto, found.Proto}
		f.App = w.apps.open(found.Proto)
		w.counters.Apps[found.Proto].Flows++
	}
	a := w.apps.at(f.App)
	if a.broken {
		return nil, dir
	}
	c := &w.counters.Apps[a.proto]
	res, panicked := a.parse(in)
	if panicked {
		w.counters.Panics++
	}
	if res.Status == app.StatusError {
		c.Errors++
		a.broken = !in.Datagram
	}
	if txs := a.state.Txs(); len(txs) > 0 {
		made := uint32(txs[len(txs)-1].ID() + 1)
		c.Tx += uint64(made - f.TxCount)
		f.TxCount = made
	}
	return a, dir
}

// flowEnded is called by the flow table for a flow that ends.
func (w *worker) flowEnded(f *flow.Flow, why flow.EndReason) {
	w.flowRecord(f, why.String(), nil)
	w.inspector.EndFlow(&f.Detect)
	if f.App != 0 {
		w.apps.close(f.App)
	}
}

// flowInterval is called by the flow table for a running flow.
func (w *worker) flowInterval(f *flow.Flow, r flow.Report) {
	w.flowRecord(f, string(event.FlowInterval), &r)
}
