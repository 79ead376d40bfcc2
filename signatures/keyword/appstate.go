package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// stateTest asks whether a transaction is before or beyond a stage.
type stateTest struct {
	hook   Hook
	beyond bool
}

func (t *stateTest) MatchTx(f *TxFacts) bool {
	switch {
	case !t.hook.Dirs.Has(f.Dir):
		return false
	case t.hook.Done:
		return !t.beyond && !f.Tx.Complete(f.Dir) // nothing is beyond the end
	case t.beyond:
		return f.Tx.Progress(f.Dir) > t.hook.Stage
	}
	return f.Tx.Progress(f.Dir) < t.hook.Stage
}

// setAppLayerState is the keyword app-layer-state: `app-layer-state:[<|>]stage`, a
// stage by the name that it has as a hook in the header. Without an operator it is
// such a hook.
func setAppLayerState(b *Builder, o *rule.Option) *rule.Diagnostic {
	name, before := strings.CutPrefix(strings.TrimSpace(o.Value), "<")
	name, beyond := strings.CutPrefix(name, ">")
	p, _ := Protocol(b.text.Proto)
	h, ok := FindHook(p, strings.TrimSpace(name))
	if !ok || before && beyond {
		return b.badValue(o, "protocol "+b.text.Proto+" has no stage "+quoted(name))
	}
	if d := b.narrow(o, h.Dirs); d != nil {
		return d
	}
	if before || beyond {
		b.addTxTest(&stateTest{h, beyond})
		return nil
	}
	if b.plan.Hook != nil || b.text.Hook != "" {
		return b.fail(o, "duplicate-option", "rule has two stages", "app-layer-state without an operator is a hook", "")
	}
	b.plan.Hook = &h
	return nil
}
