package pipeline

import "spanwatch/signatures"

// With rules.profile each worker hands its dearest rules on with some of its
// batches, and all of them with the last one.
const (
	profileBatches = 256 // between two reports
	profiledRules  = 20  // that metrics show
)

// profile adds the worker's report to a batch.
func (w *worker) profile(b *batch) {
	w.profiled++
	switch {
	case b.final:
		w.out.costs = w.inspector.Costs(0)
	case w.profiled%profileBatches == 0:
		// More than are shown: a rule may be dear over all workers and not on each.
		w.out.costs = w.inspector.Costs(4 * profiledRules)
	}
}

// costs are the latest reports of all workers together.
func (m *merger) costs() []signatures.RuleCost { return signatures.MergeCosts(m.profiles...) }
