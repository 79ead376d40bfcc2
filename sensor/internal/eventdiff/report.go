// Package eventdiff compares application events of two sensors: records of the
// same type are paired with those most like them, and the members in which
// they differ are counted.
package eventdiff

import (
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"sort"
)

// Report says for each type of application event how many of the expected
// records the sensor wrote with the same members, and which members differ.
type Report struct {
	types map[string]*typeFields
}

// typeFields are the counts of one type of event.
type typeFields struct {
	expected, equal int
	paths           map[string]int      // path of a member that differs, to how often
	example         map[string][]string // path to case and both values, of the first
}

// object flattens what a record says of its transaction: path to value.
func object(event map[string]any, kind string) map[string]any {
	flat := map[string]any{}
	flatten(flat, "", event[kind])
	return flat
}

func flatten(dst map[string]any, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			flatten(dst, path+"."+name, member)
		}
	case []any:
		for i, member := range v {
			flatten(dst, fmt.Sprintf("%s[%d]", path, i), member)
		}
	default:
		dst[path] = v
	}
}

// New returns a report of nothing.
func New() *Report { return &Report{types: map[string]*typeFields{}} }

// Add pairs the events of one type that are expected in one place, a case or a
// flow, with the sensor's that are most like them. Of a record only its object
// is looked at (event.sip of a sip event): where and when are not compared.
func (r *Report) Add(name, kind string, expected, ours []map[string]any) {
	t := r.types[kind]
	if t == nil {
		t = &typeFields{paths: map[string]int{}, example: map[string][]string{}}
		r.types[kind] = t
	}
	var have []map[string]any
	for _, event := range ours {
		have = append(have, object(event, kind))
	}
	for _, event := range expected {
		t.expected++
		want := object(event, kind)
		best, least := -1, []string(nil)
		for i, candidate := range have {
			diff := differences(want, candidate)
			if best < 0 || len(diff) < len(least) {
				best, least = i, diff
			}
			if len(diff) == 0 {
				break
			}
		}
		if best < 0 {
			t.note(name, "(no record)", nil, nil)
			continue
		}
		if len(least) == 0 {
			t.equal++
		}
		for _, path := range least {
			t.note(name, path, want[path], have[best][path])
		}
		have = slices.Delete(have, best, best+1)
	}
	for range have {
		t.note(name, "(one too many)", nil, nil)
	}
}

func (t *typeFields) note(name, path string, want, have any) {
	path = index.ReplaceAllString(path, "[]")
	if t.paths[path]++; t.paths[path] == 1 {
		t.example[path] = []string{name, fmt.Sprintf("%.60v", want), fmt.Sprintf("%.60v", have)}
	}
}

// index is the place of an element; elements of one list are counted together.
var index = regexp.MustCompile(`\[\d+\]`)

func differences(want, have map[string]any) (paths []string) {
	for path, v := range want {
		if other, ok := have[path]; !ok || !reflect.DeepEqual(v, other) {
			paths = append(paths, path)
		}
	}
	for path := range have {
		if _, ok := want[path]; !ok {
			paths = append(paths, path)
		}
	}
	sort.Strings(paths)
	return paths
}

// maxPaths of one type are printed, the most frequent.
const maxPaths = 12

// Print writes a line a type, and one for each member that differs, with the
// first case in which it does, Suricata's value and the sensor's.
func (r *Report) Print(w io.Writer) {
	kinds := make([]string, 0, len(r.types))
	for kind := range r.types {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	for _, kind := range kinds {
		t := r.types[kind]
		fmt.Fprintf(w, "%s: %d of %d records equal\n", kind, t.equal, t.expected)
		paths := make([]string, 0, len(t.paths))
		for path := range t.paths {
			paths = append(paths, path)
		}
		sort.Slice(paths, func(i, j int) bool {
			if t.paths[paths[i]] != t.paths[paths[j]] {
				return t.paths[paths[i]] > t.paths[paths[j]]
			}
			return paths[i] < paths[j]
		})
		for i, path := range paths {
			if i == maxPaths {
				fmt.Fprintf(w, "          and %d further members\n", len(paths)-i)
				break
			}
			e := t.example[path]
			fmt.Fprintf(w, "  %6d  %-40s %s: want %s, got %s\n", t.paths[path], path, e[0], e[1], e[2])
		}
	}
}
