package capture

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ErrSpeed is returned for a speed that cannot be kept.
var ErrSpeed = errors.New(`speed is neither "max" nor a multiple of real time from 0.001x to 1000000x`)

// Bounds of Options.Speed.
const (
	minSpeed = 0.001
	maxSpeed = 1e6
)

// ParseSpeed reads "max", which is 0, or a multiple of real time: "1x", "0.5x".
func ParseSpeed(s string) (float64, error) {
	if s == "max" {
		return 0, nil
	}
	number, ok := strings.CutSuffix(s, "x")
	speed, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !validSpeed(speed) {
		return 0, fmt.Errorf("%w: %q", ErrSpeed, s)
	}
	return speed, nil
}

// validSpeed is false for NaN too.
func validSpeed(speed float64) bool { return speed >= minSpeed && speed <= maxSpeed }

// nap is the longest sleep without a look at the clock: a suspended machine or a
// clock that was set is noticed after that time.
const nap = 100 * time.Millisecond

// pacer delivers frames when their time has come: at speed 1, as long after the
// first frame as when they were captured. A gap of hours in the capture takes
// hours; closing the source ends the wait. It is the only place of the sensor's
// data path that looks at the clock.
type pacer struct {
	speed   float64         // 0: no pacing
	done    <-chan struct{} // closed to end a wait
	started bool
	start   time.Time // when the first frame was due
	first   int64     // its time stamp
}

// due is the time stamp up to which frames have their turn now.
func (p *pacer) due() int64 {
	ahead := float64(time.Since(p.start)) * p.speed
	if ahead >= math.MaxInt64 {
		return math.MaxInt64
	}
	due := p.first + int64(ahead)
	if due < p.first {
		return math.MaxInt64
	}
	return due
}

// wait returns when the frame of that time stamp is due; false if the source was
// closed first.
func (p *pacer) wait(timestamp int64) bool {
	if !p.started {
		p.started, p.start, p.first = true, time.Now(), timestamp
		return true
	}
	for {
		left := float64(timestamp) - float64(p.due())
		if left <= 0 {
			return true
		}
		sleep := nap
		if d := left / p.speed; d < float64(nap) {
			sleep = max(time.Duration(d), time.Microsecond)
		}
		select {
		case <-p.done:
			return false
		case <-time.After(sleep):
		}
	}
}
