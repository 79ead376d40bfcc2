package apptest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/decoderstest"
)

// Expected is a case of the conformance set with what Suricata made of it.
type Expected struct {
	Name      string
	Frames    []decoders.Frame
	Events    []map[string]any // application events of the type asked for
	Files     []map[string]any // fileinfo events, of all protocols
	Anomalies []map[string]any // all of them
	Options   map[string]any   // what differs from the set's defaults
}

// Cases reads the cases of the conformance set that have application events of
// a type. It skips the test when there is no set.
func Cases(t *testing.T, eventType string) []Expected {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(decoderstest.Shared(t), "conformance/dev/*/expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skip("no conformance set: shared/conformance/dev has no cases")
	}
	var out []Expected
	for _, path := range paths {
		var file struct {
			AppEvents map[string][]map[string]any `json:"app_events"`
			Anomalies []map[string]any            `json:"anomalies"`
		}
		readJSON(t, path, &file)
		if len(file.AppEvents[eventType]) == 0 {
			continue
		}
		dir := filepath.Dir(path)
		e := Expected{Name: filepath.Base(dir), Events: file.AppEvents[eventType],
			Files: file.AppEvents["fileinfo"], Anomalies: file.Anomalies}
		var vars struct {
			Options map[string]any `json:"options"`
		}
		if _, err := os.Stat(filepath.Join(dir, "vars.json")); err == nil {
			readJSON(t, filepath.Join(dir, "vars.json"), &vars)
		}
		e.Options = vars.Options
		inputs, _ := filepath.Glob(filepath.Join(dir, "input.pcap*"))
		if len(inputs) != 1 {
			t.Fatalf("%s has %d captures", e.Name, len(inputs))
		}
		e.Frames, err = decoderstest.ReadFile(inputs[0], 0)
		if err != nil && len(e.Frames) == 0 {
			t.Fatalf("%s: %v", e.Name, err)
		}
		out = append(out, e)
	}
	if len(out) == 0 {
		t.Fatalf("no case has events of type %s", eventType)
	}
	return out
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// EventsOf returns the names, in order of the alphabet and without repetition,
// of the oddities that the parser of a protocol saw in the flow of an event.
func (e *Expected) EventsOf(proto string, event map[string]any) []string {
	var out []string
	for _, a := range e.Anomalies {
		detail := a["anomaly"].(map[string]any)
		same := a["src_port"] == event["src_port"] && a["dest_port"] == event["dest_port"] ||
			a["src_port"] == event["dest_port"] && a["dest_port"] == event["src_port"]
		if same && detail["app_proto"] == proto && detail["layer"] == "proto_parser" {
			out = append(out, strings.ToLower(detail["event"].(string)))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Fields counts the fields of a wanted record and those that a got one has
// alike, and reports every difference.
func Fields(t *testing.T, what string, got, want map[string]any) (total, same int) {
	t.Helper()
	for k, w := range want {
		total++
		if g, ok := got[k]; ok && asJSON(g) == asJSON(w) {
			same++
		} else {
			t.Errorf("%s: %s is %s, want %s", what, k, asJSON(got[k]), asJSON(w))
		}
	}
	for k, g := range got {
		if _, ok := want[k]; !ok {
			total++
			t.Errorf("%s: %s is %s, want none", what, k, asJSON(g))
		}
	}
	return total, same
}

func asJSON(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
