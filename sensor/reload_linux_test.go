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

// TestRulesAreReplacedWhilePacketsCome writes rule files below a running sensor:
// on SIGHUP, on a change, and broken.
func TestRulesAreReplacedWhilePacketsCome(t *testing.T) {
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	rules := filepath.Join(t.TempDir(), "test.rules")
	write := func(text string) {
		t.Helper()
		if err := replaceFile(rules, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	rule := func(sid int) string { return fmt.Sprintf("alert udp any any -> any any (msg:\"any\"; sid:%d;)\n", sid) }
	write(rule(1))
	r := startLive(t, ns, "-i", "rx", "-r", rules, "--workers", "2", "--listen", listen, "--set", "rules.watch=50ms", "--set", "rules.strict=true")
	sender := netnstest.OpenSender(t, "tx")
	port := 0
	send := func() {
		// Every flow is new: the rules are about addresses, once a flow.
		port++
		sender.Send(t, netnstest.UDPFlows(40*port, 100, false)[40*(port-1):])
	}
	alerts := func(sid int) (n int) {
		for _, e := range r.events(t, "alert") {
			if number(t, e, "alert", "signature_id") == sid {
				n++
			}
		}
		return n
	}
	outcomes := func(result string) (n int) {
		for _, e := range r.events(t, "engine") {
			if e["engine"].(map[string]any)["result"] == result {
				n++
			}
		}
		return n
	}
	send()
	r.await(t, "alert", func() bool { return alerts(1) == 40 })

	write(rule(2))
	r.await(t, "reload of a changed file", func() bool { return outcomes("ok") == 1 })
	send()
	r.await(t, "alert of the new rule", func() bool { return alerts(2) == 40 })

	for n, broken := range []string{rule(3) + "alert udp any (broken;)\n", ""} {
		if broken == "" {
			if err := os.Remove(rules); err != nil {
				t.Fatal(err)
			}
		} else {
			write(broken)
		}
		r.await(t, "word of a refused reload", func() bool { return outcomes("failed") == n+1 })
	}
	send()
	r.await(t, "alert of the rule that stays", func() bool { return alerts(2) == 80 })
	if alerts(3) != 0 || alerts(1) != 40 {
		t.Errorf("%d alerts of a ruleset that was refused, %d of one that was replaced", alerts(3), alerts(1)-40)
	}

	write(rule(4))
	r.await(t, "reload of the file that is back", func() bool { return outcomes("ok") == 2 })
	if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.await(t, "reload on SIGHUP", func() bool { return outcomes("ok") == 3 })
	send()
	r.await(t, "alert", func() bool { return alerts(4) == 40 })
	for _, want := range []string{
		`spanwatch_detect_reloads_total{result="ok"} 3`, `spanwatch_detect_reloads_total{result="failed"} 2`,
		`spanwatch_detect_rules{state="loaded"} 1`,
	} {
		r.await(t, want, func() bool { return strings.Contains(r.metrics(t), want+"\n") })
	}
	balanced(t, r.stop(t))
}

func TestFilesAreReadAgainWhenTheyAreAtRest(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.rules")
	when := time.Unix(1_700_000_000, 0)
	touch := func(size int) {
		t.Helper()
		when = when.Add(time.Second)
		if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, when, when); err != nil {
			t.Fatal(err)
		}
	}
	touch(1)
	w := watchedFiles{names: func() []string { return []string{name} }}
	look := func(want bool, what string) {
		t.Helper()
		if got := w.changed(); got != want {
			t.Errorf("%s: changed %v", what, got)
		}
	}
	w.loadedNow()
	look(false, "nothing happened")
	touch(2)
	look(false, "being written")
	touch(3)
	look(false, "still being written")
	look(true, "at rest")
	look(false, "told already")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	look(false, "removed just now")
	look(true, "removed")
}

// TestAHangupWhileRulesAreLoadedIsAnsweredAfterwards has the sensor read its
// rules from a pipe, so that the signal comes in the middle.
func TestAHangupWhileRulesAreLoadedIsAnsweredAfterwards(t *testing.T) {
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	rules := filepath.Join(t.TempDir(), "test.rules")
	if err := syscall.Mkfifo(rules, 0o600); err != nil {
		t.Fatal(err)
	}
	r := launchLive(t, ns, "-i", "rx", "-r", rules, "--set", "rules.watch=0s")
	// Opening a pipe for writing waits for its reader.
	give := func(sid int) {
		t.Helper()
		written := make(chan error, 1)
		go func() {
			written <- os.WriteFile(rules, fmt.Appendf(nil, "alert udp any any -> any any (msg:\"any\"; sid:%d;)\n", sid), 0o600)
		}()
		select {
		case err := <-written:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(patience):
			t.Fatalf("the sensor does not read its rules; it said\n%s", r.output())
		}
	}
	r.await(t, "word of how packets are counted", func() bool { return r.output() != "" })
	if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	give(1)
	r.await(t, "the start", r.captures)
	give(2)
	r.await(t, "reload", func() bool { return strings.Contains(r.output(), "rules are replaced: 1 loaded") })
	r.stop(t)
}
