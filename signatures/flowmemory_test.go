package signatures

import (
	"math/rand/v2"
	"testing"
)

func TestWhatIsRememberedOfFlowsIsTheirsUntilItIsNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var m flowMemories
	flows, want := make([]FlowState, 50), make([]flowMemory, 50)
	for range 20000 {
		i := r.IntN(len(flows))
		if got := m.of(&flows[i]); got != want[i] {
			t.Fatalf("flow %d has %+v, want %+v", i, got, want[i])
		}
		want[i] = flowMemory{}
		if r.IntN(3) > 0 {
			want[i] = flowMemory{bits: r.Uint32N(2), notes: r.Uint32N(2), txs: r.Uint32N(2), vars: r.Uint32()}
		}
		m.keep(&flows[i], want[i])
	}
	if len(m.slab) > len(flows)+1 {
		t.Errorf("%d places for %d flows", len(m.slab), len(flows))
	}
}
