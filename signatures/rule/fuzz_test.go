package rule

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "malformed.rules"))
	if err != nil {
		f.Fatal(err)
	}
	for _, rule := range bytes.Split(text, []byte("\n")) {
		if len(rule) > 0 && rule[0] != '#' {
			f.Add(rule)
		}
	}
	for _, seed := range []string{
		`alert tcp $HOME_NET [80,!90:99] -> !$EXTERNAL_NET any (msg:"a\;b"; content:!"|41|x"; noalert; x:a\ ; sid:1;)`,
		"\xef\xbb\xbfalert tls:hook any any <> any any (a;\\\r\n b:\"\xff\";\\ \n)\n#drop ip any any => any any (c:;)",
		"0 \xe4\xe4\xe4\xe4\xe4\xe4\xe4: 0 0 -> 0 0()",
		"alert ip ! [ any , !::1 ] : => [1:2 , ] any () )\n;\n\\\n\\",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		out := Read("f", bytes.Clone(text), nil, Options{Disabled: true})
		if out.Written != len(out.Rules)+out.Failed {
			t.Fatalf("%d rules written, %d read, %d failed", out.Written, len(out.Rules), out.Failed)
		}
		lines := bytes.Split(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), []byte("\n"))
		inside := func(p Position) bool {
			return p.Line >= 1 && p.Line <= len(lines) && p.Col >= 1 && p.Col <= len(lines[p.Line-1])+1
		}
		errors := 0
		for _, d := range out.Diagnostics {
			if !inside(d.Pos) || d.What == "" || d.Code == "" {
				t.Fatalf("diagnostic %+v of %q", d, text)
			}
			if !d.Warning {
				errors++
			}
		}
		if errors < out.Failed {
			t.Fatalf("%d rules failed, %d errors", out.Failed, errors)
		}
		for _, r := range append(out.Rules, out.Disabled...) {
			checkFuzzedRule(t, r, lines, inside)
		}
	})
}

func checkFuzzedRule(t *testing.T, r *Rule, lines [][]byte, inside func(Position) bool) {
	for i := range r.Options {
		o := &r.Options[i]
		if !inside(o.Pos) || o.HasValue && !inside(o.ValuePos) {
			t.Fatalf("positions of %+v", o)
		}
		if line := lines[o.Pos.Line-1][o.Pos.Col-1:]; len(line) > 0 && line[0]|0x20 != o.Name[0]|0x20 && line[0] != '\\' {
			t.Fatalf("option %q is not at %+v but %q", o.Name, o.Pos, line)
		}
		for offset := range len(o.Value) {
			if p := r.At(o, offset); !inside(p) {
				t.Fatalf("byte %d of %+v is at %+v", offset, o, p)
			}
		}
		checkFuzzedValue(t, o.Value)
	}
	printed := r.String()
	if len(printed) > maxRuleLen {
		return // canonical spacing made it too long to be read again
	}
	again, err := ParseOne(printed, nil)
	if err != nil {
		t.Fatalf("%q\nprinted as %q: %v", r.Text, printed, err)
	}
	if diff := sameRule(r, again); diff != "" {
		t.Fatalf("%q\nprinted as %q differs in its %s", r.Text, printed, diff)
	}
}

// checkFuzzedValue reads value in every form there is: errors must lie inside.
func checkFuzzedValue(t *testing.T, value string) {
	_, _, contentErr := Content(value)
	_, textErr := Text(value)
	_, metadataErr := Metadata(value)
	_, _, referenceErr := Reference(value)
	_, listErr := opcodes.ParseList(value)
	_, flagsErr := opcodes.ParseFlags(value)
	for _, err := range []error{contentErr, textErr, metadataErr, referenceErr, listErr, flagsErr} {
		if err == nil {
			continue
		}
		if v, ok := err.(*ValueError); !ok || v.At < 0 || v.At > len(value) {
			t.Fatalf("%q: error %#v", value, err)
		}
	}
	for _, args := range [][]Arg{SplitArgs(value, ','), SplitWords(value)} {
		for _, a := range args {
			if value[a.At:a.At+len(a.Text)] != a.Text {
				t.Fatalf("%q: argument %+v", value, a)
			}
		}
	}
}

// TestHostileTextTakesLinearTime reads texts made to be slow. Each is of about
// 4 MB and takes some 10 to 200 ms. A step that is quadratic in the length of
// a rule would take minutes, so that the bound leaves room for a busy machine.
func TestHostileTextTakesLinearTime(t *testing.T) {
	const size = 4 << 20
	piece := func(s string) string { return strings.Repeat(s, (maxRuleLen-200)/len(s)) }
	header := "alert tcp any any -> any any ("
	bomb := DefaultVars()
	bomb.Addresses["A"] = "[" + strings.Repeat("10.0.0.1,10.0.0.3,", 2000) + "10.0.0.5]"
	tests := map[string]string{
		"open brackets":          "alert tcp " + piece("["),
		"closed brackets":        "alert tcp " + strings.Repeat("[", 60) + piece("1.1.1.1,") + strings.Repeat("]", 60) + " any -> any any (sid:1;)",
		"brackets too deep":      "alert tcp " + strings.Repeat("[", 20000) + "1.1.1.1" + strings.Repeat("]", 20000) + " any -> any any (sid:1;)",
		"negated brackets":       "alert tcp " + strings.Repeat("![", 60) + piece("1.1.1.1,!1.1.1.2,") + "1.1.1.3" + strings.Repeat("]", 60) + " any -> any any (sid:1;)",
		"a large variable":       "alert tcp [" + piece("!$A,") + "any] any -> any any (sid:1;)",
		"backslashes":            header + `a:"` + piece(`\`) + `";)`,
		"escaped quotes":         header + `a:"` + piece(`\"`) + `;)`,
		"quotes":                 header + `a:"` + piece(`"`) + `;)`,
		"semicolons":             header + piece(`a;`) + `)`,
		"escaped semicolons":     header + "a:" + piece(`\;`) + `)`,
		"words like a sid":       header + piece(`sid:`) + `)`,
		"one long name":          header + piece(`n`) + `)`,
		"an unknown protocol":    "alert " + piece("p") + " any any -> any any (sid:1;)",
		"many lines of one rule": strings.Repeat("\\\n", 40000),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			file := []byte(strings.Repeat(text+"\n", size/len(text)))
			start := time.Now()
			f := Read("hostile", file, bomb, Options{Disabled: true})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%d bytes took %v", len(file), took)
			}
			if f.Written == 0 && name != "many lines of one rule" {
				t.Error("no rule was read")
			}
		})
	}
}
