package exporter

import "time"

// LatencyBounds are the upper bounds of the buckets of Latency, in seconds.
var LatencyBounds = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120}

// Latency says how long events waited from the moment their batch was begun
// until the destination had them. Those that went by the spool are not in it:
// how long an outage was is not the latency of the way.
type Latency struct {
	Buckets [len(LatencyBounds) + 1]uint64 // of events, not cumulative; the last is beyond all bounds
	Seconds float64                        // sum over all events
	Events  uint64
}

func (l *Latency) add(d time.Duration, n uint64) {
	s := d.Seconds()
	i := 0
	for i < len(LatencyBounds) && s > LatencyBounds[i] {
		i++
	}
	l.Buckets[i] += n
	l.Seconds += s * float64(n)
	l.Events += n
}
