package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"spanwatch/signatures"
)

// writeProfile writes what rules cost, the dearest first, as a table, or as
// JSON when the file's name ends so.
func writeProfile(path string, costs []signatures.RuleCost) error {
	var out bytes.Buffer
	if filepath.Ext(path) == ".json" {
		if costs == nil {
			costs = []signatures.RuleCost{}
		}
		if err := writeJSON(&out, costs); err != nil {
			return err
		}
		return replaceFile(path, out.Bytes())
	}
	var total uint64
	for i := range costs {
		total += costs[i].Nanoseconds
	}
	fmt.Fprintf(&out, "%d rules were candidates; their evaluation took %v\n\n", len(costs), time.Duration(total))
	fmt.Fprintf(&out, "%12s %6s %12s %10s %10s %10s %12s  %s\n", "time", "share", "average", "longest", "candidates", "inspected", "matches", "rule")
	for i := range costs {
		c := &costs[i]
		fmt.Fprintf(&out, "%12v %5.1f%% %12v %10v %10d %10d %12d  %d:%d:%d %s\n",
			time.Duration(c.Nanoseconds).Round(time.Microsecond), 100*float64(c.Nanoseconds)/float64(max(total, 1)),
			time.Duration(c.Nanoseconds/c.Candidates), time.Duration(c.Longest), c.Candidates, c.Inspected, c.Matches,
			c.GID, c.SID, c.Rev, strings.ToValidUTF8(c.Msg, "?"))
	}
	return replaceFile(path, out.Bytes())
}
