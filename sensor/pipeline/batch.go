package pipeline

import (
	"sync/atomic"

	"spanwatch/decoders"
	"spanwatch/exporter/event"
	"spanwatch/sensor/accounting"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/overload"
	"spanwatch/signatures"
)

// batch is the unit that travels between stages.
//
//	frames ──► packets[i] (several per frame: tunnels, rebuilt datagrams)
//	           │  alias frames, or rebuilt for reassembled datagrams
//	           └─ mine[w] lists the packets of worker w ─► out[w]
//
// Why batches and not packets: handing over one item through a channel costs
// 65 ns, one of 256 costs 7.
type batch struct {
	frames  capture.Batch
	packets []decoders.Packet
	extra   []extra    // beside packets
	rebuilt []byte     // bytes of the datagrams rebuilt in this batch
	mine    [][]uint32 // indexes into packets, by worker, ascending
	out     []output   // by worker

	rules   *signatures.Ruleset // that its packets are inspected with
	shed    overload.Shed       // what is given up while this batch is worked on
	health  overload.Signal     // when it had been read
	lane    int                 // front that made it; its first worker has the same number
	front   frontCounters       // as of the end of this batch
	endTime int64               // highest packet time so far in the capture
	last    uint64              // number of the last frame so far
	drain   uint64              // flows that began at this frame or before end; 0 ends none
	final   bool                // no batch follows
	round   *accounting.Round   // what the kernel counted, to be applied after the packets; mostly nil
	pending atomic.Int32        // workers that still hold the batch
	home    chan *batch         // where it goes when it is empty again, if its lane has one
	done    chan struct{}       // the last of them says so; has room for it
}

// extra is what the front knows of a packet and the Packet does not.
type extra struct {
	wireBytes uint64 // of the fragments of a rebuilt datagram
	fragments uint32 // frames a rebuilt datagram came in; 0 for others
	outer     int32  // index of the packet around this one; -1 for none
	fragment  int32  // index of the fragment that completed a rebuilt datagram; valid iff fragments is not 0
	ordinal   uint16 // among the packets of one frame
	ignore    bool   // wrong checksum: the receiver drops it, and so do parsers
}

// output is what one worker made of one batch.
type output struct {
	text     []byte // encoded events, end to end, without their closing brace
	keys     []byte // their community ids, end to end
	events   []madeEvent
	deltas   []flow.Delta
	counters workerCounters        // as of the end of this batch
	costs    []signatures.RuleCost // nil with most batches, see profile
}

// atBatchEnd is the position of events that no packet of the batch triggered.
const atBatchEnd = ^uint32(0)

// madeEvent locates one event in an output and carries what the merge stage
// needs to order it, to decide on it and to finish it. Events of one output
// are in ascending order of position.
type madeEvent struct {
	position         uint32 // index of the packet in batch.packets, or atBatchEnd
	rank             uint64 // orders events at the batch end, for any number of workers
	start, end       uint32 // in output.text
	keyStart, keyEnd uint32 // in output.keys
	kind             event.Type
	id               event.ID
	time             int64
	// Of an alert, on which thresholds decide; without Sig for other events.
	match    signatures.Match
	src, dst decoders.Addr
	version  uint8
	flow     uint64 // its ID; 0 without a flow
	anomaly  uint16 // number of its kind, from 1; 0 for other events
}

// anomalyKinds bounds the kinds of anomalies of which so many are written:
// decoder events, then stream events.
const (
	decoderKinds = 256
	anomalyKinds = decoderKinds + 128
)

func newBatch(workers int) *batch {
	return &batch{done: make(chan struct{}, 1), mine: make([][]uint32, workers), out: make([]output, workers)}
}

// reset empties the batch, keeping its memory.
func (b *batch) reset() {
	b.packets = b.packets[:0]
	b.extra = b.extra[:0]
	b.rebuilt = b.rebuilt[:0]
	for i := range b.mine {
		b.mine[i] = b.mine[i][:0]
		o := &b.out[i]
		o.text, o.keys, o.events, o.deltas = o.text[:0], o.keys[:0], o.events[:0], o.deltas[:0]
		o.costs = nil
	}
	b.drain, b.final, b.round = 0, false, nil
	b.shed, b.health = overload.Shed{}, overload.Signal{}
}

// forgetRules lets go of the ruleset and its signatures: a batch that waits to be
// filled again must not keep in memory what a reload replaces meanwhile.
func (b *batch) forgetRules() {
	b.rules = nil
	for i := range b.out {
		clear(b.out[i].events)
	}
}

// grow adds a packet to the batch and returns its index. It may move the
// packets, so pointers into them must be taken again.
func (b *batch) grow() int {
	i := len(b.packets)
	if i < cap(b.packets) {
		b.packets = b.packets[:i+1]
	} else {
		b.packets = append(b.packets, decoders.Packet{})
	}
	b.extra = append(b.extra, extra{outer: -1})
	return i
}
