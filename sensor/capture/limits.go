package capture

import (
	"math"
	"time"

	"spanwatch/decoders"
)

// disorder is how much later than the end of the window a frame must be for the
// rest of the capture to count as later too, in nanoseconds. Captures taken from
// several queues or processors are out of order by milliseconds.
const disorder = int64(10 * time.Second)

// limits picks the frames that are delivered.
type limits struct {
	from, to int64 // nanoseconds since the epoch; from included, to not
	toReason End   // what it means that to is passed
	duration int64 // nanoseconds; 0 for none
	frames   uint64
	bytes    uint64

	tookFrames, tookBytes uint64
	outside               uint64 // frames not in the window
	ended                 End
}

// newLimits takes the limits out of valid options.
func newLimits(o *Options) limits {
	l := limits{
		from: math.MinInt64, to: math.MaxInt64, toReason: EndOfTime,
		duration: int64(o.MaxDuration), frames: o.MaxFrames, bytes: o.MaxBytes,
	}
	if !o.From.IsZero() {
		l.from = o.From.UnixNano()
	}
	if !o.To.IsZero() {
		l.to = o.To.UnixNano()
	}
	if l.frames == 0 {
		l.frames = math.MaxUint64
	}
	if l.bytes == 0 {
		l.bytes = math.MaxUint64
	}
	return l
}

// pick moves the frames that are delivered to the front and returns them. Once
// ended is set there are no more.
func (l *limits) pick(frames []decoders.Frame) []decoders.Frame {
	n := 0
	for i := range frames {
		f := &frames[i]
		if f.Timestamp < l.from || f.Timestamp >= l.to {
			l.outside++
			if f.Timestamp-disorder >= l.to {
				l.ended = l.toReason
				break
			}
			continue
		}
		wire := uint64(f.WireLen)
		if wire > l.bytes-l.tookBytes {
			l.ended = EndOfBytes
			break
		}
		if l.tookFrames == 0 && l.duration > 0 && f.Timestamp < l.to-l.duration {
			l.to, l.toReason = f.Timestamp+l.duration, EndOfDuration
		}
		l.tookFrames++
		l.tookBytes += wire
		if n != i {
			frames[n] = *f
		}
		n++
		if l.tookFrames == l.frames {
			l.ended = EndOfFrames
			break
		}
	}
	return frames[:n]
}
