package keyword

import "spanwatch/signatures/rule"

// txBitTest is xbits:isset with track tx. It is asked at the hook of the rule.
type txBitTest struct{ bit uint64 }

func (t txBitTest) MatchTx(f *TxFacts) bool { return f.Bits&t.bit != 0 }

// AtHook reports whether t is asked about when the transaction is at the hook
// of its rule, and not whenever it may be decided.
func AtHook(t TxTest) bool {
	_, ok := t.(txBitTest)
	return ok
}

// maxTxBits are the names of bits of transactions in one ruleset.
const maxTxBits = 64

// txBit is xbits with track tx: bits that live as long as their transaction.
func (b *Builder) txBit(o *rule.Option, op BitOp, name string) *rule.Diagnostic {
	if d := b.bitName(o, name); d != nil {
		return d
	}
	n, ok := b.names.txBit(name)
	if !ok || n >= maxTxBits {
		return b.fail(o, "too-many", "more than 64 names of bits of transactions", "", "")
	}
	switch op {
	case BitSet:
		b.plan.TxBits |= 1 << n
		return nil
	case BitIsSet:
		if b.text.Hook == "" {
			return b.fail(o, "bad-combination", "xbits:isset with track tx in a rule without a hook", "", "name a hook in the header, such as http1:response_headers")
		}
		b.addTxTest(txBitTest{1 << n})
		return nil
	}
	return b.badValue(o, "bits of transactions can be set and asked for with isset only")
}
