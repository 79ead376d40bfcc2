package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"spanwatch/sensor/internal/netnstest"
)

// These tests run the program on interfaces of a network namespace.

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// liveRun is a running sensor.
type liveRun struct {
	cmd *exec.Cmd
	ns  *netnstest.Namespace
	eve string

	mu   sync.Mutex
	said bytes.Buffer
}

func (r *liveRun) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said.Write(p)
}

func (r *liveRun) output() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said.String()
}

// startLive starts the sensor in the namespace that the test has entered, and
// returns when it captures.
func startLive(t *testing.T, ns *netnstest.Namespace, args ...string) *liveRun {
	t.Helper()
	r := launchLive(t, ns, args...)
	r.await(t, "the start", r.captures)
	return r
}

// captures says whether the sensor is ready.
func (r *liveRun) captures() bool { return strings.Contains(r.output(), "capturing from") }

// launchLive starts the sensor in the namespace that the test has entered.
func launchLive(t *testing.T, ns *netnstest.Namespace, args ...string) *liveRun {
	t.Helper()
	return launchLiveAs(t, ns, nil, args...)
}

// nobody has the numbers of a user without rights.
const nobody = 65534

// asNobody is a user without rights but for some capabilities.
func asNobody(capabilities ...uintptr) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, AmbientCaps: capabilities}
}

// launchLiveAs starts the sensor as somebody else.
func launchLiveAs(t *testing.T, ns *netnstest.Namespace, who *syscall.SysProcAttr, args ...string) *liveRun {
	t.Helper()
	dir := t.TempDir()
	r := &liveRun{ns: ns, eve: filepath.Join(dir, "eve.json")}
	r.cmd = program(t.Context(), append([]string{"run", "-o", dir, "--set", "events.stats-interval=1s", "--set", "capture.ring-size=8mb"}, args...)...)
	r.cmd.Stdout, r.cmd.Stderr = r, r
	if r.cmd.SysProcAttr = who; who != nil {
		r.cmd.Path = "/proc/self/exe" // its own path leads through folders that are the tester's
		if err := errors.Join(os.Chown(dir, nobody, nobody), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *liveRun) await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %v; it said\n%s", what, patience, r.output())
		}
	}
}

// stop interrupts the sensor and returns its last stats event.
func (r *liveRun) stop(t *testing.T) map[string]any {
	t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, r.output())
	}
	all := r.events(t, "stats")
	if len(all) == 0 {
		t.Fatal("no stats event")
	}
	return all[len(all)-1]
}

// events reads the events of a type that have been written so far.
func (r *liveRun) events(t *testing.T, kind string) (all []map[string]any) {
	t.Helper()
	f, err := os.Open(r.eve)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return all // a line that is not whole yet is read the next time
		}
		var e map[string]any
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e["event_type"] == kind {
			all = append(all, e)
		}
	}
}

// metrics fetches /metrics from within the namespace.
func (r *liveRun) metrics(t *testing.T) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DialContext: func(_ context.Context, network, address string) (c net.Conn, err error) {
		return c, r.ns.Go(func() (err error) {
			c, err = net.Dial(network, address)
			return err
		})()
	}}}
	defer client.CloseIdleConnections()
	answer, err := client.Get("http://" + listen + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const listen = "127.0.0.1:9750" // of a namespace, so that nobody else has it

// number is the value at a path of nested objects.
func number(t *testing.T, e map[string]any, path ...any) int {
	t.Helper()
	var v any = e
	for _, step := range path {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	n, ok := v.(float64)
	if !ok {
		t.Fatalf("no number at %v", path)
	}
	return int(n)
}

// balanced checks the equations of a stats event: frames that the kernel saw
// are delivered or lost, those delivered are in flows or refused.
func balanced(t *testing.T, stats map[string]any) {
	t.Helper()
	for _, equation := range []string{"frames", "bytes"} {
		if n := number(t, stats, "stats", "accounting", equation, "balance"); n != 0 {
			t.Errorf("%s: %d unexplained", equation, n)
		}
	}
	delivered := 0
	for k := range stats["stats"].(map[string]any)["accounting"].(map[string]any)["interfaces"].([]any) {
		of := func(path ...any) int {
			return number(t, stats, append([]any{"stats", "accounting", "interfaces", k}, path...)...)
		}
		delivered += of("delivered")
		if seen, rest := of("seen"), of("delivered")+of("waiting")+of("dropped", "ring_full")+of("dropped", "fill_ring_empty")+of("dropped", "unread"); seen != rest {
			t.Errorf("interface %d: the kernel saw %d frames, %d are explained", k, seen, rest)
		}
	}
	if n := number(t, stats, "stats", "accounting", "frames", "delivered"); n != delivered {
		t.Errorf("%d frames were processed, %d delivered", n, delivered)
	}
}

// ways are the capture methods and numbers of workers.
var ways = [][]string{
	{"--set", "capture.method=afpacket", "--workers", "1"},
	{"--set", "capture.method=afpacket", "--workers", "2"},
	{"--set", "capture.method=pcap", "--workers", "1"},
	{"--set", "capture.method=pcap", "--workers", "2"},
	{"--set", "capture.method=ebpf", "--workers", "1"},
	{"--set", "capture.method=ebpf", "--workers", "2"},
	{"--set", "capture.method=afxdp", "--workers", "1"},
	{"--set", "capture.method=afxdp", "--workers", "2"},
}

// shunts reports whether a way needs the kernel's programs, which take no filter.
func shunts(way []string) bool {
	return way[1] == "capture.method=ebpf" || way[1] == "capture.method=afxdp"
}

func everyWay(t *testing.T, test func(t *testing.T, way []string)) {
	for _, way := range ways {
		t.Run(fmt.Sprintf("%s_%s_workers", strings.TrimPrefix(way[1], "capture.method="), way[3]), func(t *testing.T) {
			if shunts(way) {
				needKernel(t)
			}
			test(t, way)
		})
	}
}

// TestASilentLinkEndsItsFlows: what is due by the clock happens though nothing
// comes any more.
func TestASilentLinkEndsItsFlows(t *testing.T) {
	everyWay(t, func(t *testing.T, way []string) {
		ns := netnstest.Enter(t)
		ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
		r := startLive(t, ns, append(way, "-i", "rx", "--set", "flow.udp.new=1s", "--listen", listen)...)
		netnstest.OpenSender(t, "tx").Send(t, netnstest.UDPFlows(40, 100, false))
		r.await(t, "flow record", func() bool { return len(r.events(t, "flow")) == 40 })
		for _, e := range r.events(t, "flow") {
			if reason := e["flow"].(map[string]any)["reason"]; reason != "timeout" || e["in_iface"] != "rx" {
				t.Errorf("a flow of %v ended by %v", e["in_iface"], reason)
			}
		}
		before := len(r.events(t, "stats"))
		r.await(t, "stats event", func() bool { return len(r.events(t, "stats")) > before })
		for _, want := range []string{
			`spanwatch_capture_seen_frames_total{interface="rx"} 40`, `spanwatch_capture_frames_total{interface="rx"} 40`,
			`spanwatch_capture_up{interface="rx"} 1`, `spanwatch_capture_dropped_frames_total{interface="rx",reason="ring_full"} 0`,
			`spanwatch_accounting_balance{equation="frames"} 0`,
		} {
			if text := r.metrics(t); !strings.Contains(text, want+"\n") {
				t.Errorf("no %s in\n%s", want, strings.Join(regexp.MustCompile(`(?m)^spanwatch_capture.*`).FindAllString(text, -1), "\n"))
			}
		}
		balanced(t, r.stop(t))
	})
}

// TestALinkThatComesBackIsCapturedFromAgain: down and up, removed and made anew.
func TestALinkThatComesBackIsCapturedFromAgain(t *testing.T) {
	everyWay(t, func(t *testing.T, way []string) {
		ns := netnstest.Enter(t)
		ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
		r := startLive(t, ns, append(way, "-i", "rx", "--listen", listen)...)
		frames := netnstest.UDPFlows(100, 100, false)
		up := func(n int) func() bool {
			return func() bool {
				text := r.metrics(t)
				return strings.Contains(text, `spanwatch_capture_up{interface="rx"} `+fmt.Sprint(n))
			}
		}
		delivered := func(n int) {
			r.await(t, "delivery", func() bool {
				return strings.Contains(r.metrics(t), fmt.Sprintf("spanwatch_capture_frames_total{interface=\"rx\"} %d\n", n))
			})
		}
		netnstest.OpenSender(t, "tx").Send(t, frames)
		delivered(100)
		// libpcap goes on through a short flap by itself, and tells nobody.
		ns.IP(t, "link", "set", "dev", "rx", "down")
		if way[1] != "capture.method=pcap" {
			r.await(t, "word of the link", up(0))
		}
		ns.IP(t, "link", "set", "dev", "rx", "up")
		r.await(t, "link", up(1))
		sender := netnstest.OpenSender(t, "tx")
		if way[1] == "capture.method=pcap" {
			time.Sleep(time.Second) // it may need to open the interface again
		}
		sender.Send(t, frames)
		delivered(200)
		ns.IP(t, "link", "delete", "dev", "rx")
		r.await(t, "word of the removal", up(0))
		ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
		r.await(t, "interface", up(1))
		netnstest.OpenSender(t, "tx").Send(t, frames)
		delivered(300)
		stats := r.stop(t)
		balanced(t, stats)
		if n := number(t, stats, "stats", "accounting", "interfaces", 0, "link_changes"); n < 1 {
			t.Errorf("%d changes of the link", n)
		}
		if !strings.Contains(r.output(), "rx") {
			t.Errorf("nobody was told: %s", r.output())
		}
	})
}

func TestSeveralInterfacesAreCapturedFromAtOnce(t *testing.T) {
	everyWay(t, func(t *testing.T, way []string) {
		ns := netnstest.Enter(t)
		for _, n := range []string{"1", "2"} {
			ns.Veth(t, netnstest.Pair{A: "tx" + n, B: "rx" + n})
		}
		r := startLive(t, ns, append(way, "-i", "rx1", "-i", "rx2", "--set", "flow.udp.new=1s")...)
		// The same flows on both, so that each flow's record counts both frames.
		frames := netnstest.UDPFlows(50, 100, false)
		netnstest.OpenSender(t, "tx1").Send(t, frames)
		netnstest.OpenSender(t, "tx2").Send(t, frames[:25])
		r.await(t, "flow record", func() bool { return len(r.events(t, "flow")) >= 50 })
		stats := r.stop(t)
		balanced(t, stats)
		for k, want := range []int{50, 25} {
			if n := number(t, stats, "stats", "accounting", "interfaces", k, "delivered"); n != want {
				t.Errorf("interface %d: %d frames, want %d", k, n, want)
			}
		}
		packets := 0
		for _, e := range r.events(t, "flow") {
			packets += number(t, e, "flow", "pkts_toserver")
		}
		if packets != 75 {
			t.Errorf("flows count %d packets, want 75", packets)
		}
	})
}

func TestTheKernelFiltersForTheSensor(t *testing.T) {
	everyWay(t, func(t *testing.T, way []string) {
		if shunts(way) {
			return // their settings are refused
		}
		ns := netnstest.Enter(t)
		ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
		r := startLive(t, ns, append(way, "-i", "rx", "--set", "flow.udp.new=1s", "--filter", "udp src portrange 1024-1033")...)
		netnstest.OpenSender(t, "tx").Send(t, netnstest.UDPFlows(50, 100, false))
		r.await(t, "flow record", func() bool { return len(r.events(t, "flow")) == 10 })
		stats := r.stop(t)
		balanced(t, stats)
		if n := number(t, stats, "stats", "capture", "kernel_packets"); n != 10 {
			t.Errorf("%d frames passed the filter, want 10", n)
		}
	})
}

// TestASensorThatFallsBehindShedsElephantsAndSaysSo: it is stopped while more comes
// than the ring holds. Afterwards the elephant is counted only, small flows are
// inspected, records tell of the loss, and everything adds up.
func TestASensorThatFallsBehindShedsElephantsAndSaysSo(t *testing.T) {
	everyWay(t, func(t *testing.T, way []string) {
		if way[1] == "capture.method=pcap" {
			return // libpcap does not say how far its reader is behind
		}
		ns := netnstest.Enter(t)
		ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
		r := startLive(t, ns, append(way, "-i", "rx", "--set", "capture.ring-size=4mb",
			"--set", "overload.elephant-bytes=100kb", "--set", "overload.floor-bytes=100kb", "--set", "overload.hold=1s", "--set", "overload.step=10ms")...)
		s := netnstest.OpenSender(t, "tx")
		send := func(frames [][]byte, n int) {
			if _, err := s.SendN(frames, n); err != nil {
				t.Fatal(err)
			}
		}
		elephant, mice := netnstest.UDPFlows(1, 1000, false), netnstest.UDPFlows(200, 1000, false)[100:]
		send(elephant, 200)
		time.Sleep(300 * time.Millisecond)
		if err := r.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		send(elephant, 30_000)
		if err := r.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		told := func(state string) func() bool {
			return func() bool {
				for _, e := range r.events(t, "overload") {
					if e["overload"].(map[string]any)["state"] == state {
						return true
					}
				}
				return false
			}
		}
		r.await(t, "beginning of overload", told("start"))
		send(mice, 2*len(mice))
		send(elephant, 500)
		r.await(t, "end of overload", told("end"))
		stats := r.stop(t)
		balanced(t, stats)
		of := func(path ...any) int { return number(t, stats, append([]any{"stats", "accounting"}, path...)...) }
		if of("inspection", "balance") != 0 || of("inspection", "bytes_balance") != 0 {
			t.Errorf("%d packets and %d bytes are neither inspected nor shed", of("inspection", "balance"), of("inspection", "bytes_balance"))
		}
		shed, lost := of("inspection", "shed", "elephant", "packets"), of("interfaces", 0, "dropped", "ring_full")+of("interfaces", 0, "dropped", "fill_ring_empty")
		if shunts(way) {
			shed += number(t, stats, "stats", "flow_bypassed", "local_capture_pkts")
			accounted(t, stats)
		}
		if of("inspection", "shed", "elephant", "flows") != 1 || shed < 500 || lost == 0 {
			t.Errorf("shed %d packets of %d flows; the ring lost %d", shed, of("inspection", "shed", "elephant", "flows"), lost)
		}
		for _, e := range r.events(t, "flow") {
			f := e["flow"].(map[string]any)
			if big := number(t, e, "flow", "pkts_toserver") > 100; big != (f["shed"] == "elephant") || big != (f["capture_loss"] != nil) {
				t.Errorf("record %v", f)
			}
		}
	})
}
