package keyword

import (
	"strings"

	"spanwatch/signatures/pcre"
	"spanwatch/signatures/rule"
)

// CaptureKind says what becomes of the bytes that a group of a regular
// expression matched.
type CaptureKind uint8

// Kinds of captures.
const (
	CaptureFlow    CaptureKind = iota + 1 // kept with the flow; flowvar reads it
	CapturePacket                         // kept for the packet; pktvar reads it
	CaptureAlert                          // shown with the alert, as alert.context
	CaptureContext                        // the same, and the value is JSON: it came with a value of a dataset
)

// capture is one group that a rule wants kept.
type capture struct {
	kind     CaptureKind
	name     uint16 // index into Names.Variables; unused with keyGroup
	group    int
	keyGroup int // pkt:key, pkt:value: the group that holds the name; 0 for none
}

// Captured is one value that an expression caught. Borrowed until the
// Inspector's next packet.
type Captured struct {
	Kind  CaptureKind
	Name  uint16 // index into Names.Variables; unused when Key or Label is set
	Key   []byte // name that was caught too; nil for none
	Label string // name of a CaptureContext
	Value []byte
}

// Captures are the values caught on one packet: memory of one worker, reused.
type Captures struct {
	list []Captured
	text []byte
}

// Bounds of what is kept of one packet.
const (
	maxCaptures     = 64
	maxCaptureBytes = 16 << 10
)

// add copies a value; what is beyond the bounds is left out.
func (c *Captures) add(of *capture, key, value []byte) {
	if len(c.list) == maxCaptures || len(c.text)+len(key)+len(value) > maxCaptureBytes {
		return
	}
	if c.text == nil {
		c.text = make([]byte, 0, maxCaptureBytes) // never moved: values point into it
	}
	at := len(c.text)
	c.text = append(append(c.text, key...), value...)
	v := Captured{Kind: of.kind, Name: of.name, Value: c.text[at+len(key) : len(c.text) : len(c.text)]}
	if of.keyGroup > 0 {
		v.Key = c.text[at : at+len(key) : at+len(key)]
	}
	c.list = append(c.list, v)
}

// addContext adds what came with a value of a dataset. Its bytes are the
// ruleset's.
func (c *Captures) addContext(name string, json []byte) {
	if len(c.list) < maxCaptures && json != nil {
		c.list = append(c.list, Captured{Kind: CaptureContext, Label: name, Value: json})
	}
}

// Mark returns the number of values so far, for Cut.
func (c *Captures) Mark() int { return len(c.list) }

// Since returns the values behind a mark. They stay as they are until Clear.
func (c *Captures) Since(mark int) []Captured { return c.list[mark:len(c.list):len(c.list)] }

// Cut forgets the values behind a mark: the rule that caught them did not
// match.
func (c *Captures) Cut(mark int) {
	if mark < len(c.list) {
		c.list = c.list[:mark]
	}
}

// Clear forgets everything.
func (c *Captures) Clear() { c.list, c.text = c.list[:0], c.text[:0] }

// captures reads the list behind a pcre's flags: `flow:name`, `pkt:name` and
// `alert:name` for successive groups, or `pkt:key,pkt:value` for a group that
// holds the name and one that holds the value.
func (b *Builder) captures(o *rule.Option, e *expression, text string) *rule.Diagnostic {
	args := splitList(text)
	if len(args) > e.re.Groups() {
		return b.badValue(o, "pcre names more variables than it has groups")
	}
	for i := 0; i < len(args); i++ {
		kind, name, found := strings.Cut(args[i], ":")
		c := capture{kind: captureKinds[strings.TrimSpace(kind)], group: i + 1}
		name = strings.TrimSpace(name)
		if !found || c.kind == 0 || name == "" {
			return b.badValue(o, "bad pcre variable "+quoted(args[i]))
		}
		if name == "key" && i+1 < len(args) && strings.TrimSpace(args[i+1]) == strings.TrimSpace(kind)+":value" {
			c.keyGroup, c.group = i+1, i+2
			i++
		} else {
			var ok bool
			if c.name, ok = b.names.variable(name); !ok {
				return b.fail(o, "too-many", "more than 65535 variable names", "", "")
			}
		}
		e.captures = append(e.captures, c)
	}
	return nil
}

// captureKinds by the prefix of a group's name and by the word behind a pcre's
// flags.
var captureKinds = map[string]CaptureKind{"flow": CaptureFlow, "pkt": CapturePacket, "alert": CaptureAlert}

// namedGroups keeps the groups whose own names ask for it: flow_x, pkt_x and
// alert_x catch the variable x.
func (b *Builder) namedGroups(o *rule.Option, e *expression, pattern string) *rule.Diagnostic {
	for i, name := range pcre.GroupNames(pattern) {
		kind, name, found := strings.Cut(name, "_")
		if !found || captureKinds[kind] == 0 || name == "" {
			continue
		}
		number, ok := b.names.variable(name)
		if !ok {
			return b.fail(o, "too-many", "more than 65535 variable names", "", "")
		}
		e.captures = append(e.captures, capture{kind: captureKinds[kind], name: number, group: i + 1})
	}
	return nil
}
