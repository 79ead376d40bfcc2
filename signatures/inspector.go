package signatures

import (
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/prefilter"
)

// Inspector finds the signatures that match packets and transactions. It is
// one worker's: scratch memory, the flowbits of the worker's flows, counters.
// One goroutine.
type Inspector struct {
	rules *Ruleset
	cfg   InspectorConfig
	swaps // of rulesets

	in      *Input
	facts   keyword.Facts
	txFacts keyword.TxFacts
	packet  packetFacts
	met     need
	payload []byte // of the packet; nil when it is not to be inspected
	// What rules on streams see; nothing for packets that are not TCP.
	inStream bool
	chunks   []StreamChunk

	machine   keyword.Machine
	bits      *keyword.Bits
	vars      *keyword.Vars
	notes     notes
	txs       txNotes
	scans     streamScans
	ledgers   ledgers
	ids       []uint32           // candidates, reused
	triggered []uint32           // signatures on transactions whose trigger is in the packet's payload or chunks
	scratch   *prefilter.Scratch // of the matchers of rules

	flow     flowMemory // of the packet's flow; kept when the packet is done
	memories flowMemories

	stats InspectorStats
	costs *costs // nil: rules are not profiled
}

// InspectorConfig bounds an Inspector.
type InspectorConfig struct {
	AlertMax    int // alerts of one packet (packet-alert-max); default 15
	MaxBitNodes int // nodes of 16 bytes for flowbits, six bits each; default 1,048,576
	MaxVars     int // variables of flows (flowint, captures of pcre); default 65,536, 48 bytes each and the bytes caught
	Limits      keyword.Limits
	// Clock makes the Inspector count what every rule does and costs, in
	// nanoseconds of this clock; nil does not. See Inspector.Costs.
	Clock    func() int64
	MaxNotes int // by_flow thresholds, and as many for what is remembered of unfinished transactions; default 262,144, 64 bytes each
}

// DefaultInspectorConfig returns the defaults.
func DefaultInspectorConfig() InspectorConfig {
	return InspectorConfig{AlertMax: defaultAlertMax, MaxBitNodes: 1 << 20, MaxNotes: 1 << 18, MaxVars: 1 << 16}
}

// InspectorStats counts what an Inspector did. Plain numbers: read them on
// the worker's goroutine.
type InspectorStats struct {
	Packets       uint64 // inspected, without those of passed flows
	Passed        uint64 // not inspected: a rule with pass, drop, reject or bypass ended inspection of their flow
	Scanned       uint64 // bytes given to matchers
	Candidates    uint64 // signatures that the prefilter or an always list brought up and whose gate was open
	Inspected     uint64 // candidates whose cheap conditions held
	Matches       uint64 // signatures that matched, alerting or not
	Suppressed    uint64 // alerts removed by suppress or a by_flow threshold
	Silent        uint64 // matches that were not to alert, but for those of pass rules
	Overflow      uint64 // alerts beyond AlertMax of one packet
	StepLimit     uint64 // evaluations that took too many steps and so did not match
	BudgetSpent   uint64 // packets that used up what all rules may take; further candidates were not inspected
	Uninspected   uint64 // those candidates
	PcreLimit     uint64 // regular expressions that ran into their limit and so did not match
	BitsRefused   uint64 // flowbits that could not be set for want of memory
	NotesRefused  uint64 // flow notes that could not be kept for want of memory
	VarsRefused   uint64 // variables that could not be kept for want of memory
	BitNodesInUse int
	NotesInUse    int
}

// NewInspector makes an Inspector for rules. Zero fields of cfg stand for
// defaults.
func NewInspector(rules *Ruleset, cfg InspectorConfig) *Inspector {
	d := DefaultInspectorConfig()
	if cfg.AlertMax <= 0 {
		cfg.AlertMax = d.AlertMax
	}
	if cfg.MaxBitNodes <= 0 {
		cfg.MaxBitNodes = d.MaxBitNodes
	}
	if cfg.MaxNotes <= 0 {
		cfg.MaxNotes = d.MaxNotes
	}
	if cfg.MaxVars <= 0 {
		cfg.MaxVars = d.MaxVars
	}
	i := &Inspector{cfg: cfg, bits: keyword.NewBits(cfg.MaxBitNodes), vars: keyword.NewVars(cfg.MaxVars), notes: newNotes(cfg.MaxNotes), txs: newTxNotes(cfg.MaxNotes)}
	i.facts.Bits.Store, i.facts.Vars.Store = i.bits, i.vars
	i.txFacts.Facts = &i.facts
	i.machine.SetLimits(cfg.Limits)
	if cfg.Clock != nil {
		i.costs = newCosts(cfg.Clock)
	}
	i.Swap(rules)
	return i
}

// EndFlow gives back the memory that detection holds for a flow.
func (i *Inspector) EndFlow(f *FlowState) {
	i.flow = i.memories.of(f)
	i.bits.Release(&i.flow.bits)
	i.vars.Release(&i.flow.vars)
	i.notes.release(&i.flow.notes)
	i.txs.release(&i.flow)
	i.memories.keep(f, flowMemory{})
	*f = FlowState{}
}

// TurnFlow is to be called when the sides of a flow are exchanged: its
// directions are not what they were.
func (i *Inspector) TurnFlow(f *FlowState) { i.ledgers.forget(f) }

// Flowbits appends the names of the flow's bits to dst, for events.
func (i *Inspector) Flowbits(f *FlowState, dst []string) []string {
	i.flow = i.memories.of(f)
	if i.flow.bits == 0 {
		return dst
	}
	return keyword.FlowBits{Store: i.bits, Handle: &i.flow.bits}.AppendNames(dst)
}

// FlowVariables calls do for every variable of the flow: texts with their
// bytes, which are borrowed, numbers with nil. For events.
func (i *Inspector) FlowVariables(f *FlowState, do func(name string, number uint32, text []byte)) {
	if i.flow = i.memories.of(f); i.flow.vars != 0 {
		keyword.FlowVars{Store: i.vars, Handle: &i.flow.vars}.Each(do)
	}
}

// Variable returns the name of a variable that an expression caught.
func (i *Inspector) Variable(number uint16) string { return i.rules.variables[number] }

// Stats returns the counters.
func (i *Inspector) Stats() InspectorStats {
	s := i.stats
	s.StepLimit = i.machine.Exhausted
	s.BitsRefused = i.bits.Refused
	s.VarsRefused = i.vars.Refused
	s.NotesRefused = i.notes.refused + i.txs.refused
	s.BitNodesInUse = i.bits.InUse()
	s.NotesInUse = i.notes.inUse + i.txs.inUse
	s.PcreLimit = i.machine.GaveUp
	return s
}

// Inspect appends the matches of one packet and of the transactions that it
// advanced to out, in the order in which their alerts are to be reported.
// Everything in in is borrowed until Inspect returns.
//
// Order of work: rules on addresses, rules on the detected protocol, rules on
// the packet, rules on transactions. Effects (flowbits) take place as soon as
// a rule has matched, whatever becomes of its alert.
func (i *Inspector) Inspect(in *Input, out []Match) []Match {
	if in.Flow != nil && (in.Flow.flags&(flowPassed|flowDropped) != 0 || in.Flow.Bypassed() && !in.Pseudo) {
		i.stats.Passed++
		return out
	}
	i.begin(in)
	first := len(out)
	out = i.inspectAddresses(out)
	out = i.inspectProtocol(out)
	out = i.inspectPacket(out)
	out = i.inspectFrames(out)
	out = i.inspectTransactions(out)
	i.in, i.txFacts.Tx, i.chunks = nil, nil, nil
	if i.machine.Spent() {
		i.stats.BudgetSpent++
	}
	if len(out) > first {
		i.stats.Matches += uint64(len(out) - first)
		out = i.finish(in, out, first)
	}
	if in.Flow != nil {
		i.memories.keep(in.Flow, i.flow)
	}
	return out
}

func (i *Inspector) begin(in *Input) {
	i.in = in
	i.machine.NextPacket()
	i.stats.Packets++
	i.packet.of(in.Packet)
	i.payload = in.Packet.Payload()
	if keyword.PayloadLen(in.Packet) == 0 || in.Flow != nil && in.Flow.flags&flowOpaque != 0 {
		i.payload = nil // of a fragment: the datagram is looked at when it is whole
	}
	i.inStream, i.chunks = false, nil
	if i.packet.transport == transportTCP {
		i.inStream, i.chunks = in.InStream, in.Stream
	}
	i.met = i.needsMet()
	f := &i.facts
	f.Packet, f.HasFlow, f.Dir, f.Established = in.Packet, in.Flow != nil, in.Dir, in.Established
	f.Closing = in.Closing
	f.FlowStart, f.FlowPackets, f.FlowBytes, f.App = in.FlowStart, in.FlowPackets, in.FlowBytes, in.App
	if f.AppSides = in.AppSides; in.AppSides == [2]app.Proto{} {
		f.AppSides = [2]app.Proto{in.App, in.App}
	}
	f.StreamSize, f.Stream, f.AppEvents = in.StreamSize, in.StreamEvents, in.AppEvents
	i.machine.Captures.Clear()
	f.Captured = &i.machine.Captures
	f.Bits.Handle, f.Vars.Handle = nil, nil
	if in.Flow != nil {
		i.flow = i.memories.of(in.Flow)
		f.Bits.Handle, f.Vars.Handle = &i.flow.bits, &i.flow.vars
	}
}

// inspectAddresses tries the rules that are decided by addresses: on the
// first packet of each direction of a flow, and on every packet without one.
func (i *Inspector) inspectAddresses(out []Match) []Match {
	if flow := i.in.Flow; flow != nil {
		done := flowAddressesTS << i.in.Dir
		if flow.flags&done != 0 {
			return out
		}
		flow.flags |= done
	}
	i.ids = i.rules.addresses.append(i.ids[:0], i.packet.src, i.packet.dst, i.packet.family != familyNone)
	return i.inspectCandidates(out)
}

// inspectProtocol tries the rules on the detected protocol once per
// direction, as soon as it is known.
func (i *Inspector) inspectProtocol(out []Match) []Match {
	if len(i.rules.protocols) == 0 || i.in.Flow == nil || i.facts.AppSides[i.in.Dir] == app.ProtoUnknown {
		return out
	}
	done := flowProtocolTS << i.in.Dir
	if i.in.Flow.flags&done != 0 {
		return out
	}
	i.in.Flow.flags |= done
	for _, s := range i.rules.protocols {
		out = i.try(s, out)
	}
	return out
}

// inspectPacket tries the rules on the packet, its payload and what became due
// of its stream.
func (i *Inspector) inspectPacket(out []Match) []Match {
	class := classOf(&i.packet)
	port := i.packet.dstPort
	if i.in.Dir == decoders.ToClient {
		port = i.packet.srcPort
	}
	g := i.rules.packets[class][i.in.Dir].of(port)
	i.ids, i.triggered = i.ids[:0], i.triggered[:0]
	if g.pair != nil {
		i.searchTCP(g.pair)
	} else if len(i.payload) > 0 {
		i.scan(g.packet, i.payload)
	}
	i.setTriggeredAside()
	i.addAlways(g.always)
	return i.inspectCandidates(out)
}

// searchTCP adds the signatures whose fast pattern occurs in the packet's
// payload or in what became due of its stream, and whose gates are open, to
// i.ids.
func (i *Inspector) searchTCP(pair *prefilter.Pair) {
	var g *ledger
	if i.in.Flow != nil && (i.inStream || len(i.chunks) > 0) {
		g = i.ledgers.open(i, pair)
	}
	if len(i.payload) > 0 {
		i.stats.Scanned += uint64(len(i.payload))
		hits := pair.Search(i.payload, i.scratch)
		i.ids = pair.Append(prefilter.ForPackets, hits, i.ids)
		i.ids = pair.Anchored(prefilter.ForPackets, i.payload, i.ids)
		switch {
		case !i.inStream:
			i.ids = pair.Append(prefilter.ForStream, hits, i.ids)
			i.ids = pair.Anchored(prefilter.ForStream, i.payload, i.ids)
		case g != nil && i.in.Appended:
			g.add(i.in.Offset, len(i.payload), hits)
		case g != nil:
			g.clear(0)
		}
	} else if g != nil && i.inStream && i.in.Packet.PayloadLen > 0 {
		g.clear(0)
	}
	for k := range i.chunks {
		c := &i.chunks[k]
		i.ids = pair.Anchored(prefilter.ForStream, c.Data, i.ids)
		if g != nil && g.covers(c) {
			g.take(i, c)
		} else {
			i.stats.Scanned += uint64(len(c.Data))
			i.ids = pair.Append(prefilter.ForStream, pair.Search(c.Data, i.scratch), i.ids)
		}
		if g != nil {
			g.advance(c.Offset + uint64(len(c.Data)))
		}
	}
	i.admit(0)
}

// scan adds the signatures whose fast pattern occurs in data, and whose gates
// are open, to i.ids.
func (i *Inspector) scan(m prefilter.Matcher, data []byte) {
	n := len(i.ids)
	i.search(m, data)
	i.admit(n)
}

// search adds the signatures whose fast pattern occurs in data to i.ids.
func (i *Inspector) search(m prefilter.Matcher, data []byte) {
	if m == nil {
		return
	}
	i.stats.Scanned += uint64(len(data))
	i.ids = m.Scan(data, i.ids, i.scratch)
}

// inspectCandidates tries the signatures in i.ids, each once, in order.
func (i *Inspector) inspectCandidates(out []Match) []Match {
	i.sortCandidates()
	for _, id := range i.ids {
		out = i.try(i.rules.signatures[id], out)
	}
	return out
}

func (i *Inspector) sortCandidates() {
	if len(i.ids) > 1 {
		slices.Sort(i.ids)
		i.ids = slices.Compact(i.ids)
	}
}

// try evaluates one signature on the packet.
func (i *Inspector) try(s *Signature, out []Match) []Match {
	if i.costs == nil {
		return i.evaluate(s, out)
	}
	start, n := i.costs.begin(i), len(out)
	out = i.evaluate(s, out)
	i.costs.end(i, s, start, len(out)-n)
	return out
}

func (i *Inspector) evaluate(s *Signature, out []Match) []Match {
	i.stats.Candidates++
	if !i.holds(s) {
		return out
	}
	if i.machine.Spent() {
		i.stats.Uninspected++
		return out
	}
	i.machine.ClearVariables(s.plan.Variables)
	if !i.packetBuffersHold(s) {
		return out
	}
	mark := i.machine.Captures.Mark()
	held, stream := i.payloadHolds(s)
	if !held {
		i.machine.Captures.Cut(mark)
		return out
	}
	return i.matched(s, nil, stream, mark, out)
}

// holds evaluates everything but buffers: cheap to dear, and conditions in
// the order of the rule.
func (i *Inspector) holds(s *Signature) bool {
	if s.need&^i.met != 0 || s.apps != 0 && !s.apps.Has(i.in.App) || !s.header.matches(&i.packet) {
		return false
	}
	i.stats.Inspected++
	for _, t := range s.plan.Tests {
		if !t.Match(&i.facts) {
			return false
		}
	}
	return true
}

func (i *Inspector) packetBuffersHold(s *Signature) bool {
	for _, l := range s.packet {
		data, ok := l.Source.Packet(i.in.Packet)
		if !ok || !i.listHolds(l, data) {
			return false
		}
	}
	return true
}

// payloadHolds evaluates the conditions on payload: for a rule on the stream
// on each chunk first; then on the packet, if the rule is on packets too or
// the packet's bytes will be in no chunk.
func (i *Inspector) payloadHolds(s *Signature) (held, stream bool) {
	if s.payload == nil {
		return true, false
	}
	if s.plan.StreamOnly && i.packet.transport != transportTCP {
		return false, false
	}
	if i.packet.transport == transportTCP && (s.onStream() || s.kind == TypeTx) {
		for k := range i.chunks {
			if i.listHolds(s.payload, i.chunks[k].Data) {
				return true, true
			}
		}
		if s.kind != TypePacketStream && i.inStream || s.plan.StreamOnly {
			return false, false
		}
	}
	return len(i.payload) > 0 && i.listHolds(s.payload, i.payload), false
}

func (i *Inspector) listHolds(l *keyword.List, data []byte) bool {
	return i.pieceHolds(l, keyword.Piece{Data: data})
}

// matched runs the effects of a signature and notes the match. The values that
// its expressions caught are those behind mark.
func (i *Inspector) matched(s *Signature, tx app.Tx, stream bool, mark int, out []Match) []Match {
	caught := i.machine.Captures.Since(mark)
	i.keep(caught)
	for _, e := range s.plan.Effects {
		e.Apply(&i.facts)
	}
	if s.plan.TxBits != 0 {
		i.setTxBits(tx, s.plan.TxBits)
	}
	if s.plan.Meta.Bypass && i.in.Flow != nil {
		i.in.Flow.flags |= flowBypassed
	}
	if s.plan.Meta.Silence {
		i.silence(tx)
	}
	m := Match{Sig: s, Tx: tx, Stream: stream, Captured: caught, Alert: !s.NoAlert(), Action: s.action}
	if tx != nil {
		m.TxID = tx.ID()
	}
	return append(out, m)
}

// keep stores what expressions caught for the flow.
func (i *Inspector) keep(caught []keyword.Captured) {
	if i.in.Flow == nil {
		return
	}
	for k := range caught {
		if c := &caught[k]; c.Kind == keyword.CaptureFlow && c.Key == nil {
			i.facts.Vars.SetText(c.Name, c.Value)
		}
	}
}
