package ecs

import (
	"encoding/json"
	"fmt"
	"strings"

	"spanwatch/exporter/event"
)

// SchemaID is the $id of Schema. Its version grows as that of events does: the
// minor number with additions, the major one with anything else.
const SchemaID = "urn:spanwatch:ecs:1.0"

// Schema returns the JSON Schema of the documents that Convert makes. What
// stands below spanwatch is described by the schema of events, of which no
// member is required there, since any may have moved.
func Schema() (string, error) {
	var eve map[string]any
	if err := json.Unmarshal([]byte(event.Schema), &eve); err != nil {
		return "", fmt.Errorf("event schema: %w", err)
	}
	relax(eve)
	defs, _ := eve["$defs"].(map[string]any)
	root := object()
	for _, table := range [][]move{envelope, details} {
		for _, m := range table {
			insert(root, m.to, m.kind)
		}
	}
	for _, m := range computed {
		insert(root, m.to, m.kind)
	}
	root["properties"].(map[string]any)[own] = map[string]any{
		"type": "object", "additionalProperties": false, "properties": eve["properties"],
	}
	// The Kafka sink puts its marker into a record that it had to cut,
	// whatever the record's shape.
	root["properties"].(map[string]any)["truncated"] = eve["properties"].(map[string]any)["truncated"]
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = SchemaID
	root["title"] = "spanwatch event, Elastic Common Schema " + Version
	root["$defs"] = defs
	root["required"] = []string{"@timestamp", "ecs", "event"}
	text, err := json.MarshalIndent(root, "", " ")
	return string(text), err
}

func object() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{}}
}

// insert puts the schema of a field at a path of objects.
func insert(root map[string]any, path string, k kind) {
	names := strings.Split(path, ".")
	at := root["properties"].(map[string]any)
	for _, name := range names[:len(names)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			next = object()
			at[name] = next
		}
		at = next["properties"].(map[string]any)
	}
	at[names[len(names)-1]] = fieldSchema(k)
}

func fieldSchema(k kind) map[string]any {
	switch k {
	case keywords:
		return map[string]any{"type": "array", "minItems": 1, "items": map[string]any{"type": "string"}}
	case long:
		return map[string]any{"type": "integer", "minimum": 0}
	case date:
		return map[string]any{"type": "string", "pattern": `^[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z$`}
	case ip:
		return map[string]any{"type": "string", "anyOf": []any{map[string]any{"format": "ipv4"}, map[string]any{"format": "ipv6"}}}
	case boolean:
		return map[string]any{"type": "boolean"}
	case objects:
		return map[string]any{"type": "array", "minItems": 1, "items": answerSchema()}
	}
	return map[string]any{"type": "string"}
}

// answerSchema is that of a DNS answer: ECS's members, and ours for the data
// that is no text.
func answerSchema() map[string]any {
	a := object()
	p := a["properties"].(map[string]any)
	p["name"], p["type"], p["data"], p["ttl"] = fieldSchema(keyword), fieldSchema(keyword), fieldSchema(keyword), fieldSchema(long)
	p["rrname_truncated"], p["rdata_truncated"] = fieldSchema(boolean), fieldSchema(boolean)
	for _, name := range []string{"soa", "srv", "sshfp"} {
		p[name] = map[string]any{"$ref": "#/$defs/" + name}
	}
	p["opt"] = map[string]any{"type": "array", "items": map[string]any{"type": "object"}}
	return a
}

// relax takes away what demands or forbids members, everywhere in a schema.
func relax(node any) {
	switch x := node.(type) {
	case map[string]any:
		for _, word := range []string{"required", "dependentRequired", "minProperties"} {
			if _, isField := x[word].(map[string]any); isField && word != "dependentRequired" {
				continue // a member of that name
			}
			delete(x, word)
		}
		if list, ok := x["allOf"].([]any); ok {
			var kept []any
			for _, part := range list {
				if p, ok := part.(map[string]any); !ok || p["if"] == nil {
					kept = append(kept, part)
				}
			}
			if len(kept) > 0 {
				x["allOf"] = kept
			} else {
				delete(x, "allOf")
			}
		}
		for _, sub := range x {
			relax(sub)
		}
	case []any:
		for _, sub := range x {
			relax(sub)
		}
	}
}
