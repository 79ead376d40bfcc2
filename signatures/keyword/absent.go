package keyword

import "spanwatch/signatures/rule"

// setAbsent is the keyword absent: `absent` asks that the buffer does not
// exist; `absent:or_else` that it does not, or satisfies the conditions.
func setAbsent(b *Builder, o *rule.Option) *rule.Diagnostic {
	if b.lastSource == nil || b.list.Source == nil || b.list.Source.Packet != nil {
		return b.fail(o, "bad-combination", "absent without a buffer of a transaction before it", "", "name a sticky buffer first")
	}
	switch o.Value {
	case "":
		if b.list.Chain.Len() > 0 {
			return b.fail(o, "bad-combination", "absent behind conditions on the same buffer", "a buffer that is not there satisfies none", "use absent:or_else")
		}
		b.list.Absent = AbsentOnly
	case "or_else":
		b.list.Absent = AbsentOr
	default:
		return b.badValue(o, "unknown argument "+quoted(o.Value))
	}
	return nil
}
