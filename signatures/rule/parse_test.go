package rule

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mustParse returns the one rule of text.
func mustParse(t testing.TB, text string) *Rule {
	t.Helper()
	r, err := ParseOne(text, nil)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return r
}

func TestParseFillsEveryPartOfARule(t *testing.T) {
	r := mustParse(t, `Alert TLS:client_hello_done !10.0.0.0/8 [80,443] <> any 1024: ( msg: "a b" ; noalert; content:!"x\;y"; SID:7;)`)
	if r.Action != "alert" || r.Proto != "tls" || r.Hook != "client_hello_done" || r.Direction != BothWays {
		t.Errorf("header: %q %q %q %v", r.Action, r.Proto, r.Hook, r.Direction)
	}
	if r.Src.Written != "!10.0.0.0/8" || r.SrcPorts.Written != "[80,443]" || r.Dst.Written != "any" || r.DstPorts.Written != "1024:" {
		t.Errorf("written: %+v %+v %+v %+v", r.Src, r.SrcPorts, r.Dst, r.DstPorts)
	}
	want := []struct {
		name, value   string
		hasValue      bool
		col, valueCol int
	}{
		{"msg", `"a b"`, true, 65, 70},
		{"noalert", "", false, 78, 0},
		{"content", `!"x\;y"`, true, 87, 95},
		{"sid", "7", true, 104, 108},
	}
	if len(r.Options) != len(want) {
		t.Fatalf("%d options, want %d: %+v", len(r.Options), len(want), r.Options)
	}
	for i, w := range want {
		o := r.Options[i]
		if o.Name != w.name || o.Value != w.value || o.HasValue != w.hasValue || o.Pos.Col != w.col || o.ValuePos.Col != w.valueCol {
			t.Errorf("option %d: got %+v, want %+v", i, o, w)
		}
	}
}

func TestParseReads(t *testing.T) {
	tests := []struct {
		name, text string
		want       func(*Rule) bool
	}{
		{"every arrow: one way", `alert ip any any -> any any (sid:1;)`, func(r *Rule) bool { return r.Direction == OneWay }},
		{"every arrow: transactional", `alert ip any any => any any (sid:1;)`, func(r *Rule) bool { return r.Direction == Transactional }},
		{"a firewall action with its scope", `accept:hook ip any any -> any any (sid:1;)`, func(r *Rule) bool {
			verb, scope := r.ActionScope()
			return verb == "accept" && scope == "hook"
		}},
		{"a list with spaces", `alert ip [10.0.0.1, 10.0.0.2 ] [1 , 2] -> any any (sid:1;)`, func(r *Rule) bool { return r.Src.Written == "[10.0.0.1, 10.0.0.2 ]" && len(r.SrcPorts.Ranges) == 1 }},
		{"a header with tabs", "alert\tip\tany\tany\t->\tany\tany\t(sid:1;)", func(r *Rule) bool { return r.Proto == "ip" }},
		{"a parenthesis right behind the port", `alert ip any any -> any any(sid:1;)`, func(r *Rule) bool { return r.DstPorts.Any }},
		{"a colon inside a value", `alert ip any any -> any any (content:"a:b"; sid:1;)`, func(r *Rule) bool { return r.Options[0].Value == `"a:b"` }},
		{"a parenthesis inside a value", `alert ip any any -> any any (pcre:"/(a|b)\)/"; sid:1;)`, func(r *Rule) bool { return r.Options[0].Value == `"/(a|b)\)/"` }},
		{"an escaped semicolon, quote and backslash", `alert ip any any -> any any (content:"\;\"\\"; sid:1;)`, func(r *Rule) bool { return r.Options[0].Value == `"\;\"\\"` }},
		{"an unescaped quote inside a pcre", `alert ip any any -> any any (pcre:"/a"b/"; sid:1;)`, func(r *Rule) bool { return r.Options[0].Value == `"/a"b/"` }},
		{"an empty value", `alert ip any any -> any any (nocase:; sid:1;)`, func(r *Rule) bool { return r.Options[0].HasValue && r.Options[0].Value == "" }},
		{"latin-1 bytes in a message", "alert ip any any -> any any (msg:\"caf\xe9\xa0\"; sid:1;)", func(r *Rule) bool { return r.Options[0].Value == "\"caf\xe9\xa0\"" }},
		{"white space before the rule and behind it", "  \talert ip any any -> any any (sid:1;)  ", func(r *Rule) bool { return r.Pos.Col == 4 && r.Text == "alert ip any any -> any any (sid:1;)" }},
		{"CRLF line ends", "alert ip any any -> any any (sid:1;)\r\n", func(r *Rule) bool { return r.Text == "alert ip any any -> any any (sid:1;)" }},
		{"a byte order mark", "\xef\xbb\xbfalert ip any any -> any any (sid:1;)", func(r *Rule) bool { return r.Pos.Col == 1 && r.Pos.Line == 1 }},
		{"a second closing parenthesis", `alert ip any any -> any any (sid:1;))`, func(r *Rule) bool { return len(r.Options) == 1 }},
		{"protocols by their old names", `alert ssl any any -> any any (sid:1;)`, func(r *Rule) bool { return r.Proto == "ssl" }},
		{"no options at all", `alert ip any any -> any any ()`, func(r *Rule) bool { return len(r.Options) == 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if r := mustParse(t, tt.text); !tt.want(r) {
				t.Errorf("%s\nread as %+v", tt.text, r)
			}
		})
	}
}

func TestContinuationLinesKeepPositionsExact(t *testing.T) {
	const text = "# head\r\n" +
		"alert tcp any any -> \\\r\n" +
		"    any any (msg:\"one\"; \\  \n" +
		"\tcontent:\"a|zz|\"; \\\n" +
		"sid:3;)\n" +
		"alert tcp any any -> any any (sid:4;)"
	rules, diags := Parse("f.rules", []byte(text), nil)
	if len(rules) != 2 || len(diags) != 0 {
		t.Fatalf("%d rules, diagnostics %v", len(rules), diags)
	}
	r := rules[0]
	at := map[string][2]int{"msg": {3, 14}, "content": {4, 2}, "sid": {5, 1}}
	for i := range r.Options {
		o := &r.Options[i]
		if got := [2]int{o.Pos.Line, o.Pos.Col}; got != at[o.Name] {
			t.Errorf("%s: got %v, want %v", o.Name, got, at[o.Name])
		}
	}
	if rules[1].Pos.Line != 6 {
		t.Errorf("next rule on line %d, want 6", rules[1].Pos.Line)
	}
	_, _, err := Content(r.Options[1].Value)
	d := r.Diagnose(&r.Options[1], err)
	if d.Pos != (Position{"f.rules", 4, 13}) || d.Sid != 3 {
		t.Errorf("diagnostic inside a value: %+v", d)
	}
}

func TestAWordMayBeSplitAcrossLines(t *testing.T) {
	r := mustParse(t, "alert tcp any any -> any any (msg:\"a \\\n  b\"; si\\\nd:3;)")
	if r.Options[0].Value != `"a   b"` || r.Options[1].Name != "sid" {
		t.Errorf("options %+v", r.Options)
	}
	if got := r.At(&r.Options[0], 4); got.Line != 2 || got.Col != 2 {
		t.Errorf("offset behind the line end is at %+v", got)
	}
}

func TestReadCountsRulesOfEveryKind(t *testing.T) {
	const text = `# a comment about rules (sid:1;)
; another comment
#alert tcp any any -> any any (sid:10;)
#  drop tcp any any -> any any (sid:11;)
# alert nonsense that looks like a rule (but is none

alert tcp any any -> any any (sid:1;)
alert tcp any any -> any any (sid:2)
alert tcp 10.0.0.1/8 any -> any any (sid:3;)
`
	f := Read("x", []byte(text), nil, Options{Disabled: true})
	if len(f.Rules) != 2 || len(f.Disabled) != 2 || f.Written != 3 || f.Failed != 1 || f.CommentedOut != 3 {
		t.Errorf("rules %d, disabled %d, written %d, failed %d, commented out %d", len(f.Rules), len(f.Disabled), f.Written, f.Failed, f.CommentedOut)
	}
	if len(f.Diagnostics) != 2 || f.Diagnostics[0].Code != CodeSemicolon || !f.Diagnostics[1].Warning {
		t.Errorf("diagnostics %v", f.Diagnostics)
	}
	if p := f.Disabled[1].Pos; p.Line != 4 || p.Col != 4 {
		t.Errorf("position of a disabled rule %+v", p)
	}
	if f := Read("x", []byte(text), nil, Options{}); f.Disabled != nil || f.CommentedOut != 3 {
		t.Errorf("disabled rules unasked: %d of %d", len(f.Disabled), f.CommentedOut)
	}
}

func TestRulesAreBoundedInLengthAndRead(t *testing.T) {
	long := "alert tcp any any -> any any (msg:\"" + strings.Repeat("x", maxRuleLen) + "\"; sid:1;)\n"
	continued := strings.Repeat("alert tcp any any -> any any (sid:2;) \\\n", 4000) + "\n"
	rules, diags := Parse("x", []byte(long+continued+"alert tcp any any -> any any (sid:3;)"), nil)
	if len(rules) != 1 || rules[0].Options[0].Value != "3" {
		t.Errorf("%d rules", len(rules))
	}
	if len(diags) != 2 || diags[0].Code != CodeTooLong || diags[1].Code != CodeTooLong || diags[1].Pos.Line != 2 {
		t.Errorf("diagnostics %v", diags)
	}
}

func TestAUTF16FileIsOneDiagnostic(t *testing.T) {
	_, diags := Parse("x", []byte("\xff\xfea\x00l\x00\n\x00b\x00\n\x00"), nil)
	if len(diags) != 1 || diags[0].Code != CodeEncoding || diags[0].Pos.Line != 1 {
		t.Errorf("diagnostics %v", diags)
	}
}

func TestParseOneRefusesAnythingButOneRule(t *testing.T) {
	const good = "alert tcp any any -> any any (sid:1;)"
	for name, text := range map[string]string{"no rule": "# nothing", "two rules": good + "\n" + good, "a bad rule": "alert"} {
		var d *Diagnostic
		if r, err := ParseOne(text, nil); r != nil || !errors.As(err, &d) {
			t.Errorf("%s: rule %v, error %v", name, r, err)
		}
	}
}

func TestParseFileReportsAMissingFile(t *testing.T) {
	if _, _, err := ParseFile(filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	path := filepath.Join(t.TempDir(), "one.rules")
	if err := os.WriteFile(path, []byte("alert tcp any any -> any any (sid:1;)"), 0o600); err != nil {
		t.Fatal(err)
	}
	rules, diags, err := ParseFile(path, nil)
	if len(rules) != 1 || diags != nil || err != nil || rules[0].Pos.File != path {
		t.Errorf("rules %d, diagnostics %v, error %v", len(rules), diags, err)
	}
}

func TestABadHeaderComesBackWithThePartialRule(t *testing.T) {
	_, diags := Parse("x", []byte(`alert vxlan any 70000 -> any any (requires: version >= 10; sid:1;)`), nil)
	if len(diags) != 2 || diags[0].Code != CodeProtocol || diags[1].Code != CodePortRange {
		t.Fatalf("diagnostics %v", diags)
	}
	for _, d := range diags {
		if d.Partial == nil || d.Partial.Options[0].Name != "requires" {
			t.Errorf("partial rule %+v", d.Partial)
		}
	}
}

func TestRulesShareNoMemory(t *testing.T) {
	text := []byte("alert tcp 10.0.0.1 80 -> any any (sid:1;)\nalert tcp 10.0.0.1 80 -> any any (sid:2;)")
	rules, _ := Parse("x", text, nil)
	clear(text)
	rules[0].Src.Ranges[0].Negated = true
	rules[0].SrcPorts.Ranges[0].Negated = true
	if rules[1].Src.Ranges[0].Negated || rules[1].SrcPorts.Ranges[0].Negated {
		t.Error("two rules share their ranges")
	}
	if !bytes.Contains([]byte(rules[0].Text), []byte("sid:1")) {
		t.Error("a rule borrows the file's bytes")
	}
}
