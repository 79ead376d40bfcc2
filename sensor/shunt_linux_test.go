package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/internal/netnstest"
)

// tcpSession builds a TCP session: handshake, one segment that says "stop", more
// segments of 1,000 bytes from the server with their acknowledgments, and FINs. All
// of it is within the layers around, if there are any.
func tcpSession(more int, around ...dt.Layer) (opening, bulk, closing [][]byte) {
	client, server := uint32(1000), uint32(5000)
	frame := func(fromServer bool, flags uint8, payload []byte) []byte {
		ip := dt.IP4{Src: "10.0.0.1", Dst: "192.0.2.1"}
		tcp := dt.TCP{Src: 40000, Dst: 7777, Seq: client, Ack: server, Flags: flags, Window: 65535}
		if fromServer {
			ip.Src, ip.Dst = ip.Dst, ip.Src
			tcp.Src, tcp.Dst, tcp.Seq, tcp.Ack = tcp.Dst, tcp.Src, server, client
		}
		if flags&0x10 == 0 {
			tcp.Ack = 0
		}
		length := uint32(len(payload))
		if flags&0x03 != 0 { // SYN and FIN count
			length++
		}
		if fromServer {
			server += length
		} else {
			client += length
		}
		return dt.Build(slices.Concat(around, []dt.Layer{dt.Ether{}, ip, tcp, dt.Bytes(payload)})...)
	}
	const fin, syn, ack, push = 0x01, 0x02, 0x10, 0x18
	opening = [][]byte{frame(false, syn, nil), frame(true, syn|ack, nil), frame(false, ack, nil),
		frame(false, push, []byte("please stop looking")), frame(true, ack, nil)}
	for range more {
		bulk = append(bulk, frame(true, push, make([]byte, 1000)), frame(false, ack, nil))
	}
	closing = [][]byte{frame(true, fin|ack, nil), frame(false, fin|ack, nil), frame(true, ack, nil)}
	return opening, bulk, closing
}

// bypassRule writes a rule that gives a flow up at what tcpSession says.
func bypassRule(t *testing.T) (path string) {
	t.Helper()
	return ruleFile(t, `alert tcp any any -> any 7777 (msg:"enough"; dsize:19; bypass; sid:1;)`)
}

func ruleFile(t *testing.T, rule string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "test.rules")
	if err := os.WriteFile(path, []byte(rule), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAShuntedFlowIsCountedExactlyAndItsEndIsSeen: the kernel holds back what a
// rule with bypass gave up, counts it, and hands up the FINs.
func TestAShuntedFlowIsCountedExactlyAndItsEndIsSeen(t *testing.T) {
	rules := bypassRule(t)
	for _, way := range [][2]string{{"auto", "1"}, {"ebpf", "2"}, {"afxdp", "1"}, {"afxdp", "2"}} {
		method, workers := way[0], way[1]
		t.Run(method+"_"+workers+"_workers", func(t *testing.T) {
			needKernel(t)
			ns := netnstest.Enter(t)
			ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
			r := startLive(t, ns, "-i", "rx", "--workers", workers, "-r", rules, "--set", "capture.method="+method, "--set", "flow.tcp.closed=1s")
			s := netnstest.OpenSender(t, "tx")
			const more = 500
			opening, bulk, closing := tcpSession(more)
			sent := s.Send(t, opening)
			r.await(t, "alert", func() bool { return len(r.events(t, "alert")) == 1 })
			sent += s.Send(t, bulk)
			sent += s.Send(t, netnstest.UDPFlows(10, 100, false)) // others are handed up
			time.Sleep(1500 * time.Millisecond)
			sent += s.Send(t, closing)
			tcp := func() (all []map[string]any) {
				for _, e := range r.events(t, "flow") {
					if e["proto"] == "TCP" {
						all = append(all, e)
					}
				}
				return all
			}
			r.await(t, "record of the session", func() bool { return len(tcp()) == 1 })
			e := tcp()[0]
			f := e["flow"].(map[string]any)
			toServer, toClient := 3+more+1, 2+more+2
			if number(t, e, "flow", "pkts_toserver") != toServer || number(t, e, "flow", "pkts_toclient") != toClient {
				t.Errorf("counted %v, want %d and %d", f, toServer, toClient)
			}
			if f["state"] != "bypassed" || f["bypass"] != "capture" || f["shed"] != "rule" || e["tcp"].(map[string]any)["state"] != "time_wait" {
				t.Errorf("flow %v, tcp %v", f, e["tcp"])
			}
			// All behind the segment that matched: the FINs too, which were handed up, and
			// the last acknowledgment, which was not: so the session is in TIME_WAIT.
			for side, want := range map[string]int{"pkts_toserver": more + 1, "pkts_toclient": 1 + more + 2} {
				if n := number(t, e, "flow", "bypassed", side); n != want {
					t.Errorf("%s: %d were bypassed, want %d", side, n, want)
				}
			}
			stats := r.stop(t)
			balanced(t, stats)
			accounted(t, stats)
			if n := number(t, stats, "stats", "flow_bypassed", "local_capture_pkts"); n != 2*more+1 {
				t.Errorf("the kernel held back %d frames, want %d", n, 2*more+1)
			}
			if n := number(t, stats, "stats", "accounting", "frames", "delivered"); n != len(opening)+2+10 {
				t.Errorf("%d frames were handed up", n)
			}
			if rx := received(t, ns, sent); rx.Packets != uint64(len(opening)+2*more+len(closing)+10) {
				t.Errorf("the interface received %+v", rx)
			}
		})
	}
}

// TestAFlowInATunnelIsShunted: the kernel holds back the frames that carry it, and
// counts them in its flow and in that of the tunnel.
func TestAFlowInATunnelIsShunted(t *testing.T) {
	for _, depth := range []int{0, 1} {
		t.Run(fmt.Sprintf("kernel_looks_into_%d", depth), func(t *testing.T) {
			needKernel(t)
			ns := netnstest.Enter(t)
			ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
			r := startLive(t, ns, "-i", "rx", "--workers", "1", "-r", bypassRule(t), "--set", "capture.method=ebpf",
				"--set", "flow.tcp.closed=1s", "--set", fmt.Sprintf("capture.kernel.tunnel-depth=%d", depth))
			s := netnstest.OpenSender(t, "tx")
			const more = 300
			opening, bulk, closing := tcpSession(more, dt.Ether{}, dt.IP4{Src: "198.51.100.1", Dst: "198.51.100.2"},
				dt.UDP{Src: 50000, Dst: 4789}, dt.VXLAN{VNI: 42})
			sent := s.Send(t, opening)
			r.await(t, "alert", func() bool { return len(r.events(t, "alert")) == 1 })
			sent += s.Send(t, bulk)
			time.Sleep(1500 * time.Millisecond)
			sent += s.Send(t, closing)
			time.Sleep(1500 * time.Millisecond)
			stats := r.stop(t)
			balanced(t, stats)
			accounted(t, stats)
			frames := len(opening) + len(bulk) + len(closing)
			held := 0
			if depth > 0 {
				held = len(bulk) + 1 // and the last acknowledgment
			}
			if n := number(t, stats, "stats", "flow_bypassed", "local_capture_pkts"); n != held {
				t.Errorf("the kernel held back %d frames, want %d", n, held)
			}
			if n := number(t, stats, "stats", "accounting", "frames", "delivered"); n != frames-held {
				t.Errorf("%d frames were handed up, want %d", n, frames-held)
			}
			rx := received(t, ns, sent)
			var outer, inner []map[string]any
			for _, e := range r.events(t, "flow") {
				if e["proto"] == "TCP" {
					inner = append(inner, e)
				} else {
					outer = append(outer, e)
				}
			}
			if len(outer) != 1 || len(inner) != 1 {
				t.Fatalf("%d flows around and %d within", len(outer), len(inner))
			}
			// The tunnel's flow has every frame, those held back as unseen.
			unseen, _ := outer[0]["accounting"].(map[string]any)["unseen_pkts_toserver"].(float64)
			if packets, bytes := number(t, outer[0], "bandwidth", "wire_pkts_toserver"), number(t, outer[0], "bandwidth", "wire_bytes_toserver"); packets != frames ||
				uint64(packets) != rx.Packets || uint64(bytes) != rx.Bytes || int(unseen) != held {
				t.Errorf("the tunnel's flow has %d packets, %d bytes, %v unseen; the interface received %+v", packets, bytes, unseen, rx)
			}
			e := inner[0]
			toServer, toClient := 3+more+1, 2+more+2
			if number(t, e, "flow", "pkts_toserver") != toServer || number(t, e, "flow", "pkts_toclient") != toClient {
				t.Errorf("counted %v, want %d and %d", e["flow"], toServer, toClient)
			}
			for side, want := range map[string]int{"pkts_toserver": more + 1, "pkts_toclient": 1 + more + 2} {
				if n := number(t, e, "flow", "bypassed", side); n != want {
					t.Errorf("%s: %d were bypassed, want %d", side, n, want)
				}
			}
			by := map[bool]string{false: "local", true: "capture"}[depth > 0]
			if f := e["flow"].(map[string]any); f["state"] != "bypassed" || f["bypass"] != by {
				t.Errorf("flow %v, want it bypassed by %s", f, by)
			}
		})
	}
}

// TestSampledOutFlowsAreCountedAllTheSame: one flow in four is inspected.
func TestSampledOutFlowsAreCountedAllTheSame(t *testing.T) {
	for _, method := range []string{"ebpf", "afxdp"} {
		t.Run(method, func(t *testing.T) { testSampling(t, method) })
	}
}

func testSampling(t *testing.T, method string) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	r := startLive(t, ns, "-i", "rx", "--set", "capture.method="+method, "--set", "capture.sample=4")
	const flows, packets = 400, 1200
	if _, err := netnstest.OpenSender(t, "tx").SendN(netnstest.UDPFlows(flows, 100, false), packets); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2500 * time.Millisecond)
	stats := r.stop(t)
	balanced(t, stats)
	accounted(t, stats)
	delivered := number(t, stats, "stats", "accounting", "frames", "delivered")
	if delivered < packets/8 || delivered > packets/2 {
		t.Errorf("%d of %d frames were handed up, want about a quarter", delivered, packets)
	}
	if n := number(t, stats, "stats", "flow_bypassed", "sampled_out_pkts"); n != packets-delivered {
		t.Errorf("%d frames were sampled out and %d handed up, %d were sent", n, delivered, packets)
	}
	got := sumFlows(t, r)
	if got.flows != flows || got.packets != packets || got.bytes != packets*100 {
		t.Errorf("flows have %+v", got)
	}
}

func TestSettingsOfCaptureThatContradictAreRefused(t *testing.T) {
	for _, sets := range [][]string{
		{"capture.method=ebpf", "capture.filter=udp"}, {"capture.method=ebpf", "capture.accounting=off"}, {"capture.sample=4"},
		{"capture.method=afxdp", "capture.filter=udp"}, {"capture.method=afxdp", "capture.accounting=off"}, {"capture.method=afxdp", "capture.accounting=tcx"},
		{"capture.kernel.drop=true"}, {"capture.method=ebpf", "capture.accounting=tcx", "capture.kernel.drop=true"},
		{"capture.method=pcap", "capture.kernel.duplicate-window=1ms"}, {"capture.filter=udp", "capture.kernel.duplicate-window=1ms"},
		{"capture.accounting=off", "capture.kernel.duplicate-window=1ms"},
		{"overload.stop-fill=60"}, {"overload.stop-lag=2s"}, {"overload.floor-bytes=1gb"},
	} {
		args := []string{"config", "check"}
		for _, s := range sets {
			args = append(args, "--set", s)
		}
		status, _, stderr := spanwatch(t, args...)
		if key, _, _ := strings.Cut(sets[len(sets)-1], "="); status == exitOK || !strings.Contains(stderr, key) {
			t.Errorf("%v: exit status %d: %s", fmt.Sprint(sets), status, stderr)
		}
	}
}
