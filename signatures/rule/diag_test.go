package rule

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestEveryMalformedRuleIsNamed reads rules that are broken in every way the
// grammar knows and compares what is said about them, word by word. Each
// comment of the input says what is wrong with the rule below it.
func TestEveryMalformedRuleIsNamed(t *testing.T) {
	const input = "malformed.rules"
	text, err := os.ReadFile(filepath.Join("testdata", input))
	if err != nil {
		t.Fatal(err)
	}
	f := Read(input, text, nil, Options{})
	var got strings.Builder
	codes := make(map[string]bool)
	perLine := make(map[int]bool)
	for _, d := range f.Diagnostics {
		severity := "error"
		if d.Warning {
			severity = "warning"
		}
		codes[d.Code] = true
		perLine[d.Pos.Line] = true
		got.WriteString(d.Error() + " [" + d.Code + ", " + severity + "]\n")
	}
	if f.Written < 60 {
		t.Fatalf("only %d rules in %s", f.Written, input)
	}
	if len(perLine) != f.Written {
		t.Errorf("%d rules, diagnostics about %d lines: every rule of %s is to be broken", f.Written, len(perLine), input)
	}
	golden := filepath.Join("testdata", "malformed.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("diagnostics differ from %s (go test -update writes it anew)\ngot:\n%s", golden, got.String())
	}
	for _, code := range []string{
		CodeAction, CodeProtocol, CodeHook, CodeDirection, CodeHeader, CodeAddress, CodeHostBits, CodeNothingLeft,
		CodePort, CodePortRange, CodeVariable, CodeNesting, CodeEmptyItem, CodeBracket, CodeNoOptions, CodeOptionName,
		CodeSemicolon, CodeInnerSemicolon, CodeQuote, CodeAfterQuote, CodeUnclosed, CodeTrailing, CodeExtraParen, CodeNulByte,
	} {
		if !codes[code] {
			t.Errorf("no rule of %s is reported as %s", input, code)
		}
	}
}

func TestDiagnosticAsJSON(t *testing.T) {
	d := &Diagnostic{Pos: Position{"f", 3, 9}, Sid: 7, What: "w\xff", Hint: "h", Code: "c", Partial: &Rule{}}
	got, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"file":"f","line":3,"column":9,"code":"c","severity":"error","sid":7,"what":"w\ufffd","hint":"h"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got, _ = json.Marshal(&Diagnostic{Warning: true})
	if !strings.Contains(string(got), `"severity":"warning"`) {
		t.Errorf("warning: %s", got)
	}
}

func TestDiagnosticAsText(t *testing.T) {
	d := &Diagnostic{Pos: Position{"f", 3, 9}, What: "what", Why: "why", Hint: "hint"}
	if got := d.Error(); got != "f:3:9: what: why (hint)" {
		t.Errorf("got %q", got)
	}
}

func TestSidOfABrokenRuleIsFound(t *testing.T) {
	for text, want := range map[string]uint32{
		`alert tcp (msg:"x"; sid:12; rev:1`:       12,
		`(sid: 12;)`:                              12,
		`flow_sid:3; sid:4;`:                      4,
		`sid:99999999999;`:                        0,
		`sid:x;`:                                  0,
		`alert tcp any any -> any any (msg:"x";)`: 0,
	} {
		if got := findSid(" " + text); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}
