package pipeline

import (
	"testing"

	"spanwatch/decoders/app"
	"spanwatch/sensor/flow"
)

// numbered is a transaction of which nothing but its number matters.
type numbered struct {
	app.Tx
	id uint64
}

func (n numbered) ID() uint64 { return n.id }

// TestTransactionsAreCountedOnceWhateverEndsFirst: of several that go on, a later
// one may end before an earlier one, as streams of HTTP/2 do.
func TestTransactionsAreCountedOnceWhateverEndsFirst(t *testing.T) {
	var f flow.Flow
	var total uint64
	for _, tt := range []struct{ last, total uint64 }{{0, 1}, {4, 5}, {2, 5}, {2, 5}, {4, 5}, {5, 6}, {9, 10}, {0, 10}} {
		if total += countTxs(&f, numbered{id: tt.last}); total != tt.total || uint64(f.TxCount) != tt.total {
			t.Errorf("after transaction %d: %d counted, the flow has %d, want %d", tt.last, total, f.TxCount, tt.total)
		}
	}
}
