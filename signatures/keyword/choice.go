package keyword

import (
	"slices"
	"strconv"
	"strings"

	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// choice asks whether a number of a transaction is one of some values, or of a
// kind, or not of it.
type choice struct {
	values  []uint64
	kind    func(uint64) bool // nil: values count
	negated bool
	buffer  app.Buffer
}

func (t *choice) MatchTx(f *TxFacts) bool {
	buffer := f.Buffer(t.buffer)
	for i := 0; ; i++ {
		v, ok := f.Tx.Integer(buffer, i)
		if !ok {
			return false
		}
		if t.kind != nil && t.kind(v) != t.negated || t.kind == nil && slices.Contains(t.values, v) {
			return true
		}
	}
}

// addChoice reads `[!]kind` or values parted by commas or blanks, each a
// number of 32 bits, which may have a sign, or a name.
func (b *Builder) addChoice(o *rule.Option, field *txField) *rule.Diagnostic {
	text := strings.TrimSpace(o.Value)
	name, negated := strings.CutPrefix(text, "!")
	if kind := field.kinds[name]; kind != nil {
		b.addTxTest(&choice{kind: kind, negated: negated, buffer: field.buffer})
		return nil
	}
	t := &choice{buffer: field.buffer}
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ',' || c == ' ' }) {
		v, ok := field.names[part]
		if !ok {
			n, err := strconv.ParseInt(part, 10, 32)
			if err != nil {
				return b.badValue(o, field.name+" has no value "+quoted(part))
			}
			v = uint64(uint32(n))
		}
		t.values = append(t.values, v)
	}
	if len(t.values) == 0 {
		return b.badValue(o, field.name+" needs a value")
	}
	b.addTxTest(t)
	return nil
}
