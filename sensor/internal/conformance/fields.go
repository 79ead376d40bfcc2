package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"spanwatch/sensor/internal/eventdiff"
)

// compareFields reads the application events of every case whose name starts
// with prefix, and pairs each with the sensor's record of the same type that
// is most like it. Of a record only its object is looked at (event.sip of a
// sip event): where and when are the scorer's business.
func compareFields(cases, results, prefix string) (*eventdiff.Report, error) {
	r := eventdiff.New()
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
			r.Add(e.Name(), kind, list, ours[kind])
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
