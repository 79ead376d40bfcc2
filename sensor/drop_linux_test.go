package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/internal/netnstest"
)

// bystander is another program that captures from an interface.
type bystander struct{ fd int }

func listenBeside(t *testing.T, ns *netnstest.Namespace, name string) *bystander {
	t.Helper()
	b := &bystander{fd: -1}
	t.Cleanup(func() { unix.Close(b.fd) })
	ns.Do(t, func() (err error) {
		all := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL})
		if b.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(all)); err != nil {
			return err
		}
		if err := unix.SetsockoptInt(b.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20); err != nil {
			return err
		}
		index, err := ifIndex(name)
		if err != nil {
			return err
		}
		return unix.Bind(b.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index})
	})
	return b
}

func ifIndex(name string) (int, error) {
	r, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r); err != nil {
		return 0, err
	}
	return int(r.Uint32()), nil
}

// saw returns how many frames of a protocol over IPv4 came since the last call.
func (b *bystander) saw(t *testing.T, proto byte) (n int) {
	t.Helper()
	frame := make([]byte, 1<<16)
	for {
		size, err := unix.Read(b.fd, frame)
		if errors.Is(err, unix.EAGAIN) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if size > 23 && frame[12] == 8 && frame[13] == 0 && frame[23] == proto {
			n++
		}
	}
}

// TestFramesOfAShuntedFlowAreDroppedInTheDriver: with capture.kernel.drop nobody on
// the host sees them, and they count all the same; without, everybody does.
func TestFramesOfAShuntedFlowAreDroppedInTheDriver(t *testing.T) {
	for _, drop := range []bool{true, false} {
		t.Run(fmt.Sprintf("drop_%v", drop), func(t *testing.T) {
			needKernel(t)
			ns := netnstest.Enter(t)
			ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
			r := startLive(t, ns, "-i", "rx", "-r", bypassRule(t), "--set", "capture.method=ebpf", "--set", "flow.tcp.closed=1s",
				"--set", fmt.Sprintf("capture.kernel.drop=%v", drop))
			beside := listenBeside(t, ns, "rx")
			s := netnstest.OpenSender(t, "tx")
			const more = 500
			opening, bulk, closing := tcpSession(more)
			s.Send(t, opening)
			r.await(t, "alert", func() bool { return len(r.events(t, "alert")) == 1 })
			if n := beside.saw(t, unix.IPPROTO_TCP); n != len(opening) {
				t.Errorf("another socket saw %d of %d frames before the shunt", n, len(opening))
			}
			s.Send(t, bulk)
			s.Send(t, netnstest.UDPFlows(10, 100, false))
			time.Sleep(1500 * time.Millisecond)
			s.Send(t, closing)
			time.Sleep(1500 * time.Millisecond)
			held, dropped := len(bulk)+1, 0 // and the last acknowledgment
			seen := len(bulk) + len(closing)
			if drop {
				dropped, seen = held, 2 // the FINs
			}
			if n := beside.saw(t, unix.IPPROTO_TCP); n != seen {
				t.Errorf("another socket saw %d frames of the shunted flow, want %d", n, seen)
			}
			stats := r.stop(t)
			balanced(t, stats)
			accounted(t, stats)
			for name, want := range map[string]int{"local_capture_pkts": held, "dropped_pkts": dropped} {
				if n := number(t, stats, "stats", "flow_bypassed", name); n != want {
					t.Errorf("%s is %d, want %d", name, n, want)
				}
			}
			if n := number(t, stats, "stats", "accounting", "frames", "delivered"); n != len(opening)+2+10 {
				t.Errorf("%d frames were handed up", n)
			}
			if n := number(t, stats, "stats", "accounting", "kernel", 0, "in", "pkts"); n != len(opening)+len(bulk)+len(closing)+10 {
				t.Errorf("the kernel counted %d frames", n)
			}
			flows := 0
			for _, e := range r.events(t, "flow") {
				if e["proto"] != "TCP" {
					continue
				}
				flows++
				f := e["flow"].(map[string]any)
				if number(t, e, "flow", "pkts_toserver") != 3+more+1 || number(t, e, "flow", "pkts_toclient") != 2+more+2 ||
					f["bypass"] != "capture" || e["tcp"].(map[string]any)["state"] != "time_wait" {
					t.Errorf("flow %v, tcp %v", f, e["tcp"])
				}
			}
			if flows != 1 {
				t.Errorf("%d records of the session", flows)
			}
		})
	}
}

// TestDroppingIsRefusedWhereFramesMayBeForOthers names the reason.
func TestDroppingIsRefusedWhereFramesMayBeForOthers(t *testing.T) {
	for _, c := range []struct {
		name  string
		setUp [][]string
		args  []string
		says  string
	}{
		{"an address", [][]string{{"addr", "add", "192.0.2.7/24", "dev", "rx"}}, nil, "192.0.2.7"},
		{"a global IPv6 address", [][]string{{"-6", "addr", "add", "2001:db8::7/64", "dev", "rx", "nodad"}}, nil, "2001:db8::7"},
		{"a macvlan on top", [][]string{{"link", "add", "upper", "link", "rx", "type", "macvlan"}}, nil, "it carries upper"},
		{"a bridge around", [][]string{{"link", "add", "sw0", "type", "bridge"}, {"link", "set", "rx", "master", "sw0"}}, nil, "it belongs to sw0"},
		{"a device without native XDP", [][]string{{"link", "add", "dull", "type", "ifb"}, {"link", "set", "dull", "up"}}, []string{"-i", "dull"}, "native XDP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			needKernel(t)
			ns := netnstest.Enter(t)
			ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
			for _, args := range c.setUp {
				// In the namespace, as the test's thread is.
				if out, err := exec.CommandContext(t.Context(), "ip", args...).CombinedOutput(); err != nil {
					if bytes.Contains(out, []byte("Unknown device type")) && !dt.Required("netns") {
						t.Skipf("this kernel has no such device: %s", out)
					}
					t.Fatalf("ip %v: %v: %s", args, err, out)
				}
			}
			args := []string{"run", "--set", "capture.method=ebpf", "--set", "capture.kernel.drop=true", "-o", t.TempDir()}
			if c.args == nil {
				c.args = []string{"-i", "rx"}
			}
			for _, more := range [][]string{nil, {"--dry-run"}} {
				status, said := saidIn(t, ns, append(append(args[:len(args):len(args)], c.args...), more...)...)
				if status == exitOK || !strings.Contains(said, "must not be dropped") || !strings.Contains(said, c.says) {
					t.Errorf("%v: exit status %d, it said\n%s", more, status, said)
				}
			}
		})
	}
}

// TestDroppingPausesWhenThePortGetsAnAddress, and goes on when it has none again.
func TestDroppingPausesWhenThePortGetsAnAddress(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	r := startLive(t, ns, "-i", "rx", "-r", bypassRule(t), "--set", "capture.method=ebpf", "--set", "capture.kernel.drop=true")
	beside := listenBeside(t, ns, "rx")
	s := netnstest.OpenSender(t, "tx")
	opening, bulk, _ := tcpSession(100)
	s.Send(t, opening)
	r.await(t, "alert", func() bool { return len(r.events(t, "alert")) == 1 })
	beside.saw(t, unix.IPPROTO_TCP)
	s.Send(t, bulk[:50])
	if n := beside.saw(t, unix.IPPROTO_TCP); n != 0 {
		t.Errorf("another socket saw %d frames of the shunted flow", n)
	}
	ns.IP(t, "addr", "add", "192.0.2.7/24", "dev", "rx")
	r.await(t, "word of the address", func() bool { return strings.Contains(r.output(), "192.0.2.7") })
	s.Send(t, bulk[50:100])
	if n := beside.saw(t, unix.IPPROTO_TCP); n != 50 {
		t.Errorf("with an address, another socket saw %d of 50 frames", n)
	}
	ns.IP(t, "addr", "del", "192.0.2.7/24", "dev", "rx")
	r.await(t, "dropping to go on", func() bool {
		s.Send(t, bulk[100:101])
		time.Sleep(100 * time.Millisecond)
		return beside.saw(t, unix.IPPROTO_TCP) == 0
	})
	stats := r.stop(t)
	balanced(t, stats)
	accounted(t, stats)
}

// TestAFrameThatIsMirroredTwiceCountsOnce: in flow records, for detection, and in
// the equations.
func TestAFrameThatIsMirroredTwiceCountsOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"afpacket_xdp", []string{"--set", "capture.accounting=xdp"}},
		{"afpacket_tcx", []string{"--set", "capture.accounting=tcx"}},
		{"ebpf", []string{"--set", "capture.method=ebpf"}},
		{"afxdp", []string{"--set", "capture.method=afxdp"}},
		{"ebpf_drop", []string{"--set", "capture.method=ebpf", "--set", "capture.kernel.drop=true"}},
	} {
		for _, workers := range []string{"1", "2"} {
			t.Run(c.name+"/"+workers, func(t *testing.T) {
				needKernel(t)
				ns := netnstest.Enter(t)
				ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
				rule := ruleFile(t, `alert udp any any -> any 7000 (msg:"seen"; content:"datagram"; sid:1;)`)
				r := startLive(t, ns, append([]string{"-i", "rx", "--workers", workers, "-r", rule, "--set", "capture.kernel.duplicate-window=500ms"}, c.args...)...)
				s := netnstest.OpenSender(t, "tx")
				netnstest.OnOneProcessor(t) // copies are found by the processor that receives both
				const packets, flows = 200, 10
				var originals uint64
				for i := range packets {
					build := func(vlan uint16, ttl uint8) []byte {
						return dt.Build(dt.Ether{}, dt.VLAN{ID: vlan}, dt.IP4{Src: "10.0.0.1", Dst: "192.0.2.1", ID: uint16(i), TTL: ttl},
							dt.UDP{Src: uint16(40000 + i%flows), Dst: 7000}, dt.Bytes(fmt.Sprintf("datagram %d", i)))
					}
					first, again := build(10, 64), build(10, 64)
					if i%2 == 0 {
						again = build(20, 63) // the other side of a router
					}
					originals += uint64(len(first))
					s.Send(t, [][]byte{first, again})
				}
				time.Sleep(1500 * time.Millisecond)
				stats := r.stop(t)
				balanced(t, stats)
				accounted(t, stats)
				for _, want := range []struct {
					n    int
					path []any
				}{
					{2 * packets, []any{"accounting", "kernel", 0, "in", "pkts"}},
					{packets, []any{"accounting", "kernel", 0, "refused", "duplicate", "pkts"}},
					{packets, []any{"accounting", "frames", "delivered"}},
					{packets, []any{"capture", "duplicate_pkts"}},
					{0, []any{"accounting", "kernel_flows", "unsettled", "pkts"}},
					{0, []any{"accounting", "kernel_flows", "unseen", "pkts"}},
				} {
					if n := number(t, stats, append([]any{"stats"}, want.path...)...); n != want.n {
						t.Errorf("%v is %d, want %d", want.path, n, want.n)
					}
				}
				got := sumFlows(t, r)
				if got.flows != flows || got.packets != packets || got.bytes != originals || got.packetsByEVEFlows != packets {
					t.Errorf("flows have %+v, want %d packets of %d bytes in %d", got, packets, originals, flows)
				}
				if n := len(r.events(t, "alert")); n != packets {
					t.Errorf("%d alerts for %d packets", n, packets)
				}
			})
		}
	}
}

func TestTwoPacketsOfTheSameContentAreNoDuplicates(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	r := startLive(t, ns, "-i", "rx", "--set", "capture.kernel.duplicate-window=500ms")
	s := netnstest.OpenSender(t, "tx")
	const packets = 50
	for i := range packets { // IP identification tells them apart
		s.Send(t, [][]byte{dt.Build(dt.Ether{}, dt.IP4{ID: uint16(i)}, dt.UDP{Src: 1000, Dst: 7000}, dt.Bytes("again and again"))})
	}
	time.Sleep(1500 * time.Millisecond)
	stats := r.stop(t)
	balanced(t, stats)
	accounted(t, stats)
	if got := sumFlows(t, r); got.flows != 1 || got.packets != packets || number(t, stats, "stats", "capture", "duplicate_pkts") != 0 {
		t.Errorf("flows have %+v", got)
	}
}
