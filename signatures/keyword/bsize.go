package keyword

import "spanwatch/signatures/rule"

// bufferSize compares the length of the whole buffer in bytes.
type bufferSize struct{ want rule.Int }

func (t *bufferSize) try(m *Machine, cursor int) (int, verdict) {
	if t.want.Match(uint64(len(m.data))) {
		return cursor, yes
	}
	return cursor, never
}

// setBsize is the keyword bsize: `bsize:int`.
func setBsize(b *Builder, o *rule.Option) *rule.Diagnostic {
	n, d := b.integer(o, 64)
	if d != nil {
		return d
	}
	t := &bufferSize{n}
	b.addStep(t, false)
	b.list.size = t
	return nil
}
