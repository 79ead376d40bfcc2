package flow

// Add adds the counters of another worker's table.
func (s *Stats) Add(o *Stats) {
	s.Active += o.Active
	s.Started += o.Started
	for i := range s.Ended {
		s.Ended[i] += o.Ended[i]
	}
	for i := range s.ByProto {
		s.ByProto[i] += o.ByProto[i]
	}
	s.Midstream += o.Midstream
	s.Packets += o.Packets
	s.WireBytes += o.WireBytes
	s.UnseenPackets += o.UnseenPackets
	s.UnseenBytes += o.UnseenBytes
	s.ToldPackets += o.ToldPackets
	s.ToldBytes += o.ToldBytes
	s.UnsettledPackets += o.UnsettledPackets
	s.UnsettledBytes += o.UnsettledBytes
	s.KernelOnly += o.KernelOnly
	s.Memory += o.Memory
	s.Fullness = max(s.Fullness, o.Fullness)
	s.Skipped += o.Skipped
}
