//go:build linux && (amd64 || arm64)

package bpf

import (
	"fmt"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// clock turns the kernel's jiffies into time. Programs stamp flows with jiffies
// because reading them costs one load, where the coarse clock costs a call and
// the precise one more than counting the packet. Jiffies advance with the
// monotonic clock, a tick at a time.
type clock struct {
	tick    int64 // nanoseconds
	jiffies uint64
	mono    int64  // monotonic nanoseconds at that jiffy
	wall    int64  // Unix nanoseconds less monotonic nanoseconds
	now     uint64 // the jiffy of the last follow, or its neighbour
}

// set reads both clocks within one tick.
func (c *clock) set(program *ebpf.Program, now *ebpf.Map) error {
	var res unix.Timespec
	if err := unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &res); err != nil {
		return fmt.Errorf("ask for the tick: %w", err)
	}
	c.tick = res.Nano()
	var frame [64]byte
	var pair accountClock
	for range 16 { // a tick may fall in between, hardly twice
		before := coarse()
		if _, err := program.Run(&ebpf.RunOptions{Data: frame[:]}); err != nil {
			return fmt.Errorf("read the kernel's clock: %w", err)
		}
		if err := now.Lookup(uint32(0), &pair); err != nil {
			return fmt.Errorf("read the kernel's clock: %w", err)
		}
		c.jiffies, c.mono = pair.Jiffies, before
		if coarse() == before {
			break
		}
	}
	c.follow()
	return nil
}

// follow takes over steps of the wall clock.
func (c *clock) follow() {
	var mono, wall unix.Timespec
	// Neither call can fail: both clocks exist since Linux 2.6.
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono)
	unix.ClockGettime(unix.CLOCK_REALTIME, &wall)
	c.wall = wall.Nano() - mono.Nano()
	c.now = c.jiffies + uint64((mono.Nano()-c.mono)/c.tick)
}

// whole returns the jiffy with the given low bits, of those next to the last
// follow: half a circle of 32 bits is 24 days with ticks of a millisecond, and a
// flow that is read had packets since it was read before; of 40 bits it is 17 years.
func (c *clock) whole(low uint64, bits int) uint64 {
	return c.now + uint64(int64((low-c.now)<<(64-bits))>>(64-bits))
}

// unix returns Unix nanoseconds at a jiffy.
func (c *clock) unix(jiffies uint64) int64 {
	return c.mono + int64(jiffies-c.jiffies)*c.tick + c.wall
}

// milliseconds returns the monotonic clock as the programs' burst_ms counts it.
func milliseconds() int64 {
	var mono unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono)
	return mono.Nano() / 1e6
}

func coarse() int64 {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC_COARSE, &t)
	return t.Nano()
}
