//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spanwatch/bpf"
	"spanwatch/decoders/decoderstest"
)

// namespace moves the test into a network namespace of its own, which is gone
// with the test: the thread stays locked to the goroutine, so that Go ends it
// instead of using it again. Without root the test is skipped, unless
// $SPANWATCH_TEST_REQUIRE names bpf.
func namespace(t *testing.T) {
	t.Helper()
	needRoot(t)
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v", err)
	}
	// No neighbour discovery among our packets. This file belongs to the
	// namespace of the thread that opens it.
	for _, name := range []string{"all", "default"} {
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 && !decoderstest.Required("bpf") {
		t.Skip("needs root for network namespaces and BPF")
	}
}

// run calls a program in the namespace of the test, with a bound on its time.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// wire makes two interfaces, each of which receives what the other sends.
func wire(t testing.TB) (near, far string) {
	t.Helper()
	run(t, "ip", "link", "add", "near", "type", "veth", "peer", "name", "far")
	for _, name := range []string{"near", "far"} {
		run(t, "ip", "link", "set", name, "up")
	}
	await(t, "the link to come up", func() bool {
		return strings.Contains(run(t, "ip", "link", "show", "far"), "LOWER_UP")
	})
	return "near", "far"
}

// await waits for a condition, at most ten seconds.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

// received is what the kernel says of an interface.
func received(t testing.TB, name string) bpf.Count {
	t.Helper()
	var list []struct {
		Stats struct {
			RX struct{ Packets, Bytes uint64 }
		} `json:"stats64"`
	}
	if err := json.Unmarshal([]byte(run(t, "ip", "-s", "-j", "link", "show", name)), &list); err != nil {
		t.Fatal(err)
	}
	return bpf.Count{Packets: list[0].Stats.RX.Packets, Bytes: list[0].Stats.RX.Bytes}
}

// sender writes frames to an interface.
type sender struct {
	t    testing.TB
	fd   int
	sent bpf.Count
}

func newSender(t testing.TB, device string) *sender {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: indexOf(t, device)}); err != nil {
		t.Fatal(err)
	}
	return &sender{t: t, fd: fd}
}

func indexOf(t testing.TB, device string) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq(device)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, req); err != nil {
		t.Fatalf("index of %s: %v", device, err)
	}
	return int(req.Uint32())
}

// send writes a frame, waiting while the queue is full.
func (s *sender) send(frame []byte) {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		err := unix.Sendto(s.fd, frame, 0, nil)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.ENOBUFS) || time.Now().After(deadline) {
			s.t.Fatalf("send: %v", err)
		}
		time.Sleep(100 * time.Microsecond)
	}
	s.sent.Add(bpf.Count{Packets: 1, Bytes: uint64(len(frame))})
}

// load attaches to a device, for as long as the test runs.
func load(t testing.TB, cfg bpf.Config) *bpf.Programs {
	t.Helper()
	p, err := bpf.Load(cfg)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, p)
	return p
}

func closeAtEnd(t testing.TB, p *bpf.Programs) {
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

// small is a configuration that loads fast.
func small(device string) bpf.Config {
	cfg := bpf.DefaultConfig(device)
	cfg.FlowsPerCPU = 1 << 12
	cfg.EvictionBytes = 1 << 20
	return cfg
}

func stats(t testing.TB, p *bpf.Programs) bpf.Stats {
	t.Helper()
	s, err := p.Stats()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tally is what was counted, read to the end.
type tally struct {
	flows   map[bpf.FlowKey]bpf.Count
	outer   bpf.Count
	inner   bpf.Count
	evicted int
}

func (c *tally) add(r *bpf.FlowRecord) {
	n := c.flows[r.Key]
	n.Add(r.Total())
	c.flows[r.Key] = n
	if r.Key.Depth == 0 {
		c.outer.Add(r.Total())
	} else {
		c.inner.Add(r.Total())
	}
}

func readAll(t testing.TB, p *bpf.Programs) *tally {
	t.Helper()
	c := &tally{flows: map[bpf.FlowKey]bpf.Count{}}
	n, err := p.Evictions(math.MaxInt, c.add)
	if err != nil {
		t.Fatal(err)
	}
	c.evicted = n
	if err := p.ReadFlows(c.add); err != nil {
		t.Fatal(err)
	}
	return c
}

// conserved checks the equation of the package at rest. c has all that was read.
func conserved(t testing.TB, p *bpf.Programs, c *tally) {
	t.Helper()
	s := stats(t, p)
	refused := s.RefusedSum()
	for i, side := range []struct {
		name  string
		flows bpf.Count
		total bpf.Count
	}{
		{"outermost", c.outer, bpf.Count{Packets: s.Total[0].Packets + s.Total[1].Packets, Bytes: s.Total[0].Bytes + s.Total[1].Bytes}},
		{"within tunnels", c.inner, s.Inner},
	} {
		sum := side.flows
		sum.Add(s.Lost[i])
		sum.Add(refused[i])
		if sum != side.total {
			t.Errorf("%s: flows %+v, lost %+v and refused %+v are %+v of %+v", side.name, side.flows, s.Lost[i], refused[i], sum, side.total)
		}
	}
	if s.TornReads != 0 {
		t.Errorf("%d torn reads at rest", s.TornReads)
	}
}
