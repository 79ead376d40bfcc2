package stream

import (
	"math/bits"
	"unsafe"

	"spanwatch/decoders"
)

// Stats are an engine's counters since it was made.
type Stats struct {
	Packets         uint64 // given to Packet
	BadChecksum     uint64 // of them, left out for a wrong checksum
	Syn             uint64 // of the others, with SYN and without ACK
	SynAck          uint64 // … with SYN and ACK
	Rst             uint64 // … with RST
	Urg             uint64 // … with URG
	NoSession       uint64 // … of flows without a session
	Refused         uint64 // … that did not fit their session
	Active          int    // sessions now
	Sessions        uint64 // sessions begun
	Midstream       uint64 // of them, without their opening
	SessionsRefused uint64 // packets that would have begun one while all were in use
	Closed          uint64 // sessions that were closed or reset by their ends

	Segments          uint64 // packets with payload that were taken for the stream
	Bytes             uint64 // of payload that were stored, each once
	Overlaps          uint64 // segments that repeat bytes of stored ones
	OverlapsDifferent uint64 // stored segments that another one overlapped with different bytes
	Gaps              uint64 // holes that were acknowledged without having been seen
	GapBytes          uint64 // of them, as parsers were told
	AckUnseen         uint64 // packets that acknowledge bytes that were not seen when they came
	DepthReached      uint64 // directions that came to the reassembly depth
	BeyondDepth       uint64 // bytes that came behind it
	OutOfOrder        uint64 // segments that came early or late
	UrgentBytes       uint64 // taken out of band
	CopiedBytes       uint64 // bytes that could not be handed on from their packet
	SessionMemory     uint64 // bytes of what is known of the sessions now, but for their data
	MemoryUsed        uint64 // bytes of blocks held for data now: what Config.Memory bounds
	MemoryReserved    uint64 // bytes of blocks allocated, in use or kept for reuse

	// How much of Config.MaxSessions and of Config.Memory is in use now, 0 to 1.
	SessionFullness, MemoryFullness float64

	RefusedMemory   uint64 // segments left out because Config.Memory was reached
	RefusedFlow     uint64 // … Config.FlowMemory
	RefusedSegments uint64 // … Config.Segments, or of too many overlaps
	LeftOutBytes    uint64 // of segments left out, and of sessions whose reassembly ended for want of room
	Stopped         uint64 // directions whose reassembly ended for want of room
	Evicted         uint64 // sessions whose reassembly made room for others
	EvictedBytes    uint64 // that were held for them

	Events [decoders.StreamEventCount]uint64 // packets with the event
}

// Add adds the counters of another worker's engine. Of the two the fuller one
// counts: data has to be left out where one is full.
func (s *Stats) Add(o *Stats) {
	s.Packets += o.Packets
	s.BadChecksum += o.BadChecksum
	s.Syn += o.Syn
	s.SynAck += o.SynAck
	s.Rst += o.Rst
	s.Urg += o.Urg
	s.NoSession += o.NoSession
	s.Refused += o.Refused
	s.Active += o.Active
	s.Sessions += o.Sessions
	s.Midstream += o.Midstream
	s.SessionsRefused += o.SessionsRefused
	s.Closed += o.Closed
	s.Segments += o.Segments
	s.Bytes += o.Bytes
	s.Overlaps += o.Overlaps
	s.OverlapsDifferent += o.OverlapsDifferent
	s.Gaps += o.Gaps
	s.GapBytes += o.GapBytes
	s.AckUnseen += o.AckUnseen
	s.DepthReached += o.DepthReached
	s.BeyondDepth += o.BeyondDepth
	s.OutOfOrder += o.OutOfOrder
	s.UrgentBytes += o.UrgentBytes
	s.CopiedBytes += o.CopiedBytes
	s.SessionMemory += o.SessionMemory
	s.MemoryUsed += o.MemoryUsed
	s.MemoryReserved += o.MemoryReserved
	s.SessionFullness = max(s.SessionFullness, o.SessionFullness)
	s.MemoryFullness = max(s.MemoryFullness, o.MemoryFullness)
	s.RefusedMemory += o.RefusedMemory
	s.RefusedFlow += o.RefusedFlow
	s.RefusedSegments += o.RefusedSegments
	s.LeftOutBytes += o.LeftOutBytes
	s.Stopped += o.Stopped
	s.Evicted += o.Evicted
	s.EvictedBytes += o.EvictedBytes
	for i := range s.Events {
		s.Events[i] += o.Events[i]
	}
}

func (s *Stats) countEvents(set *decoders.StreamEventSet) {
	for w, v := range set {
		for ; v != 0; v &= v - 1 {
			s.Events[w<<6+bits.TrailingZeros64(v)]++
		}
	}
}

// countFlags counts the packets that begin and end sessions.
func (s *Stats) countFlags(flags uint8) {
	switch {
	case flags&(decoders.TCPSyn|decoders.TCPAck) == decoders.TCPSyn|decoders.TCPAck:
		s.SynAck++
	case flags&decoders.TCPSyn != 0:
		s.Syn++
	}
	if flags&decoders.TCPRst != 0 {
		s.Rst++
	}
	if flags&decoders.TCPUrg != 0 {
		s.Urg++
	}
}

// Stats returns the counters so far.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.MemoryUsed, s.MemoryReserved = e.pool.used, e.pool.reserved
	s.SessionFullness = float64(s.Active) / float64(e.cfg.MaxSessions)
	s.MemoryFullness = float64(s.MemoryUsed) / float64(e.cfg.Memory)
	s.SessionMemory = uint64(s.Active)*uint64(unsafe.Sizeof(session{})) +
		e.runs.memory() + e.segments.memory() + e.reaches.memory() + e.offers.memory()
	return s
}
