package keyword

import (
	"strings"

	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// maxURILength is the longest URI that urilen tells from longer ones: the
// language compares 16 bits.
const maxURILength = 65535

// uriLength compares the length of a request's URI in bytes.
type uriLength struct {
	want   rule.Int
	buffer app.Buffer
}

func (t *uriLength) MatchTx(f *TxFacts) bool {
	n, ok := f.Tx.Integer(t.buffer, 0)
	return ok && t.want.Match(min(n, maxURILength))
}

// setUrilen is the keyword urilen: `urilen:int[,norm|raw]`.
func setUrilen(b *Builder, o *rule.Option) *rule.Diagnostic {
	value, form, _ := strings.Cut(o.Value, ",")
	t := &uriLength{buffer: app.HTTPURI}
	switch strings.TrimSpace(form) {
	case "", "norm":
	case "raw":
		t.buffer = app.HTTPURIRaw
	default:
		return b.badValue(o, "urilen is of the norm or the raw URI, not "+quoted(form))
	}
	var d *rule.Diagnostic
	if t.want, d = b.integerText(o, strings.TrimSpace(value), 16); d != nil {
		return d
	}
	if d := b.needApps(o, httpProtos); d != nil {
		return d
	}
	if d := b.narrow(o, DirToServer); d != nil {
		return d
	}
	b.addTxTest(t)
	return nil
}
