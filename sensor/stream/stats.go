package stream

import "spanwatch/decoders"

import "math/bits"

// Stats are an engine's counters since it was made.
type Stats struct {
	Packets         uint64 // given to Packet
	BadChecksum     uint64 // of them, left out for a wrong checksum
	NoSession       uint64 // of them, of flows without a session
	Refused         uint64 // of them, did not fit their session
	Active          int    // sessions now
	Sessions        uint64 // sessions begun
	Midstream       uint64 // of them, without their opening
	SessionsRefused uint64 // flows not followed because all sessions were in use
	Closed          uint64 // sessions that were closed or reset by their ends

	Segments       uint64 // packets with payload that were taken for the stream
	Bytes          uint64 // of payload that were stored, each once
	Overlaps       uint64 // stored segments that another one overlapped with different bytes
	Gaps           uint64 // holes that were acknowledged without having been seen
	GapBytes       uint64 // of them, as parsers were told
	BeyondDepth    uint64 // bytes that came behind the reassembly depth
	OutOfOrder     uint64 // segments that came early or late
	CopiedBytes    uint64 // bytes that could not be handed on from their packet
	MemoryUsed     uint64 // bytes held now
	MemoryReserved uint64 // bytes allocated, in use or kept for reuse

	RefusedMemory   uint64 // times that data was left out because Config.Memory was reached
	RefusedFlow     uint64 // … Config.FlowMemory
	RefusedSegments uint64 // segments left out because of Config.Segments, or of too many overlaps
	Stopped         uint64 // directions whose reassembly an exception ended
	Evicted         uint64 // sessions whose reassembly made room for others
	EvictedBytes    uint64 // that were held for them

	Events [decoders.StreamEventCount]uint64 // packets with the event
}

// Add adds the counters of another worker's engine.
func (s *Stats) Add(o *Stats) {
	s.Packets += o.Packets
	s.BadChecksum += o.BadChecksum
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
	s.Gaps += o.Gaps
	s.GapBytes += o.GapBytes
	s.BeyondDepth += o.BeyondDepth
	s.OutOfOrder += o.OutOfOrder
	s.CopiedBytes += o.CopiedBytes
	s.MemoryUsed += o.MemoryUsed
	s.MemoryReserved += o.MemoryReserved
	s.RefusedMemory += o.RefusedMemory
	s.RefusedFlow += o.RefusedFlow
	s.RefusedSegments += o.RefusedSegments
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
