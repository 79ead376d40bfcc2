package signatures

import (
	"time"

	"spanwatch/signatures/keyword"
)

// rateState is what a rate remembers of one thing that it counts for.
type rateState struct {
	start int64  // of the window, packet time in nanoseconds
	until int64  // of a rate_filter: end of the new action; 0 when not active
	count uint32 // matches in the window
	next  uint32 // of backoff: the count at which the next alert comes
	// alerted: both has alerted in this window.
	alerted bool
}

// outcome of counting one match.
type outcome uint8

const (
	alertNow outcome = iota + 1
	holdBack
	changeAction // alert, with the new action of a rate_filter
)

// add takes note of a match at time now and says what becomes of it. A
// window includes its last nanosecond; time that runs backwards stays in the
// window.
func (t *rateState) add(r *keyword.Rate, now int64, fresh bool) outcome {
	window := int64(r.Seconds) * int64(time.Second)
	expired := !fresh && now-t.start > window
	switch r.Kind {
	case keyword.RateBackoff:
		return t.backoff(r, fresh)
	case keyword.RateFilter:
		return t.filter(r, now, fresh, expired)
	}
	if fresh || expired {
		t.start, t.count, t.alerted = now, 0, false
	}
	if t.count < ^uint32(0) {
		t.count++
	}
	switch r.Kind {
	case keyword.RateLimit:
		if t.count <= r.Count {
			return alertNow
		}
	case keyword.RateThreshold:
		if t.count >= r.Count {
			t.count = 0
			return alertNow
		}
	case keyword.RateBoth:
		if t.count >= r.Count && !t.alerted {
			t.alerted = true
			return alertNow
		}
	case keyword.RateDetection:
		if t.count > r.Count {
			return alertNow
		}
	}
	return holdBack
}

// backoff alerts at Count, Count·M, Count·M·M …
func (t *rateState) backoff(r *keyword.Rate, fresh bool) outcome {
	if fresh {
		t.count, t.next = 0, r.Count
	}
	if t.count < ^uint32(0) {
		t.count++
	}
	if t.count != t.next {
		return holdBack
	}
	next := uint64(t.next) * uint64(r.Multiplier)
	t.next = uint32(min(next, uint64(^uint32(0))))
	return alertNow
}

// filter changes the action once Count matches came within the window, for
// Timeout seconds. Every match alerts.
func (t *rateState) filter(r *keyword.Rate, now int64, fresh, expired bool) outcome {
	if t.until != 0 {
		if now <= t.until {
			return changeAction
		}
		// The new action is over: counting starts anew.
		*t = rateState{start: now, count: 1}
		return alertNow
	}
	if fresh || expired {
		t.start, t.count = now, 0
	}
	t.count++
	if t.count < r.Count {
		return alertNow
	}
	t.until = now + int64(r.Timeout)*int64(time.Second)
	return changeAction
}
