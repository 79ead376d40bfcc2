package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spanwatch/exporter/ecs"
	"spanwatch/exporter/event/eventtest"
)

// TestOneReplayInSeveralShapes writes the events of a real capture as they are,
// as ECS, and redacted. Every record must be valid by its schema.
func TestOneReplayInSeveralShapes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "spanwatch.yaml")
	if err := os.WriteFile(file, []byte(`output:
  files:
    ecs: {path: ecs.json, schema: ecs}
    alerts: {path: alerts.json, filter: {types: [alert], severity: 1}}
    private: {path: private.json, redact: {profiles: [payload, credentials], fields: [http.hostname, tls.sni], action: hash}}
    private-ecs: {path: private-ecs.json, schema: ecs, redact: {profiles: [credentials]}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := spanwatch(t, "replay", office, "-r", "../testdata/rules/demo.rules", "-o", dir, "--config", file, "--quiet")
	if status != exitOK {
		t.Fatalf("exit status %d\n%s", status, stderr)
	}
	eve, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	text, err := ecs.Schema()
	if err != nil {
		t.Fatal(err)
	}
	elastic, err := eventtest.NewValidatorOf(ecs.SchemaID, text)
	if err != nil {
		t.Fatal(err)
	}
	content := map[string][]byte{}
	count := map[string]int{}
	for name, v := range map[string]*eventtest.Validator{"eve": eve, "ecs": elastic, "alerts": eve, "private": eve, "private-ecs": elastic} {
		data, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		content[name] = data
		if count[name], err = v.ValidateAll(bytes.NewReader(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := count["eve"]; n < 500 || count["ecs"] != n || count["private"] != n || count["private-ecs"] != n || count["alerts"] == 0 || count["alerts"] >= n {
		t.Errorf("events by file: %v", count)
	}
	for _, secret := range []string{`"payload":`, `"payload_printable":`} {
		if !bytes.Contains(content["eve"], []byte(secret)) {
			t.Errorf("eve.json has no %s: the test shows nothing", secret)
		}
		for _, name := range []string{"private", "private-ecs"} {
			if bytes.Contains(content[name], []byte(secret)) {
				t.Errorf("%s has %s", name, secret)
			}
		}
	}
	if strings.Contains(string(content["alerts"]), `"severity":2`) {
		t.Error("an alert of severity 2 passed a filter for 1")
	}
}
