package pcapfile

import (
	"math"
	"math/big"
	"testing"
	"testing/quick"
)

const never = -1

func TestClockConvertsTicks(t *testing.T) {
	for _, tt := range []struct {
		name       string
		resolution uint8
		offset     int64
		ticks      uint64
		want       int64 // never for a time that cannot be told
	}{
		{"seconds", 0, 0, 7, 7e9},
		{"milliseconds", 3, 0, 1500, 1_500_000_000},
		{"microseconds", 6, 0, 1, 1000},
		{"nanoseconds", 9, 0, 5, 5},
		{"picoseconds", 12, 0, 12_345, 12},
		{"the_finest_decimal", 19, 0, math.MaxUint64, 1_844_674_407},
		{"halves", 0x81, 0, 3, 1_500_000_000},
		{"seconds_as_a_power_of_two", 0x80, 0, 2, 2e9},
		{"the_finest_binary", 0xbf, 0, math.MaxUint64, 1_999_999_999},
		{"an_offset", 6, 10, 1, 10_000_001_000},
		{"a_negative_offset", 6, -10, 1, -9_999_999_000},
		{"beyond_the_last_time", 0, 0, math.MaxUint64, never},
		{"beyond_the_last_time_but_within_uint64", 9, 0, math.MaxInt64 + 1, never},
		{"an_offset_beyond_the_last_time", 9, math.MaxInt64, 1, never},
		{"an_offset_that_adds_up_beyond_it", 9, 1, math.MaxInt64, never},
		{"an_offset_before_the_first_time", 9, math.MinInt64, 1, never},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, ok := newClock(tt.resolution, tt.offset)
			if !ok {
				t.Fatal("resolution refused")
			}
			if got, ok := c.nanoseconds(tt.ticks); ok != (tt.want != never) || ok && got != tt.want {
				t.Errorf("got %d, %v, want %d", got, ok, tt.want)
			}
		})
	}
}

func TestClockEqualsExactArithmetic(t *testing.T) {
	same := func(resolution uint8, ticks uint64) bool {
		c, ok := newClock(resolution, 0)
		if !ok {
			return true
		}
		ns := new(big.Int).Mul(new(big.Int).SetUint64(ticks), big.NewInt(1e9))
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(resolution)), nil)
		if resolution&0x80 != 0 {
			unit = new(big.Int).Lsh(big.NewInt(1), uint(resolution&0x7f))
		}
		ns.Div(ns, unit)
		got, ok := c.nanoseconds(ticks)
		return ok == ns.IsInt64() && (!ok || got == ns.Int64())
	}
	for resolution := range 256 {
		if err := quick.Check(func(ticks uint64, shift uint8) bool {
			return same(uint8(resolution), ticks>>(shift%64))
		}, nil); err != nil {
			t.Errorf("resolution %#x: %v", resolution, err)
		}
	}
}
