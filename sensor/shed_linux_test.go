package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/internal/netnstest"
)

// TestEverythingIsCountedWhenNineTenthsAreShed: of a sensor that is behind, inspection
// gives up at least nine of ten packets, all of them elephants'. Every new flow is
// inspected, records say what was shed, and all counts are those of the interface.
func TestEverythingIsCountedWhenNineTenthsAreShed(t *testing.T) {
	for _, method := range []string{"afpacket", "ebpf", "afxdp"} {
		for _, workers := range []string{"1", "2"} {
			t.Run(method+"_"+workers+"_workers", func(t *testing.T) { testShedding(t, method, workers) })
		}
	}
}

func testShedding(t *testing.T, method, workers string) {
	needKernel(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	rule := ruleFile(t, `alert udp any any -> any 7000 (msg:"seen"; content:"mouse"; sid:1;)`)
	r := startLive(t, ns, "-i", "rx", "-r", rule, "--listen", listen, "--workers", workers,
		"--set", "capture.method="+method, "--set", "capture.accounting=xdp", "--set", "capture.ring-size=4mb",
		"--set", "overload.elephant-bytes=16kb", "--set", "overload.floor-bytes=16kb", "--set", "overload.hold=1m", "--set", "overload.step=10ms")
	const elephants, mice, perMouse = 4, 500, 2
	s := netnstest.OpenSender(t, "tx")
	large := netnstest.UDPFlows(elephants, 1000, false)
	var sent uint64
	send := func(frames [][]byte, n int) {
		bytes, err := s.SendN(frames, n)
		if err != nil {
			t.Fatal(err)
		}
		sent += bytes
	}
	send(large, elephants)
	for _, stop := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} { // as if it had no time
		if err := r.cmd.Process.Signal(stop); err != nil {
			t.Fatal(err)
		}
		if stop == syscall.SIGSTOP {
			send(large, 10_000)
		}
	}
	r.await(t, "beginning of overload", func() bool { return len(r.events(t, "overload")) > 0 })
	const rounds = 50
	for round := range rounds {
		send(large, 800)
		var small [][]byte
		for i := range mice / rounds {
			small = append(small, dt.Build(dt.Ether{}, dt.IP4{Src: "10.1.0.1", Dst: "192.0.2.1"},
				dt.UDP{Src: uint16(10_000 + round*mice/rounds + i), Dst: 7000}, dt.Bytes("a mouse")))
		}
		send(small, perMouse*len(small))
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(1500 * time.Millisecond)
	if text, want := r.metrics(t), fmt.Sprintf("spanwatch_pipeline_shed_flows_total{reason=\"elephant\"} %d\n", elephants); !strings.Contains(text, want) {
		t.Errorf("no %s", want)
	}
	stats := r.stop(t)
	balanced(t, stats)
	accounted(t, stats)
	of := func(path ...any) int { return number(t, stats, append([]any{"stats", "accounting"}, path...)...) }
	if of("inspection", "balance") != 0 || of("inspection", "bytes_balance") != 0 {
		t.Errorf("%d packets and %d bytes are neither inspected nor shed", of("inspection", "balance"), of("inspection", "bytes_balance"))
	}
	rx := received(t, ns, sent)
	got := sumFlows(t, r)
	if got.packets != rx.Packets || got.bytes != rx.Bytes || got.packetsByEVEFlows != rx.Packets || got.flows != elephants+mice || got.uncounted != 0 {
		t.Errorf("flows have %+v, the interface received %+v", got, rx)
	}
	inspected := of("inspection", "inspected")
	if rest := 1 - float64(inspected)/float64(rx.Packets); rest < 0.9 {
		t.Errorf("%.1f %% of the packets were not inspected, want 90", 100*rest)
	}
	shed, held := of("inspection", "shed", "elephant", "packets"), number(t, stats, "stats", "flow_bypassed", "local_capture_pkts")
	lost := of("interfaces", 0, "dropped", "ring_full") + of("interfaces", 0, "dropped", "fill_ring_empty") + of("interfaces", 0, "dropped", "unread")
	t.Logf("%d packets and %d bytes received and in records: %d inspected (%.1f %%), %d shed, %d held back by the kernel, %d lost by rings",
		rx.Packets, rx.Bytes, inspected, 100*float64(inspected)/float64(rx.Packets), shed, held, lost)
	if sum := inspected + shed + held + lost; sum != int(rx.Packets) {
		t.Errorf("%d of %d packets are explained", sum, rx.Packets)
	}
	alerts := map[any]int{}
	for _, e := range r.events(t, "alert") {
		alerts[e["src_port"]]++
	}
	for _, e := range r.events(t, "flow") {
		f := e["flow"].(map[string]any)
		packets, unseen := number(t, e, "flow", "pkts_toserver"), 0
		if n, ok := e["accounting"].(map[string]any)["unseen_pkts_toserver"].(float64); ok {
			unseen = int(n)
		}
		mouse := number(t, e, "dest_port") == 7000
		if mouse != (f["shed"] == nil) {
			t.Errorf("record %v", e)
		}
		if mouse && (packets != perMouse || alerts[e["src_port"]] != packets-unseen) {
			t.Errorf("a new flow had %d packets, %d unseen, %d alerts", packets, unseen, alerts[e["src_port"]])
		}
	}
}
