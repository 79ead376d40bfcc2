package ruleconf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spanwatch/signatures/rule"
)

func TestClassificationsAreRead(t *testing.T) {
	const text = "# head\r\n\nconfig classification: misc-Activity , Misc, with a comma ,3\n" +
		"  config  classification:a_b-1,x,\\\n  255\n"
	table, diags := ParseClassifications("f", []byte(text))
	if len(diags) != 0 {
		t.Fatal(diags)
	}
	want := []Classification{
		{"misc-activity", "Misc, with a comma", 3, rule.Position{File: "f", Line: 3, Col: 1}},
		{"a_b-1", "x", 255, rule.Position{File: "f", Line: 4, Col: 3}},
	}
	for _, w := range want {
		if got, ok := table.Lookup(strings.ToUpper(w.Name)); !ok || got != w {
			t.Errorf("got %+v, %v, want %+v", got, ok, w)
		}
	}
	if names := table.Names(); len(names) != 2 || names[0] != "misc-activity" {
		t.Errorf("names %v", names)
	}
	if _, ok := table.Lookup("none"); ok {
		t.Error("an unknown classtype was found")
	}
}

func TestBadClassificationsPointAtTheFault(t *testing.T) {
	tests := []struct {
		name, text, code string
		col              int
	}{
		{"another command", "config reference: a b", CodeSyntax, 8},
		{"no colon", "config classification a,b,1", CodeSyntax, 23},
		{"no name", "config classification: ,b,1", CodeName, 24},
		{"a name that begins with a digit", "config classification: 1a,b,1", CodeName, 24},
		{"a name with a blank", "config classification: a b,c,1", CodeSyntax, 26},
		{"a name alone", "config classification: a", CodeSyntax, 25},
		{"no priority", "config classification: a,b", CodeSyntax, 26},
		{"no label", "config classification: a, ,1", CodeSyntax, 27},
		{"an empty priority", "config classification: a,b,", CodePriority, 28},
		{"priority 0", "config classification: a,b,0", CodePriority, 28},
		{"priority 256", "config classification: a,b,256", CodePriority, 28},
		{"a priority that is a word", "config classification: a,b, high", CodePriority, 29},
		{"a line without end", "config " + strings.Repeat("x", 70000), rule.CodeTooLong, 1},
		{"nothing that is known", "\x00\xff", CodeSyntax, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table, diags := ParseClassifications("f", []byte(tt.text+"\nconfig classification: good,Good,1"))
			if len(diags) != 1 {
				t.Fatalf("diagnostics %v", diags)
			}
			if d := diags[0]; d.Code != tt.code || d.Pos.Line != 1 || d.Pos.Col != tt.col || d.Warning {
				t.Errorf("%v [%s], want %s in column %d", d, d.Code, tt.code, tt.col)
			}
			if _, ok := table.Lookup("good"); !ok {
				t.Error("the next line was not read")
			}
		})
	}
}

func TestTheFirstOfTwoClassificationsCounts(t *testing.T) {
	table, diags := ParseClassifications("f", []byte("config classification: a,One,1\nconfig classification: A,Two,2"))
	if e, _ := table.Lookup("a"); e.Label != "One" {
		t.Errorf("got %+v", e)
	}
	if len(diags) != 1 || !diags[0].Warning || diags[0].Code != CodeDuplicate || diags[0].Pos.Line != 2 {
		t.Errorf("diagnostics %v", diags)
	}
}

func TestDefaultClassificationsAreWhatConsumersExpect(t *testing.T) {
	table := DefaultClassifications()
	for name, want := range map[string]Classification{
		"attempted-recon": {Label: "Attempted Information Leak", Priority: 2},
		"trojan-activity": {Label: "A Network Trojan was detected", Priority: 1},
		"misc-activity":   {Label: "Misc activity", Priority: 3},
		"bad-unknown":     {Label: "Potentially Bad Traffic", Priority: 2},
	} {
		if got, ok := table.Lookup(name); !ok || got.Label != want.Label || got.Priority != want.Priority {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if n := len(table.Names()); n != len(defaultClassifications) {
		t.Errorf("%d names of %d: is one of them twice in the table?", n, len(defaultClassifications))
	}
}

// shared returns a path in the material beside the repository, and skips the
// test where there is none.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	root := os.Getenv("SPANWATCH_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s: set SPANWATCH_SHARED to the folder that has it", path)
	}
	return path
}

func TestDefaultsAgreeWithTheConformanceConfiguration(t *testing.T) {
	text, err := os.ReadFile(shared(t, "conformance", "defaults", "classification.config"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, diags := ParseClassifications("classification.config", text)
	if len(diags) != 0 || len(theirs.Names()) < 40 {
		t.Fatalf("%d classtypes, diagnostics %v", len(theirs.Names()), diags)
	}
	ours := DefaultClassifications()
	for _, name := range theirs.Names() {
		want, _ := theirs.Lookup(name)
		if got, ok := ours.Lookup(name); !ok || got.Label != want.Label || got.Priority != want.Priority {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	if text, err = os.ReadFile(shared(t, "conformance", "defaults", "reference.config")); err != nil {
		t.Fatal(err)
	}
	references, diags := ParseReferences("reference.config", text)
	if len(diags) != 0 || len(references.prefixes) < 15 {
		t.Fatalf("%d reference types, diagnostics %v", len(references.prefixes), diags)
	}
	for system := range references.prefixes {
		want, _ := references.URL(system, "7")
		if got, ok := DefaultReferences().URL(system, "7"); !ok || got != want {
			t.Errorf("%s: got %q, want %q", system, got, want)
		}
	}
}
