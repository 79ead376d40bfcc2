package consumers

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"spanwatch/exporter/ecs"
	"spanwatch/exporter/event"
	"spanwatch/exporter/schema"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func eveFields(t *testing.T) []schema.Field {
	t.Helper()
	fields, err := schema.Flatten(event.Schema)
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

func ecsFields(t *testing.T) []schema.Field {
	t.Helper()
	text, err := ecs.Schema()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := schema.Flatten(text)
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

// TestEveryTopicIsOneOfOurs compares the topics that the files name with the
// event types.
func TestEveryTopicIsOneOfOurs(t *testing.T) {
	known := map[string]bool{}
	for _, typ := range event.Types() {
		known[typ.String()] = true
	}
	for _, path := range []string{"clickhouse/spanwatch.sql", "kafka-connect/elasticsearch-sink.json", "logstash/spanwatch.conf", "vector/vector.yaml"} {
		text := read(t, path)
		var names []string
		for _, m := range regexp.MustCompile(`spanwatch\\*\.\(([a-z|]+)\)`).FindAllStringSubmatch(text, -1) {
			names = append(names, strings.Split(m[1], "|")...)
		}
		if list := regexp.MustCompile(`kafka_topic_list = '([^']+)'`).FindStringSubmatch(text); list != nil {
			for _, topic := range strings.Split(list[1], ",") {
				names = append(names, strings.TrimPrefix(topic, "spanwatch."))
			}
		}
		if !slices.Contains(names, "alert") || len(names) < 8 {
			t.Errorf("%s: found topics %v", path, names)
		}
		for _, name := range names {
			if !known[name] {
				t.Errorf("%s: there is no event type %q", path, name)
			}
		}
	}
}

func TestClickHouseReadsFieldsOfTheirTypes(t *testing.T) {
	fields := eveFields(t)
	extract := regexp.MustCompile(`JSONExtract([A-Za-z]*)\(message, ((?:'[^']+'|[0-9]+)(?:, (?:'[^']+'|[0-9]+))*)\)`)
	want := map[string]string{"String": "string", "UInt": "integer", "Bool": "boolean"}
	found := 0
	for _, m := range extract.FindAllStringSubmatch(read(t, "clickhouse/spanwatch.sql"), -1) {
		found++
		var path []string
		kind := want[m[1]]
		for _, arg := range strings.Split(m[2], ", ") {
			arg = strings.Trim(arg, "'")
			switch {
			case arg == "1":
				path[len(path)-1] += "[]"
			case arg == "Array(String)":
				kind = "array"
			default:
				path = append(path, arg)
			}
		}
		name := strings.Join(path, ".")
		f, ok := schema.Find(fields, name)
		if !ok {
			f, ok = schema.Find(fields, name[:strings.LastIndexByte(name, '.')]+".*")
		}
		if !ok || !slices.Contains(f.Types, kind) {
			t.Errorf("%s is read as %s; the schema says %q", name, kind, f.Type())
		}
	}
	if found < 60 {
		t.Errorf("only %d fields were found", found)
	}
}

// mapped walks the properties of an Elasticsearch mapping.
func mapped(properties map[string]any, prefix string, f func(path, typ string)) {
	for name, v := range properties {
		m := v.(map[string]any)
		if sub, ok := m["properties"].(map[string]any); ok {
			mapped(sub, prefix+name+".", f)
			continue
		}
		typ, _ := m["type"].(string)
		f(prefix+name, typ)
	}
}

// TestTheIndexTemplateMapsEveryFieldOfECS also looks for mappings that would
// refuse a document: a number where the schema has text.
func TestTheIndexTemplateMapsEveryFieldOfECS(t *testing.T) {
	var template struct {
		IndexPatterns []string `json:"index_patterns"`
		Template      struct {
			Mappings struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "elasticsearch/spanwatch-ecs.json")), &template); err != nil {
		t.Fatal(err)
	}
	takes := map[string][]string{
		"integer": {"long", "unsigned_long"},
		"boolean": {"boolean"},
		"string":  {"keyword", "date", "ip", "match_only_text", "wildcard"},
		"object":  {"object"},
	}
	fields := ecsFields(t)
	have := map[string]bool{}
	mapped(template.Template.Mappings.Properties, "", func(path, typ string) {
		have[path] = true
		f, ok := schema.Find(fields, path)
		if items, isList := schema.Find(fields, path+"[]"); ok && isList {
			f = items
		}
		if !ok {
			t.Errorf("%s is mapped, and no document has it", path)
			return
		}
		for _, kind := range f.Types {
			if !slices.Contains(takes[kind], typ) {
				t.Errorf("%s is mapped as %s; documents have %s", path, typ, f.Type())
			}
		}
	})
	for _, f := range fields {
		if strings.HasPrefix(f.Path, "spanwatch") || strings.Contains(f.Path, "[]") || f.Type() == "object" || strings.HasPrefix(f.Path, "dns.answers") {
			continue // what is below spanwatch follows the dynamic template
		}
		if !have[f.Path] {
			t.Errorf("%s is not mapped", f.Path)
		}
	}
	if len(have) < 80 {
		t.Errorf("only %d fields are mapped", len(have))
	}
}

func TestLogstashIsWellFormedAndNamesFieldsOfECS(t *testing.T) {
	text := read(t, "logstash/spanwatch.conf")
	// Strings and comments out, then what is left must balance.
	bare := regexp.MustCompile(`"[^"]*"|(?m)^\s*#.*$`).ReplaceAllString(text, "")
	depth := 0
	for _, c := range bare {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth < 0 {
			t.Fatal("a brace closes what was not open")
		}
	}
	if depth != 0 {
		t.Fatalf("%d braces are not closed", depth)
	}
	if got := regexp.MustCompile(`(?m)^([a-z]+) \{`).FindAllString(text, -1); !slices.Equal(got, []string{"input {", "filter {", "output {"}) {
		t.Errorf("sections %v", got)
	}
	fields, found := ecsFields(t), 0
	for _, m := range regexp.MustCompile(`((?:\[[a-z_]+\])+)`).FindAllString(text, -1) {
		path := strings.ReplaceAll(strings.Trim(m, "[]"), "][", ".")
		if path == "tags" || path == "event.original" {
			continue // Logstash's own
		}
		found++
		if _, ok := schema.Find(fields, path); !ok {
			t.Errorf("documents have no %s", path)
		}
	}
	if found < 3 {
		t.Errorf("only %d fields were found", found)
	}
}

func TestVectorIsWellFormedAndNamesFieldsOfEVE(t *testing.T) {
	type part struct {
		Type   string
		Inputs []string
		Fields struct{ Match []string }
		Source string
		Route  map[string]string
	}
	var c struct{ Sources, Transforms, Sinks map[string]part }
	if err := yaml.Unmarshal([]byte(read(t, "vector/vector.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	outputs := map[string]bool{}
	for name := range c.Sources {
		outputs[name] = true
	}
	for name, p := range c.Transforms {
		outputs[name] = true
		for route := range p.Route {
			outputs[name+"."+route] = true
		}
		if p.Route != nil {
			outputs[name+"._unmatched"] = true
		}
	}
	var text strings.Builder
	for _, group := range []map[string]part{c.Transforms, c.Sinks} {
		for name, p := range group {
			if p.Type == "" || len(p.Inputs) == 0 {
				t.Errorf("%s has no type or no inputs", name)
			}
			for _, in := range p.Inputs {
				if !outputs[in] {
					t.Errorf("%s reads from %s, which there is not", name, in)
				}
			}
			text.WriteString(p.Source)
			for _, r := range p.Route {
				text.WriteString(r + "\n")
			}
			for _, f := range p.Fields.Match {
				text.WriteString("." + f + "\n")
			}
		}
	}
	fields, found := eveFields(t), 0
	made := []string{"severity", "bytes"} // by the remap itself
	for _, m := range regexp.MustCompile(`(?:^|[\s(])\.([a-z_]+(?:\.[a-z_]+)*)`).FindAllStringSubmatch(text.String(), -1) {
		found++
		if _, ok := schema.Find(fields, m[1]); !ok && !slices.Contains(made, m[1]) {
			t.Errorf("events have no %s", m[1])
		}
	}
	if found < 6 {
		t.Errorf("only %d fields were found", found)
	}
}

func TestKafkaConnectIsCompleteAndTellsCopies(t *testing.T) {
	var c struct {
		Name   string
		Config map[string]string
	}
	if err := json.Unmarshal([]byte(read(t, "kafka-connect/elasticsearch-sink.json")), &c); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Split(c.Config["transforms"], ",") {
		if c.Config["transforms."+name+".type"] == "" {
			t.Errorf("transform %s has no type", name)
		}
	}
	for key := range c.Config {
		if rest, ok := strings.CutPrefix(key, "transforms."); ok {
			name, _, _ := strings.Cut(rest, ".")
			if !slices.Contains(strings.Split(c.Config["transforms"], ","), name) {
				t.Errorf("%s belongs to no transform", key)
			}
		}
	}
	if _, err := regexp.Compile(c.Config["topics.regex"]); err != nil {
		t.Error(err)
	}
	if _, ok := schema.Find(eveFields(t), c.Config["transforms.id.fields"]); !ok || c.Config["key.ignore"] != "false" {
		t.Errorf("the document's id is not the event's: %v", c.Config)
	}
}
