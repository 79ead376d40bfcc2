package keyword

import (
	"math"

	"spanwatch/signatures/rule"
)

// bufferSize compares the length of the whole buffer in bytes.
type bufferSize struct{ want rule.Int }

func (t *bufferSize) try(m *Machine, cursor int) (int, verdict) {
	size := uint64(m.base) + uint64(len(m.data))
	matches := t.want.Match(size)
	if !m.open {
		if matches {
			return cursor, yes
		}
		return cursor, never
	}
	// The buffer may grow: only what stays true is true yet.
	if _, most := t.want.Bounds(); most < math.MaxUint64 {
		if size > most {
			return cursor, never
		}
		return cursor, no
	}
	switch t.want.Mode {
	case rule.IntMore, rule.IntMoreEqual:
		if matches {
			return cursor, yes
		}
	}
	return cursor, no
}

// setBsize is the keyword bsize: `bsize:int`.
func setBsize(b *Builder, o *rule.Option) *rule.Diagnostic {
	n, d := b.integer(o, 64)
	if d != nil {
		return d
	}
	t := &bufferSize{n}
	b.addStep(t, false)
	return nil
}
