package keyword

import (
	"spanwatch/signatures/rule"
)

// Content is a byte pattern with the window it is looked for in. Immutable
// once its rule is compiled.
type Content struct {
	Pattern []byte // lower case iff NoCase
	NoCase  bool
	Negated bool

	StartsWith, EndsWith bool
	// FastPattern is what the rule said; Chop is the part of Pattern that
	// fast_pattern:offset,length picked, all of it otherwise.
	FastPattern bool
	Chop        struct{ Offset, Length int32 }

	hasOffset, hasDepth, hasDistance, hasWithin bool
	// relative: the window hangs on the cursor.
	relative bool
	// converted: offset and depth were distance and within.
	converted                       bool
	offset, depth, distance, within bound
}

// bound is a number of bytes: written in the rule or read from a variable.
type bound struct {
	value    int32
	variable int8 // slot + 1; 0 for a fixed value
}

// fixed reports whether the bound is known when the rule is loaded.
func (b bound) fixed() bool { return b.variable == 0 }

// maxOffset limits what a variable may move a window by: beyond any buffer,
// and safe to add to.
const maxOffset = 1 << 30

func (b bound) of(m *Machine) int {
	if b.variable == 0 {
		return int(b.value)
	}
	return int(min(m.variables[b.variable-1], maxOffset))
}

// window returns the bytes [from, to) of the buffer that the content may lie
// in. from > to means that it cannot lie anywhere.
//
// Absolute: it starts at offset or later and ends at offset+depth or earlier.
// Relative: it starts at cursor+distance or later and ends at
// cursor+distance+within or earlier; a negative distance stops at the start of
// the buffer; offset and depth, which are rarely given too, count from the
// start of the buffer and from the cursor.
func (c *Content) window(m *Machine, cursor int) (from, to int) {
	to = len(m.data)
	if c.relative {
		distance := 0
		if c.hasDistance {
			distance = c.distance.of(m)
		}
		from = max(cursor+distance, 0)
		if c.hasWithin {
			to = min(to, cursor+distance+c.within.of(m))
		}
		if c.hasDepth {
			to = min(to, cursor+c.offset.of(m)+c.depth.of(m))
		}
		if c.hasOffset {
			from = max(from, c.offset.of(m))
		}
		return from, to
	}
	// Absolute positions count from the start of the buffer, of which data may
	// be a later piece.
	from = c.offset.of(m) - m.base
	if c.hasDepth {
		to = min(to, from+c.depth.of(m))
	}
	return max(from, 0), to
}

// find returns the end of the first occurrence in m.data[from:to], or -1. With
// endswith the occurrence must end where the buffer ends.
func (c *Content) find(m *Machine, from, to int) int {
	n, data := len(c.Pattern), m.data
	if c.EndsWith {
		if to < len(data) || m.open {
			return -1
		}
		from = max(from, to-n)
	}
	if from < 0 || to-from < n {
		return -1
	}
	var i int
	if c.NoCase {
		i = indexFold(data[from:to], c.Pattern)
	} else {
		i = index(data[from:to], c.Pattern)
	}
	if i < 0 {
		m.work += uint64(to-from) / searchedPerUnit
		return -1
	}
	m.work += uint64(i) / searchedPerUnit
	return from + i + n
}

// absentFrom reports whether a negated content is nowhere in its window. A
// window that is empty or outside of the buffer holds nothing.
func (c *Content) absentFrom(m *Machine, cursor int) bool {
	from, to := c.window(m, cursor)
	return c.find(m, from, to) < 0
}

// Anchored returns the place of the pattern when it can be in one place only.
func (c *Content) Anchored() (offset int, ok bool) {
	if c.relative || !c.hasDepth || !c.depth.fixed() || !c.offset.fixed() || int(c.depth.value) != len(c.Pattern) {
		return 0, false
	}
	return int(c.offset.value), true
}

// Window returns the bytes of the buffer in which the pattern must lie; ok is
// false when it can end anywhere.
func (c *Content) Window() (from, to int, ok bool) {
	if c.relative || !c.hasDepth || !c.depth.fixed() || !c.offset.fixed() {
		return 0, 0, false
	}
	return int(max(c.offset.value, 0)), int(c.offset.value + c.depth.value), true
}

// Positioned reports whether offset, depth, distance or within narrow the
// window.
func (c *Content) Positioned() bool {
	return c.hasOffset || c.hasDepth || c.hasDistance || c.hasWithin
}

// Fast returns the bytes that the prefilter is to look for.
func (c *Content) Fast() []byte {
	if c.Chop.Length > 0 {
		return c.Pattern[c.Chop.Offset : c.Chop.Offset+c.Chop.Length]
	}
	return c.Pattern
}

// setContent is the keyword content: `content:[!]"text|hex|"`.
func setContent(b *Builder, o *rule.Option) *rule.Diagnostic {
	pattern, negated, d := b.quotedBytes(o)
	if d != nil {
		return d
	}
	if len(pattern) == 0 {
		return b.fail(o, "bad-value", "content is empty", "nothing to look for", "")
	}
	b.addContent(b.current(), o, &Content{Pattern: pattern, Negated: negated})
	return nil
}

// Absolute reports whether the rule gives offset or depth: a position that only
// a packet, or the first bytes of a stream, can satisfy. A distance that turned
// out to be absolute does not count, as in Suricata.
func (c *Content) Absolute() bool { return (c.hasOffset || c.hasDepth) && !c.converted }
