package schema_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/exporter/event"
	"spanwatch/exporter/schema"
)

func TestFlattenNamesEveryFieldOnce(t *testing.T) {
	fields, err := schema.Flatten(`{
		"properties": {
			"a": {"$ref": "#/$defs/count"},
			"b": {"type": "array", "items": {"properties": {"c": {"enum": ["x", 7]}}, "type": "object"}},
			"d": {"anyOf": [{"$ref": "#/$defs/count"}, {"type": "string"}]},
			"e": {"$ref": "#/$defs/tree"},
			"f": {"const": true}
		},
		"allOf": [{"if": {"properties": {"a": {"const": "no"}}}, "then": {"properties": {"g": false}}}],
		"$defs": {
			"count": {"type": "integer"},
			"tree": {"type": "object", "additionalProperties": {"anyOf": [{"$ref": "#/$defs/count"}, {"$ref": "#/$defs/tree"}]}}
		}
	}`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range fields {
		got = append(got, fmt.Sprintf("%s %s %v", f.Path, f.Type(), f.Plain))
	}
	want := []string{
		"a integer true", "b array true", "b[] object true", "b[].c integer|string false", "d integer|string true",
		"e object true", "e.* integer|object true", "f boolean false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestFlattenRefusesReferencesItCanNotFollow(t *testing.T) {
	for _, text := range []string{`{"$ref": "#/$defs/x"}`, `{"properties": {"a": {"$ref": "https://example.com/s"}}}`, `[`} {
		if _, err := schema.Flatten(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestBreaksFindsWhatAMinorVersionMayNotDo(t *testing.T) {
	const baseline = "version 1.2\na integer\nb integer|string\nc string\n"
	types := func(list ...string) []string { return list }
	for name, c := range map[string]struct {
		version schema.Version
		fields  []schema.Field
		want    []string
	}{
		"nothing changed": {schema.Version{Major: 1, Minor: 2}, []schema.Field{
			{Path: "a", Types: types("integer")}, {Path: "b", Types: types("integer", "string")}, {Path: "c", Types: types("string")}}, nil},
		"removed, retyped, narrowed": {schema.Version{Major: 1, Minor: 3}, []schema.Field{
			{Path: "a", Types: types("string")}, {Path: "b", Types: types("string")}},
			types("a was integer and is string", "b was integer|string and is string", "c was removed")},
		"widened and added": {schema.Version{Major: 1, Minor: 3}, []schema.Field{
			{Path: "a", Types: types("integer", "string")}, {Path: "b", Types: types("integer", "string")},
			{Path: "c", Types: types("string")}, {Path: "d", Types: types("string")}}, nil},
		"added in silence": {schema.Version{Major: 1, Minor: 2}, []schema.Field{
			{Path: "a", Types: types("integer")}, {Path: "b", Types: types("integer", "string")},
			{Path: "c", Types: types("string")}, {Path: "d", Types: types("string")}},
			types("d was added without a new minor version")},
		"a new major version": {schema.Version{Major: 2}, nil, nil},
	} {
		got, err := schema.Breaks(baseline, c.version, c.fields)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q (%v), want %q", name, got, err, c.want)
		}
	}
}

// TestEventsKeepThePromisesOfTheLastRelease fails when a field of the last
// release was removed or changed its type without a new major version. The
// baseline is written anew only with a release, by removing the file and
// running this test.
func TestEventsKeepThePromisesOfTheLastRelease(t *testing.T) {
	checkBaseline(t, event.Schema, event.SchemaID, "event.txt")
}

func checkBaseline(t *testing.T, text, id, name string) {
	t.Helper()
	fields, err := schema.Flatten(text)
	if err != nil {
		t.Fatal(err)
	}
	version, err := schema.ParseVersion(id)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "baseline", name)
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
	if err != nil {
		t.Fatal(err)
	}
	if len(breaks) > 0 {
		t.Errorf("consumers of version %d would break:\n%s", version.Major, strings.Join(breaks, "\n"))
	}
}
