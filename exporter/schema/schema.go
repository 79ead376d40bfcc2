package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Field is one place in a document where a value may stand.
type Field struct {
	// Path has the names from the root, joined by dots: "alert.severity",
	// "dns.answers[].rrname" within lists, "stats.*" for names that the schema
	// leaves open.
	Path string
	// Types are the JSON types that may stand there, sorted: array, boolean,
	// integer, number, object, string. For lists, see also Path + "[]".
	Types []string
	// Plain says that any text will do: no pattern, format or fixed words.
	Plain bool
	// Required says that the object it stands in is not valid without it, at
	// least in some documents.
	Required bool
}

// Type is the only type of a field, or all of them joined by a bar.
func (f Field) Type() string { return strings.Join(f.Types, "|") }

// ErrSchema is wrapped by every fault of Flatten.
var ErrSchema = errors.New("JSON Schema")

// Flatten lists the fields of a schema, sorted by path.
func Flatten(text string) ([]Field, error) {
	var root map[string]any
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	w := walker{root: root, fields: map[string]*found{}}
	if err := w.walk("", root, nil); err != nil {
		return nil, err
	}
	var out []Field
	for _, path := range slices.Sorted(maps.Keys(w.fields)) {
		if path == "" {
			continue
		}
		x := w.fields[path]
		out = append(out, Field{Path: path, Types: slices.Sorted(maps.Keys(x.types)), Plain: !x.bound, Required: x.required})
	}
	return out, nil
}

// Find returns the field at path, in a list that Flatten made.
func Find(fields []Field, path string) (Field, bool) {
	i, ok := slices.BinarySearchFunc(fields, path, func(f Field, p string) int { return strings.Compare(f.Path, p) })
	if !ok {
		return Field{}, false
	}
	return fields[i], true
}

type found struct {
	types           map[string]bool
	bound, required bool
}

type walker struct {
	root   map[string]any
	fields map[string]*found
}

// walk books what node says of path. trail has the references that were
// followed, so that a schema that contains itself ends.
func (w *walker) walk(path string, node any, trail []string) error {
	s, ok := node.(map[string]any)
	if !ok {
		return nil // true and false name no field
	}
	if ref, ok := s["$ref"].(string); ok {
		if slices.Contains(trail, ref) {
			w.at(path).types["object"] = true
			return nil
		}
		target, err := w.resolve(ref)
		if err != nil {
			return err
		}
		if err := w.walk(path, target, append(slices.Clone(trail), ref)); err != nil {
			return err
		}
	}
	w.book(path, s)
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := s[word].([]any)
		for _, part := range list {
			if p, ok := part.(map[string]any); ok && p["then"] != nil {
				part = p["then"]
			}
			if err := w.walk(path, part, trail); err != nil {
				return err
			}
		}
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if name, ok := name.(string); ok {
			w.at(join(path, name)).required = true
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for name, sub := range properties {
		if err := w.walk(join(path, name), sub, trail); err != nil {
			return err
		}
	}
	if open, ok := s["additionalProperties"].(map[string]any); ok {
		if err := w.walk(join(path, "*"), open, trail); err != nil {
			return err
		}
	}
	if items, ok := s["items"]; ok {
		return w.walk(path+"[]", items, trail)
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (w *walker) at(path string) *found {
	f := w.fields[path]
	if f == nil {
		f = &found{types: map[string]bool{}}
		w.fields[path] = f
	}
	return f
}

// book notes the types that s itself states.
func (w *walker) book(path string, s map[string]any) {
	f := w.at(path)
	switch t := s["type"].(type) {
	case string:
		f.types[t] = true
	case []any:
		for _, one := range t {
			if name, ok := one.(string); ok {
				f.types[name] = true
			}
		}
	}
	values, _ := s["enum"].([]any)
	if c, ok := s["const"]; ok {
		values = append(values, c)
	}
	for _, v := range values {
		f.types[typeOf(v)] = true
	}
	if s["pattern"] != nil || s["format"] != nil || values != nil {
		f.bound = true
	}
}

func typeOf(v any) string {
	switch x := v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if x == float64(int64(x)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "null"
}

// resolve follows a reference within the document.
func (w *walker) resolve(ref string) (any, error) {
	rest, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil, fmt.Errorf("%w: reference %q leaves the document", ErrSchema, ref)
	}
	var at any = w.root
	for _, name := range strings.Split(rest, "/") {
		m, ok := at.(map[string]any)
		if !ok || m[name] == nil {
			return nil, fmt.Errorf("%w: reference %q leads nowhere", ErrSchema, ref)
		}
		at = m[name]
	}
	return at, nil
}
