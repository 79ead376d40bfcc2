package keyword

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// datasetFormat says how a dataset's file is written and what of it an alert
// shows.
type datasetFormat struct {
	form       string // "", csv, json or ndjson
	valueKey   string // path to the value in an object, with dots
	arrayKey   string // path to the array of objects; empty: the file is the array
	contextKey string // name of the object in alert.context
	removeKey  bool   // the object is shown without its value
}

var errNotFound = errors.New("not there")

// loadJSON adds the values of a file of JSON: an array of objects, or an object
// a line (ndjson). Each object is the context of its value; one without a value
// is passed over.
func (d *Dataset) loadJSON(text []byte, f *datasetFormat) error {
	if f.valueKey == "" {
		return errors.New("needs value_key")
	}
	if f.form == "ndjson" {
		for n, line := range bytes.Split(text, []byte("\n")) {
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			if err := d.addObject(line, f); err != nil {
				return fmt.Errorf("line %d: %w", n+1, err)
			}
		}
		return nil
	}
	list := json.RawMessage(text)
	if f.arrayKey != "" {
		var whole any
		if err := json.Unmarshal(text, &whole); err != nil {
			return err
		}
		array, err := at(whole, f.arrayKey)
		if err != nil {
			return fmt.Errorf("array_key %s: %w", f.arrayKey, err)
		}
		if list, err = json.Marshal(array); err != nil {
			return err
		}
	}
	var objects []json.RawMessage
	if err := json.Unmarshal(list, &objects); err != nil {
		return err
	}
	for i, o := range objects {
		if err := d.addObject(o, f); err != nil {
			return fmt.Errorf("object %d: %w", i+1, err)
		}
	}
	return nil
}

func (d *Dataset) addObject(text []byte, f *datasetFormat) error {
	var object any
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	v, err := at(object, f.valueKey)
	if err != nil {
		return nil // an object without a value
	}
	value, ok := v.(string)
	if !ok {
		return fmt.Errorf("value_key %s: no text", f.valueKey)
	}
	key, err := d.plain(value)
	if err != nil {
		return err
	}
	if f.removeKey {
		parent, name := object, f.valueKey
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			if parent, err = at(object, name[:i]); err != nil {
				return err
			}
			name = name[i+1:]
		}
		delete(parent.(map[string]any), name)
		if text, err = json.Marshal(object); err != nil {
			return err
		}
	}
	d.set.add(key, 0)
	d.set.describe(key, bytes.Clone(text))
	return nil
}

// plain reads a value as JSON has it: strings as they are.
func (d *Dataset) plain(value string) ([]byte, error) {
	switch d.Kind {
	case DatasetString:
		return []byte(value), nil
	case DatasetMD5, DatasetSHA256:
		key, err := hex.DecodeString(value)
		if _, ok := d.key(key); err == nil && !ok {
			err = fmt.Errorf("digest of %d bytes", len(key))
		}
		return key, err
	}
	a, err := netip.ParseAddr(value)
	return a.Unmap().AsSlice(), err
}

// at follows a path with dots into objects.
func at(v any, path string) (any, error) {
	for name := range strings.SplitSeq(path, ".") {
		o, ok := v.(map[string]any)
		if !ok {
			return nil, errNotFound
		}
		if v, ok = o[name]; !ok {
			return nil, errNotFound
		}
	}
	return v, nil
}
