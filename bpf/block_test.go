//go:build linux && (amd64 || arm64)

package bpf

import (
	"encoding/binary"
	"math"
	"os"
	"testing"

	"spanwatch/decoders/decoderstest"
)

// TestATableOfManyElementsCountsTheSame: kernels that refuse large elements of an
// array get the shard of a CPU in several.
func TestATableOfManyElementsCountsTheSame(t *testing.T) {
	if os.Geteuid() != 0 && !decoderstest.Required("bpf") {
		t.Skip("needs root to load programs into the kernel")
	}
	frame := decoderstest.Build(decoderstest.Ether{}, decoderstest.IP4{}, decoderstest.UDP{Src: 1, Dst: 53})
	const flows, packets = 120, 3 // of 128 slots, so that sets overflow too
	for _, block := range []int{0, 2, 4, 1 << 20} {
		cfg := DefaultConfig("none")
		cfg.FlowsPerCPU, cfg.EvictionBytes, cfg.maxBlock = 128, 1<<20, block
		cfg.Seed = &[14]uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
		p, err := LoadDetached(cfg)
		if err != nil {
			t.Fatalf("%d sets in an element: %v", block, err)
		}
		sum := map[FlowKey]uint64{}
		add := func(r *FlowRecord) { sum[r.Key] += r.Total().Packets }
		for i := range flows * packets {
			binary.BigEndian.PutUint32(frame[26:], uint32(i%flows))
			if _, err := p.RunXDP(frame, 1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Evictions(math.MaxInt, add); err != nil {
			t.Fatal(err)
		}
		if err := p.ReadFlows(add); err != nil {
			t.Fatal(err)
		}
		if len(sum) != flows {
			t.Errorf("%d sets in an element: %d flows, want %d", block, len(sum), flows)
		}
		for k, n := range sum {
			if n != packets {
				t.Errorf("%d sets in an element: flow %+v has %d packets", block, k, n)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}
