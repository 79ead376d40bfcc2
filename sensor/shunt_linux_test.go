package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/internal/netnstest"
)

// tcpSession builds a TCP session: handshake, one segment that says "stop", more
// segments of 1,000 bytes from the server with their acknowledgments, and FINs.
func tcpSession(more int) (opening, bulk, closing [][]byte) {
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
		return dt.Build(dt.Ether{}, ip, tcp, dt.Bytes(payload))
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

// TestAShuntedFlowIsCountedExactlyAndItsEndIsSeen: the kernel holds back what a
// rule with bypass gave up, counts it, and hands up the FINs.
func TestAShuntedFlowIsCountedExactlyAndItsEndIsSeen(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "bypass.rules")
	if err := os.WriteFile(rules, []byte(`alert tcp any any -> any 7777 (msg:"enough"; dsize:19; bypass; sid:1;)`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, workers := range []string{"1", "2"} {
		t.Run(workers+"_workers", func(t *testing.T) {
			needKernel(t)
			ns := netnstest.Enter(t)
			ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
			r := startLive(t, ns, "-i", "rx", "--workers", workers, "-r", rules, "--set", "capture.method=ebpf", "--set", "flow.tcp.closed=1s")
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

// TestSampledOutFlowsAreCountedAllTheSame: one flow in four is inspected.
func TestSampledOutFlowsAreCountedAllTheSame(t *testing.T) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	r := startLive(t, ns, "-i", "rx", "--set", "capture.method=ebpf", "--set", "capture.sample=4")
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
