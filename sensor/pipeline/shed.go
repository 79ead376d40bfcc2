package pipeline

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/tls"
	"spanwatch/exporter/event"
	"spanwatch/sensor/config"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/overload"
	"spanwatch/signatures"
)

// This file is about flows that are no longer inspected, only counted:
//
//	packet ─► flow table ─► bypassed? ── no ──► streams, parsers, rules ─► to be shed?
//	             counts        └─ yes ─► counted as shed{reason}
//
// The flow table sees every packet of them, so that their counts are exact and
// their ends are seen.

// shedReason says why a flow is not inspected any more; it is Flow.Shed.
type shedReason uint8

const (
	shedNone      shedReason = iota
	shedRule                 // a rule with bypass matched
	shedEncrypted            // TLS behind the handshake
	shedDepth                // both sides sent more than is reassembled
	shedElephant             // among the largest while the sensor could not keep up
	shedReasons
)

var shedNames = [shedReasons]string{"", "rule", "encrypted", "stream_depth", "elephant"}

func (r shedReason) String() string { return shedNames[r] }

// shedCounters count flows given up, and what of them was counted only. Packets
// and Bytes are of the wire and of outermost flows, so that
//
//	packets of outermost flows = inspected + Σ shed
//
// Inner are packets within tunnels, which are part of those around them.
type shedCounters struct {
	Flows, Packets, Bytes, Inner uint64
}

func (c *shedCounters) add(d *shedCounters) {
	c.Flows += d.Flows
	c.Packets += d.Packets
	c.Bytes += d.Bytes
	c.Inner += d.Inner
}

// shedPolicy is what is always shed, by configuration.
type shedPolicy struct {
	encrypted, depth bool // also when the sensor keeps up
	full             bool // rules see TLS all the same once it is encrypted
}

func newShedPolicy(c *config.Config) shedPolicy {
	return shedPolicy{
		encrypted: c.App.TLS.EncryptionHandling == "bypass", depth: c.Stream.Bypass,
		full: c.App.TLS.EncryptionHandling == "full",
	}
}

// wire is what a packet was on the wire: one frame, or the fragments that it was
// rebuilt from.
func (x *extra) wire(p *decoders.Packet) (packets, bytes uint64) {
	if x.fragments > 0 {
		return uint64(x.fragments), x.wireBytes
	}
	return 1, uint64(p.WireLen)
}

// countOnly is all that is done for a packet of a bypassed flow.
func (w *worker) countOnly(f *flow.Flow, p *decoders.Packet, x *extra, dir decoders.Direction) {
	packets, bytes := x.wire(p)
	w.flows.AddShed(f, dir, packets, bytes)
	c := &w.counters.Shed[f.Shed]
	if f.Key.Depth > 0 {
		c.Inner += packets
		return
	}
	c.Packets += packets
	c.Bytes += bytes
}

// inspected counts a packet that went through everything.
func (w *worker) inspected(f *flow.Flow, p *decoders.Packet, x *extra) {
	if f.Key.Depth == 0 {
		packets, bytes := x.wire(p)
		w.counters.Inspected += packets
		w.counters.InspectedBytes += bytes
	}
}

// decideShed gives a flow up if there is a reason to.
func (w *worker) decideShed(f *flow.Flow, level overload.Shed) {
	if reason := w.reasonToShed(f, level); reason != shedNone {
		w.shed(f, reason)
	}
}

func (w *worker) reasonToShed(f *flow.Flow, level overload.Shed) shedReason {
	overloaded := level.Level > 0
	switch {
	case f.Detect.Bypassed():
		return shedRule
	case f.App != 0 && f.AppProto[decoders.ToServer] == app.ProtoTLS && w.encrypted(f, overloaded):
		return shedEncrypted
	case (w.policy.depth || overloaded) && w.streams.DepthReached(f):
		return shedDepth
	case overloaded && w.flows.WireBytes(f) >= level.ElephantBytes:
		return shedElephant
	}
	return shedNone
}

// encrypted says whether a TLS session is to be shed for being encrypted.
func (w *worker) encrypted(f *flow.Flow, overloaded bool) bool {
	a := w.apps.at(f.App)
	session, ok := a.state.(*tls.State)
	if !ok || !session.Encrypted() {
		return false
	}
	return w.policy.encrypted || overloaded
}

// shed makes a flow one that is only counted. Its parser stays, since its
// transactions are reported at the end; its stream gives its memory back.
func (w *worker) shed(f *flow.Flow, reason shedReason) {
	f.Shed = uint8(reason)
	w.noteGaps(f)
	w.lastLook(f)
	w.flows.Bypass(f)
	w.streams.Bypass(f, decoders.ToServer)
	w.streams.Bypass(f, decoders.ToClient)
	w.counters.Shed[reason].Flows++
	if w.shunt != nil && w.shunt.Shunt(&f.Key) {
		f.Flags |= flow.FlagHeld
		// What the kernel tells of from here on was held back; what it told of
		// before was lost. The difference may wrap, and the sum is right again.
		total := w.flows.Totals(f)
		for _, dir := range [2]decoders.Direction{decoders.ToServer, decoders.ToClient} {
			w.flows.AddShed(f, dir, -total.UnseenPackets[dir], -total.UnseenBytes[dir])
		}
	}
}

// bypassed says who counts a flow that was shed, and what was not inspected of it.
func bypassed(f *flow.Flow, total *flow.Totals) (by event.FlowBypass, c event.Counts) {
	if f.Flags&flow.FlagHeld == 0 {
		return event.BypassLocal, counts(total.ShedPackets, total.ShedBytes)
	}
	var packets, bytes [2]uint64
	for d := range packets {
		packets[d], bytes[d] = total.ShedPackets[d]+total.UnseenPackets[d], total.ShedBytes[d]+total.UnseenBytes[d]
	}
	return event.BypassCapture, counts(packets, bytes)
}

// lastLook lets rules on the stream see what they have not seen yet: it waited for
// a full chunk, which will not come. A packet that was not on the wire stands for
// each direction.
func (w *worker) lastLook(f *flow.Flow) {
	if f.Stream == 0 {
		return
	}
	for _, dir := range [2]decoders.Direction{decoders.ToServer, decoders.ToClient} {
		w.streams.DisableRaw(f, dir)
		w.look(f, dir)
	}
}

// look inspects what is due of one direction. A packet that was not on the wire
// stands for it.
func (w *worker) look(f *flow.Flow, dir decoders.Direction) {
	w.endPacket(f, dir)
	in := &w.last
	*in = signatures.Input{
		Packet: &w.pseudo, Dir: dir, Pseudo: true, InStream: true, Established: w.streams.State(f) >= flow.TCPEstablished,
		StreamSize: [2]uint32{w.streams.Size(f, decoders.ToServer), w.streams.Size(f, decoders.ToClient)},
	}
	if w.rawChunks(f, dir, in); len(in.Stream) > 0 {
		w.inspect(in, f)
	}
}

// tcpRegions is how far the stream of a flow has come apart: of a running one, or
// of the one that ended just now. Without a stream, or when it was given up, there
// are no regions.
func (w *worker) tcpRegions(f *flow.Flow, running *flow.Report) [2]uint32 {
	switch {
	case f.Stream != 0:
		return w.streams.Regions(f)
	case running == nil:
		return w.regions
	}
	return [2]uint32{}
}

// gaps says in which directions bytes of the stream were missing.
func (w *worker) gaps(f *flow.Flow) [2]bool {
	return [2]bool{
		f.Flags&flow.FlagGapToServer != 0 || w.streams.Gap(f, decoders.ToServer),
		f.Flags&flow.FlagGapToClient != 0 || w.streams.Gap(f, decoders.ToClient),
	}
}

// noteGaps keeps what gaps says beyond the end of the stream.
func (w *worker) noteGaps(f *flow.Flow) {
	gaps := w.gaps(f)
	if gaps[decoders.ToServer] {
		f.Flags |= flow.FlagGapToServer
	}
	if gaps[decoders.ToClient] {
		f.Flags |= flow.FlagGapToClient
	}
}
