package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
)

// fieldReport says for each type of application event how many of Suricata's
// records the sensor wrote with the same members, and which members differ.
type fieldReport struct {
	types map[string]*typeFields
}

// typeFields are the counts of one type of event.
type typeFields struct {
	expected, equal int
	paths           map[string]int      // path of a member that differs, to how often
	example         map[string][]string // path to case and both values, of the first
}

// compareFields reads the application events of every case whose name starts
// with prefix, and pairs each with the sensor's record of the same type that
// is most like it. Of a record only its object is looked at (event.sip of a
// sip event): where and when are the scorer's business.
func compareFields(cases, results, prefix string) (*fieldReport, error) {
	r := &fieldReport{types: map[string]*typeFields{}}
	entries, err := os.ReadDir(cases)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(cases, e.Name(), "expected.json"))
		if err != nil {
			continue // no case
		}
		var expected struct {
			Events map[string][]map[string]any `json:"app_events"`
		}
		if err := json.Unmarshal(text, &expected); err != nil {
			return nil, fmt.Errorf("case %s: expected.json: %w", e.Name(), err)
		}
		ours, err := readEvents(filepath.Join(results, e.Name(), "eve.json"))
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", e.Name(), err)
		}
		for kind, list := range expected.Events {
			r.add(e.Name(), kind, list, ours[kind])
		}
	}
	return r, nil
}

// readEvents returns the events of a file by type; a case that did not run has
// none.
func readEvents(path string) (map[string][]map[string]any, error) {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	events := map[string][]map[string]any{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var event map[string]any
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		kind, _ := event["event_type"].(string)
		events[kind] = append(events[kind], event)
	}
	return events, lines.Err()
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

func (r *fieldReport) add(name, kind string, expected, ours []map[string]any) {
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
	if t.paths[path]++; t.paths[path] == 1 {
		t.example[path] = []string{name, fmt.Sprintf("%.60v", want), fmt.Sprintf("%.60v", have)}
	}
}

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

// Print writes a line a type, and one for each member that differs, with the
// first case in which it does, Suricata's value and the sensor's.
func (r *fieldReport) Print(w io.Writer) {
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
		for _, path := range paths {
			e := t.example[path]
			fmt.Fprintf(w, "  %6d  %-40s %s: want %s, got %s\n", t.paths[path], path, e[0], e[1], e[2])
		}
	}
}
