package ruleconf

import (
	"errors"
	"strings"

	"spanwatch/signatures/rule"
)

// Codes of this package's diagnostics; those of addresses are the rule
// package's.
const (
	CodeSyntax    = "bad-line"
	CodeName      = "bad-name"
	CodePriority  = "bad-priority"
	CodeDuplicate = "duplicate" // warning: the first one counts
	CodeCommand   = "unknown-command"
	CodeOption    = "unknown-option"
	CodeRepeated  = "repeated-option"
	CodeMissing   = "missing-option"
	CodeNumber    = "bad-number"
	CodeValue     = "unknown-value"
)

// cursor reads one logical line from the left to the right.
type cursor struct {
	line rule.Line
	at   int
}

func (c *cursor) rest() string { return c.line.Text[c.at:] }

func (c *cursor) done() bool {
	c.skipSpace()
	return c.at == len(c.line.Text)
}

func (c *cursor) skipSpace() {
	for c.at < len(c.line.Text) && isSpace(c.line.Text[c.at]) {
		c.at++
	}
}

// accept moves over s, if it comes next.
func (c *cursor) accept(s string) bool {
	c.skipSpace()
	if !strings.HasPrefix(c.rest(), s) {
		return false
	}
	c.at += len(s)
	return true
}

// word reads a name: letters, digits, "-" and "_". It is empty when something
// else comes next.
func (c *cursor) word() (word string, at int) {
	c.skipSpace()
	at = c.at
	for c.at < len(c.line.Text) && isWordByte(c.line.Text[c.at]) {
		c.at++
	}
	return c.line.Text[at:c.at], at
}

// until reads up to the next sep outside brackets, or the end, and moves over
// the sep.
func (c *cursor) until(sep byte) (text string, at int) {
	c.skipSpace()
	at = c.at
	depth := 0
	for ; c.at < len(c.line.Text); c.at++ {
		switch b := c.line.Text[c.at]; {
		case b == '[':
			depth++
		case b == ']':
			depth--
		case b == sep && depth <= 0:
			c.at++
			return strings.TrimRight(c.line.Text[at:c.at-1], spaces), at
		}
	}
	return strings.TrimRight(c.line.Text[at:], spaces), at
}

const spaces = " \t\r\v\f"

func isSpace(b byte) bool { return strings.IndexByte(spaces, b) >= 0 }

func isWordByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}

// problem is a diagnostic at an offset of the line.
func (c *cursor) problem(at int, code, what, why, hint string) *rule.Diagnostic {
	return &rule.Diagnostic{Pos: c.line.At(at), Code: code, What: what, Why: why, Hint: hint}
}

// tooLong is the diagnostic about a line that was cut, or nil.
func (c *cursor) tooLong() *rule.Diagnostic {
	if !c.line.TooLong {
		return nil
	}
	return c.problem(0, rule.CodeTooLong, "line is too long", "", `is a \ at the end of a line too many?`)
}

// invalid is the diagnostic about a value that begins at offset at.
func (c *cursor) invalid(at int, err error) *rule.Diagnostic {
	var v *rule.ValueError
	if errors.As(err, &v) {
		return c.problem(at+v.At, v.Code, v.What, v.Why, v.Hint)
	}
	return c.problem(at, CodeSyntax, err.Error(), "", "")
}

// number reads text as a number of at most limit.
func number(text string, limit uint64) (uint64, bool) {
	if text == "" {
		return 0, false
	}
	n := uint64(0)
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		if n = n*10 + uint64(text[i]-'0'); n > limit {
			return 0, false
		}
	}
	return n, true
}

// didYouMean is the hint that names the nearest of names.
func didYouMean(written string, names []string) string {
	if near := rule.Nearest(written, names); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}
