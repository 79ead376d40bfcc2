package ecs

import (
	"fmt"
	"strings"
)

// Markdown returns the mapping as tables for people.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| EVE | ECS | type | |\n|---|---|---|---|\n")
	for _, table := range [][]move{envelope, details} {
		for _, m := range table {
			note := formNames[m.form]
			if m.only != anyType {
				note = strings.TrimPrefix(note+", of `"+m.only.String()+"` events", ", ")
			}
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", m.from, m.to, kindNames[m.kind], note)
		}
	}
	b.WriteString("\nMade from the event:\n\n| ECS | type | value |\n|---|---|---|\n")
	for _, m := range computed {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.to, kindNames[m.kind], m.meaning)
	}
	return b.String()
}
