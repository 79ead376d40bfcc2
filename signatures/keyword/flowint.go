package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// intOperand is a number or another variable of the flow, which is 0 while it is
// not set.
type intOperand struct {
	value    uint32
	variable uint16
	isVar    bool
}

func (v intOperand) of(f *Facts) uint32 {
	if v.isVar {
		n, _ := f.Vars.Number(v.variable)
		return n
	}
	return v.value
}

// flowIntTest compares a flow's number, or asks whether it is set.
type flowIntTest struct {
	name    uint16
	want    string
	operand intOperand
}

func (t *flowIntTest) Match(f *Facts) bool {
	if !f.HasFlow {
		return false
	}
	have, set := f.Vars.Number(t.name)
	switch t.want {
	case "isset":
		return set
	case "notset":
		return !set
	}
	if !set {
		return false
	}
	n := t.operand.of(f)
	switch t.want {
	case "<":
		return have < n
	case "<=":
		return have <= n
	case ">":
		return have > n
	case ">=":
		return have >= n
	case "==":
		return have == n
	}
	return have != n
}

// flowIntEffect changes a flow's number. Arithmetic wraps at 32 bits. Adding to a
// number that is not set begins at 0; to subtract from it does nothing.
type flowIntEffect struct {
	name     uint16
	operator byte // '=', '+' or '-'
	operand  intOperand
}

func (e *flowIntEffect) Apply(f *Facts) {
	if !f.HasFlow {
		return
	}
	n := e.operand.of(f)
	have, set := f.Vars.Number(e.name)
	switch {
	case e.operator == '=':
		have = n
	case e.operator == '+':
		have += n
	case !set:
		return
	default:
		have -= n
	}
	f.Vars.SetNumber(e.name, have)
}

// setFlowint is the keyword flowint: `flowint:name,+|-|=,N|name`,
// `flowint:name,<|<=|>|>=|==|!=,N|name`, `flowint:name,isset|notset|isnotset`.
func setFlowint(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) < 2 || len(args) > 3 || args[0] == "" {
		return b.badValue(o, "flowint needs a name, an operator and a number")
	}
	name, ok := b.names.variable(args[0])
	if !ok {
		return b.fail(o, "too-many", "more than 65535 variable names", "", "")
	}
	operator := args[1]
	b.plan.NeedsFlow = b.plan.NeedsFlow || len(args) == 2 || !strings.Contains("=+-", operator) // to change a number of no flow is nothing
	if len(args) == 2 {
		switch operator {
		case "isnotset":
			operator = "notset"
		case "isset", "notset":
		default:
			return b.badValue(o, "flowint with "+quoted(operator)+" needs a number")
		}
		b.plan.Tests = append(b.plan.Tests, &flowIntTest{name: name, want: operator})
		return nil
	}
	var operand intOperand
	if v, ok := parse32(args[2]); ok {
		operand.value = v
	} else if operand.variable, operand.isVar = b.names.variable(args[2]); args[2] == "" || !operand.isVar {
		return b.badValue(o, "bad number "+quoted(args[2]))
	}
	switch operator {
	case "=", "+", "-":
		b.plan.Effects = append(b.plan.Effects, &flowIntEffect{name, operator[0], operand})
	case "<", "<=", ">", ">=", "==", "!=":
		b.plan.Tests = append(b.plan.Tests, &flowIntTest{name, operator, operand})
	default:
		return b.badValue(o, "unknown flowint operator "+quoted(operator))
	}
	return nil
}
