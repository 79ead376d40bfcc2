// Package pack keeps the many small parts of a ruleset side by side in few large
// blocks.
//
//	Of[T]  .Slice(n) ─► n zeroed T, a part of a block
//	Text   .Keep(s)  ─► a string like s, a part of a block
//
// What is loaded together is dropped together. Were each part an allocation of its
// own, those that outlive loading would lie between those that do not, and when a
// reload has dropped them, the holes they leave would be as many as the pages: the
// collector could give none back. In blocks, parts take no more than their size,
// and a ruleset that nobody uses any more frees its blocks whole. A block is in
// memory as long as any part of it is used.
package pack

import (
	"strings"
	"unsafe"
)

// blockBytes is the size of a block: more than what the runtime puts together with
// other allocations (32 KiB), so that a block has its pages for itself.
const blockBytes = 64 << 10

// Of makes values of one type. The zero value is ready; one goroutine.
type Of[T any] struct{ rest []T }

// Slice returns n zeroed values; appending to them makes a copy elsewhere.
func (p *Of[T]) Slice(n int) []T {
	if n > len(p.rest) {
		var element T
		most := blockBytes / max(int(unsafe.Sizeof(element)), 1)
		if n > most/8 && n > 1 {
			return make([]T, n) // rather than giving up what is left of the block
		}
		p.rest = make([]T, most)
	}
	s := p.rest[:n:n]
	p.rest = p.rest[n:]
	return s
}

// Copy returns a copy of s, nil for none.
func (p *Of[T]) Copy(s []T) []T {
	if len(s) == 0 {
		return nil
	}
	c := p.Slice(len(s))
	copy(c, s)
	return c
}

// Put returns the place of a copy of v.
func (p *Of[T]) Put(v T) *T {
	s := p.Slice(1)
	s[0] = v
	return &s[0]
}

// Text makes strings. The zero value is ready; one goroutine.
type Text struct{ block strings.Builder }

// Keep returns a string equal to s that does not refer to its bytes.
func (t *Text) Keep(s string) string {
	if len(s) > blockBytes/8 {
		return strings.Clone(s)
	}
	if t.block.Len()+len(s) > t.block.Cap() {
		t.block.Reset()
		t.block.Grow(blockBytes)
	}
	at := t.block.Len()
	t.block.WriteString(s)
	return t.block.String()[at:]
}
