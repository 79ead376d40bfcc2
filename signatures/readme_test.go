package signatures

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"spanwatch/signatures/keyword"
)

var update = flag.Bool("update", false, "rewrite the generated part of README.md")

const (
	tableStart = "<!-- generated from keyword.Table by go test ./signatures -run README -update -->\n"
	tableEnd   = "<!-- end of the generated part -->\n"
)

// keywordTable renders the supported keywords.
func keywordTable() string {
	var out strings.Builder
	table := keyword.Table()
	slices.SortStableFunc(table, func(a, b keyword.Keyword) int { return int(a.Kind) - int(b.Kind) })
	names := 0
	out.WriteString("\n| keyword | kind | form |\n|---|---|---|\n")
	for _, k := range table {
		name := "`" + k.Name + "`"
		for _, alias := range k.Aliases {
			name += ", `" + alias + "`"
		}
		names += 1 + len(k.Aliases)
		fmt.Fprintf(&out, "| %s | %s | `%s` |\n", name, k.Kind, strings.ReplaceAll(k.Syntax, "|", "\\|"))
	}
	var protocols []string
	for _, p := range keyword.AppProtocols() {
		protocols = append(protocols, "`"+p.Name+"`")
	}
	fmt.Fprintf(&out, "\n%d keywords, %d names with aliases, of %d names of the language. Application protocols: %s.\n\n",
		len(table), names, len(keyword.NewSet().Names()), strings.Join(protocols, ", "))
	return out.String()
}

func TestREADMEListsTheKeywordTable(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableStart)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("README.md lacks the marks of the generated part")
	}
	want := before + tableStart + keywordTable() + tableEnd + after
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatal("the table in README.md is not that of keyword.Table: run go test ./signatures -run README -update")
	}
	if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
