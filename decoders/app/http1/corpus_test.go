package http1

import (
	"testing"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/decoderstest"
)

// TestCapturesOfTheCorpusKeepTheBounds runs the parser over all small captures
// of the corpus.
func TestCapturesOfTheCorpusKeepTheBounds(t *testing.T) {
	parser := NewParser()
	transactions, flows := 0, map[*apptest.Flow]bool{}
	for _, c := range decoderstest.Permissive(t, 2000) {
		apptest.Replay(t, c.Frames, []app.Candidate{{Parser: parser}}, func(s apptest.Step) {
			state := s.Flow.State.(*State)
			checkBounds(t, state)
			flows[s.Flow] = true
			for _, tx := range txsOf(state) {
				*tx.State() = app.TxState{Logged: true, Done: [2]bool{true, true}}
			}
			before := len(state.Txs())
			state.Release()
			transactions += before - len(state.Txs())
		})
	}
	if transactions < 100 {
		t.Errorf("only %d transactions", transactions)
	}
	t.Logf("%d transactions of %d flows, %+v", transactions, len(flows), parser.Stats())
}
