package pipeline

import (
	"spanwatch/decoders"
	"spanwatch/exporter/event"
	"spanwatch/exporter/metrics"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/stream"
)

// fillTCP writes what became of TCP: what came, what was left out for want of
// room, and what the capture did not bring. Names are Suricata's where it counts
// the same; the bounds of one flow and of one direction are ours alone.
func fillTCP(t *event.Tree, w *workerCounters) {
	s := &w.Stream
	t.Set("tcp.syn", s.Syn)
	t.Set("tcp.synack", s.SynAck)
	t.Set("tcp.rst", s.Rst)
	t.Set("tcp.urg", s.Urg)
	t.Set("tcp.active_sessions", uint64(s.Active))
	t.Set("tcp.sessions", s.Sessions)
	t.Set("tcp.midstream_pickups", s.Midstream)
	t.Set("tcp.ssn_memcap_drop", s.SessionsRefused)
	t.Set("tcp.invalid_checksum", w.IgnoredTCP)
	t.Set("tcp.ack_unseen_data", s.AckUnseen)
	t.Set("tcp.segment_memcap_drop", s.RefusedMemory)
	t.Set("tcp.segment_flow_memcap_drop", s.RefusedFlow)
	t.Set("tcp.segment_limit_drop", s.RefusedSegments)
	t.Set("tcp.reassembly_left_out_bytes", s.LeftOutBytes)
	t.Set("tcp.reassembly_stopped", s.Stopped)
	t.Set("tcp.reassembly_evicted", s.Evicted)
	t.Set("tcp.reassembly_evicted_bytes", s.EvictedBytes)
	t.Set("tcp.reassembly_gap", s.Gaps)
	t.Set("tcp.reassembly_gap_bytes", s.GapBytes)
	t.Set("tcp.stream_depth_reached", s.DepthReached)
	t.Set("tcp.stream_depth_bytes", s.BeyondDepth)
	t.Set("tcp.overlap", s.Overlaps)
	t.Set("tcp.overlap_diff_data", s.OverlapsDifferent)
	t.Set("tcp.out_of_order", s.OutOfOrder)
	t.Set("tcp.urgent_oob_data", s.UrgentBytes)
	t.Set("tcp.memuse", s.SessionMemory)
	t.Set("tcp.reassembly_memuse", s.MemoryUsed)
}

// fillStreamEvents writes the oddities of sessions, those that never were too.
func fillStreamEvents(t *event.Tree, s *stream.Stats) {
	for e := range s.Events {
		t.Set(streamEventPaths[e], s.Events[e])
	}
}

var streamEventPaths = func() (paths [decoders.StreamEventCount]string) {
	for e := range paths {
		paths[e] = "stream." + decoders.StreamEvent(e).String()
	}
	return paths
}()

// endCounters count flows by how far they had come when they ended.
type endCounters struct {
	New, Established, Closed    uint64
	LocalBypassed, HeldBypassed uint64
	TCP                         [flow.TCPClosed + 1]uint64
}

func (c *endCounters) count(f *flow.Flow) {
	switch {
	case f.Flags&flow.FlagHeld != 0:
		c.HeldBypassed++
	case f.State == flow.StateBypassed || f.Detect.Bypassed():
		c.LocalBypassed++
	case f.State == flow.StateClosed:
		c.Closed++
	case f.State == flow.StateEstablished:
		c.Established++
	default:
		c.New++
	}
	if f.Key.Proto == protoTCP {
		c.TCP[f.TCPState]++
	}
}

func (c *endCounters) add(d *endCounters) {
	c.New += d.New
	c.Established += d.Established
	c.Closed += d.Closed
	c.LocalBypassed += d.LocalBypassed
	c.HeldBypassed += d.HeldBypassed
	for s := range c.TCP {
		c.TCP[s] += d.TCP[s]
	}
}

// each calls what with the name and the number of each state.
func (c *endCounters) each(what func(state string, n uint64)) {
	what("new", c.New)
	what("established", c.Established)
	what("closed", c.Closed)
	what("local_bypassed", c.LocalBypassed)
	what("capture_bypassed", c.HeldBypassed)
}

func (c *endCounters) fill(t *event.Tree) {
	c.each(func(state string, n uint64) { t.Set("flow.end.state."+state, n) })
	t.Set("flow.end.tcp_no_session", c.TCP[flow.TCPNone])
	for s, n := range c.TCP[flow.TCPNone+1:] {
		s += int(flow.TCPNone) + 1
		t.Set("flow.end.tcp_state."+flow.TCPState(s).String(), n)
	}
}

func (c *endCounters) write(w *metrics.Writer) {
	c.each(func(state string, n uint64) { w.Uint(metrics.FlowStates, n, state) })
	for s, n := range c.TCP {
		w.Uint(metrics.FlowTCPStates, n, flow.TCPState(s).String())
	}
}

func writeStreams(w *metrics.Writer, v *View) {
	s := &v.Work.Stream
	w.Uint(metrics.StreamPackets, s.Syn, "syn")
	w.Uint(metrics.StreamPackets, s.SynAck, "syn_ack")
	w.Uint(metrics.StreamPackets, s.Rst, "rst")
	w.Uint(metrics.StreamPackets, s.Urg, "urg")
	w.Uint(metrics.StreamBadChecksum, v.Work.IgnoredTCP)
	w.Uint(metrics.StreamSessions, s.Sessions)
	w.Uint(metrics.StreamActive, uint64(s.Active))
	w.Uint(metrics.StreamMidstream, s.Midstream)
	w.Uint(metrics.StreamRefusedSessions, s.SessionsRefused)
	w.Uint(metrics.StreamSegments, s.Segments)
	w.Uint(metrics.StreamBytes, s.Bytes)
	w.Uint(metrics.StreamRefusedSegments, s.RefusedMemory, "memory")
	w.Uint(metrics.StreamRefusedSegments, s.RefusedFlow, "flow_memory")
	w.Uint(metrics.StreamRefusedSegments, s.RefusedSegments, "segments")
	w.Uint(metrics.StreamLeftOut, s.LeftOutBytes)
	w.Uint(metrics.StreamStopped, s.Stopped)
	w.Uint(metrics.StreamEvicted, s.Evicted)
	w.Uint(metrics.StreamEvictedBytes, s.EvictedBytes)
	w.Uint(metrics.StreamGaps, s.Gaps)
	w.Uint(metrics.StreamGapBytes, s.GapBytes)
	w.Uint(metrics.StreamUnseenAcks, s.AckUnseen)
	w.Uint(metrics.StreamDepthReached, s.DepthReached)
	w.Uint(metrics.StreamBeyondDepth, s.BeyondDepth)
	w.Uint(metrics.StreamOverlaps, s.Overlaps)
	w.Uint(metrics.StreamConflicts, s.OverlapsDifferent)
	w.Uint(metrics.StreamOutOfOrder, s.OutOfOrder)
	w.Uint(metrics.StreamUrgent, s.UrgentBytes)
	for e, n := range s.Events {
		if n > 0 {
			w.Uint(metrics.StreamEvents, n, decoders.StreamEvent(e).String())
		}
	}
	w.Uint(metrics.StreamMemory, s.MemoryUsed, "data")
	w.Uint(metrics.StreamMemory, s.MemoryReserved, "data_reserved")
	w.Uint(metrics.StreamMemory, s.SessionMemory, "sessions")
}

// writeFullness shows how close the bounds are that inspection gives way to.
func writeFullness(w *metrics.Writer, v *View) {
	w.Float(metrics.PipelineFullness, v.Work.Flow.Fullness, "flows")
	w.Float(metrics.PipelineFullness, v.Work.Stream.SessionFullness, "sessions")
	w.Float(metrics.PipelineFullness, v.Work.Stream.MemoryFullness, "stream_memory")
	w.Float(metrics.PipelineFullness, v.Front.Defrag.Fullness, "fragments")
	w.Uint(metrics.PipelineBadChecksum, v.Work.Ignored)
}
