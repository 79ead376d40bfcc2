package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"spanwatch/sensor/internal/netnstest"
)

// TestMemoryReturnsToItsLevelAfterReloads replaces many times a ruleset that takes
// a good part of the sensor's memory, with packets that make its matchers and
// expressions work in between. A ruleset that stays, whole or in part, raises the
// level each time.
func TestMemoryReturnsToItsLevelAfterReloads(t *testing.T) {
	const rules, warm, few, reloads, tolerance = 4000, 5, 3, 7, 1.10
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	file := filepath.Join(t.TempDir(), "test.rules")
	var text strings.Builder
	for i := range rules {
		fmt.Fprintf(&text, `alert udp any any -> any any (msg:"rule %d of a large set"; content:"name%d"; content:"|00 00|"; distance:0; pcre:"/n[a-z]{2,9}%d\x00/"; threshold:type limit,track by_src,count 1,seconds 60; metadata:number %d, severity Major, created_at 2024_01_%02d; reference:url,example.com/%d; sid:%d;)`+"\n",
			i, i, i, i, i%28+1, i%500, i+1)
	}
	// Every frame has one of these.
	fmt.Fprintf(&text, `alert udp any any -> any any (msg:"zeros"; content:"|00 00 00|"; pcre:"/\x00{3}/"; sid:%d;)`+"\n", rules+1)
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	r := startLive(t, ns, "-i", "rx", "-r", file, "--set", "rules.watch=0s", "--set", "rules.cache-dir=")
	sender := netnstest.OpenSender(t, "tx")
	alerts := 0
	reload := func(n int) {
		t.Helper()
		if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		// Packets make workers go over to the new rules; of each flow one alerts.
		// Metrics are not asked for: answers are garbage, for which there is room.
		r.await(t, "reload", func() bool { return len(r.events(t, "engine")) == n })
		frames := netnstest.UDPFlows(20*(alerts+1), 400, false)[20*alerts:]
		alerts++
		sender.Send(t, frames)
		r.await(t, "alerts of the rules", func() bool { return len(r.events(t, "alert")) >= 20*alerts })
	}
	// What the old rules leave is given back some time after a reload, and what is
	// made for packets meanwhile comes on top: the least of several reloads tells.
	least := func(from, reloads int) uint64 {
		t.Helper()
		level := uint64(math.MaxUint64)
		for n := range reloads {
			reload(from + n)
			for since := time.Now(); time.Since(since) < time.Second; time.Sleep(20 * time.Millisecond) {
				level = min(level, anonymous(t, r.cmd.Process.Pid))
			}
		}
		return level
	}
	// The first reloads raise the level once: what serves two rulesets at a time is
	// kept for the next.
	for n := range warm {
		reload(1 + n)
	}
	level := least(1+warm, few)
	for n := range reloads {
		reload(1 + warm + few + n)
	}
	last := least(1+warm+few+reloads, few)
	t.Logf("%d KiB after the first reloads, %d KiB after %d more", level>>10, last>>10, reloads+few)
	if float64(last) > tolerance*float64(level) {
		t.Error("the level has risen")
	}
	balanced(t, r.stop(t))
}

// anonymous is the memory of a process that no file stands behind, in bytes.
func anonymous(t *testing.T, pid int) uint64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kib uint64
		if n, _ := fmt.Sscanf(line, "Anonymous: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	t.Fatalf("smaps_rollup has no Anonymous:\n%s", text)
	return 0
}
