package pcapfile

import (
	"math"
	"math/bits"
)

// clock turns the time stamps of a pcapng interface into nanoseconds since the
// Unix epoch (draft-ietf-opsawg-pcapng section 4.2, if_tsresol and if_tsoffset).
type clock struct {
	scale  clockScale
	factor uint64 // of scaleUp: multiplier; of scaleDown: divisor
	shift  uint8  // of scaleBinary: ticks are 2^-shift seconds
	offset int64  // seconds to add
}

// clockScale is how ticks become nanoseconds.
type clockScale uint8

const (
	scaleUp     clockScale = iota // ticks of 10^-9 s or longer
	scaleDown                     // ticks shorter than 10^-9 s
	scaleBinary                   // ticks of a power of two
)

// microseconds is the clock of an interface that does not tell its own.
var microseconds = clock{scale: scaleUp, factor: 1000}

// Bounds of the exponent of if_tsresol: beyond them a second does not fit the 64
// bits of a time stamp.
const (
	maxDecimalExponent = 19
	maxBinaryExponent  = 63
)

// newClock reads if_tsresol; false if its exponent is out of bounds.
func newClock(resolution uint8, offset int64) (clock, bool) {
	exponent := resolution & 0x7f
	if resolution&0x80 != 0 {
		return clock{scale: scaleBinary, shift: exponent, offset: offset}, exponent <= maxBinaryExponent
	}
	if exponent > maxDecimalExponent {
		return clock{}, false
	}
	c := clock{scale: scaleUp, factor: 1, offset: offset}
	for e := exponent; e < 9; e++ {
		c.factor *= 10
	}
	if exponent > 9 {
		c.scale = scaleDown
		for e := exponent; e > 9; e-- {
			c.factor *= 10
		}
	}
	return c, true
}

// nanoseconds converts a time stamp. It reports false for one that 64 bits of
// nanoseconds cannot tell (after the year 2262), as writers leave behind that did
// not have a time.
func (c *clock) nanoseconds(ticks uint64) (int64, bool) {
	var hi, ns uint64
	switch c.scale {
	case scaleUp:
		hi, ns = bits.Mul64(ticks, c.factor)
	case scaleDown:
		ns = ticks / c.factor
	case scaleBinary:
		hi, ns = bits.Mul64(ticks, 1e9)
		ns = hi<<(64-c.shift) | ns>>c.shift
		hi >>= c.shift
	}
	if hi != 0 || ns > math.MaxInt64 {
		return 0, false
	}
	if c.offset == 0 {
		return int64(ns), true
	}
	return addSeconds(int64(ns), c.offset)
}

// addSeconds adds to a time that is not negative; false if it does not fit.
func addSeconds(ns, seconds int64) (int64, bool) {
	const most = math.MaxInt64 / 1_000_000_000
	if seconds > most || seconds < -most {
		return 0, false
	}
	sum := ns + seconds*1e9
	return sum, seconds < 0 || sum >= ns
}
