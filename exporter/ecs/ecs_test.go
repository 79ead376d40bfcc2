package ecs_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/exporter/document"
	"spanwatch/exporter/ecs"
	"spanwatch/exporter/event"
	"spanwatch/exporter/event/eventtest"
	"spanwatch/exporter/schema"
)

var update = flag.Bool("update", false, "write golden files and the table in README.md anew")

// line is one event of the encoder's golden files.
type line struct {
	file string
	typ  event.Type
	text []byte
}

// goldens are events with every member set and with none, of all types, in
// every way the encoder can be configured.
func goldens(t testing.TB) (out []line) {
	t.Helper()
	out = lines(t, "../event/testdata/golden/*.json")
	if len(out) < 20 {
		t.Fatalf("only %d golden events", len(out))
	}
	return out
}

func lines(t testing.TB, pattern string) (out []line) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for text := range bytes.Lines(data) {
			text = bytes.TrimSpace(text)
			if len(text) == 0 {
				continue
			}
			name := strings.Trim(string(document.Find(text, "event_type")), `"`)
			i := slices.IndexFunc(event.Types(), func(t event.Type) bool { return t.String() == name })
			if i < 0 {
				t.Fatalf("%s: event_type %q", file, name)
			}
			out = append(out, line{strings.TrimSuffix(filepath.Base(file), ".json"), event.Types()[i], text})
		}
	}
	return out
}

func convert(t testing.TB, c *ecs.Converter, l line) []byte {
	t.Helper()
	var d document.Doc
	if err := d.Parse(l.text); err != nil {
		t.Fatalf("%s: %v", l.file, err)
	}
	return d.Append(nil, c.Convert(&d, l.typ))
}

func TestEveryEventIsValidByTheECSSchema(t *testing.T) {
	text, err := ecs.Schema()
	if err != nil {
		t.Fatal(err)
	}
	v, err := eventtest.NewValidatorOf(ecs.SchemaID, text)
	if err != nil {
		t.Fatal(err)
	}
	var c ecs.Converter
	seen := map[event.Type]bool{}
	for _, l := range goldens(t) {
		seen[l.typ] = true
		if got := convert(t, &c, l); v.Validate(got) != nil {
			t.Errorf("%s: %v\n%s", l.file, v.Validate(got), got)
		}
	}
	for _, typ := range event.Types() {
		if !seen[typ] {
			t.Errorf("no event of type %s", typ)
		}
	}
	if v.Validate([]byte(`{"@timestamp":"2026-01-02T03:04:05Z","ecs":{"version":"x"},"event":{},"source":{"ip":"no"}}`)) == nil {
		t.Error("the validator takes what is wrong")
	}
}

// leaves gathers all scalars of a document, in a form that the rewriting of
// times, hashes and the like does not change.
func leaves(v any, out []string) []string {
	switch x := v.(type) {
	case map[string]any:
		for _, sub := range x {
			out = leaves(sub, out)
		}
		return out
	case []any:
		for _, sub := range x {
			out = leaves(sub, out)
		}
		return out
	}
	text := strings.ToLower(fmt.Sprint(v))
	return append(out, strings.NewReplacer(":", "", "-", "", "+0000", "", "z", "").Replace(text))
}

func parse(t *testing.T, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v
}

func TestNothingOfAnEventIsLost(t *testing.T) {
	var c ecs.Converter
	for _, l := range goldens(t) {
		after := leaves(parse(t, convert(t, &c, l)), nil)
		for _, value := range leaves(parse(t, l.text), nil) {
			found := slices.ContainsFunc(after, func(x string) bool {
				// Versions lose their prefix, IP versions get one.
				return x == value || x != "" && (strings.HasSuffix(value, x) || x == "ipv"+value)
			})
			switch value {
			case "request", "response": // are query and answer in ECS
				continue
			case "0": // an opcode
				found = found || slices.Contains(after, "query")
			}
			if !found {
				t.Errorf("%s: %q is nowhere in the ECS document", l.file, value)
			}
		}
	}
}

func TestConvertedEventsMatchTheirGoldenFiles(t *testing.T) {
	var c ecs.Converter
	for _, l := range lines(t, "testdata/eve/*.json") { // kept apart from the encoder's, which change more often
		var got bytes.Buffer
		if err := json.Indent(&got, append(convert(t, &c, l), '\n'), "", " "); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "golden", l.file+".json")
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: got %s", file, got.Bytes())
		}
	}
}

// TestECSKeepsThePromisesOfTheLastRelease covers the fields of ECS and the
// names below spanwatch; see the test of the same kind in package schema.
func TestECSKeepsThePromisesOfTheLastRelease(t *testing.T) {
	const path = "testdata/baseline.txt"
	text, err := ecs.Schema()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := schema.Flatten(text)
	if err != nil {
		t.Fatal(err)
	}
	// Below spanwatch stands what events have, whose own version covers it.
	fields = slices.DeleteFunc(fields, func(f schema.Field) bool { return strings.HasPrefix(f.Path, "spanwatch.") })
	version, err := schema.ParseVersion(ecs.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	baseline, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		if err := os.WriteFile(path, []byte(schema.Baseline(version, fields)), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Fatalf("%s was missing and has been written; look at it and run again", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	breaks, err := schema.Breaks(string(baseline), version, fields)
	if err != nil || len(breaks) > 0 {
		t.Errorf("consumers of version %d would break (%v):\n%s", version.Major, err, strings.Join(breaks, "\n"))
	}
}

func TestREADMEHasTheMapping(t *testing.T) {
	const mark = "<!-- mapping -->\n"
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, table, ok := strings.Cut(string(data), mark)
	if !ok {
		t.Fatal("README.md has no mark")
	}
	want := "\n" + ecs.Markdown()
	if *update {
		if err := os.WriteFile("README.md", []byte(before+mark+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != want {
		t.Error("README.md is out of date; go test ./exporter/ecs -run TestREADME -update")
	}
}

// TestTheMappingNamesFieldsThatEventsHave catches a row whose member was
// renamed.
func TestTheMappingNamesFieldsThatEventsHave(t *testing.T) {
	fields, err := schema.Flatten(event.Schema)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, row := range strings.Split(ecs.Markdown(), "\n") {
		cells := strings.Split(row, "|")
		if len(cells) != 6 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		from := strings.Trim(cells[1], " `")
		rows++
		if _, ok := schema.Find(fields, from); ok {
			continue
		}
		parent, _, _ := strings.Cut(from, "metadata.")
		if _, ok := schema.Find(fields, parent+"metadata.*"); !ok {
			t.Errorf("events have no %s", from)
		}
	}
	if rows < 60 {
		t.Errorf("only %d rows were found", rows)
	}
}

func BenchmarkConvert(b *testing.B) {
	lines := goldens(b)
	for _, name := range []string{"default_alert_full", "default_flow_full", "default_dns_response_full"} {
		l := lines[slices.IndexFunc(lines, func(l line) bool { return l.file == name })]
		b.Run(name, func(b *testing.B) {
			var d document.Doc
			var c ecs.Converter
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Parse(l.text); err != nil {
					b.Fatal(err)
				}
				buf = d.Append(buf[:0], c.Convert(&d, l.typ))
			}
		})
	}
}

// TestADocumentStillSaysWhichSensorAndRunItIsFrom holds where kafka verify
// looks for them.
func TestADocumentStillSaysWhichSensorAndRunItIsFrom(t *testing.T) {
	var c ecs.Converter
	for _, l := range lines(t, "testdata/eve/*.json") {
		got := convert(t, &c, l)
		for path, want := range map[string][]byte{
			"spanwatch.sensor": document.Find(l.text, "sensor"), "event.id": document.Find(l.text, "event_id"), "event.sequence": document.Find(l.text, "seq"),
		} {
			if x := document.Find(got, strings.Split(path, ".")...); len(want) == 0 || !bytes.Equal(x, want) {
				t.Errorf("%s: %s is %s, want %s", l.file, path, x, want)
			}
		}
	}
}
