package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"spanwatch/decoders/decoderstest"
	"spanwatch/sensor/internal/netnstest"
)

// attachedTo lists the programs on an interface, as `ip` and `bpftool` would.
func attachedTo(t *testing.T, ns *netnstest.Namespace, name string) string {
	t.Helper()
	var list []string
	if out := ns.IP(t, "-d", "link", "show", "dev", name); strings.Contains(out, "prog/xdp") {
		list = append(list, out[strings.Index(out, "prog/xdp"):])
	}
	ns.Do(t, func() error {
		device, err := net.InterfaceByName(name)
		if err != nil {
			return err
		}
		for _, at := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
			tcx, err := link.QueryPrograms(link.QueryOptions{Target: device.Index, Attach: at})
			if err != nil {
				return err
			}
			for _, p := range tcx.Programs {
				list = append(list, fmt.Sprintf("%v program %d", at, p.ID))
			}
		}
		return nil
	})
	return strings.Join(list, ", ")
}

// promiscuity is how many have asked an interface for frames to other stations. The
// flag that `ip link` shows is that of who set it by hand.
func promiscuity(t *testing.T, ns *netnstest.Namespace, name string) int {
	t.Helper()
	var links []struct{ Promiscuity int }
	if err := json.Unmarshal([]byte(ns.IP(t, "-details", "-json", "link", "show", "dev", name)), &links); err != nil || len(links) != 1 {
		t.Fatalf("%d links, %v", len(links), err)
	}
	return links[0].Promiscuity
}

// said runs the program to its end inside the namespace.
func saidIn(t *testing.T, ns *netnstest.Namespace, args ...string) (status int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := program(ctx, args...)
	var out []byte
	err := ns.Go(func() (err error) {
		out, err = cmd.CombinedOutput()
		return err
	})()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func TestDryRunSaysWhatWouldBeDoneAndDoesNothing(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	dir := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		args   []string
		status int
		want   []string
	}{
		{nil, exitOK, []string{"rx: packets are counted by TCX", "tcx taken", "veth copies each frame for native XDP", "xdp-native not taken", "xdp-generic not taken", "tcx-egress taken"}},
		{[]string{"--set", "capture.accounting=tcx"}, exitOK, []string{"rx: packets are counted by TCX", "the configuration asks for tcx"}},
		{[]string{"--set", "capture.accounting=off"}, exitOK, []string{"rx: packets are counted in user space", "switches accounting in the kernel off"}},
		{[]string{"-i", "nosuch"}, exitFailure, []string{"nosuch: no such device"}},
	} {
		status, out := saidIn(t, ns, append([]string{"run", "--dry-run", "-i", "rx", "-o", dir}, c.args...)...)
		for _, want := range c.want {
			if status != c.status || !strings.Contains(out, want) {
				t.Errorf("%v: exit status %d, no %q in\n%s", c.args, status, want, out)
			}
		}
	}
	if attachedTo(t, ns, "rx") != "" {
		t.Error("something is attached")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the output folder was made")
	}
}

func TestMissingCapabilitiesAreNamed(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	for _, c := range []struct {
		caps, mode string
		status     int
		want       []string
	}{
		{"-all", "auto", exitFailure, []string{"missing CAP_NET_RAW (to open packet sockets)", "setcap"}},
		{"-all,+net_raw", "auto", exitOK, []string{"missing CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN"}},
		{"-all,+net_raw,+net_admin", "xdp", exitFailure, []string{"missing CAP_BPF", "CAP_PERFMON"}},
		{"-all,+net_raw,+net_admin,+bpf,+perfmon", "xdp", exitOK, []string{"by native XDP"}},
	} {
		var out []byte
		cmd := exec.CommandContext(t.Context(), "setpriv", "--bounding-set="+c.caps, "--inh-caps=-all", os.Args[0],
			"run", "--dry-run", "-i", "rx", "--set", "capture.accounting="+c.mode)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		_ = ns.Go(func() error { // its exit status is looked at below
			var err error
			out, err = cmd.CombinedOutput()
			return err
		})()
		for _, want := range c.want {
			if got := cmd.ProcessState.ExitCode(); got != c.status || !strings.Contains(string(out), want) {
				t.Errorf("%s %s: exit status %d, no %q in\n%s", c.caps, c.mode, got, want, out)
			}
		}
	}
}

func TestPrivilegesAreGivenUpAtWork(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	for _, c := range []struct{ args, want string }{
		{"privileges.reattach=true", "CapEff:\t0000000000003000"}, // CAP_NET_ADMIN and CAP_NET_RAW
		{"privileges.reattach=false", "CapEff:\t0000000000000000"},
	} {
		r := startLive(t, ns, "-i", "rx", "--set", c.args)
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", r.cmd.Process.Pid))
		if err != nil || len(tasks) < 2 {
			t.Fatalf("%v: %d threads", err, len(tasks))
		}
		for _, task := range tasks {
			status, err := os.ReadFile(task)
			if err != nil {
				continue // it has ended
			}
			if !strings.Contains(string(status), c.want) || !strings.Contains(string(status), "NoNewPrivs:\t1") {
				t.Errorf("%s: a thread has %s", c.args, status)
			}
		}
		r.stop(t)
	}
}

func TestASecondInstanceSaysSo(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	r := startLive(t, ns, "-i", "rx")
	status, out := saidIn(t, ns, "run", "-i", "rx", "-o", t.TempDir(), "--set", "capture.accounting=xdp")
	if status != exitFailure || !strings.Contains(out, "another instance") {
		t.Errorf("exit status %d:\n%s", status, out)
	}
	second := startLive(t, ns, "-i", "rx")
	if out := second.output(); !strings.Contains(out, "another instance of spanwatch counts this interface") || !strings.Contains(out, "in user space") {
		t.Errorf("it did not say so:\n%s", out)
	}
	second.stop(t)
	accounted(t, r.stop(t))
}

func TestSIGKILLLeavesNothingAttachedAndTheNextOneCounts(t *testing.T) {
	for _, method := range []string{"afpacket", "pcap", "ebpf", "afxdp"} {
		t.Run(method, func(t *testing.T) {
			needKernel(t)
			ns := netnstest.Enter(t)
			ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
			s := netnstest.OpenSender(t, "tx")
			r := startLive(t, ns, "-i", "rx", "--set", "capture.method="+method)
			s.Send(t, netnstest.UDPFlows(10, 64, false))
			if attachedTo(t, ns, "rx") == "" {
				t.Fatal("no program is attached")
			}
			if promiscuity(t, ns, "rx") == 0 {
				t.Error("rx takes only its own frames")
			}
			if err := r.cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = r.cmd.Wait() // killed
			r.await(t, "that nothing is attached", func() bool { return attachedTo(t, ns, "rx") == "" })
			if n := promiscuity(t, ns, "rx"); n != 0 {
				t.Errorf("rx is promiscuous still, %d times", n)
			}
			next := startLive(t, ns, "-i", "rx", "--set", "capture.accounting=xdp", "--set", "capture.method="+method)
			bytes := s.Send(t, netnstest.UDPFlows(20, 64, false))
			time.Sleep(500 * time.Millisecond)
			accounted(t, next.stop(t))
			if got := sumFlows(t, next); got.packets != 20 || got.bytes != bytes {
				t.Errorf("flows have %+v", got)
			}
			if n, left := promiscuity(t, ns, "rx"), attachedTo(t, ns, "rx"); n != 0 || left != "" {
				t.Errorf("at the end rx is promiscuous %d times and has %q", n, left)
			}
		})
	}
}

func TestAFXDPIsRefusedOnAnInterfaceThatTheHostUses(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	ns.IP(t, "address", "add", "192.0.2.9/24", "dev", "rx")
	for _, more := range []string{"--quiet", "--dry-run"} {
		status, _, stderr := spanwatch(t, "run", "-i", "rx", "-o", t.TempDir(), "--set", "capture.method=afxdp", more)
		if status == exitOK || !strings.Contains(stderr, "192.0.2.9") || !strings.Contains(stderr, "capture.afxdp.force") {
			t.Errorf("%s: exit status %d: %s", more, status, stderr)
		}
	}
	r := startLive(t, ns, "-i", "rx", "--set", "capture.method=afxdp", "--set", "capture.afxdp.force=true")
	netnstest.OpenSender(t, "tx").Send(t, netnstest.UDPFlows(20, 64, false))
	time.Sleep(500 * time.Millisecond)
	stats := r.stop(t)
	balanced(t, stats)
	accounted(t, stats)
	if n := number(t, stats, "stats", "accounting", "frames", "delivered"); n != 20 {
		t.Errorf("%d frames were handed up", n)
	}
}

// TestEachWorkerReadsItsQueues: with fanout by queue, and with one reader of all.
func TestEachWorkerReadsItsQueues(t *testing.T) {
	for _, fanout := range []string{"queue", "hosts"} {
		t.Run(fanout, func(t *testing.T) {
			needKernel(t)
			ns := netnstest.Enter(t)
			ns.IP(t, "link", "add", "name", "tx", "numtxqueues", "2", "numrxqueues", "2", "type", "veth", "peer", "name", "rx", "numtxqueues", "2", "numrxqueues", "2")
			for _, name := range []string{"tx", "rx"} {
				ns.IP(t, "link", "set", "dev", name, "addrgenmode", "none", "arp", "off", "multicast", "off", "up")
			}
			r := startLive(t, ns, "-i", "rx", "--workers", "2", "--set", "capture.method=afxdp", "--set", "capture.fanout="+fanout)
			const flows, packets = 200, 2000
			if _, err := netnstest.OpenSender(t, "tx").SendN(netnstest.UDPFlows(flows, 100, false), packets); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			stats := r.stop(t)
			balanced(t, stats)
			accounted(t, stats)
			if n := number(t, stats, "stats", "accounting", "frames", "delivered"); n != packets {
				t.Errorf("%d frames were handed up", n)
			}
			if got := sumFlows(t, r); got.packets != packets || fanout == "hosts" && got.flows != flows {
				t.Errorf("flows have %+v", got)
			}
		})
	}
}

// TestCountingGoesOnThroughChangesOfTheLink: down and up, another MTU, a VLAN
// interface on top, removed and made anew.
func TestCountingGoesOnThroughChangesOfTheLink(t *testing.T) {
	for _, mode := range []string{"xdp", "tcx"} {
		for _, workers := range []string{"1", "2"} {
			t.Run(mode+"/"+workers, func(t *testing.T) {
				needKernel(t)
				ns := netnstest.Enter(t)
				pair := netnstest.Pair{A: "tx", B: "rx", MTU: 1500}
				ns.Veth(t, pair)
				r := startLive(t, ns, "-i", "rx", "--workers", workers, "--set", "capture.accounting="+mode)
				s := netnstest.OpenSender(t, "tx")
				var packets, bytes uint64
				send := func(frames [][]byte) {
					bytes += s.Send(t, frames)
					packets += uint64(len(frames))
					time.Sleep(200 * time.Millisecond)
				}
				tagged := decoderstest.Build(decoderstest.Ether{}, decoderstest.VLAN{ID: 42},
					decoderstest.IP6{Src: "2001:db8::1", Dst: "2001:db8::2"}, decoderstest.UDP{Src: 5, Dst: 6}, decoderstest.Bytes("tagged"))
				send(netnstest.UDPFlows(50, 100, false))
				send([][]byte{tagged, tagged})
				ns.IP(t, "link", "set", "dev", "rx", "mtu", "3000")
				ns.IP(t, "link", "set", "dev", "tx", "mtu", "3000")
				send(netnstest.UDPFlows(50, 2500, false))
				onTop := ns.Go(func() error {
					return exec.Command("ip", "link", "add", "link", "rx", "name", "rx.42", "type", "vlan", "id", "42").Run()
				})()
				send([][]byte{tagged})
				if onTop == nil {
					ns.IP(t, "link", "del", "dev", "rx.42")
				} else {
					t.Logf("the kernel has no VLAN interfaces: %v", onTop)
				}
				ns.IP(t, "link", "set", "dev", "rx", "down")
				ns.IP(t, "link", "set", "dev", "rx", "up")
				time.Sleep(time.Second)
				send(netnstest.UDPFlows(50, 100, false))
				ns.IP(t, "link", "del", "dev", "rx")
				r.await(t, "news of the removal", func() bool { return strings.Contains(r.output(), "no longer attached") })
				ns.Veth(t, pair)
				r.await(t, "that counting goes on", func() bool { return strings.Contains(r.output(), "goes on") })
				time.Sleep(time.Second)
				s = netnstest.OpenSender(t, "tx")
				send(netnstest.UDPFlows(50, 100, false))
				stats := r.stop(t)
				accounted(t, stats)
				if got := sumFlows(t, r); got.packets != packets || got.bytes != bytes {
					t.Errorf("flows have %+v, sent were %d packets, %d bytes\n%s", got, packets, bytes, r.output())
				}
				vlan := number(t, stats, "stats", "accounting", "kernel", 0, "vlans", 0, "in", "pkts")
				if id := number(t, stats, "stats", "accounting", "kernel", 0, "vlans", 0, "id"); id != 42 || vlan != 3 {
					t.Errorf("VLAN %d has %d packets, want 3 of 42", id, vlan)
				}
			})
		}
	}
}

// TestReplayedTrafficIsAccountedFor lets tcpreplay send captures of real traffic.
func TestReplayedTrafficIsAccountedFor(t *testing.T) {
	if _, err := exec.LookPath("tcpreplay"); err != nil {
		if decoderstest.Required("tcpreplay") {
			t.Fatal(err)
		}
		t.Skipf("no tcpreplay: %v", err)
	}
	for _, mode := range []string{"xdp", "tcx"} {
		t.Run(mode, func(t *testing.T) {
			needKernel(t)
			ns := netnstest.Enter(t)
			ns.Veth(t, netnstest.Pair{A: "tx", B: "rx", MTU: 9000})
			r := startLive(t, ns, "-i", "rx", "--workers", "2", "--set", "capture.accounting="+mode, "--set", "capture.kernel.tunnel-depth=2")
			var frames, bytes int
			for _, name := range []string{"tcp-loss.pcap", "vlan.pcap", "qinq.pcap", "vxlan.pcap", "icmp.pcap", "mpls.pcap"} {
				path := filepath.Join(decoderstest.RepositoryRoot(t), "testdata", "pcap", name)
				all, err := decoderstest.ReadFile(path, 1000)
				if err != nil {
					t.Fatal(err)
				}
				frames += len(all)
				for i := range all {
					bytes += len(all[i].Data)
				}
				ns.Command(t, "tcpreplay", "--quiet", "--pps=5000", "--limit=1000", "--intf1=tx", path)
			}
			time.Sleep(1500 * time.Millisecond)
			stats := r.stop(t)
			balanced(t, stats)
			accounted(t, stats)
			of := func(unit string) int { return number(t, stats, "stats", "accounting", "kernel", 0, "in", unit) }
			if of("pkts") != frames || of("bytes") != bytes {
				t.Errorf("counted %d packets, %d bytes; the captures have %d, %d", of("pkts"), of("bytes"), frames, bytes)
			}
			if n := number(t, stats, "stats", "accounting", "kernel_flows", "unsettled", "pkts"); n != 0 {
				t.Errorf("%d packets are in other flows than the kernel's", n)
			}
			if got := sumFlows(t, r); got.unseenPackets != 0 || got.kernelOnly != 0 {
				t.Errorf("nothing was lost, and yet %+v", got)
			}
		})
	}
}

func TestOffloadsAreSwitchedOffUntilTheEnd(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	gro := func() string {
		for line := range strings.Lines(ns.Command(t, "ethtool", "-k", "rx")) {
			if strings.HasPrefix(line, "generic-receive-offload:") {
				return strings.TrimSpace(line)
			}
		}
		return "unknown"
	}
	ns.Command(t, "ethtool", "-K", "rx", "gro", "on")
	r := startLive(t, ns, "-i", "rx")
	if !strings.Contains(r.output(), "--fix-offloads switches it off") {
		t.Errorf("no warning:\n%s", r.output())
	}
	r.stop(t)
	r = startLive(t, ns, "-i", "rx", "--fix-offloads")
	if got := gro(); !strings.HasSuffix(got, "off") || !strings.Contains(r.output(), "switched off until the end") {
		t.Errorf("%s\n%s", got, r.output())
	}
	r.stop(t)
	if got := gro(); !strings.HasSuffix(got, "on") {
		t.Errorf("at the end: %s", got)
	}
}
