package keyword

import (
	"strconv"
	"strings"

	"spanwatch/signatures/rule"
)

// fail makes the diagnostic that refuses the rule because of option o.
func (b *Builder) fail(o *rule.Option, code, what, why, hint string) *rule.Diagnostic {
	return &rule.Diagnostic{Pos: o.Pos, Sid: b.plan.Meta.Sid, Code: code, What: what, Why: why, Hint: hint}
}

// badValue refuses the value of an option.
func (b *Builder) badValue(o *rule.Option, what string) *rule.Diagnostic {
	d := b.fail(o, "bad-value", what, "", "")
	d.Pos = o.ValuePos
	return d
}

// unsupported refuses a form of a keyword that is part of the language.
func (b *Builder) unsupported(o *rule.Option, what, why string) *rule.Diagnostic {
	return b.fail(o, "unsupported-value", o.Name+" with "+what+" is not supported yet", why, "")
}

// warn notes something about a rule that loads all the same.
func (b *Builder) warn(o *rule.Option, code, what, why string) {
	d := b.fail(o, code, what, why, "")
	d.Warning = true
	b.warnings = append(b.warnings, d)
}

// diagnose gives an error of the rule package the sid, when it is known.
func (b *Builder) diagnose(o *rule.Option, err error) *rule.Diagnostic {
	d := b.text.Diagnose(o, err)
	if b.plan.Meta.Sid != 0 {
		d.Sid = b.plan.Meta.Sid
	}
	return d
}

// quotedBytes reads `[!]"text|hex|"`.
func (b *Builder) quotedBytes(o *rule.Option) (pattern []byte, negated bool, d *rule.Diagnostic) {
	pattern, negated, err := rule.Content(o.Value)
	if err != nil {
		return nil, false, b.diagnose(o, err)
	}
	return pattern, negated, nil
}

// looseText reads `[!]"text"` as it stands, escapes and all; the quotes may be
// missing.
func looseText(value string) (text string, negated bool) {
	text, negated = strings.CutPrefix(strings.TrimSpace(value), "!")
	text = strings.TrimSpace(text)
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	return text, negated
}

// integer reads the integer expression that is the option's whole value.
func (b *Builder) integer(o *rule.Option, bits int) (rule.Int, *rule.Diagnostic) {
	return b.integerText(o, o.Value, bits)
}

// integerText is integer for a part of the option's value.
func (b *Builder) integerText(o *rule.Option, text string, bits int) (rule.Int, *rule.Diagnostic) {
	n, err := rule.ParseInt(text, bits)
	if err != nil {
		return n, b.diagnose(o, err)
	}
	return n, nil
}

// unsignedBound reads a number of bytes, or the name of a variable.
func (b *Builder) unsignedBound(o *rule.Option, text string, limit int) (bound, *rule.Diagnostic) {
	text = strings.TrimSpace(text)
	if v, ok := parseUnsigned(text); ok {
		if v > uint64(limit) {
			return bound{}, b.badValue(o, text+" is out of range")
		}
		return bound{value: int32(v)}, nil
	}
	return b.variableBound(o, text)
}

// signedBound is unsignedBound for a number that may be negative.
func (b *Builder) signedBound(o *rule.Option, text string, limit int) (bound, *rule.Diagnostic) {
	text = strings.TrimSpace(text)
	if v, ok := parseSigned(text, limit); ok {
		return bound{value: int32(v)}, nil
	}
	return b.variableBound(o, text)
}

func (b *Builder) variableBound(o *rule.Option, text string) (bound, *rule.Diagnostic) {
	if text == "" || isDigit(text[0]) || text[0] == '-' || text[0] == '+' {
		return bound{}, b.badValue(o, "bad number "+quoted(text))
	}
	slot, d := b.variable(o, text)
	return bound{variable: slot}, d
}

// splitList cuts a value at its commas, trimmed. An empty value has no parts.
func splitList(value string) []string {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	parts := strings.Split(value, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// parseUnsigned reads a decimal or 0x hexadecimal number.
func parseUnsigned(text string) (uint64, bool) {
	text = strings.TrimSpace(text)
	base := 10
	if rest, found := strings.CutPrefix(strings.ToLower(text), "0x"); found {
		text, base = rest, 16
	}
	v, err := strconv.ParseUint(text, base, 64)
	return v, err == nil
}

// parseSigned reads a decimal number from -limit to limit.
func parseSigned(text string, limit int) (int, bool) {
	v, err := strconv.Atoi(strings.TrimSpace(text))
	return v, err == nil && v >= -limit && v <= limit
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func quoted(s string) string { return strconv.Quote(s) }
