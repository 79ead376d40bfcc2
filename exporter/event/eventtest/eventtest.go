// Package eventtest helps tests to check events: every line that a test makes
// the sensor write should pass a Validator.
package eventtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"spanwatch/exporter/event"
)

// Validator checks events against event.Schema, or another. It may be used by several
// goroutines at once.
type Validator struct {
	schema *jsonschema.Schema
}

// NewValidator compiles the schema. It never fetches anything: the schema
// refers to nothing but itself and the draft that the library carries.
func NewValidator() (*Validator, error) { return NewValidatorOf(event.SchemaID, event.Schema) }

// NewValidatorOf is NewValidator for another schema of events.
func NewValidatorOf(id, text string) (*Validator, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("event schema is not JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(noLoader{})
	if err := c.AddResource(id, doc); err != nil {
		return nil, fmt.Errorf("event schema: %w", err)
	}
	s, err := c.Compile(id)
	if err != nil {
		return nil, fmt.Errorf("event schema: %w", err)
	}
	return &Validator{schema: s}, nil
}

var errNoFetch = errors.New("schemas are not fetched")

type noLoader struct{}

func (noLoader) Load(url string) (any, error) { return nil, fmt.Errorf("%w: %s", errNoFetch, url) }

// ErrDuplicateMember says that an object has two members of one name, which
// JSON parsers accept and resolve in different ways.
var ErrDuplicateMember = errors.New("duplicate member")

// Validate checks one line, with or without its line feed: one JSON object,
// valid by the schema, without duplicate members.
func (v *Validator) Validate(line []byte) error {
	if err := checkMembers(line); err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		return fmt.Errorf("not one JSON value: %w", err)
	}
	return v.schema.Validate(doc)
}

// ValidateAll checks a whole stream of lines and returns how many there were.
// It stops at the first fault and names its line.
func (v *Validator) ValidateAll(r io.Reader) (int, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if err := v.Validate(line); err != nil {
			return n, fmt.Errorf("line %d: %w\n%s", n, err, line)
		}
	}
	return n, nil
}

// checkMembers walks the tokens of a JSON value and refuses duplicate names.
func checkMembers(line []byte) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	return checkValue(d)
}

func checkValue(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			token, err := d.Token()
			if err != nil {
				return fmt.Errorf("not JSON: %w", err)
			}
			name := token.(string)
			if seen[name] {
				return fmt.Errorf("%w %q", ErrDuplicateMember, name)
			}
			seen[name] = true
		}
		if err := checkValue(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
