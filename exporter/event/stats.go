package event

// Stats is the periodic report of counters.
type Stats struct {
	Envelope
	Uptime uint64 // seconds of packet time since the first packet
	// Counters are the members of the stats object: Suricata's names where
	// the thing is the same, and accounting with the equations of the sensor.
	Counters *Tree
}

// AppendStats appends the event without its closing brace; see Finish.
func (e *Encoder) AppendStats(dst []byte, s *Stats) []byte {
	dst = e.appendEnvelope(dst, &s.Envelope, TypeStats)
	dst = appendUintMember(dst, `,"stats":{"uptime":`, s.Uptime)
	if s.Counters != nil {
		dst = s.Counters.append(dst, e.opt.Strict)
	}
	return append(dst, '}')
}
