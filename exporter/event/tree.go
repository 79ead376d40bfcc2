package event

import (
	"fmt"
	"strconv"
	"strings"
)

// accountingSection is the part of the tree that EVE does not have.
const accountingSection = "accounting"

// Tree is an ordered tree of counters, filled by path and written as nested
// objects:
//
//	t.Set("decoder.pkts", 7)
//	t.Set("detect.engines[0].rules_loaded", 14966)
//
// Members keep the order in which they were first set. Names may not contain
// dots. Values may be set again: a sensor builds the tree once and refreshes
// it, which does not allocate. One goroutine at a time.
type Tree struct {
	nodes []node // nodes[0] is the root
	index map[string]int32
}

type node struct {
	name        string // "" for elements of a list
	kind        nodeKind
	value       int64
	text        string
	first, last int32 // children; 0 is none
	next        int32 // sibling; 0 is none
}

type nodeKind uint8

const (
	kindObject nodeKind = iota
	kindList
	kindInt
	kindText
)

// NewTree returns an empty tree.
func NewTree() *Tree {
	return &Tree{nodes: make([]node, 1), index: make(map[string]int32)}
}

// Set puts a number at path, in place of what was there. It panics when path
// is malformed or contradicts an earlier one (a number where an object is, a
// list with a hole): paths are constants of the program, never input.
func (t *Tree) Set(path string, v uint64) { t.SetInt(path, int64(v)) }

// SetInt is Set for a number that may be negative, such as a balance.
func (t *Tree) SetInt(path string, v int64) {
	n := t.leaf(path, kindInt)
	n.value = v
}

// SetText puts a text at path; see Set.
func (t *Tree) SetText(path, v string) {
	n := t.leaf(path, kindText)
	n.text = v
}

// SetTime puts a time, in nanoseconds since 1970, at path; see Set.
func (t *Tree) SetTime(path string, ns int64) {
	n := t.leaf(path, kindText)
	if n.text == "" || n.value != ns {
		var c clock
		n.text, n.value = string(c.append(nil, ns)), ns
	}
}

func (t *Tree) leaf(path string, kind nodeKind) *node {
	i, ok := t.index[path]
	if !ok {
		i = t.insert(path, kind)
		t.index[path] = i
	}
	if t.nodes[i].kind != kind {
		panic(fmt.Sprintf("event: %q has two kinds", path))
	}
	return &t.nodes[i]
}

func (t *Tree) insert(path string, kind nodeKind) int32 {
	at := int32(0)
	segments := strings.Split(path, ".")
	for i, segment := range segments {
		name, element, isElement := cutElement(segment)
		if name == "" {
			panic(fmt.Sprintf("event: empty name in path %q", path))
		}
		last := i == len(segments)-1
		switch {
		case isElement:
			at = t.child(at, name, kindList, path)
			at = t.element(at, element, last, kind, path)
		case last:
			at = t.child(at, name, kind, path)
		default:
			at = t.child(at, name, kindObject, path)
		}
	}
	return at
}

// cutElement takes engines[0] apart.
func cutElement(segment string) (name string, element int, ok bool) {
	name, rest, found := strings.Cut(segment, "[")
	if !found {
		return segment, 0, false
	}
	element, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil || !strings.HasSuffix(rest, "]") {
		return "", 0, false
	}
	return name, element, true
}

func (t *Tree) child(parent int32, name string, kind nodeKind, path string) int32 {
	if t.nodes[parent].kind != kindObject {
		panic(fmt.Sprintf("event: path %q goes through a value", path))
	}
	for i := t.nodes[parent].first; i != 0; i = t.nodes[i].next {
		if t.nodes[i].name != name {
			continue
		}
		if t.nodes[i].kind != kind {
			panic(fmt.Sprintf("event: path %q contradicts an earlier one", path))
		}
		return i
	}
	return t.link(parent, node{name: name, kind: kind})
}

func (t *Tree) element(list int32, want int, leaf bool, kind nodeKind, path string) int32 {
	if !leaf {
		kind = kindObject
	}
	n := 0
	for i := t.nodes[list].first; i != 0; i = t.nodes[i].next {
		if n == want {
			if t.nodes[i].kind != kind {
				panic(fmt.Sprintf("event: path %q contradicts an earlier one", path))
			}
			return i
		}
		n++
	}
	if n != want {
		panic(fmt.Sprintf("event: path %q leaves a hole in a list", path))
	}
	return t.link(list, node{kind: kind})
}

func (t *Tree) link(parent int32, n node) int32 {
	i := int32(len(t.nodes))
	t.nodes = append(t.nodes, n)
	if last := t.nodes[parent].last; last != 0 {
		t.nodes[last].next = i
	} else {
		t.nodes[parent].first = i
	}
	t.nodes[parent].last = i
	return i
}

// append writes the members of the root, each after a comma.
func (t *Tree) append(dst []byte, strict bool) []byte {
	for i := t.nodes[0].first; i != 0; i = t.nodes[i].next {
		if strict && t.nodes[i].name == accountingSection {
			continue
		}
		dst = t.appendNode(append(dst, ','), i)
	}
	return dst
}

func (t *Tree) appendNode(dst []byte, i int32) []byte {
	n := &t.nodes[i]
	if n.name != "" {
		dst = AppendString(dst, n.name)
		dst = append(dst, ':')
	}
	switch n.kind {
	case kindInt:
		return strconv.AppendInt(dst, n.value, 10)
	case kindText:
		return AppendString(dst, n.text)
	}
	open, end := byte('{'), byte('}')
	if n.kind == kindList {
		open, end = '[', ']'
	}
	dst = append(dst, open)
	for c := n.first; c != 0; c = t.nodes[c].next {
		if c != n.first {
			dst = append(dst, ',')
		}
		dst = t.appendNode(dst, c)
	}
	return append(dst, end)
}
