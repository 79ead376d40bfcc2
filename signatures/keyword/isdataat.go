package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// isDataAt asks whether the buffer reaches so far. Absolute: byte N exists
// (N < length). Relative: N bytes follow the cursor (cursor+N <= length); the
// difference of one is how the language has it. It never moves the cursor.
type isDataAt struct {
	at       bound
	relative bool
	negated  bool
}

func (t *isDataAt) try(m *Machine, cursor int) (int, verdict) {
	n := t.at.of(m)
	holds := n < len(m.data)
	if t.relative {
		holds = cursor+n <= len(m.data)
	}
	if holds == t.negated {
		return cursor, no
	}
	return cursor, yes
}

// setIsDataAt is the keyword isdataat: `isdataat:[!]N|var[,relative][,rawbytes]`.
func setIsDataAt(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) == 0 {
		return b.badValue(o, "isdataat needs a position")
	}
	t := &isDataAt{}
	position, negated := strings.CutPrefix(args[0], "!")
	t.negated = negated
	var d *rule.Diagnostic
	if t.at, d = b.unsignedBound(o, strings.TrimSpace(position), 65535); d != nil {
		return d
	}
	for _, arg := range args[1:] {
		switch arg {
		case "relative":
			t.relative = true
		case "rawbytes":
		default:
			return b.badValue(o, "unknown argument "+quoted(arg))
		}
	}
	b.addStep(t, t.relative)
	return nil
}
