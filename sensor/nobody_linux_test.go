package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spanwatch/sensor/internal/netnstest"
)

// capabilities are those that a sensor needs, by the names that it calls them.
var capabilities = []struct {
	name string
	bit  uintptr
}{{"CAP_BPF", unix.CAP_BPF}, {"CAP_PERFMON", unix.CAP_PERFMON}, {"CAP_NET_ADMIN", unix.CAP_NET_ADMIN}, {"CAP_NET_RAW", unix.CAP_NET_RAW}}

// TestFourCapabilitiesAreEnough: a user without other rights captures and counts,
// gives up what it does not need any more, and nothing stays attached.
func TestFourCapabilitiesAreEnough(t *testing.T) {
	for _, way := range [][2]string{{"afpacket", "xdp"}, {"pcap", "tcx"}, {"ebpf", "tcx"}, {"afxdp", "xdp"}} {
		t.Run(way[0]+"_"+way[1], func(t *testing.T) {
			needKernel(t)
			ns := netnstest.Enter(t)
			ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
			var all []uintptr
			for _, c := range capabilities {
				all = append(all, c.bit)
			}
			r := launchLiveAs(t, ns, asNobody(all...), "-i", "rx", "--set", "capture.method="+way[0], "--set", "capture.accounting="+way[1])
			r.await(t, "the start", r.captures)
			status, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(r.cmd.Process.Pid), "status"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"Uid:\t65534\t65534", "CapEff:\t0000000000003000", "CapPrm:\t0000000000003000", "NoNewPrivs:\t1"} {
				if !strings.Contains(string(status), want) {
					t.Errorf("no %q in\n%s", want, status)
				}
			}
			if !strings.Contains(r.output(), "the file system is shut") && !strings.Contains(r.output(), "the file system stays open") {
				t.Errorf("it said nothing of the file system:\n%s", r.output())
			}
			sent := netnstest.OpenSender(t, "tx").Send(t, netnstest.UDPFlows(100, 300, false))
			time.Sleep(500 * time.Millisecond)
			stats := r.stop(t)
			balanced(t, stats)
			accounted(t, stats)
			rx := received(t, ns, sent)
			if got := sumFlows(t, r); got.packets != rx.Packets || got.bytes != rx.Bytes || got.uncounted != 0 {
				t.Errorf("flows have %+v, the interface received %+v", got, rx)
			}
			if left := attachedTo(t, ns, "rx"); left != "" {
				t.Errorf("attached still: %s", left)
			}
		})
	}
}

// TestTheOneCapabilityThatIsMissingIsNamed, and no other.
func TestTheOneCapabilityThatIsMissingIsNamed(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	for k, missing := range capabilities {
		var held []uintptr
		for _, c := range slices.Delete(slices.Clone(capabilities), k, k+1) {
			held = append(held, c.bit)
		}
		r := launchLiveAs(t, ns, asNobody(held...), "-i", "rx", "--set", "capture.accounting=xdp")
		if err := r.cmd.Wait(); err == nil {
			t.Errorf("without %s it ran", missing.name)
		}
		said, _, _ := strings.Cut(r.output(), "\n")
		for _, c := range capabilities {
			if strings.Contains(said, c.name) != (c.name == missing.name) {
				t.Errorf("without %s it said %q", missing.name, said)
			}
		}
		if left := attachedTo(t, ns, "rx"); left != "" {
			t.Errorf("attached still: %s", left)
		}
	}
}
