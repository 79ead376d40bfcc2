package pcre

import (
	"slices"
	"testing"
)

func TestGroupNames(t *testing.T) {
	for pattern, want := range map[string][]string{
		`abc`:                        nil,
		`(a)(?P<flow_x>b)(?<y>c)`:    {"", "flow_x", "y"},
		`(?:a)(?=b)(?<=c)(?<!d)(?i)`: nil,
		`\(a\)[(](b)[]()](c)[^](]`:   {"", ""},
		`(?'q'a)[[:alpha:](](x)`:     {"q", ""},
		`(*ACCEPT)(a)`:               {""},
	} {
		if got := GroupNames(pattern); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}

func TestEveryGroupHasAName(t *testing.T) {
	for _, pattern := range []string{`(a(b)?)(?P<x>[)(]+)`, `[]a](b)`, `(?:x|(y))\((z)\)`} {
		r := compile(t, pattern, 0)
		if got := len(GroupNames(pattern)); got != r.Groups() {
			t.Errorf("%s: %d names, %d groups", pattern, got, r.Groups())
		}
	}
}
