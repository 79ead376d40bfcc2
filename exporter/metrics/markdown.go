package metrics

import (
	"fmt"
	"strings"
)

// Markdown returns the catalogue as a table for people.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| metric | type | labels | at most | meaning |\n|---|---|---|---|---|\n")
	for i := range catalogue {
		m := &catalogue[i]
		limit := ""
		if m.Limit > 0 {
			limit = fmt.Sprintf("%d series + `other`", m.Limit)
		}
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Kind, labels, limit, m.Help)
	}
	return b.String()
}
