package ruleconf

import (
	"strings"
	"testing"

	"spanwatch/signatures/rule"
)

func TestReferencesAreRead(t *testing.T) {
	table, diags := ParseReferences("f", []byte("# x\nconfig reference: URL   https://\nconfig reference: cve\thttps://cve/?name=\r\n"))
	if len(diags) != 0 {
		t.Fatal(diags)
	}
	for system, want := range map[string]string{"url": "https://1-2", "CVE": "https://cve/?name=1-2"} {
		if got, ok := table.URL(system, "1-2"); !ok || got != want {
			t.Errorf("%s: got %q, %v", system, got, ok)
		}
	}
	if _, ok := table.URL("none", "1"); ok {
		t.Error("an unknown type has a URL")
	}
}

func TestBadReferencesPointAtTheFault(t *testing.T) {
	tests := []struct {
		name, text, code string
		col              int
	}{
		{"another command", "config classification: a,b,1", CodeSyntax, 8},
		{"no type", "config reference: ://x", CodeName, 19},
		{"a type that begins with a digit", "config reference: 1a https://", CodeName, 19},
		{"a type alone", "config reference: cve", CodeSyntax, 22},
		{"a line without end", "config " + strings.Repeat("x", 70000), rule.CodeTooLong, 1},
		{"no white space behind the type", "config reference: url:https://", CodeSyntax, 22},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table, diags := ParseReferences("f", []byte(tt.text+"\nconfig reference: good https://"))
			if len(diags) != 1 {
				t.Fatalf("diagnostics %v", diags)
			}
			if d := diags[0]; d.Code != tt.code || d.Pos.Line != 1 || d.Pos.Col != tt.col {
				t.Errorf("%v [%s], want %s in column %d", d, d.Code, tt.code, tt.col)
			}
			if _, ok := table.URL("good", ""); !ok {
				t.Error("the next line was not read")
			}
		})
	}
}

func TestTheFirstOfTwoReferenceTypesCounts(t *testing.T) {
	table, diags := ParseReferences("f", []byte("config reference: a one\nconfig reference: A two"))
	if got, _ := table.URL("a", "/"); got != "one/" {
		t.Errorf("got %q", got)
	}
	if len(diags) != 1 || !diags[0].Warning || diags[0].Code != CodeDuplicate {
		t.Errorf("diagnostics %v", diags)
	}
}
