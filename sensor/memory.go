package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// The collector's heap holds little that dies young: flow tables lie outside of
// it, and nothing is allocated per packet. What grows it is loading rules, a
// burst of short-lived trees. So it is kept tight while rules are loaded, and
// given a fixed amount of room afterwards, which is rarely used up, instead of
// a multiple of what is live. GOGC overrides both.
const (
	loadingPercent = 50
	idlePercent    = 400 // with next to nothing live
	roomBytes      = 64 << 20
)

// collector is how the garbage collector is told.
type collector struct{ fixed bool }

func newCollector() collector {
	c := collector{fixed: os.Getenv("GOGC") != ""}
	c.set(idlePercent)
	return c
}

func (c collector) set(percent int) {
	if !c.fixed {
		debug.SetGCPercent(percent)
	}
}

// loading runs f, which makes much garbage, and returns what f left behind to
// the system.
func (c collector) loading(f func()) {
	c.set(loadingPercent)
	f()
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	c.set(int(min(max(roomBytes*100/max(stats.HeapAlloc, 1), loadingPercent), idlePercent)))
}
