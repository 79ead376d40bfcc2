package keyword

import (
	"spanwatch/signatures/rule"
)

// finishList decides, now that all options are known, what depends on more
// than one of them, and checks what can never match.
func (b *Builder) finishList(l *List) *rule.Diagnostic {
	moved := false
	for i := range l.Chain.nodes {
		n := &l.Chain.nodes[i]
		c := n.content
		if c == nil {
			switch n.step.(type) {
			case *byteJump, *byteExtract, *byteMath:
				moved = true
			}
			moved = moved || n.pcre != nil && !n.pcre.negated
			continue
		}
		c.relative = c.hasDistance || c.hasWithin
		if c.relative && !moved {
			c.makeAbsolute()
		}
		if c.relative {
			l.markRelative(i)
		}
		if !c.Negated {
			moved = true
		}
		if d := b.checkContent(l, c); d != nil {
			return d
		}
	}
	l.Chain.MinLength = l.Chain.minLength()
	return nil
}

// makeAbsolute turns distance and within of a content that nothing precedes
// into offset and depth, which mean the same with the cursor at the start.
func (c *Content) makeAbsolute() {
	if !c.distance.fixed() || !c.within.fixed() || c.hasOffset || c.hasDepth {
		return
	}
	from := max(c.distance.value, 0)
	if c.hasWithin {
		// The window ends at distance+within, also when distance is negative.
		c.depth = bound{value: max(c.distance.value+c.within.value-from, 0)}
		c.hasDepth = true
	}
	if c.hasDistance {
		c.offset = bound{value: from}
		c.hasOffset = true
	}
	c.hasDistance, c.hasWithin, c.relative, c.converted = false, false, false, true
	c.distance, c.within = bound{}, bound{}
}

func (b *Builder) checkContent(l *List, c *Content) *rule.Diagnostic {
	n := len(c.Pattern)
	if c.hasDepth && c.depth.fixed() && int(c.depth.value) < n {
		return b.fail(b.option(c), "never-matches", "depth is smaller than the content", "the content cannot lie within it", "")
	}
	if c.hasWithin && c.within.fixed() && int(c.within.value) < n {
		return b.fail(b.option(c), "never-matches", "within is smaller than the content", "the content cannot lie within it", "")
	}
	if c.Negated && c.FastPattern && c.Positioned() {
		return b.fail(b.option(c), "bad-combination", "fast_pattern on a negated content with a position", "its absence elsewhere says nothing", "")
	}
	if size := l.size(); size != nil && !c.Negated {
		if _, most := size.want.Bounds(); uint64(n) > most {
			return b.fail(b.option(c), "never-matches", "content is longer than bsize allows", "", "")
		}
	}
	if what := impossible(b.lastTransform[l], c.Pattern); what != "" {
		return b.fail(b.option(c), "never-matches", what, "", "")
	}
	if c.NoCase {
		for i, ch := range c.Pattern {
			c.Pattern[i] = asciiLower[ch]
		}
	}
	if l.Source != nil && l.Source.Check != nil && len(l.Transforms) == 0 {
		if what := l.Source.Check(c); what != "" {
			return b.fail(b.option(c), "never-matches", what, "", "")
		}
	}
	return nil
}

// size returns the condition on the length of the buffer; nil without one.
func (l *List) size() *bufferSize {
	for i := len(l.Chain.nodes) - 1; i >= 0; i-- {
		if s, ok := l.Chain.nodes[i].step.(*bufferSize); ok {
			return s
		}
	}
	return nil
}

// minLength is the least length of a buffer in which every content that must
// be there can be.
func (c *Chain) minLength() int {
	least := 0
	for i := range c.nodes {
		k := c.nodes[i].content
		if k == nil || k.Negated {
			continue
		}
		n := len(k.Pattern)
		if !k.relative && k.offset.fixed() {
			n += int(k.offset.value)
		}
		least = max(least, n)
	}
	return least
}
