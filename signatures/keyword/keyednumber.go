package keyword

import (
	"maps"
	"slices"
	"strings"

	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// keyedNumber asks for a key of a transaction's numbers, and compares the
// numbers under it.
type keyedNumber struct {
	key    uint64
	any    bool // whatever the number is
	want   rule.Int
	buffer app.Buffer
}

func (t *keyedNumber) MatchTx(f *TxFacts) bool {
	buffer := f.Buffer(t.buffer)
	for i := 0; ; i++ {
		v, ok := f.Tx.Integer(buffer, i)
		if !ok {
			return false
		}
		if v>>32 == t.key && (t.any || t.want.Match(v&(1<<32-1))) {
			return true
		}
	}
}

// addKeyedNumber reads `KEY`, `KEY>5`, `KEY=5` and so on.
func (b *Builder) addKeyedNumber(o *rule.Option, field *txField) *rule.Diagnostic {
	text := strings.TrimSpace(o.Value)
	end := strings.IndexFunc(text, func(c rune) bool {
		return c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
	})
	if end < 0 {
		end = len(text)
	}
	key, ok := field.keys[strings.ToLower(text[:end])]
	if !ok {
		names := slices.Sorted(maps.Keys(field.keys))
		return b.badValue(o, field.name+" has no "+quoted(text[:end])+"; it has "+strings.Join(names, ", "))
	}
	t := &keyedNumber{key: key, buffer: field.buffer, any: end == len(text)}
	if !t.any {
		var d *rule.Diagnostic
		if t.want, d = b.integerText(o, strings.TrimSpace(text[end:]), field.bits); d != nil {
			return d
		}
	}
	b.addTxTest(t)
	return nil
}
