package flow

import (
	"fmt"
	"testing"
)

// TestEveryFlowIsFoundAfterTheIndexHasGrown fills an index through several
// doublings, with homes so close together that runs of slots wrap round its end.
func TestEveryFlowIsFoundAfterTheIndexHasGrown(t *testing.T) {
	for _, outside := range []bool{false, true} {
		t.Run(fmt.Sprintf("outside=%v", outside), func(t *testing.T) {
			const flows = 3 * firstSlots
			x, err := newIndex(flows, outside)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { x.release() }()
			if len(x.slots) != firstSlots {
				t.Errorf("%d slots at first", len(x.slots))
			}
			hash := func(flow uint32) uint64 {
				if flow%5 == 0 {
					return uint64(0xffffffff-flow%64) << 32
				}
				return uint64(flow) * 0x9e3779b97f4a7c15
			}
			active := 0
			for flow := uint32(1); flow <= flows; flow++ {
				if flow%5 == 0 && flow > 2000 {
					continue
				}
				if !x.makeRoom(active) {
					t.Fatal("no room")
				}
				x.insert(hash(flow), flow)
				active++
				if flow%7 == 0 {
					x.remove(hash(flow), flow)
					active--
				}
			}
			if len(x.slots) > slotsFor(flows) || 2*active > len(x.slots) {
				t.Errorf("%d slots for %d flows, of %d at most", len(x.slots), active, flows)
			}
			for flow := uint32(1); flow <= flows; flow++ {
				if flow%5 == 0 && flow > 2000 {
					continue
				}
				found := false
				for at := uint32(hash(flow)>>32) & x.mask; x.slots[at].flow != 0 && !found; at = (at + 1) & x.mask {
					found = x.slots[at].flow == flow
				}
				if found != (flow%7 != 0) {
					t.Fatalf("flow %d: found %v", flow, found)
				}
			}
		})
	}
}
