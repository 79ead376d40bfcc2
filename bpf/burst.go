package bpf

import "math/bits"

// Millisecond is what passed the interface within a millisecond of the
// monotonic clock.
type Millisecond struct {
	Start int64    // Unix nanoseconds
	Total [2]Count // by Side
}

// Histogram sorts milliseconds by how much passed in them: a microburst is one
// near line rate where the average of the second is far below.
type Histogram struct {
	// Buckets[0] counts silent milliseconds, Buckets[i] those with 2^(i-1) up
	// to 2^i - 1 bytes.
	Buckets [40]uint64
	Max     Millisecond // the one with most bytes
}

// Add counts the milliseconds of one side, as Milliseconds returned them, and
// the silent ones among them.
func (h *Histogram) Add(side Side, list []Millisecond) {
	for i, m := range list {
		n := m.Total[side].Bytes
		h.Buckets[min(bits.Len64(n), len(h.Buckets)-1)]++
		if n > h.Max.Total[side].Bytes {
			h.Max = m
		}
		if i > 0 {
			h.Buckets[0] += uint64(max((m.Start-list[i-1].Start+500_000)/1e6-1, 0))
		}
	}
}
