package flow

import (
	"fmt"
	"testing"
	"time"
	"unsafe"

	"spanwatch/decoders"
)

func TestAFlowIsSmall(t *testing.T) {
	var f Flow
	if size := unsafe.Sizeof(f); size > 192 {
		t.Errorf("a flow has %d bytes", size)
	}
	if size := unsafe.Offsetof(f.Detect); size > 3*64 {
		t.Errorf("what a packet touches lies in the first %d bytes of a flow", size)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxFlows = 256
	cfg.Deltas = true
	cfg.Interval = 10 * time.Second
	ended := 0
	cfg.OnEnd = func(*Flow, EndReason) { ended++ }
	cfg.OnInterval = func(*Flow, Report) { ended++ }
	table, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var packets []*decoders.Packet
	for i := range 600 {
		client, server := fmt.Sprintf("10.0.%d.%d:%d", i%7, i%200, 1000+i), fmt.Sprintf("10.1.0.%d:443", i%5)
		p := packet([]uint8{protoTCP, protoUDP, 47}[i%3], client, server, 0)
		p.TCPFlags = []uint8{decoders.TCPSyn, decoders.TCPAck, decoders.TCPFin | decoders.TCPAck}[i%3]
		packets = append(packets, p, p)
	}
	var id [32]byte
	var deltas []Delta
	now := start
	work := func() {
		for _, p := range packets {
			now += second / 10
			p.Timestamp = now
			f, dir := table.Update(p)
			table.AddFragments(f, dir, 2, 100)
			AppendCommunityID(id[:0], f, 0)
		}
		table.Advance(now)
		deltas = table.AppendDeltas(deltas[:0])
		SortDeltas(deltas)
	}
	for range 10 {
		work()
	}
	if ended == 0 || len(deltas) == 0 {
		t.Fatal("the traffic ended no flow or gave no delta")
	}
	if n := testing.AllocsPerRun(20, work); n != 0 {
		t.Errorf("%v allocations in %d packets", n, len(packets))
	}
}
