package event_test

import (
	"math"
	"testing"
	"time"

	"spanwatch/exporter/event"
)

func TestTimestampsEqualThoseOfThePackageTime(t *testing.T) {
	e := newEncoder(t, event.Options{})
	const day = 24 * int64(time.Hour)
	times := []int64{0, 1, -1, 999, 999_999_999, 1e9, day - 1, day, -day, -day - 1, at, math.MaxInt64, math.MinInt64}
	for i := range int64(3000) {
		times = append(times, at+i*7*int64(time.Hour)+i*1_000_001, at-i*day+i, at)
	}
	for _, ns := range times {
		got := string(e.AppendStats(nil, &event.Stats{Envelope: event.Envelope{Time: ns}})[len(`{"timestamp":"`):][:31])
		want := time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000-0700")
		if got != want {
			t.Fatalf("%d: got %s, want %s", ns, got, want)
		}
	}
}
