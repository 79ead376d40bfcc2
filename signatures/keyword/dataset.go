package keyword

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"spanwatch/signatures/rule"
)

// DatasetKind is what the values of a dataset are.
type DatasetKind uint8

// Kinds of datasets.
const (
	DatasetString DatasetKind = iota + 1
	DatasetMD5
	DatasetSHA256
	DatasetIPv4
	DatasetIP
)

var datasetKinds = map[string]DatasetKind{
	"string": DatasetString, "md5": DatasetMD5, "sha256": DatasetSHA256, "ipv4": DatasetIPv4, "ip": DatasetIP, "ipv6": DatasetIP,
}

// Dataset is a named set of values that rules look buffers up in. Rules may
// change it (set, unset): then workers share it under a lock, and a value that
// one worker's packet adds is there for the others from that moment on, which
// need not be the order of packets. Ruleset.OneWorker tells of such rulesets.
type Dataset struct {
	Name string
	Kind DatasetKind
	// SaveTo is the file that the values are to be written to in the end;
	// empty for none. See AppendFile.
	SaveTo string

	loaded  string // file, as the rule names it
	limit   int
	mutable bool // some rule changes it

	*datasetValues
}

// datasetValues are what a Dataset holds. The set of a ruleset and its
// successor in the next one share them, as workers change from one to the
// other at different times.
type datasetValues struct {
	mu  sync.RWMutex // held iff some rule changes the set
	set *byteSet

	// Refused counts values that could not be added for want of memory.
	Refused uint64
}

// successor is the set of the next ruleset. Its values are shared, so it is
// locked whether or not its own rules change it.
func (d *Dataset) successor() *Dataset {
	return &Dataset{Name: d.Name, Kind: d.Kind, limit: d.limit, mutable: true, datasetValues: d.datasetValues}
}

// Datasets are those of one ruleset, by name.
type Datasets struct {
	byName map[string]*Dataset
	Names  []string // in the order of first use
	before *Datasets
}

// NewDatasets makes an empty collection for a ruleset that replaces one with
// the sets of before, nil for none: sets that rules change are taken over with
// their values.
func NewDatasets(before *Datasets) *Datasets {
	return &Datasets{byName: make(map[string]*Dataset), before: before}
}

// Loaded forgets the collection that this one replaced.
func (d *Datasets) Loaded() { d.before = nil }

// open returns the set of a name, made or taken over.
func (d *Datasets) open(name string, kind DatasetKind, limit int) *Dataset {
	if s, ok := d.byName[name]; ok {
		return s
	}
	if kind == 0 {
		return nil
	}
	s := &Dataset{Name: name, Kind: kind, limit: limit, datasetValues: &datasetValues{set: newByteSet()}}
	if d.before != nil {
		if old := d.before.byName[name]; old != nil && old.mutable && old.Kind == kind {
			s = old.successor()
		}
	}
	d.byName[name] = s
	d.Names = append(d.Names, name)
	return s
}

// Lookup finds a dataset.
func (d *Datasets) Lookup(name string) (*Dataset, bool) {
	s, ok := d.byName[name]
	return s, ok
}

// Mutable reports whether some rule changes some dataset.
func (d *Datasets) Mutable() bool {
	for _, s := range d.byName {
		if s.mutable {
			return true
		}
	}
	return false
}

// Len returns the number of values.
func (d *Dataset) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.set.live
}

// live reports whether the values are those of a ruleset in use: newer than
// what was saved of them.
func (d *Dataset) live() bool { return d.mutable && d.loaded == "" && d.Len() > 0 }

// defaultDatasetValues bounds a dataset that rules add to.
const defaultDatasetValues = 1 << 20

// key returns what the set holds for a buffer's bytes; ok is false for bytes
// that are no value of the kind.
func (d *Dataset) key(b []byte) (key []byte, ok bool) {
	switch d.Kind {
	case DatasetMD5:
		return b, len(b) == 16
	case DatasetSHA256:
		return b, len(b) == 32
	case DatasetIPv4:
		return b, len(b) == 4
	case DatasetIP:
		return b, len(b) == 4 || len(b) == 16
	}
	return b, len(b) > 0
}

func (d *Dataset) has(b []byte) (score uint16, ok bool) {
	key, ok := d.key(b)
	if !ok {
		return 0, false
	}
	if d.mutable {
		d.mu.RLock()
		defer d.mu.RUnlock()
	}
	return d.set.has(key)
}

// context returns what a file of JSON says about a value that is in the set.
func (d *Dataset) context(b []byte) []byte {
	key, _ := d.key(b)
	if d.mutable {
		d.mu.RLock()
		defer d.mu.RUnlock()
	}
	return d.set.context(key)
}

func (d *Dataset) change(op string, b []byte) bool {
	key, ok := d.key(b)
	if !ok {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if op == "unset" {
		return d.set.remove(key)
	}
	if d.set.live >= d.limit {
		if _, known := d.set.has(key); !known {
			d.Refused++
			return false
		}
	}
	return d.set.add(key, 0)
}

func (d *Dataset) load(text []byte, f *datasetFormat) error {
	d.mu.Lock() // workers may use the values already, see successor
	defer d.mu.Unlock()
	if f.form == "json" || f.form == "ndjson" {
		return d.loadJSON(text, f)
	}
	return d.Load(text)
}

// Load adds the values of a file: one a line, strings in base64, digests in
// hexadecimal, addresses as text; behind a comma a score (datarep).
func (d *Dataset) Load(text []byte) error {
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		value, scoreText, scored := strings.Cut(line, ",")
		key, err := d.parse(strings.TrimSpace(value))
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		var score uint64
		if scored {
			if score, err = strconv.ParseUint(strings.TrimSpace(scoreText), 10, 16); err != nil {
				return fmt.Errorf("line %d: bad score %q", n, scoreText)
			}
		}
		d.set.add(key, uint16(score))
	}
	return nil
}

func (d *Dataset) parse(value string) (key []byte, err error) {
	switch d.Kind {
	case DatasetString:
		return base64.StdEncoding.DecodeString(value)
	case DatasetMD5, DatasetSHA256:
		key, err = hex.DecodeString(value)
		if _, ok := d.key(key); err == nil && !ok {
			err = fmt.Errorf("digest of %d bytes", len(key))
		}
		return key, err
	}
	a, err := netip.ParseAddr(value)
	if err == nil && d.Kind == DatasetIPv4 && !a.Is4() {
		err = fmt.Errorf("%s is no IPv4 address", a)
	}
	return a.Unmap().AsSlice(), err
}

// AppendFile appends the values in the form that Load reads, sorted.
func (d *Dataset) AppendFile(dst []byte) []byte {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var lines []string
	for i := range d.set.entries {
		if e := &d.set.entries[i]; !e.removed {
			lines = append(lines, d.format(d.set.text(e)))
		}
	}
	slices.Sort(lines)
	for _, l := range lines {
		dst = append(append(dst, l...), '\n')
	}
	return dst
}

func (d *Dataset) format(key []byte) string {
	switch d.Kind {
	case DatasetString:
		return base64.StdEncoding.EncodeToString(key)
	case DatasetMD5, DatasetSHA256:
		return hex.EncodeToString(key)
	}
	a, _ := netip.AddrFromSlice(key)
	return a.String()
}

// datasetStep is the keyword dataset: the whole buffer as a value.
type datasetStep struct {
	set     *Dataset
	op      string
	context string // name of the value's context in the alert; empty for none
}

func (t *datasetStep) try(m *Machine, cursor int) (int, verdict) {
	var holds bool
	switch t.op {
	case "isset":
		if _, holds = t.set.has(m.data); holds && t.context != "" {
			m.Captures.addContext(t.context, t.set.context(m.data))
		}
	case "isnotset":
		_, has := t.set.has(m.data)
		_, value := t.set.key(m.data)
		holds = value && !has
	default:
		holds = t.set.change(t.op, m.data)
	}
	if holds {
		return cursor, yes
	}
	return cursor, never
}

// datarepStep is the keyword datarep: the score of the buffer's value.
type datarepStep struct {
	set  *Dataset
	want rule.Int
}

func (t *datarepStep) try(m *Machine, cursor int) (int, verdict) {
	if score, ok := t.set.has(m.data); ok && t.want.Match(uint64(score)) {
		return cursor, yes
	}
	return cursor, never
}

// setDataset is the keyword dataset:
// `dataset:set|unset|isset|isnotset,name[,type string|md5|sha256|ipv4|ip][,load f|save f|state f][,memcap N][,hashsize N]`.
func setDataset(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) < 2 || !slices.Contains([]string{"set", "unset", "isset", "isnotset"}, args[0]) {
		return b.badValue(o, "dataset needs a command and a name")
	}
	d, format, diag := b.dataset(o, args[1], args[2:])
	if diag != nil {
		return diag
	}
	if args[0] == "set" || args[0] == "unset" {
		d.mutable = true
	}
	b.addStep(&datasetStep{d, args[0], format.contextKey}, false)
	return nil
}

// setDatarep is the keyword datarep: `datarep:name,<|>|=|...,score[,load f][,type t]`.
func setDatarep(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) < 3 {
		return b.badValue(o, "datarep needs a name, an operator and a score")
	}
	d, _, diag := b.dataset(o, args[0], args[3:])
	if diag != nil {
		return diag
	}
	operator := strings.TrimPrefix(args[1], "==")
	want, diag := b.integerText(o, operator+args[2], 16)
	if diag != nil {
		return diag
	}
	b.addStep(&datarepStep{d, want}, false)
	return nil
}

// dataset returns the dataset of a rule, made or completed by its arguments.
func (b *Builder) dataset(o *rule.Option, name string, args []string) (*Dataset, *datasetFormat, *rule.Diagnostic) {
	if b.env.Datasets == nil {
		return nil, nil, b.unsupported(o, "sets", "no datasets are configured")
	}
	if b.lastSource == nil {
		return nil, nil, b.fail(o, "bad-combination", o.Name+" outside of a sticky buffer", "it looks a whole buffer up", "name a sticky buffer first")
	}
	format := &datasetFormat{}
	kind, load, save, limit := DatasetKind(0), "", "", defaultDatasetValues
	for _, arg := range args {
		word, value, _ := strings.Cut(arg, " ")
		value = strings.TrimSpace(value)
		switch word {
		case "type":
			if kind = datasetKinds[value]; kind == 0 {
				return nil, nil, b.badValue(o, "unknown type "+quoted(value))
			}
		case "load":
			load = value
		case "save":
			save = value
		case "state":
			load, save = value, value
		case "format":
			if value != "csv" && value != "json" && value != "ndjson" && value != "jsonline" {
				return nil, nil, b.badValue(o, "unknown format "+quoted(value))
			}
			if format.form = value; value == "jsonline" {
				format.form = "ndjson"
			}
		case "value_key":
			format.valueKey = value
		case "array_key":
			format.arrayKey = value
		case "context_key":
			format.contextKey = value
		case "remove_key":
			format.removeKey = true
		case "memcap", "hashsize":
			n, ok := parseUnsigned(strings.TrimRight(strings.ToLower(value), "kmgb"))
			if !ok {
				return nil, nil, b.badValue(o, "bad "+word+" "+quoted(value))
			}
			if word == "hashsize" && n > 0 {
				limit = max(limit, int(min(n, 1<<26)))
			}
		default:
			return nil, nil, b.unsupported(o, quoted(arg), "")
		}
	}
	d := b.env.Datasets.open(name, kind, limit)
	if d == nil {
		return nil, nil, b.badValue(o, "dataset "+name+" has no type")
	}
	if kind != 0 && d.Kind != kind {
		return nil, nil, b.badValue(o, "dataset "+name+" has another type in an earlier rule")
	}
	if save != "" {
		d.SaveTo = save
	}
	if load == "" || d.loaded == load || load == save && d.live() {
		return d, format, nil
	}
	text, err := b.readFile(load)
	if err != nil {
		if save == load {
			return d, format, nil // state of a first run
		}
		return nil, nil, b.badValue(o, "dataset file: "+err.Error())
	}
	if err := d.load(text, format); err != nil {
		return nil, nil, b.badValue(o, "dataset file "+load+": "+err.Error())
	}
	d.loaded = load
	return d, format, nil
}

// readFile reads a file that the rule names.
func (b *Builder) readFile(name string) ([]byte, error) {
	if b.env.ReadFile == nil {
		return nil, fmt.Errorf("%s: rules may not name files here", name)
	}
	return b.env.ReadFile(b.text.Pos.File, name)
}
