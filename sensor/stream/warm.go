package stream

import "spanwatch/sensor/flow"

// Warm brings what Packet will need of the sessions of some flows into the cache.
// As in flow.Table.Warm, it reads for all of them before it waits for any.
func (e *Engine) Warm(flows []*flow.Flow) {
	for _, f := range flows {
		s := &e.sessions[f.Stream]
		e.warmed += uint64(s.half[0].reach) + uint64(s.half[1].reach) + uint64(s.lastSeen)
	}
	for _, f := range flows {
		s := &e.sessions[f.Stream]
		for d := range s.half {
			x := e.reach(&s.half[d])
			e.warmed += x.acked + uint64(x.segments)
		}
	}
}
