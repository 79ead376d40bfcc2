package rule

import (
	"strconv"
	"strings"
)

// Nearest returns the name most like the one written, at most two changes of
// one byte away (insert, delete, replace, swap with the neighbour); "" when
// none is so near. Names of up to four bytes must be within one change: in two
// changes everything short becomes everything else. Case is ignored; of
// equally near names one with the same first byte wins, then the first.
func Nearest(written string, names []string) string {
	limit := 2
	if len(written) <= 4 {
		limit = 1
	}
	written = strings.ToLower(written)
	nearest, least := "", 2*limit+2
	for _, name := range names {
		lower := strings.ToLower(name)
		rank := 2 * distance(written, lower, limit)
		if lower == "" || written == "" || lower[0] != written[0] {
			rank++
		}
		if rank < least {
			nearest, least = name, rank
		}
	}
	return nearest
}

// distance is the number of changes between a and b (Levenshtein, with swaps
// of neighbours), or limit+1 when it is more than limit. Its cost is bounded:
// strings of lengths that differ too much, and long ones, are not compared.
func distance(a, b string, limit int) int {
	const longest = 64 // no name of the language is longer
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) > longest || len(b) > longest {
		return limit + 1
	}
	var rows [3][longest + 1]int // this row of the matrix and the two above
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, twoAbove := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := above[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, row[j-1]+1, above[j]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], twoAbove[j-2]+1)
			}
		}
	}
	return min(rows[len(a)%3][len(b)], limit+1)
}

// didYouMean is the hint that names the nearest of names, or "".
func didYouMean(written string, names []string) string {
	if near := Nearest(written, names); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// quote shows a piece of a rule in a message, cut to a readable length.
func quote(s string) string {
	const longest = 60
	if len(s) > longest {
		s = s[:longest] + "…"
	}
	return strconv.Quote(s)
}
