package shape

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"

	"spanwatch/exporter/document"
	"spanwatch/exporter/event"
	"spanwatch/exporter/schema"
)

// Redaction says what is taken out of events before a sink gets them. The zero
// value takes nothing.
type Redaction struct {
	// Fields are paths of EVE, "http.url" or "http.request_headers[].value".
	Fields []string
	// Profiles are ready-made lists of what to take out.
	Profiles []Profile
	// Hash replaces text by its HMAC-SHA256 under Key instead of removing it,
	// so that equal values still look equal; only fields that may hold any
	// text can be hashed. What profiles find is hashed where that is possible
	// and removed elsewhere.
	Hash bool
	// Key is the secret of the hashes. Without one, values that can be guessed
	// can be found by trying.
	Key []byte
}

// Profile is a ready-made list of what to take out.
type Profile string

// Profiles.
const (
	// ProfilePayload takes out bytes of packets and streams: payload,
	// payload_printable, packet, and what rules captured from them.
	ProfilePayload Profile = "payload"
	// ProfileHTTPBody takes out the bodies of HTTP messages, and of HTTP events
	// what ProfilePayload does, since payloads hold bodies.
	ProfileHTTPBody Profile = "http-body"
	// ProfileCredentials takes out passwords, cookies and tokens where they
	// have a place of their own, and what ProfilePayload does, since payloads
	// hold them too.
	ProfileCredentials Profile = "credentials"
)

// Profiles lists all.
func Profiles() []Profile { return []Profile{ProfilePayload, ProfileHTTPBody, ProfileCredentials} }

// Faults of a Redaction.
var (
	ErrUnknownField   = errors.New("is no field of an event")
	ErrNeededField    = errors.New("can not be taken out: consumers need it")
	ErrNotHashed      = errors.New("has a form that a hash does not have; it can only be removed")
	ErrUnknownProfile = errors.New("is no profile")
)

// kept are the members that name an event and place it; without them a
// consumer can neither store it nor prove that nothing is missing.
var kept = []string{"timestamp", "event_type", "seq", "event_id"}

// hashBytes is how much of a HMAC is written: 128 bits, in 32 digits.
const hashBytes = 16

// rule takes something out of a parsed event.
type rule struct {
	path []string // steps: a name, "[]" for every element, "*" for every member
	// when says whether the rule holds for this event; nil is always.
	when func(d *document.Doc) bool
	// each says whether it holds for the value at n below parent; nil is always.
	each func(d *document.Doc, parent document.Node) bool
	// edit changes the value at n itself; nil removes or hashes it.
	edit func(r *redactor, n document.Node)
	// bound says that the value has a form, so that it is never hashed.
	bound bool
}

// redactor applies rules. One goroutine at a time.
type redactor struct {
	rules []rule
	mac   hash.Hash // nil removes
	doc   *document.Doc
	buf   []byte // of what replaces values
}

// eventFields are the fields that a path can name.
var eventFields = sync.OnceValues(func() ([]schema.Field, error) { return schema.Flatten(event.Schema) })

func newRedactor(c Redaction) (*redactor, error) {
	fields, err := eventFields()
	if err != nil {
		return nil, err
	}
	r := &redactor{}
	if c.Hash {
		r.mac = hmac.New(sha256.New, c.Key)
	}
	var faults []error
	for _, path := range c.Fields {
		if err := checkField(fields, path, c.Hash); err != nil {
			faults = append(faults, fmt.Errorf("%s %w", path, err))
			continue
		}
		r.rules = append(r.rules, rule{path: steps(path)})
	}
	if !c.Hash {
		faults = append(faults, checkDependents(c.Fields)...)
	}
	for _, p := range c.Profiles {
		rules, ok := profile(p, fields)
		if !ok {
			faults = append(faults, fmt.Errorf("%q %w; known: %v", p, ErrUnknownProfile, Profiles()))
		}
		r.rules = append(r.rules, rules...)
	}
	return r, errors.Join(faults...)
}

// CheckField says what is wrong with a path of Redaction.Fields; nil when it
// can be taken out, or hashed.
func CheckField(path string, hashed bool) error {
	fields, err := eventFields()
	if err != nil {
		return err
	}
	return checkField(fields, path, hashed)
}

// checkField says whether a path can be taken out so that what is left is
// still valid by the schema.
func checkField(fields []schema.Field, path string, hashed bool) error {
	f, ok := schema.Find(fields, path)
	for at := path; !ok; { // names that the schema leaves open
		i := strings.LastIndexByte(at, '.')
		if i < 0 {
			return ErrUnknownField
		}
		at = at[:i]
		f, ok = schema.Find(fields, at+".*"+strings.Repeat("[]", strings.Count(path[i:], "[]")))
	}
	switch {
	case slices.Contains(kept, path):
		return ErrNeededField
	case !hashed && f.Required:
		return fmt.Errorf("%w (hash it instead, if it is text)", ErrNeededField)
	case hashed && (f.Type() != "string" || !f.Plain):
		list, isList := schema.Find(fields, path+"[]")
		if !(isList && f.Type() == "array" && list.Type() == "string" && list.Plain) {
			return ErrNotHashed
		}
	}
	return nil
}

// checkDependents finds members of the root that need one that is to be
// removed: src_ip is of no use without dest_ip.
func checkDependents(paths []string) (faults []error) {
	var s struct {
		DependentRequired map[string][]string `json:"dependentRequired"`
	}
	if err := json.Unmarshal([]byte(event.Schema), &s); err != nil {
		return []error{err}
	}
	for name, needs := range s.DependentRequired {
		for _, need := range needs {
			if slices.Contains(paths, need) && !slices.Contains(paths, name) {
				faults = append(faults, fmt.Errorf("%s %w: %s needs it; take that out too", need, ErrNeededField, name))
			}
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// steps takes a path apart: "a.b[].c" is a, b, [], c.
func steps(path string) (out []string) {
	for name := range strings.SplitSeq(path, ".") {
		lists := strings.Count(name, "[]")
		out = append(out, strings.TrimSuffix(name, strings.Repeat("[]", lists)))
		for range lists {
			out = append(out, "[]")
		}
	}
	return out
}

// redact takes out of d what the rules name.
func (r *redactor) redact(d *document.Doc) {
	r.doc, r.buf = d, r.buf[:0]
	for i := range r.rules {
		x := &r.rules[i]
		if x.when == nil || x.when(d) {
			own, _ := d.Text(d.Child(document.Root, "event_type"))
			r.apply(x, x.path, document.Root, own)
		}
	}
}

// apply follows the path from n, an object or array, and removes containers
// that this empties, but for the member own: an http event without anything to
// say still has its http.
func (r *redactor) apply(x *rule, path []string, n document.Node, own []byte) {
	d := r.doc
	if k := d.Kind(n); k != document.Object && k != document.Array {
		return
	}
	next := document.None
	for c := d.First(n); c != document.None; c = next {
		next = d.Next(c)
		switch path[0] {
		case "[]":
			if d.Kind(n) != document.Array {
				return
			}
		case "*":
		default:
			if d.Kind(n) != document.Object || string(d.Name(c)) != path[0] {
				continue
			}
		}
		switch {
		case len(path) > 1:
			before := d.Empty(c)
			r.apply(x, path[1:], c, nil)
			if !before && d.Empty(c) && (own == nil || string(d.Name(c)) != string(own)) {
				d.Remove(n, c)
			}
		case x.each != nil && !x.each(d, n):
		case x.edit != nil:
			x.edit(r, c)
		case r.mac != nil && !x.bound && r.hashAll(c):
		default:
			d.Remove(n, c)
		}
	}
}

// hashAll hashes a text, or every text of a list. It returns false for
// anything else.
func (r *redactor) hashAll(n document.Node) bool {
	switch r.doc.Kind(n) {
	case document.String:
		r.replace(n, r.digest(r.doc.Raw(n)))
		return true
	case document.Array:
		for c := r.doc.First(n); c != document.None; c = r.doc.Next(c) {
			if !r.hashAll(c) {
				return false
			}
		}
		return true
	}
	return false
}

// digest hashes a value as JSON writes it, without its quotes.
func (r *redactor) digest(raw []byte) []byte {
	r.mac.Reset()
	r.mac.Write(raw[1 : len(raw)-1])
	return hex.AppendEncode(nil, r.mac.Sum(nil)[:hashBytes])
}

// replace puts text, which needs no escapes, in place of n.
func (r *redactor) replace(n document.Node, text []byte) {
	start := len(r.buf)
	r.buf = append(r.buf, '"')
	r.buf = append(r.buf, text...)
	r.buf = append(r.buf, '"')
	r.doc.SetRaw(n, document.String, r.buf[start:len(r.buf):len(r.buf)])
}
