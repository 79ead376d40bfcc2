package main

import (
	"bytes"
	"encoding/json"
	"os"
	"syscall"
	"testing"
	"time"

	"spanwatch/decoders/decoderstest"
	"spanwatch/sensor/internal/netnstest"
)

func TestFlowRecordsEqualWhatTheInterfaceReceived(t *testing.T) {
	for _, way := range [][2]string{{"auto", "xdp"}, {"auto", "tcx"}, {"auto", "xdp-generic"}, {"auto", "off"},
		{"pcap", "xdp"}, {"afpacket", "xdp"}, {"afxdp", "xdp"}, {"afxdp", "xdp-generic"}} {
		method, mode := way[0], way[1]
		for _, workers := range []string{"1", "2"} {
			t.Run(method+"/"+mode+"/"+workers, func(t *testing.T) {
				needKernel(t)
				ns := netnstest.Enter(t)
				ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
				r := startLive(t, ns, "-i", "rx", "--workers", workers, "--set", "capture.method="+method, "--set", "capture.accounting="+mode)
				// One flow is in both.
				frames := append(netnstest.UDPFlows(300, 64, false), netnstest.UDPFlows(200, 1400, true)...)
				s := netnstest.OpenSender(t, "tx")
				var sent uint64
				for range 5 {
					sent += s.Send(t, frames)
					time.Sleep(300 * time.Millisecond)
				}
				stats := r.stop(t)
				balanced(t, stats)
				if mode != "off" {
					accounted(t, stats)
				}
				rx := received(t, ns, sent)
				got := sumFlows(t, r)
				want := flowSums{flows: 499, packets: rx.Packets, bytes: rx.Bytes, packetsByEVEFlows: rx.Packets}
				if mode == "off" {
					want.uncounted = want.flows
				}
				if got != want || rx.Packets != 2500 {
					t.Errorf("flows have %+v, want %+v\n%s", got, want, r.output())
				}
			})
		}
	}
}

func TestFlowRecordsAreExactWhenTheRingOverflows(t *testing.T) {
	for _, way := range [][2]string{{"afpacket", "xdp"}, {"ebpf", "xdp"}, {"ebpf", "tcx"}, {"afxdp", "xdp"}} {
		method, mode := way[0], way[1]
		for _, workers := range []string{"1", "2"} {
			t.Run(method+"/"+mode+"/"+workers, func(t *testing.T) {
				needKernel(t)
				ns := netnstest.Enter(t)
				ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
				r := startLive(t, ns, "-i", "rx", "--workers", workers, "--set", "capture.method="+method,
					"--set", "capture.accounting="+mode, "--set", "capture.ring-size=4mb")
				s := netnstest.OpenSender(t, "tx")
				sent := s.Send(t, netnstest.UDPFlows(100, 1000, false))
				time.Sleep(1500 * time.Millisecond)
				r.cmd.Process.Signal(syscall.SIGSTOP) // as if it had no time for long
				// The ring takes some 4,000 of these, of the flows that come first. The
				// queue in front of the event file takes the records of the rest at once.
				n, err := s.SendN(netnstest.UDPFlows(6_000, 1000, false), 30_000)
				if err != nil {
					t.Fatal(err)
				}
				sent += n
				r.cmd.Process.Signal(syscall.SIGCONT)
				time.Sleep(2500 * time.Millisecond)
				sent += s.Send(t, netnstest.UDPFlows(100, 1000, false))
				time.Sleep(500 * time.Millisecond)
				stats := r.stop(t)
				balanced(t, stats)
				if mode != "off" {
					accounted(t, stats)
				}
				rx := received(t, ns, sent)
				got := sumFlows(t, r)
				if got.packets != rx.Packets || got.bytes != rx.Bytes || got.packetsByEVEFlows != rx.Packets || got.flows != 6_000 || got.uncounted != 0 {
					t.Errorf("flows have %+v, the interface received %+v\n%s", got, rx, r.output())
				}
				// The rings of two workers may take a frame of every flow.
				if workers == "1" && got.kernelOnly < 10 || got.unseenPackets < 10_000 || got.unseenBytes != 1000*got.unseenPackets {
					t.Errorf("the ring did not overflow, or it is not told: %+v", got)
				}
			})
		}
	}
}

// accounted checks the equations of kernel accounting in the last stats event:
// all that passed the interfaces is told, lost or refused, and all that was told
// is in flows.
func accounted(t *testing.T, stats map[string]any) {
	t.Helper()
	accounting := stats["stats"].(map[string]any)["accounting"].(map[string]any)
	for k := range accounting["kernel"].([]any) {
		of := func(path ...any) int {
			return number(t, stats, append([]any{"stats", "accounting", "kernel", k}, path...)...)
		}
		for _, unit := range []string{"pkts", "bytes"} {
			total, rest := of("in", unit)+of("out", unit), of("told", unit)+of("lost", unit)
			refused, _ := accounting["kernel"].([]any)[k].(map[string]any)["refused"].(map[string]any)
			for reason := range refused {
				rest += of("refused", reason, unit)
			}
			if total != rest || of("unread", unit) != 0 {
				t.Errorf("interface %d: %d %s passed, %d are explained, %d unread", k, total, unit, rest, of("unread", unit))
			}
		}
	}
	for _, unit := range []string{"pkts", "bytes"} {
		of := func(name string) int { return number(t, stats, "stats", "accounting", "kernel_flows", name, unit) }
		if of("told") != of("taken")+of("filtered") || of("waiting") != 0 || of("balance") != 0 {
			t.Errorf("%d %s were told, %d taken, %d filtered, %d wait", of("told"), unit, of("taken"), of("filtered"), of("waiting"))
		}
		if of("in_flows") != of("taken")+of("unsettled") {
			t.Errorf("flows have %d %s, they took %d and counted %d otherwise", of("in_flows"), unit, of("taken"), of("unsettled"))
		}
	}
}

// received returns what rx received: what the kernel's own counters say, which
// leave out link headers where a driver runs XDP, compared with what was sent.
func received(t *testing.T, ns *netnstest.Namespace, sent uint64) netnstest.Direction {
	t.Helper()
	const ethernet = 14
	rx := ns.Counters(t, "rx").RX
	if rx.Bytes != sent && rx.Bytes+ethernet*rx.Packets != sent {
		t.Fatalf("sent %d bytes, ip -s link says %+v", sent, rx)
	}
	rx.Bytes = sent
	return rx
}

// flowSums adds up flow records.
type flowSums struct {
	flows, kernelOnly, uncounted int
	packets, bytes               uint64
	unseenPackets, unseenBytes   uint64
	packetsByEVEFlows            uint64
}

// sumFlows adds up the flow records of outermost flows.
func sumFlows(t *testing.T, r *liveRun) (s flowSums) {
	t.Helper()
	text, err := os.ReadFile(r.eve)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var e struct {
			Type string `json:"event_type"`
			Flow struct {
				PktsTS uint64 `json:"pkts_toserver"`
				PktsTC uint64 `json:"pkts_toclient"`
			} `json:"flow"`
			Accounting *struct {
				KernelOnly    bool   `json:"kernel_only"`
				UnseenPktsTS  uint64 `json:"unseen_pkts_toserver"`
				UnseenPktsTC  uint64 `json:"unseen_pkts_toclient"`
				UnseenBytesTS uint64 `json:"unseen_bytes_toserver"`
				UnseenBytesTC uint64 `json:"unseen_bytes_toclient"`
			} `json:"accounting"`
			Bandwidth struct {
				PktsTS  uint64 `json:"wire_pkts_toserver"`
				PktsTC  uint64 `json:"wire_pkts_toclient"`
				BytesTS uint64 `json:"wire_bytes_toserver"`
				BytesTC uint64 `json:"wire_bytes_toclient"`
			} `json:"bandwidth"`
			Tunnel *struct{} `json:"tunnel"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type != "flow" || e.Tunnel != nil {
			continue
		}
		s.flows++
		s.packets += e.Bandwidth.PktsTS + e.Bandwidth.PktsTC
		s.bytes += e.Bandwidth.BytesTS + e.Bandwidth.BytesTC
		s.packetsByEVEFlows += e.Flow.PktsTS + e.Flow.PktsTC
		if e.Accounting == nil {
			s.uncounted++
			continue
		}
		if e.Accounting.KernelOnly {
			s.kernelOnly++
		}
		s.unseenPackets += e.Accounting.UnseenPktsTS + e.Accounting.UnseenPktsTC
		s.unseenBytes += e.Accounting.UnseenBytesTS + e.Accounting.UnseenBytesTC
	}
	return s
}

// needKernel skips tests that load programs into the kernel, where that cannot be.
func needKernel(t *testing.T) {
	t.Helper()
	netnstest.Require(t)
	if os.Geteuid() != 0 && !decoderstest.Required("bpf") {
		t.Skip("needs root to load programs into the kernel")
	}
}
