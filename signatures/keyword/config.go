package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// setConfig is the keyword config: `config:logging disable, type tx, scope tx`.
// A match keeps the record of its transaction from being written. Suricata
// reads the other types and scopes and does nothing about them.
func setConfig(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) != 3 {
		return b.badValue(o, "config needs what to disable, a type and a scope")
	}
	switch what := strings.Join(strings.Fields(args[0]), " "); what {
	case "logging disable", "tracking disable":
	default:
		return b.badValue(o, "config cannot do "+quoted(what))
	}
	kind, d := b.configWord(o, args[1], "type", "tx", "flow")
	if d != nil {
		return d
	}
	scope, d := b.configWord(o, args[2], "scope", "tx", "flow", "packet")
	if d != nil {
		return d
	}
	if kind == "tx" && scope == "tx" {
		b.plan.Meta.Silence = true
	} else {
		b.warn(o, "inert-value", "config of type "+kind+" and scope "+scope+" does nothing", "as in Suricata, only type tx with scope tx does")
	}
	return nil
}

// configWord reads `type tx` or `scope flow`.
func (b *Builder) configWord(o *rule.Option, text, name string, values ...string) (string, *rule.Diagnostic) {
	words := strings.Fields(text)
	if len(words) == 2 && words[0] == name {
		for _, v := range values {
			if words[1] == v {
				return v, nil
			}
		}
	}
	return "", b.badValue(o, "config needs "+name+" "+strings.Join(values, " or ")+", not "+quoted(text))
}
