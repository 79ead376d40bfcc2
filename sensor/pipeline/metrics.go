package pipeline

import (
	"math/bits"
	"strconv"
	"time"

	"spanwatch/decoders"
	"spanwatch/decoders/defrag"
	"spanwatch/exporter/event"
	"spanwatch/exporter/metrics"
	"spanwatch/sensor/analytics"
	"spanwatch/sensor/flow"
)

// MetricsSource shows the latest View of the pipeline, for the endpoint of
// Config.Metrics: without one, Views are not kept up. It reads nothing else,
// so a scrape costs workers nothing.
func (p *Pipeline) MetricsSource() metrics.Source {
	geo := newGeoLookup(p.opt.Geo) // of the scrape's goroutine
	return func(w *metrics.Writer) {
		v := p.State.View()
		v.Rules.write(w)
		writeCapture(w, p, v)
		writeDecode(w, v)
		writeFlows(w, v)
		writeStreams(w, v)
		writeApps(w, v)
		writeFullness(w, v)
		if files := p.opt.Files; files != nil {
			writeFiles(w, files.Stats())
		}
		writeDetect(w, v)
		writeBandwidth(w, v, &geo)
		if rater := p.merge.rater; rater != nil {
			if r := rater.latest(time.Now()); r != nil {
				writeRates(w, r, &geo)
			}
		}
		writeShed(w, v)
		writeEquations(w, v)
		for i := range v.Workers {
			name := strconv.Itoa(i)
			w.Uint(metrics.PipelineBatches, v.Merge.Batches, name)
			w.Float(metrics.PipelineBusy, v.Workers[i].Busy.Seconds(), name)
		}
	}
}

func writeDecode(w *metrics.Writer, v *View) {
	f := &v.Front
	for _, l := range statsLayers {
		i := bits.TrailingZeros32(uint32(l.layer))
		w.Uint(metrics.DecodePackets, f.Layers[i], l.name)
	}
	for r := decoders.ReasonNone + 1; r < decoders.ReasonCount; r++ {
		if f.Refused[r] > 0 {
			w.Uint(metrics.DecodeRefusedFrames, f.Refused[r], r.String())
			w.Uint(metrics.DecodeRefusedBytes, f.RefusedBytes[r], r.String())
		}
	}
	for r := defrag.ReasonNone + 1; r < defrag.ReasonCount; r++ {
		if f.LostFragments[r] > 0 {
			w.Uint(metrics.DecodeRefusedFrames, f.LostFragments[r], "fragment_"+r.String())
			w.Uint(metrics.DecodeRefusedBytes, f.LostFragmentBytes[r], "fragment_"+r.String())
		}
	}
	for e := decoders.Event(0); e < decoders.EventCount; e++ {
		if f.Events[e] > 0 {
			w.Uint(metrics.DecodeEvents, f.Events[e], e.String())
		}
	}
	d := &f.Defrag
	w.Uint(metrics.DefragFragments, d.FragmentsV4+d.FragmentsV6)
	w.Uint(metrics.DefragRebuilt, d.Rebuilt)
	var lost uint64
	for _, n := range d.GivenUp {
		lost += n
	}
	w.Uint(metrics.DefragIncomplete, lost)
	for b, n := range d.Reached {
		w.Uint(metrics.DefragReached, n, defrag.Bound(b).String())
	}
	w.Uint(metrics.DefragMemory, uint64(d.Bytes))
}

func writeFlows(w *metrics.Writer, v *View) {
	f := &v.Work.Flow
	w.Uint(metrics.FlowCreated, f.Started)
	for r, n := range f.Ended {
		w.Uint(metrics.FlowEnded, n, flow.EndReason(r).String())
	}
	w.Uint(metrics.FlowActive, uint64(f.Active))
	w.Uint(metrics.FlowEvicted, f.Ended[flow.EndForced])
	w.Uint(metrics.FlowUnseenPackets, f.UnseenPackets)
	w.Uint(metrics.FlowUnseenBytes, f.UnseenBytes)
	w.Uint(metrics.FlowUnsettledPackets, f.UnsettledPackets)
	w.Uint(metrics.FlowUnsettledBytes, f.UnsettledBytes)
	w.Uint(metrics.FlowKernelOnly, f.KernelOnly)
	w.Uint(metrics.FlowMemory, f.Memory)
	v.Work.Ends.write(w)
}

func writeShed(w *metrics.Writer, v *View) {
	for r := shedRule; r < shedReasons; r++ {
		s := &v.Work.Shed[r]
		w.Uint(metrics.ShedFlows, s.Flows, r.String())
		w.Uint(metrics.ShedPackets, s.Packets, r.String())
		w.Uint(metrics.ShedBytes, s.Bytes, r.String())
	}
	for lane, level := range v.Overload {
		w.Uint(metrics.OverloadLevel, uint64(level), strconv.Itoa(lane))
	}
	w.Uint(metrics.OverloadStarts, v.Overloads)
}

func writeDetect(w *metrics.Writer, v *View) {
	d := &v.Work.Detect
	w.Uint(metrics.DetectCandidates, d.Candidates)
	w.Uint(metrics.DetectInspected, d.Inspected)
	w.Uint(metrics.DetectMatches, d.Matches)
	w.Uint(metrics.DetectAlerts, v.Merge.Made[event.TypeAlert])
	w.Uint(metrics.DetectSuppressed, v.Suppressed())
	w.Uint(metrics.DetectOverflow, v.Overflow())
	w.Uint(metrics.DetectLimited, d.StepLimit, "steps")
	w.Uint(metrics.DetectLimited, d.PcreLimit, "pcre")
	w.Uint(metrics.DetectLimited, d.BudgetSpent, "packet")
	w.Uint(metrics.DetectUninspected, d.Uninspected)
	w.Uint(metrics.DetectForgotten, d.BitsRefused, "flowbits")
	w.Uint(metrics.DetectForgotten, d.NotesRefused, "notes")
	w.Uint(metrics.DetectForgotten, d.VarsRefused, "variables")
	for i := range v.Costs[:min(len(v.Costs), profiledRules)] {
		c := &v.Costs[i]
		gid, sid := strconv.FormatUint(uint64(c.GID), 10), strconv.FormatUint(uint64(c.SID), 10)
		w.Float(metrics.DetectRuleTime, time.Duration(c.Nanoseconds).Seconds(), gid, sid)
		w.Uint(metrics.DetectRuleMatches, c.Matches, gid, sid)
	}
}

// The labels of the two directions: of flows and services, and of hosts.
const (
	toServer, toClient = "to_server", "to_client"
	sent, received     = "sent", "received"
)

func writeBandwidth(w *metrics.Writer, v *View, geo *geoLookup) {
	t := &v.Traffic
	if v.Merge.StartTime != 0 {
		w.Float(metrics.BandwidthWindow, time.Duration(v.Merge.EndTime-v.Merge.StartTime).Seconds())
	}
	for _, p := range t.Protocols {
		name := event.ProtoName(p.Proto)
		w.Uint(metrics.BandwidthTransportBytes, p.Out.Bytes, name, toServer)
		w.Uint(metrics.BandwidthTransportBytes, p.In.Bytes, name, toClient)
		w.Uint(metrics.BandwidthTransportPackets, p.Out.Packets, name, toServer)
		w.Uint(metrics.BandwidthTransportPackets, p.In.Packets, name, toClient)
	}
	var all analytics.Flux
	for _, p := range t.Protocols {
		all.Add(p.Flux)
	}
	w.Uint(metrics.FlowBytes, all.Out.Bytes, toServer)
	w.Uint(metrics.FlowBytes, all.In.Bytes, toClient)
	w.Uint(metrics.FlowPackets, all.Out.Packets, toServer)
	w.Uint(metrics.FlowPackets, all.In.Packets, toClient)
	for _, s := range t.Services.Rows {
		port, proto := strconv.Itoa(int(s.Port)), event.ProtoName(s.Proto)
		w.Uint(metrics.BandwidthServiceBytes, s.Out.Bytes, port, proto, toServer)
		w.Uint(metrics.BandwidthServiceBytes, s.In.Bytes, port, proto, toClient)
		w.Uint(metrics.BandwidthServicePackets, s.Out.Packets, port, proto, toServer)
		w.Uint(metrics.BandwidthServicePackets, s.In.Packets, port, proto, toClient)
	}
	other(w, metrics.BandwidthServiceBytes, metrics.BandwidthServicePackets, t.Services.Other, t.Services.Folded, toServer, toClient)
	for i := range t.HostsByBytes.Rows {
		h := &t.HostsByBytes.Rows[i]
		host := h.Addr.Netip(h.IPVersion).String()
		country, asn := geo.labels(h.Addr, h.IPVersion)
		w.Uint(metrics.BandwidthTalkerBytes, h.Out.Bytes, host, country, asn, sent)
		w.Uint(metrics.BandwidthTalkerBytes, h.In.Bytes, host, country, asn, received)
		w.Uint(metrics.BandwidthTalkerPackets, h.Out.Packets, host, country, asn, sent)
		w.Uint(metrics.BandwidthTalkerPackets, h.In.Packets, host, country, asn, received)
	}
	other(w, metrics.BandwidthTalkerBytes, metrics.BandwidthTalkerPackets, t.HostsByBytes.Other, t.HostsByBytes.Folded, sent, received)
	for i := range t.Flows.Rows {
		f := &t.Flows.Rows[i]
		src, dst := f.Client.Netip(f.IPVersion).String(), f.Server.Netip(f.IPVersion).String()
		srcPort, dstPort := strconv.Itoa(int(f.ClientPort)), strconv.Itoa(int(f.ServerPort))
		proto := event.ProtoName(f.Proto)
		w.Uint(metrics.BandwidthFlowBytes, f.Out.Bytes+f.In.Bytes, src, srcPort, dst, dstPort, proto)
		w.Uint(metrics.BandwidthFlowPackets, f.Out.Packets+f.In.Packets, src, srcPort, dst, dstPort, proto)
	}
	rest, folded := t.Flows.Other, uint64(t.Flows.Folded)
	w.Other(metrics.BandwidthFlowBytes, "", rest.Out.Bytes+rest.In.Bytes, folded)
	w.Other(metrics.BandwidthFlowPackets, "", rest.Out.Packets+rest.In.Packets, folded)
}

// other writes the rest of a list, which stands for some folded entries in
// each direction.
func other(w *metrics.Writer, bytes, packets metrics.ID, rest analytics.Flux, folded int, out, in string) {
	w.Other(bytes, out, rest.Out.Bytes, uint64(folded))
	w.Other(bytes, in, rest.In.Bytes, uint64(folded))
	w.Other(packets, out, rest.Out.Packets, uint64(folded))
	w.Other(packets, in, rest.In.Packets, uint64(folded))
}

func writeEquations(w *metrics.Writer, v *View) {
	left, leftBytes := v.Balance()
	w.Equation("frames", v.Front.Frames, uint64(int64(v.Front.Frames)-left))
	w.Equation("bytes", v.Front.Bytes, uint64(int64(v.Front.Bytes)-leftBytes))
	inFlows, inFlowBytes := v.HeldInFlows()
	left, leftBytes = v.InspectionBalance()
	w.Equation("inspection", inFlows, uint64(int64(inFlows)-left))
	w.Equation("inspection_bytes", inFlowBytes, uint64(int64(inFlowBytes)-leftBytes))
	var made, merged uint64
	for t := range v.Work.Made {
		made += v.Work.Made[t]
		merged += v.Merge.Made[t]
	}
	// Events about the sensor are made by the merge stage itself.
	merged += v.Merge.Suppressed + v.Merge.Overflow - v.Merge.Made[event.TypeStats] - v.Merge.Made[event.TypeOverload] - v.Merge.Made[event.TypeEngine]
	w.Equation("events", made, merged)
}
