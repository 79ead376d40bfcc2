package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Fault is one thing wrong with a configuration.
type Fault struct {
	File string // empty for an override
	Line int    // from 1; 0 when not from a file
	Col  int
	Path string // dotted key
	What string
}

// Error names the place first, then the key, then what is wrong.
func (f Fault) Error() string {
	where := "--set"
	if f.File != "" {
		where = f.File
		if f.Line > 0 {
			where = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Col)
		}
	}
	if f.Path == "" {
		return where + ": " + f.What
	}
	return where + ": " + f.Path + ": " + f.What
}

// Check looks at a whole configuration and returns what is wrong with it that
// no single setting shows, each Fault with Path and What.
type Check func(c *Config) []Fault

// Load reads a file over the defaults, then applies the overrides, each
// key=value with a dotted key, then runs the checks. path may be empty. The
// error joins all Faults.
func Load(path string, overrides []string, checks ...Check) (*Config, error) {
	c := Default()
	var faults []error
	places := map[string]place{}
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read configuration: %w", err)
		}
		faults = c.apply(path, text, places)
	}
	for _, o := range overrides {
		if err := c.Set(o); err != nil {
			faults = append(faults, err)
		}
		key, _, _ := strings.Cut(o, "=")
		places[key] = place{}
	}
	told := map[string]bool{}
	for _, err := range faults {
		if f := (Fault{}); errors.As(err, &f) {
			told[f.Path] = true
		}
	}
	for _, check := range checks {
		for _, f := range check(c) {
			if !told[f.Path] { // what could not be read has its default here
				faults = append(faults, f.at(path, places))
			}
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return c, nil
}

// place is where a setting stands in the file; zero for an override.
type place struct{ line, col int }

// at completes a fault with the place of its setting, or else with that of the
// group around it.
func (f Fault) at(file string, places map[string]place) Fault {
	for path := f.Path; ; {
		if p, ok := places[path]; ok {
			if p.line > 0 {
				f.File, f.Line, f.Col = file, p.line, p.col
			}
			return f
		}
		i := strings.LastIndexByte(path, '.')
		if i < 0 {
			f.File = file
			return f
		}
		path = path[:i]
	}
}

func (c *Config) apply(path string, text []byte, places map[string]place) []error {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return []error{fmt.Errorf("%s: %w", path, err)}
	}
	d := decoder{file: path, places: places}
	for i, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if i > 0 {
			d.fault(doc.Body, "", "only one YAML document is allowed")
			break
		}
		d.value(doc.Body, reflect.ValueOf(c).Elem(), "", "")
	}
	return d.faults
}

// Set applies one override, key=value. Lists are separated by commas; a map
// entry is key.name=value.
func (c *Config) Set(override string) error {
	key, text, ok := strings.Cut(override, "=")
	if !ok {
		return Fault{Path: override, What: "want key=value"}
	}
	v := reflect.ValueOf(c).Elem()
	parts := strings.Split(key, ".")
	tag := reflect.StructTag("")
	for i, name := range parts {
		if v.Kind() == reflect.Map {
			return setMapEntry(v, strings.Join(parts[i:], "."), key, text)
		}
		if v.Kind() != reflect.Struct {
			return Fault{Path: key, What: fmt.Sprintf("%s has no keys below it", strings.Join(parts[:i], "."))}
		}
		f, found := fieldByKey(v.Type(), name)
		if !found {
			return Fault{Path: key, What: unknownKey(name, v.Type())}
		}
		tag = f.Tag
		v = v.FieldByIndex(f.Index)
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Map:
		return Fault{Path: key, What: "is a group of settings, not a value"}
	case reflect.Slice:
		var items []string
		if text != "" {
			items = strings.Split(text, ",")
		}
		return setSlice(v, items, key)
	}
	if err := setScalar(v, text, tag); err != nil {
		return Fault{Path: key, What: err.Error()}
	}
	return nil
}

func setMapEntry(m reflect.Value, name, key, text string) error {
	if m.IsNil() {
		m.Set(reflect.MakeMap(m.Type()))
	}
	elem := reflect.New(m.Type().Elem()).Elem()
	if elem.Kind() == reflect.Slice {
		if err := setSlice(elem, strings.Split(text, ","), key); err != nil {
			return err
		}
	} else if err := setScalar(elem, text, ""); err != nil {
		return Fault{Path: key, What: err.Error()}
	}
	m.SetMapIndex(reflect.ValueOf(name), elem)
	return nil
}

func setSlice(v reflect.Value, items []string, key string) error {
	out := reflect.MakeSlice(v.Type(), 0, len(items))
	for _, item := range items {
		e := reflect.New(v.Type().Elem()).Elem()
		if err := setScalar(e, strings.TrimSpace(item), ""); err != nil {
			return Fault{Path: key, What: err.Error()}
		}
		out = reflect.Append(out, e)
	}
	v.Set(out)
	return nil
}

// decoder walks a YAML tree beside the struct it fills, collecting faults.
type decoder struct {
	file   string
	places map[string]place
	faults []error
}

func (d *decoder) fault(n ast.Node, path, format string, args ...any) {
	f := Fault{File: d.file, Path: path, What: fmt.Sprintf(format, args...)}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		f.Line, f.Col = tk.Position.Line, tk.Position.Column
	}
	d.faults = append(d.faults, f)
}

func (d *decoder) value(n ast.Node, v reflect.Value, path string, tag reflect.StructTag) {
	if _, null := n.(*ast.NullNode); null {
		return // a key without a value keeps the default
	}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		d.places[path] = place{tk.Position.Line, tk.Position.Column}
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, e := range d.entries(n, path) {
			name := keyText(e.Key)
			f, ok := fieldByKey(v.Type(), name)
			if !ok {
				d.fault(e.Key, join(path, name), "%s", unknownKey(name, v.Type()))
				continue
			}
			d.value(e.Value, v.FieldByIndex(f.Index), join(path, name), f.Tag)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, e := range d.entries(n, path) {
			name := keyText(e.Key)
			elem := reflect.New(v.Type().Elem()).Elem()
			d.value(e.Value, elem, join(path, name), "")
			v.SetMapIndex(reflect.ValueOf(name), elem)
		}
	case reflect.Slice:
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			d.fault(n, path, "want a list")
			return
		}
		out := reflect.MakeSlice(v.Type(), 0, len(seq.Values))
		for i, item := range seq.Values {
			e := reflect.New(v.Type().Elem()).Elem()
			d.value(item, e, fmt.Sprintf("%s[%d]", path, i), "")
			out = reflect.Append(out, e)
		}
		v.Set(out)
	default:
		d.scalar(n, v, path, tag)
	}
}

func (d *decoder) scalar(n ast.Node, v reflect.Value, path string, tag reflect.StructTag) {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		d.fault(n, path, "want one value")
		return
	}
	text := scalarText(n)
	if strings.Contains(text, "${") {
		var missing string
		text = envReference.ReplaceAllStringFunc(text, func(ref string) string {
			name := ref[2 : len(ref)-1]
			value, ok := os.LookupEnv(name)
			if !ok {
				missing = name
			}
			return value
		})
		if missing != "" {
			d.fault(n, path, "environment variable %s is not set", missing)
			return
		}
	}
	if err := setScalar(v, text, tag); err != nil {
		d.fault(n, path, "%s", err)
	}
}

var envReference = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

func (d *decoder) entries(n ast.Node, path string) []*ast.MappingValueNode {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	d.fault(n, path, "want a group of keys")
	return nil
}

func keyText(k ast.MapKeyNode) string { return scalarText(k) }

func scalarText(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	if l, ok := n.(*ast.LiteralNode); ok {
		return l.Value.Value
	}
	return n.GetToken().Value
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func fieldByKey(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("yaml") == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func unknownKey(name string, t reflect.Type) string {
	known := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		known = append(known, t.Field(i).Tag.Get("yaml"))
	}
	slices.Sort(known)
	return fmt.Sprintf("unknown key %q; known here: %s", name, strings.Join(known, ", "))
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	byteSizeType = reflect.TypeFor[ByteSize]()
)

// setScalar parses text into v and checks the bounds of its tag.
func setScalar(v reflect.Value, text string, tag reflect.StructTag) error {
	switch v.Type() {
	case durationType:
		n, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration such as 30s or 5m", text)
		}
		if err := checkDuration(n, tag); err != nil {
			return err
		}
		v.SetInt(int64(n))
		return nil
	case byteSizeType:
		n, err := parseByteSize(text)
		if err != nil {
			return err
		}
		if err := checkNumber(float64(n), tag); err != nil {
			return err
		}
		v.SetUint(n)
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		if allowed := tag.Get("oneof"); allowed != "" && !slices.Contains(strings.Split(allowed, ","), text) {
			return fmt.Errorf("%q is not one of %s", text, strings.ReplaceAll(allowed, ",", ", "))
		}
		v.SetString(text)
	case reflect.Bool:
		switch strings.ToLower(text) {
		case "true", "yes", "on":
			v.SetBool(true)
		case "false", "no", "off":
			v.SetBool(false)
		default:
			return fmt.Errorf("%q is neither true nor false", text)
		}
	case reflect.Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		if err := checkNumber(float64(n), tag); err != nil {
			return err
		}
		v.SetInt(n)
	case reflect.Uint16, reflect.Uint64:
		n, err := strconv.ParseUint(text, 0, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a number from 0 to %d", text, uint64(1)<<v.Type().Bits()-1)
		}
		if err := checkNumber(float64(n), tag); err != nil {
			return err
		}
		v.SetUint(n)
	default:
		return fmt.Errorf("cannot set a %s", v.Type())
	}
	return nil
}

func checkNumber(n float64, tag reflect.StructTag) error {
	if s := tag.Get("min"); s != "" {
		if low, err := strconv.ParseFloat(s, 64); err != nil || n < low {
			return fmt.Errorf("must be at least %s", s)
		}
	}
	if s := tag.Get("max"); s != "" {
		if high, err := strconv.ParseFloat(s, 64); err != nil || n > high {
			return fmt.Errorf("must be at most %s", s)
		}
	}
	return nil
}

func checkDuration(n time.Duration, tag reflect.StructTag) error {
	if s := tag.Get("min"); s != "" {
		if low, err := time.ParseDuration(s); err != nil || n < low {
			return fmt.Errorf("must be at least %s", s)
		}
	}
	if s := tag.Get("max"); s != "" {
		if high, err := time.ParseDuration(s); err != nil || n > high {
			return fmt.Errorf("must be at most %s", s)
		}
	}
	return nil
}

func parseByteSize(text string) (uint64, error) {
	lower := strings.ToLower(strings.TrimSpace(text))
	shift := 0
	for suffix, s := range map[string]int{"kb": 10, "mb": 20, "gb": 30} {
		if strings.HasSuffix(lower, suffix) {
			lower, shift = strings.TrimSpace(strings.TrimSuffix(lower, suffix)), s
			break
		}
	}
	n, err := strconv.ParseUint(lower, 10, 64)
	if err != nil || n<<shift>>shift != n {
		return 0, fmt.Errorf("%q is not a number of bytes such as 65536, 64kb or 32mb", text)
	}
	return n << shift, nil
}
