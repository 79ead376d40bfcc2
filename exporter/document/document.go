package document

import (
	"bytes"
	"errors"
	"fmt"
)

// Kind is the kind of a JSON value.
type Kind uint8

// Kinds of values.
const (
	Object Kind = iota
	Array
	String
	Number
	Bool
	Null
)

// Node is a value of a Doc. Root is valid after Parse; None is no value.
type Node int32

// Nodes that need no look-up.
const (
	Root Node = 0
	None Node = -1
)

type node struct {
	name        []byte // of a member, without quotes
	raw         []byte // of a scalar, as written
	kind        Kind
	first, last Node // children
	next        Node // sibling
}

// Doc is one JSON object.
type Doc struct {
	nodes []node
}

// ErrSyntax says that a text is not one JSON object, or is nested too deeply.
var ErrSyntax = errors.New("not an event")

// maxDepth is more than any event has; it bounds the recursion.
const maxDepth = 32

// Parse reads text, one JSON object, and keeps pointing into it.
func (d *Doc) Parse(text []byte) error {
	d.nodes = d.nodes[:0]
	p := parser{doc: d, text: text}
	n, err := p.value(0)
	if err != nil {
		return err
	}
	p.space()
	if p.at != len(text) || d.nodes[n].kind != Object {
		return fmt.Errorf("%w: want one object", ErrSyntax)
	}
	return nil
}

func (d *Doc) add(kind Kind, raw []byte) Node {
	d.nodes = append(d.nodes, node{kind: kind, raw: raw, first: None, last: None, next: None})
	return Node(len(d.nodes) - 1)
}

func (d *Doc) link(parent, child Node) {
	p := &d.nodes[parent]
	if p.last == None {
		p.first = child
	} else {
		d.nodes[p.last].next = child
	}
	d.nodes[parent].last = child
	d.nodes[child].next = None
}

// Kind is the kind of n.
func (d *Doc) Kind(n Node) Kind { return d.nodes[n].kind }

// Name is the name of a member, without quotes.
func (d *Doc) Name(n Node) []byte { return d.nodes[n].name }

// Raw is a scalar as JSON writes it, a string with its quotes.
func (d *Doc) Raw(n Node) []byte { return d.nodes[n].raw }

// First is the first child of an object or array, or None.
func (d *Doc) First(n Node) Node { return d.nodes[n].first }

// Next is the sibling behind n, or None.
func (d *Doc) Next(n Node) Node { return d.nodes[n].next }

// Child is the member name of n; None when n has none, or is None.
func (d *Doc) Child(n Node, name string) Node {
	if n == None || d.nodes[n].kind != Object {
		return None
	}
	for c := d.nodes[n].first; c != None; c = d.nodes[c].next {
		if string(d.nodes[c].name) == name {
			return c
		}
	}
	return None
}

// Remove takes child away from parent.
func (d *Doc) Remove(parent, child Node) {
	before := None
	for c := d.nodes[parent].first; c != None; before, c = c, d.nodes[c].next {
		if c != child {
			continue
		}
		if before == None {
			d.nodes[parent].first = d.nodes[c].next
		} else {
			d.nodes[before].next = d.nodes[c].next
		}
		if d.nodes[parent].last == c {
			d.nodes[parent].last = before
		}
		d.nodes[c].next = None
		return
	}
}

// SetRaw replaces a value by a scalar. raw is kept.
func (d *Doc) SetRaw(n Node, kind Kind, raw []byte) {
	x := &d.nodes[n]
	x.kind, x.raw, x.first, x.last = kind, raw, None, None
}

// New makes a value that hangs nowhere yet.
func (d *Doc) New(kind Kind, raw []byte) Node { return d.add(kind, raw) }

// Attach makes child, which hangs nowhere, the last member or element of
// parent. name is ignored for an array.
func (d *Doc) Attach(parent Node, name []byte, child Node) {
	d.nodes[child].name = name
	d.link(parent, child)
}

// Rename gives a member another name.
func (d *Doc) Rename(n Node, name []byte) { d.nodes[n].name = name }

// Empty says whether an object or array has no children.
func (d *Doc) Empty(n Node) bool {
	k := d.nodes[n].kind
	return (k == Object || k == Array) && d.nodes[n].first == None
}

// Append writes n as JSON.
func (d *Doc) Append(dst []byte, n Node) []byte {
	x := &d.nodes[n]
	switch x.kind {
	case Object:
		dst = append(dst, '{')
		for c := x.first; c != None; c = d.nodes[c].next {
			if c != x.first {
				dst = append(dst, ',')
			}
			dst = append(dst, '"')
			dst = append(dst, d.nodes[c].name...)
			dst = append(dst, '"', ':')
			dst = d.Append(dst, c)
		}
		return append(dst, '}')
	case Array:
		dst = append(dst, '[')
		for c := x.first; c != None; c = d.nodes[c].next {
			if c != x.first {
				dst = append(dst, ',')
			}
			dst = d.Append(dst, c)
		}
		return append(dst, ']')
	}
	return append(dst, x.raw...)
}

// Text is the content of a string whose bytes need no unescaping; ok is false
// for other values, and for strings with escapes.
func (d *Doc) Text(n Node) (text []byte, ok bool) {
	if n == None || d.nodes[n].kind != String {
		return nil, false
	}
	raw := d.nodes[n].raw
	text = raw[1 : len(raw)-1]
	return text, bytes.IndexByte(text, '\\') < 0
}
