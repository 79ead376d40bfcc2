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

	in      *Input
	facts   keyword.Facts
	packet  packetFacts
	met     need
	machine keyword.Machine
	bits    *keyword.Bits
	notes   notes
	ids     []uint32           // candidates, reused
	scratch *prefilter.Scratch // of the matchers of rules

	stats InspectorStats
}

// InspectorConfig bounds an Inspector.
type InspectorConfig struct {
	AlertMax    int // alerts of one packet (packet-alert-max); default 15
	MaxBitNodes int // nodes of 16 bytes for flowbits, six bits each; default 1,048,576
	MaxNotes    int // by_flow thresholds and matches on unfinished transactions; default 262,144, 72 bytes each
}

// DefaultInspectorConfig returns the defaults.
func DefaultInspectorConfig() InspectorConfig {
	return InspectorConfig{AlertMax: defaultAlertMax, MaxBitNodes: 1 << 20, MaxNotes: 1 << 18}
}

// InspectorStats counts what an Inspector did. Plain numbers: read them on
// the worker's goroutine.
type InspectorStats struct {
	Packets       uint64 // inspected, without those of passed flows
	Passed        uint64 // not inspected: a pass rule ended inspection of their flow
	Scanned       uint64 // bytes given to matchers
	Candidates    uint64 // signatures that the prefilter or an always list brought up
	Inspected     uint64 // candidates whose cheap conditions held
	Matches       uint64 // signatures that matched, alerting or not
	Suppressed    uint64 // alerts removed by suppress or a by_flow threshold
	Overflow      uint64 // alerts beyond AlertMax of one packet
	StepLimit     uint64 // evaluations that took too many steps and so did not match
	BitsRefused   uint64 // flowbits that could not be set for want of memory
	NotesRefused  uint64 // flow notes that could not be kept for want of memory
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
	i := &Inspector{cfg: cfg, bits: keyword.NewBits(cfg.MaxBitNodes), notes: newNotes(cfg.MaxNotes)}
	i.facts.Bits.Store = i.bits
	i.Swap(rules)
	return i
}

// Swap makes the Inspector use other rules from the next packet on. Flows
// keep their flowbits, by name, and their by_flow thresholds, by sid.
func (i *Inspector) Swap(rules *Ruleset) {
	i.rules, i.scratch = rules, prefilter.NewScratch()
	i.bits.Use(rules.flowbits)
}

// EndFlow gives back the memory that detection holds for a flow.
func (i *Inspector) EndFlow(f *FlowState) {
	i.bits.Release(&f.bits)
	i.notes.release(&f.notes)
	*f = FlowState{}
}

// Flowbits appends the names of the flow's bits to dst, for events.
func (i *Inspector) Flowbits(f *FlowState, dst []string) []string {
	if f.bits == 0 {
		return dst
	}
	return keyword.FlowBits{Store: i.bits, Handle: &f.bits}.AppendNames(dst)
}

// Stats returns the counters.
func (i *Inspector) Stats() InspectorStats {
	s := i.stats
	s.StepLimit = i.machine.Exhausted
	s.BitsRefused = i.bits.Refused
	s.NotesRefused = i.notes.refused
	s.BitNodesInUse = i.bits.InUse()
	s.NotesInUse = i.notes.inUse
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
	if in.Flow != nil && in.Flow.Passed() {
		i.stats.Passed++
		return out
	}
	i.begin(in)
	first := len(out)
	out = i.inspectAddresses(out)
	out = i.inspectProtocol(out)
	out = i.inspectPacket(out)
	out = i.inspectTransactions(out)
	i.in = nil
	if len(out) == first {
		return out
	}
	i.stats.Matches += uint64(len(out) - first)
	return i.finish(in, out, first)
}

func (i *Inspector) begin(in *Input) {
	i.in = in
	i.stats.Packets++
	i.packet.of(in.Packet)
	i.met = needsMet(in)
	f := &i.facts
	f.Packet, f.HasFlow, f.Dir, f.Established = in.Packet, in.Flow != nil, in.Dir, in.Established
	f.FlowStart, f.FlowPackets, f.FlowBytes, f.App = in.FlowStart, in.FlowPackets, in.FlowBytes, in.App
	f.StreamSize, f.Stream, f.AppEvents = in.StreamSize, in.StreamEvents, in.AppEvents
	f.Bits.Handle = nil
	if in.Flow != nil {
		f.Bits.Handle = &in.Flow.bits
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
	if len(i.rules.protocols) == 0 || i.in.Flow == nil || i.in.App == app.ProtoUnknown {
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
	i.ids = i.ids[:0]
	if payload := i.in.Packet.Payload(); len(payload) > 0 {
		i.scan(g.packet, payload)
		if !i.in.InStream {
			i.scan(g.stream, payload)
		}
	}
	for k := range i.in.Stream {
		i.scan(g.stream, i.in.Stream[k].Data)
	}
	i.addAlways(g.always)
	return i.inspectCandidates(out)
}

// scan adds the signatures whose fast pattern occurs in data to i.ids.
func (i *Inspector) scan(m prefilter.Matcher, data []byte) {
	if m == nil {
		return
	}
	i.stats.Scanned += uint64(len(data))
	i.ids = m.Scan(data, i.ids, i.scratch)
}

// addAlways adds the signatures without a pattern whose cheapest conditions
// hold.
func (i *Inspector) addAlways(sigs []*Signature) {
	for _, s := range sigs {
		if s.need&^i.met == 0 {
			i.ids = append(i.ids, s.order)
		}
	}
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
	i.stats.Candidates++
	if !i.holds(s) || !i.packetBuffersHold(s) {
		return out
	}
	held, stream := i.payloadHolds(s)
	if !held {
		return out
	}
	return i.matched(s, nil, stream, out)
}

// holds evaluates everything but buffers: cheap to dear, and conditions in
// the order of the rule.
func (i *Inspector) holds(s *Signature) bool {
	if s.need&^i.met != 0 || s.app != app.ProtoUnknown && s.app != i.in.App || !s.header.matches(&i.packet) {
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
	if s.onStream() && i.packet.transport == transportTCP {
		for k := range i.in.Stream {
			if i.listHolds(s.payload, i.in.Stream[k].Data) {
				return true, true
			}
		}
		if s.kind == TypeStream && i.in.InStream {
			return false, false
		}
	}
	payload := i.in.Packet.Payload()
	return len(payload) > 0 && i.listHolds(s.payload, payload), false
}

func (i *Inspector) listHolds(l *keyword.List, data []byte) bool {
	return i.machine.Match(&l.Chain, i.machine.Transformed(l, data))
}

// matched runs the effects of a signature and notes the match.
func (i *Inspector) matched(s *Signature, tx app.Tx, stream bool, out []Match) []Match {
	for _, e := range s.plan.Effects {
		e.Apply(&i.facts)
	}
	m := Match{Sig: s, Tx: tx, Stream: stream, Alert: !s.NoAlert(), Action: s.action}
	if tx != nil {
		m.TxID = tx.ID()
	}
	return append(out, m)
}
