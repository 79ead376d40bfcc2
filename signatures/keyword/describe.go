package keyword

import (
	"fmt"
	"strings"
)

// Describe says what the chain asks, one line a step, for people.
func (c *Chain) Describe() []string {
	var lines []string
	for i := range c.nodes {
		n := &c.nodes[i]
		switch {
		case n.content != nil:
			lines = append(lines, n.content.describe())
		case n.pcre != nil:
			lines = append(lines, n.pcre.describe())
		default:
			name := fmt.Sprintf("%T", n.step)
			lines = append(lines, strings.TrimSuffix(strings.TrimPrefix(name, "*keyword."), "Step"))
		}
	}
	return lines
}

func (c *Content) describe() string {
	var b strings.Builder
	if c.Negated {
		b.WriteString("not ")
	}
	b.WriteString("content " + Printable(c.Pattern))
	for _, m := range []struct {
		is    bool
		name  string
		value bound
	}{{c.hasOffset, "offset", c.offset}, {c.hasDepth, "depth", c.depth}, {c.hasDistance, "distance", c.distance}, {c.hasWithin, "within", c.within}} {
		switch {
		case m.is && m.value.fixed():
			fmt.Fprintf(&b, " %s %d", m.name, m.value.value)
		case m.is:
			fmt.Fprintf(&b, " %s of a variable", m.name)
		}
	}
	for _, m := range []struct {
		is   bool
		name string
	}{{c.NoCase, "nocase"}, {c.StartsWith, "startswith"}, {c.EndsWith, "endswith"}} {
		if m.is {
			b.WriteString(" " + m.name)
		}
	}
	return b.String()
}

func (e *expression) describe() string {
	words := []string{"pcre"}
	if e.negated {
		words = []string{"not", "pcre"}
	}
	if e.relative {
		words = append(words, "relative")
	}
	return strings.Join(words, " ")
}

// Printable quotes bytes as rules do: what is not printable ASCII in |hex|.
func Printable(b []byte) string {
	var out strings.Builder
	out.WriteByte('"')
	hex := false
	for _, c := range b {
		plain := c >= ' ' && c < 0x7F && !strings.ContainsRune(`"|;\`, rune(c))
		switch {
		case plain && hex:
			out.WriteByte('|')
		case !plain && !hex:
			out.WriteByte('|')
		case !plain:
			out.WriteByte(' ')
		}
		if hex = !plain; hex {
			fmt.Fprintf(&out, "%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
	if hex {
		out.WriteByte('|')
	}
	out.WriteByte('"')
	return out.String()
}

// HasExpression reports whether the chain has a regular expression.
func (c *Chain) HasExpression() bool {
	for i := range c.nodes {
		if c.nodes[i].pcre != nil {
			return true
		}
	}
	return false
}
