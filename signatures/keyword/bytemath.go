package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// byteMath computes with a number of the buffer, stores the result in a
// variable and moves the cursor behind the number.
type byteMath struct {
	reading
	operator string
	right    uint64
	variable int8 // slot + 1 of the right operand; 0 for a fixed one
	slot     int8
}

func (c *byteMath) try(m *Machine, cursor int) (int, verdict) {
	v, start, taken, ok := c.read(m, cursor)
	if !ok {
		return cursor, no
	}
	right := c.right
	if c.variable != 0 {
		right = m.variables[c.variable-1]
	}
	switch c.operator {
	case "+":
		v += right
	case "-":
		v -= right
	case "*":
		v *= right
	case "/":
		if right == 0 {
			return cursor, no
		}
		v /= right
	case "<<":
		if right < 64 {
			v <<= right
		} else {
			v = 0
		}
	case ">>":
		if right < 64 {
			v >>= right
		} else {
			v = 0
		}
	}
	m.variables[c.slot] = v
	return start + taken, yes
}

// setByteMath is the keyword byte_math:
// `byte_math:bytes n|var, offset o, oper +|-|*|/|<<|>>, rvalue N|var, result name[, relative][, endian e][, string b][, bitmask M]`.
func setByteMath(b *Builder, o *rule.Option) *rule.Diagnostic {
	c := &byteMath{}
	named := map[string]string{}
	var flags []string
	for _, arg := range splitList(o.Value) {
		name, value, _ := strings.Cut(arg, " ")
		value = strings.TrimSpace(value)
		switch name = strings.ToLower(name); name {
		case "bytes", "offset", "oper", "rvalue", "result":
			if named[name] != "" {
				return b.badValue(o, name+" is given twice")
			}
			named[name] = value
		case "endian":
			flags = append(flags, value)
		case "string":
			flags = append(flags, "string", value)
		default:
			flags = append(flags, arg)
		}
	}
	for _, name := range []string{"bytes", "offset", "oper", "rvalue", "result"} {
		if named[name] == "" {
			return b.badValue(o, "byte_math needs "+name)
		}
	}
	var d *rule.Diagnostic
	if c.offset, d = b.signedBound(o, named["offset"], 65535); d != nil {
		return d
	}
	switch c.operator = named["oper"]; c.operator {
	case "+", "-", "*", "/", "<<", ">>":
	default:
		return b.badValue(o, "unknown operator "+quoted(c.operator))
	}
	if v, ok := parseUnsigned(named["rvalue"]); ok {
		c.right = v
	} else if c.variable, d = b.variable(o, named["rvalue"]); d != nil {
		return d
	}
	if d := c.flags(b, o, flags, nil); d != nil {
		return d
	}
	if d := c.count(b, o, named["bytes"], 1); d != nil {
		return d
	}
	if c.slot, d = b.defineVariable(o, named["result"]); d != nil {
		return d
	}
	b.addStep(c, c.relative)
	return nil
}
