package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"spanwatch/sensor/internal/netnstest"
)

// TestMemoryReturnsToItsLevelAfterReloads replaces ten times a ruleset that takes
// a good part of the sensor's memory, with packets that make its matchers and
// expressions work in between. A ruleset that stays, whole or in part, raises the
// level each time.
func TestMemoryReturnsToItsLevelAfterReloads(t *testing.T) {
	const rules, reloads, tolerance = 10000, 10, 1.10
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
	r := startLive(t, ns, "-i", "rx", "-r", file, "--listen", listen, "--set", "rules.watch=0s", "--set", "rules.cache-dir=")
	sender := netnstest.OpenSender(t, "tx")
	alerts := 0
	reload := func(n int) {
		t.Helper()
		if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		// Packets make workers go over to the new rules; of each flow one alerts.
		r.await(t, "reload", func() bool {
			return strings.Contains(r.metrics(t), fmt.Sprintf(`spanwatch_detect_reloads_total{result="ok"} %d`+"\n", n))
		})
		frames := netnstest.UDPFlows(20*(alerts+1), 400, false)[20*alerts:]
		alerts++
		sender.Send(t, frames)
		r.await(t, "alerts of the rules", func() bool { return len(r.events(t, "alert")) >= 20*alerts })
	}
	memory := func() uint64 { return anonymous(t, r.cmd.Process.Pid) }
	reload(1)
	// The level is where it has not fallen any more for a while: what the old rules
	// leave is given back some time after the reload.
	level := memory()
	for since := time.Now(); time.Since(since) < 4*time.Second; time.Sleep(100 * time.Millisecond) {
		if now := memory(); now < level-level/200 {
			level, since = now, time.Now()
		}
	}
	for n := range reloads {
		reload(n + 2)
	}
	var last uint64
	defer func() { t.Logf("%d KiB after a reload, %d KiB after %d more", level>>10, last>>10, reloads) }()
	r.await(t, "return of memory to its level", func() bool {
		last = memory()
		return float64(last) <= tolerance*float64(level)
	})
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
