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

// filter changes the action once more than Count matches came within the window,
// for Timeout seconds, after which one match has the rule's own action. Every
// match alerts. As Suricata does, it counts in whole seconds.
func (t *rateState) filter(r *keyword.Rate, now int64, fresh, expired bool) outcome {
	const second = int64(time.Second)
	if t.until != 0 && !fresh {
		if now <= t.until {
			return changeAction
		}
		t.until = 0
		return alertNow
	}
	if fresh || expired {
		t.start, t.count = now, 0
	}
	if t.count < ^uint32(0) {
		t.count++
	}
	if t.count <= r.Count {
		return alertNow
	}
	t.until = (now/second+int64(r.Timeout)+1)*second - 1
	return changeAction
}

// matters returns until when the state changes what becomes of a match.
func (t *rateState) matters(r *keyword.Rate) int64 {
	return max(t.start+int64(r.Seconds)*int64(time.Second), t.until)
}
