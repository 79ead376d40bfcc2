//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"encoding/binary"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"spanwatch/bpf"
)

// fill makes n flows of one packet.
func fill(t testing.TB, p *bpf.Programs, n int) {
	t.Helper()
	frame := kinds[0].frame(1, false)
	for i := range n {
		binary.BigEndian.PutUint32(frame[26:], uint32(i)) // source address
		runXDP(t, p, frame)
	}
}

// TestReaderNeverSeesHalfARecord reads while another CPU counts and evicts:
// packets all have one size, so a record whose bytes do not fit its packets is
// made of two.
func TestReaderNeverSeesHalfARecord(t *testing.T) {
	needRoot(t)
	cfg := small("none")
	cfg.FlowsPerCPU = 64
	p := detached(t, cfg)
	var stop atomic.Bool
	done := make(chan error, 1)
	frame := kinds[0].frame(1, false)
	size := uint64(len(frame))
	go func() {
		var err error
		for i := 0; err == nil && !stop.Load(); i++ {
			binary.BigEndian.PutUint32(frame[26:], uint32(i%200)) // more flows than slots
			_, err = p.RunXDP(frame, 1)
		}
		done <- err
	}()
	read := 0
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); {
		check := func(r *bpf.FlowRecord) {
			read++
			if n := r.Total(); n.Bytes != n.Packets*size || n.Packets == 0 || r.First > r.Last {
				t.Errorf("record of %+v, first %d, last %d", n, r.First, r.Last)
			}
			if a := binary.BigEndian.Uint32(r.Key.AddrA[:]); a >= 200 {
				t.Errorf("flow of address %x was never sent", a)
			}
		}
		if err := p.ReadFlows(check); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Evictions(math.MaxInt, check); err != nil {
			t.Fatal(err)
		}
	}
	stop.Store(true)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if read == 0 {
		t.Fatal("no records read")
	}
	if n := stats(t, p).EvictedFlows; n == 0 {
		t.Error("nothing was evicted meanwhile")
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	needRoot(t)
	cfg := small("none")
	cfg.FlowsPerCPU = 64
	p := detached(t, cfg)
	fill(t, p, 500)
	n := 0
	count := func(*bpf.FlowRecord) { n++ }
	if _, err := p.Evictions(math.MaxInt, count); err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(20, func() {
		if err := p.ReadFlows(count); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 || n == 0 {
		t.Errorf("%v allocations for %d records", allocs, n)
	}
}

// TestRecordsAreTheSameUntilEvicted follows slot and generation.
func TestRecordsAreTheSameUntilEvicted(t *testing.T) {
	needRoot(t)
	cfg := small("none")
	cfg.FlowsPerCPU = 16
	p := detached(t, cfg)
	type name struct{ slot, generation uint32 }
	owner := map[name]bpf.FlowKey{}
	ended := 0
	note := func(r *bpf.FlowRecord) {
		n := name{r.Slot, r.Generation}
		if k, ok := owner[n]; ok && k != r.Key {
			t.Fatalf("slot %d generation %d was %+v and is %+v", n.slot, n.generation, k, r.Key)
		}
		owner[n] = r.Key
	}
	for round := range 20 {
		fill(t, p, 10+round)
		n, err := p.Evictions(math.MaxInt, note)
		if err != nil {
			t.Fatal(err)
		}
		ended += n
		if err := p.ReadFlows(note); err != nil {
			t.Fatal(err)
		}
	}
	if ended == 0 || len(owner) < 20 {
		t.Errorf("%d records, %d ended", len(owner), ended)
	}
}
