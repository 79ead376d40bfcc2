package keyword

import (
	"bytes"
	"strings"

	"spanwatch/signatures/rule"
)

// textVarTest looks for bytes in a variable that an expression caught: on this
// flow, or on this packet.
type textVarTest struct {
	name    uint16
	want    []byte
	packet  bool
	negated bool
}

func (t *textVarTest) Match(f *Facts) bool {
	text, ok := t.text(f)
	return ok && bytes.Contains(text, t.want) != t.negated
}

func (t *textVarTest) text(f *Facts) ([]byte, bool) {
	if !t.packet {
		if !f.HasFlow {
			return nil, false
		}
		return f.Vars.Text(t.name)
	}
	for _, c := range f.Captured.Since(0) {
		if c.Kind == CapturePacket && c.Key == nil && c.Name == t.name {
			return c.Value, true
		}
	}
	return nil, false
}

// setTextVar makes the Setup of flowvar and pktvar: `flowvar:name,[!]"text|hex|"`.
func setTextVar(packet bool) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		name, text, found := strings.Cut(o.Value, ",")
		name, text = strings.TrimSpace(name), strings.TrimSpace(text)
		if !found || name == "" || text == "" {
			return b.badValue(o, o.Name+" needs a name and a content")
		}
		bare, negated := strings.CutPrefix(text, "!")
		if !strings.HasPrefix(bare, `"`) {
			bare = `"` + bare + `"`
		}
		want, _, err := rule.Content(bare)
		if err != nil || len(want) == 0 {
			return b.badValue(o, "bad content "+quoted(text))
		}
		n, ok := b.names.variable(name)
		if !ok {
			return b.fail(o, "too-many", "more than 65535 variable names", "", "")
		}
		b.plan.NeedsFlow = b.plan.NeedsFlow || !packet
		b.plan.Tests = append(b.plan.Tests, &textVarTest{n, want, packet, negated})
		return nil
	}
}
