package pipeline

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
)

// flowRecord reports a flow at its end, or a running one with r.
func (w *worker) flowRecord(f *flow.Flow, reason string, r *flow.Report) {
	m := &w.events
	if !m.wanted[event.TypeFlow] || f.Generic() && !m.otherProtocols {
		return
	}
	e := &m.flow
	*e = event.Flow{
		Counts: counts(f.Packets, f.Bytes),
		Start:  f.FirstSeen, End: f.LastSeen,
		State: event.FlowState(f.State.String()), Reason: event.FlowReason(reason),
		Alerted: f.Flags&flow.FlagAlerted != 0, Action: flowAction(f), TxCount: uint64(f.TxCount),
		Midstream: f.Flags&flow.FlagUnopened != 0, AppError: f.App != 0 && w.apps.at(f.App).failed,
	}
	total := w.flows.Totals(f)
	if f.Detect.Bypassed() {
		e.State = event.FlowBypassed
	}
	v := &e.Envelope
	m.begin(v)
	m.rank = rankOf(f)
	if m.position == atBatchEnd {
		// How many records this worker made before must not matter. A flow has
		// at most one record of each kind here, and its id tells flows apart.
		v.Index = 0
		if r != nil {
			v.Index = 1
		}
	}
	m.ofFlow(v, f)
	if !m.replay {
		v.Interface = m.interfaceName(f.Interface)
	}
	for _, id := range f.Key.VLANs {
		if id == 0 {
			break
		}
		v.VLANs[v.VLANCount] = id
		v.VLANCount++
	}
	client, clientPort := f.Client()
	server, serverPort := f.Server()
	v.IPVersion, v.Proto = f.Key.IPVersion, f.Key.Proto
	v.Src, v.Dst = event.Addr(client), event.Addr(server)
	switch {
	case f.Key.Proto == protoICMP || f.Key.Proto == protoICMPv6:
		v.HasICMP, v.ICMPType, v.ICMPCode = true, f.ICMPType[decoders.ToServer], f.ICMPCode[decoders.ToServer]
		if f.Packets[decoders.ToClient] > 0 {
			v.HasICMPResponse, v.ICMPResponseType, v.ICMPResponseCode = true, f.ICMPType[decoders.ToClient], f.ICMPCode[decoders.ToClient]
		}
	default:
		v.SrcPort, v.DstPort = clientPort, serverPort
	}
	appProtos(v, f)
	m.locate(v, client, server, f.Key.IPVersion)
	if f.Key.Proto == protoTCP {
		m.tcp = event.TCP{
			Flags:   f.TCPFlags[0] | f.TCPFlags[1],
			FlagsTS: f.TCPFlags[decoders.ToServer], FlagsTC: f.TCPFlags[decoders.ToClient],
			State: f.TCPState.String(),
		}
		gaps := w.gaps(f)
		regions := w.tcpRegions(f, r)
		m.tcp.TSMaxRegions, m.tcp.TCMaxRegions = regions[decoders.ToServer], regions[decoders.ToClient]
		m.tcp.TSGap, m.tcp.TCGap = gaps[decoders.ToServer], gaps[decoders.ToClient]
		e.TCP = &m.tcp
	}
	if f.Flags&flow.FlagCounted != 0 {
		m.accounting = w.events.accountingOf(f, &total)
		e.Accounting = &m.accounting
	}
	if f.Shed != 0 {
		e.Shed = shedReason(f.Shed).String()
		e.Bypass, e.Bypassed = bypassed(f, &total)
	}
	e.CaptureLoss = w.captureLoss(f)
	m.bandwidth = bandwidth(f, &total)
	e.Bandwidth = &m.bandwidth
	if r != nil {
		m.interval = event.Interval{Seq: uint64(r.Seq), Counts: counts(r.Packets, r.Bytes), Start: r.Start, End: r.End, Final: r.Final}
		e.Interval = &m.interval
	}
	start := len(w.out.text)
	w.out.text = m.enc.AppendFlow(w.out.text, e)
	w.done(event.TypeFlow, v, start, 0, 0)
}

// flowAction is what rules did to the flow; "" is nothing. One that was dropped
// first cannot be passed any more.
func flowAction(f *flow.Flow) string {
	switch {
	case f.Detect.Dropped():
		return "drop"
	case f.Detect.Passed():
		return "pass"
	}
	return ""
}

// accountingOf says how the kernel's count went into that of the flow. Where
// offloads merge frames before capture, fewer are seen than counted although
// nothing is lost, so that nothing is said of it.
func (m *eventMaker) accountingOf(f *flow.Flow, total *flow.Totals) event.Accounting {
	a := event.Accounting{KernelOnly: f.Flags&flow.FlagKernelOnly != 0}
	if int(f.Interface) >= len(m.merged) || !m.merged[f.Interface] {
		a.Unseen = counts(total.UnseenPackets, total.UnseenBytes)
	}
	return a
}

// captureLoss is how many frames capture has lost while the flow lived.
func (w *worker) captureLoss(f *flow.Flow) uint64 {
	lost := w.b.health.Lost
	if lost == 0 {
		return 0
	}
	return lost - min(lost, w.flows.Totals(f).LostBefore)
}

// rankOf orders what is made of flows at the end of a batch. One frame begins at
// most one flow at each depth of tunnels.
func rankOf(f *flow.Flow) uint64 { return f.FirstPacket<<8 | uint64(f.Key.Depth) }

// IP protocol numbers (IANA).
const (
	protoICMP         = 1
	protoTCP          = 6
	protoUDP          = 17
	protoIPv6Fragment = 44
	protoICMPv6       = 58
)

func counts(packets, bytes [2]uint64) event.Counts {
	return event.Counts{
		PktsToServer: packets[decoders.ToServer], PktsToClient: packets[decoders.ToClient],
		BytesToServer: bytes[decoders.ToServer], BytesToClient: bytes[decoders.ToClient],
	}
}

// bandwidth says what the wire carried. The average is over the flow's life,
// a flow of less than a second counting as one, so that a lone packet has no
// infinite rate.
func bandwidth(f *flow.Flow, total *flow.Totals) event.Bandwidth {
	const second, bits = 1e9, 8
	life := max(uint64(f.LastSeen-f.FirstSeen), second)
	average := func(bytes uint64) uint64 { return uint64(float64(bytes) * bits * second / float64(life)) }
	return event.Bandwidth{
		WirePktsToServer: total.WirePackets[decoders.ToServer], WirePktsToClient: total.WirePackets[decoders.ToClient],
		WireBytesToServer: total.WireBytes[decoders.ToServer], WireBytesToClient: total.WireBytes[decoders.ToClient],
		AvgBpsToServer: average(total.WireBytes[decoders.ToServer]), AvgBpsToClient: average(total.WireBytes[decoders.ToClient]),
		PeakBpsToServer: total.PeakBytes[decoders.ToServer] * bits, PeakBpsToClient: total.PeakBytes[decoders.ToClient] * bits,
		PeakPpsToServer: uint64(total.PeakPackets[decoders.ToServer]), PeakPpsToClient: uint64(total.PeakPackets[decoders.ToClient]),
	}
}

// appProtos fills in the protocols of a flow, as EVE has them: those of the two
// directions, of before and what was expected only where they differ from the
// flow's.
func appProtos(v *event.Envelope, f *flow.Flow) {
	name := func(p app.Proto) string {
		if p == app.ProtoUnknown || p == f.Chosen || f.Chosen == app.ProtoUnknown && p == app.ProtoFailed {
			return ""
		}
		return p.String()
	}
	if f.Chosen != app.ProtoUnknown {
		v.AppProto = f.Chosen.String()
	}
	v.AppProtoTS, v.AppProtoTC = name(f.AppProto[decoders.ToServer]), name(f.AppProto[decoders.ToClient])
	v.AppProtoOrig, v.AppProtoExpected = name(f.Former), name(f.Expected)
}
