package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// The collector's heap holds little that dies young: flow tables lie outside of
// it, and nothing is allocated per packet. What grows it is loading rules, a
// burst of short-lived trees. So it is kept tight while rules are loaded, and
// given a fixed amount of room afterwards, which is rarely used up, instead of
// a multiple of what is live: that would grow with the flows that have parsers.
// Where these are hundreds of thousands, on a busy link, a fixed room would have
// them looked through every second, which took 8 % of the processor time: there the
// room is a share of what is live. GOGC overrides both.
const (
	loadingPercent = 50
	loadingBytes   = 24 << 20 // of garbage beside the rules that are in use
	idlePercent    = 400      // with next to nothing live
	roomBytes      = 40 << 20
	leastPercent   = 25 // of what is live, above 160 MB
)

// collector is how the garbage collector is told. Any goroutine may call it.
type collector struct {
	fixed bool

	mu       sync.Mutex
	loads    int  // under way
	watching bool // adjust is called after each collection
	percent  int  // as set last
}

func newCollector() *collector {
	c := &collector{fixed: os.Getenv("GOGC") != ""}
	c.set(idlePercent)
	return c
}

func (c *collector) set(percent int) {
	if !c.fixed && percent != c.percent {
		debug.SetGCPercent(percent)
		c.percent = percent
	}
}

// loading runs f, which makes much garbage, and returns what f left behind to
// the system. From then on the heap has its room.
func (c *collector) loading(f func()) {
	c.mu.Lock()
	c.loads++
	c.set(int(min(max(loadingBytes*100/max(liveBytes(), 1), leastPercent), loadingPercent)))
	c.mu.Unlock()
	f()
	debug.FreeOSMemory()
	c.mu.Lock()
	c.loads--
	if !c.watching && !c.fixed {
		c.watching = true
		c.watch()
	}
	c.mu.Unlock()
	c.adjust()
}

// adjust makes the room the share of what is live that it is now.
func (c *collector) adjust() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loads == 0 {
		c.set(int(min(max(roomBytes*100/max(liveBytes(), 1), leastPercent), idlePercent)))
	}
}

// liveBytes is what the last collection found in use.
func liveBytes() uint64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return live[0].Value.Uint64()
}

// watch has adjust called after the next collection, and again after each.
func (c *collector) watch() {
	type cycle struct{ of *collector } // unreachable at once: each collection finds one
	runtime.SetFinalizer(&cycle{c}, func(*cycle) {
		c.adjust()
		c.watch()
	})
}
