package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// byteTest compares a number in the buffer. It never moves the cursor.
type byteTest struct {
	reading
	operator byteOperator
	negated  bool
	value    uint64
	variable int8 // slot + 1 of the value; 0 for a fixed one
}

type byteOperator uint8

const (
	equal byteOperator = iota + 1
	less
	greater
	lessOrEqual
	greaterOrEqual
	and
	xor
)

var byteOperators = map[string]byteOperator{
	"=": equal, "<": less, ">": greater, "<=": lessOrEqual, ">=": greaterOrEqual, "&": and, "^": xor,
}

func (t *byteTest) try(m *Machine, cursor int) (int, verdict) {
	v, _, _, ok := t.read(m, cursor)
	if !ok {
		return cursor, no
	}
	want := t.value
	if t.variable != 0 {
		want = m.variables[t.variable-1]
	}
	var holds bool
	switch t.operator {
	case equal:
		holds = v == want
	case less:
		holds = v < want
	case greater:
		holds = v > want
	case lessOrEqual:
		holds = v <= want
	case greaterOrEqual:
		holds = v >= want
	case and:
		holds = v&want != 0
	case xor:
		holds = v^want != 0
	}
	if holds == t.negated {
		return cursor, no
	}
	return cursor, yes
}

// setByteTest is the keyword byte_test:
// `byte_test:bytes,[!]operator,value,offset[,relative][,big|little][,string,hex|dec|oct][,bitmask M]`.
func setByteTest(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) < 4 {
		return b.badValue(o, "byte_test needs bytes, operator, value and offset")
	}
	t := &byteTest{}
	var d *rule.Diagnostic
	operator := strings.TrimSpace(args[1])
	if rest, found := strings.CutPrefix(operator, "!"); found {
		t.negated = true
		operator = strings.TrimSpace(rest)
		if operator == "" {
			operator = "="
		}
	}
	if t.operator = byteOperators[operator]; t.operator == 0 {
		return b.badValue(o, "unknown operator "+quoted(args[1]))
	}
	if value, ok := parseUnsigned(args[2]); ok {
		t.value = value
	} else if t.variable, d = b.variable(o, args[2]); d != nil {
		return d
	}
	if t.offset, d = b.signedBound(o, args[3], 65535); d != nil {
		return d
	}
	if d := t.flags(b, o, args[4:], nil); d != nil {
		return d
	}
	least := 1
	if t.text {
		least, t.digits = 0, args[0] == "0"
	}
	if d := t.count(b, o, args[0], least); d != nil {
		return d
	}
	b.addStep(t, t.relative)
	return nil
}

// flags reads the arguments that the byte keywords share; other gets those it
// does not know and says whether it took them.
func (r *reading) flags(b *Builder, o *rule.Option, args []string, other func(string) (bool, *rule.Diagnostic)) *rule.Diagnostic {
	r.base = 10
	based := false
	for _, arg := range args {
		lower := strings.ToLower(arg)
		switch lower {
		case "relative":
			r.relative = true
		case "big":
			r.little = false
		case "little":
			r.little = true
		case "string":
			r.text = true
		case "hex", "dec", "oct":
			r.base = map[string]int{"hex": 16, "dec": 10, "oct": 8}[lower]
			based = true
		case "dce":
			r.dce = true
			if d := b.needApps(o, dceProtos); d != nil {
				return d
			}
		default:
			if mask, found := strings.CutPrefix(lower, "bitmask"); found {
				v, ok := parseUnsigned(strings.TrimSpace(mask))
				if !ok || v == 0 || v > 0xFFFFFFFF {
					return b.badValue(o, "bitmask must be 0x1 to 0xFFFFFFFF")
				}
				r.mask, r.hasMask = v, true
				continue
			}
			if other != nil {
				if took, d := other(lower); d != nil {
					return d
				} else if took {
					continue
				}
			}
			return b.badValue(o, "unknown argument "+quoted(arg))
		}
	}
	if based && !r.text {
		return b.badValue(o, "hex, dec and oct need string")
	}
	return nil
}

// count reads how many bytes the number has, once it is known whether they
// are text.
func (r *reading) count(b *Builder, o *rule.Option, arg string, least int) *rule.Diagnostic {
	limit := maxBinaryBytes
	if r.text {
		limit = maxTextBytes
	}
	n, ok := parseUnsigned(arg)
	if !ok {
		slot, d := b.variable(o, arg)
		r.bytes = bound{variable: slot}
		return d
	}
	if n < uint64(least) || n > uint64(limit) {
		return b.badValue(o, "cannot read "+arg+" bytes as a number")
	}
	r.bytes = bound{value: int32(n)}
	return nil
}
