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
	s.Skipped += o.Skipped
}
