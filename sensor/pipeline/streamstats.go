package pipeline

import (
	"spanwatch/decoders"
	"spanwatch/exporter/event"
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

func (c *endCounters) fill(t *event.Tree) {
	t.Set("flow.end.state.new", c.New)
	t.Set("flow.end.state.established", c.Established)
	t.Set("flow.end.state.closed", c.Closed)
	t.Set("flow.end.state.local_bypassed", c.LocalBypassed)
	t.Set("flow.end.state.capture_bypassed", c.HeldBypassed)
	for s, n := range c.TCP {
		t.Set("flow.end.tcp_state."+flow.TCPState(s).String(), n)
	}
}
