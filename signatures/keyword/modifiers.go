package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// modify makes the Setup of a modifier that needs the content before it.
func modify(apply func(b *Builder, o *rule.Option, l *List, c *Content) *rule.Diagnostic) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		l, i, d := b.lastContent(o)
		if d != nil {
			return d
		}
		return apply(b, o, l, l.Chain.nodes[i].content)
	}
}

func setNocase(b *Builder, o *rule.Option, _ *List, c *Content) *rule.Diagnostic {
	if c.NoCase {
		return b.fail(o, "duplicate-option", "nocase is given twice for one content", "", "")
	}
	c.NoCase = true
	return nil
}

func setDepth(b *Builder, o *rule.Option, _ *List, c *Content) (d *rule.Diagnostic) {
	if c.StartsWith {
		return b.exclusive(o, "startswith")
	}
	if c.hasDepth {
		return b.again(o)
	}
	c.hasDepth = true
	c.depth, d = b.unsignedBound(o, o.Value, maxPosition)
	return d
}

func setOffset(b *Builder, o *rule.Option, _ *List, c *Content) (d *rule.Diagnostic) {
	if c.StartsWith {
		return b.exclusive(o, "startswith")
	}
	if c.hasOffset {
		return b.again(o)
	}
	c.hasOffset = true
	c.offset, d = b.unsignedBound(o, o.Value, maxPosition)
	return d
}

func setDistance(b *Builder, o *rule.Option, _ *List, c *Content) (d *rule.Diagnostic) {
	if c.StartsWith {
		return b.exclusive(o, "startswith")
	}
	if c.hasDistance {
		return b.again(o)
	}
	c.hasDistance = true
	c.distance, d = b.signedBound(o, o.Value, maxPosition)
	return d
}

func setWithin(b *Builder, o *rule.Option, _ *List, c *Content) (d *rule.Diagnostic) {
	if c.StartsWith {
		return b.exclusive(o, "startswith")
	}
	if c.hasWithin {
		return b.again(o)
	}
	c.hasWithin = true
	c.within, d = b.unsignedBound(o, o.Value, maxPosition)
	return d
}

// maxPosition bounds distance and the like, as the language does: 1 MiB.
const maxPosition = 1 << 20

func setStartsWith(b *Builder, o *rule.Option, _ *List, c *Content) *rule.Diagnostic {
	if c.Positioned() {
		return b.fail(o, "bad-combination", "startswith with depth, offset, distance or within", "startswith is offset 0 with the content's length as depth", "leave one of them out")
	}
	c.StartsWith = true
	c.hasOffset, c.hasDepth = true, true
	c.depth = bound{value: int32(len(c.Pattern))}
	return nil
}

func setEndsWith(_ *Builder, _ *rule.Option, _ *List, c *Content) *rule.Diagnostic {
	c.EndsWith = true
	return nil
}

// setRawbytes does nothing: there is one form of every buffer.
func setRawbytes(*Builder, *rule.Option, *List, *Content) *rule.Diagnostic { return nil }

// setReplace checks a replacement and forgets it: only a sensor in the path
// of packets can rewrite them.
func setReplace(b *Builder, o *rule.Option, l *List, c *Content) *rule.Diagnostic {
	text, negated, d := b.quotedBytes(o)
	if d != nil {
		return d
	}
	if negated || len(text) != len(c.Pattern) {
		return b.badValue(o, "replace must be as long as its content")
	}
	if !l.Payload() || c.Negated {
		return b.fail(o, "bad-combination", "replace is for contents of the packet payload", "", "")
	}
	b.warn(o, "inert", "replace has no effect", "this sensor is not in the path of packets")
	return nil
}

// setFastPattern is the keyword fast_pattern, fast_pattern:only and
// fast_pattern:offset,length.
func setFastPattern(b *Builder, o *rule.Option, l *List, c *Content) *rule.Diagnostic {
	if l.Source != nil && l.Source.Packet != nil && !o.HasValue {
		// Header buffers are not in a prefilter; the wish changes no result.
		c.FastPattern = true
		return nil
	}
	c.FastPattern = true
	if !o.HasValue || o.Value == "only" {
		return nil
	}
	offset, length, ok := strings.Cut(o.Value, ",")
	from, ok1 := parseUnsigned(offset)
	size, ok2 := parseUnsigned(length)
	if !ok || !ok1 || !ok2 || size == 0 || from+size > uint64(len(c.Pattern)) || from > uint64(len(c.Pattern)) {
		return b.badValue(o, "fast_pattern:offset,length must lie within the content")
	}
	c.Chop.Offset, c.Chop.Length = int32(from), int32(size)
	return nil
}

func (b *Builder) exclusive(o *rule.Option, with string) *rule.Diagnostic {
	return b.fail(o, "bad-combination", o.Name+" with "+with, "both say where the content lies", "leave one of them out")
}

func (b *Builder) again(o *rule.Option) *rule.Diagnostic {
	return b.fail(o, "duplicate-option", o.Name+" is given twice for one content", "", "")
}
