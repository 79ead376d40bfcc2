package signatures

import (
	"spanwatch/decoders/app"
)

// inspectTransactions tries the rules on the transactions that the packet
// advanced, in the packet's direction. A signature matches a transaction once
// per direction; what it matched is remembered until the transaction is
// complete. Conditions on packet and flow are those of the packet at hand.
func (i *Inspector) inspectTransactions(out []Match) []Match {
	if len(i.in.Txs) == 0 {
		return out
	}
	byDir := i.rules.transactions[i.in.App]
	for _, tx := range i.in.Txs {
		state := tx.State()
		if state.Done[i.in.Dir] {
			continue
		}
		complete := tx.Complete(i.in.Dir)
		if byDir != nil {
			out = i.inspectTx(&byDir[i.in.Dir], tx, complete, out)
		}
		if complete {
			state.Done[i.in.Dir] = true
			if _, oneWay := tx.(app.Unidirectional); oneWay {
				state.Done[i.in.Dir.Opposite()] = true
			}
			if i.in.Flow != nil {
				i.notes.dropTx(&i.in.Flow.notes, tx.ID(), i.in.Dir)
			}
		}
	}
	return out
}

func (i *Inspector) inspectTx(g *txGroup, tx app.Tx, complete bool, out []Match) []Match {
	i.ids = i.ids[:0]
	for k := range g.buffers {
		b := &g.buffers[k]
		for n := 0; ; n++ {
			data, ok := tx.Buffer(b.list.Source.Buffer, n)
			if !ok {
				break
			}
			data = i.machine.Transformed(b.list, data)
			i.scan(b.matcher, data)
		}
	}
	i.addAlways(g.always)
	i.sortCandidates()
	for _, id := range i.ids {
		s := i.rules.signatures[id]
		i.stats.Candidates++
		if i.txMatchedBefore(s, tx) || !i.holds(s) || !i.txHolds(s, tx) {
			continue
		}
		if !complete && i.in.Flow != nil {
			i.notes.addTx(&i.in.Flow.notes, s, tx.ID(), i.in.Dir)
		}
		out = i.matched(s, tx, false, out)
	}
	return out
}

func (i *Inspector) txMatchedBefore(s *Signature, tx app.Tx) bool {
	return i.in.Flow != nil && i.notes.hasTx(i.in.Flow.notes, s, tx.ID(), i.in.Dir)
}

// txHolds evaluates numbers, events and buffers of the transaction, and the
// payload of the packet where the rule asks for that too.
func (i *Inspector) txHolds(s *Signature, tx app.Tx) bool {
	for _, t := range s.plan.TxTests {
		if !t.MatchTx(tx) {
			return false
		}
	}
	for _, l := range s.tx {
		held := false
		for n := 0; !held; n++ {
			data, ok := tx.Buffer(l.Source.Buffer, n)
			if !ok {
				break
			}
			held = i.listHolds(l, data)
		}
		if !held {
			return false
		}
	}
	held, _ := i.payloadHolds(s)
	return held
}
