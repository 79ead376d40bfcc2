package event

import "time"

const secondsPerDay = 24 * 60 * 60

// clock formats packet time. Computing a date costs 40 ns and is the same for
// all events of a day, so it is kept; the time of day is divisions.
type clock struct {
	day  int64 // days since the Unix epoch; valid iff date is not empty
	date []byte
	buf  [16]byte
}

// append writes 2026-01-02T15:04:05.123456+0000. Always UTC, so that a replay
// gives the same text on every machine; microseconds, rounded down.
func (c *clock) append(dst []byte, ns int64) []byte {
	sec, frac := split(ns)
	day := floorDiv(sec, secondsPerDay)
	if day != c.day || c.date == nil {
		c.day = day
		c.date = time.Unix(sec, 0).UTC().AppendFormat(c.buf[:0], "2006-01-02T")
	}
	s := uint32(sec - day*secondsPerDay)
	us := uint32(frac / 1000)
	dst = append(dst, c.date...)
	dst = appendTwoDigits(dst, s/3600)
	dst = append(dst, ':')
	dst = appendTwoDigits(dst, s/60%60)
	dst = append(dst, ':')
	dst = appendTwoDigits(dst, s%60)
	dst = append(dst, '.')
	dst = appendTwoDigits(dst, us/10000)
	dst = appendTwoDigits(dst, us/100%100)
	dst = appendTwoDigits(dst, us%100)
	return append(dst, "+0000"...)
}

// split returns the whole seconds, rounded down, and the nanoseconds left.
func split(ns int64) (sec, frac int64) {
	sec = floorDiv(ns, 1e9)
	return sec, ns - sec*1e9
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func appendTwoDigits(dst []byte, v uint32) []byte {
	return append(dst, byte('0'+v/10), byte('0'+v%10))
}

// appendTimeMember writes a time and the closing quote; name ends in the
// opening one.
func (e *Encoder) appendTimeMember(dst []byte, name string, ns int64) []byte {
	dst = append(dst, name...)
	dst = e.clock.append(dst, ns)
	return append(dst, '"')
}
