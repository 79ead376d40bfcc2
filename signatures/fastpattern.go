package signatures

import (
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/prefilter"
)

// fastPattern is the content that makes a signature a candidate; nothing when
// the signature is inspected always.
type fastPattern struct {
	list    *keyword.List
	content *keyword.Content
}

// pattern is what a matcher is to look for. A buffer may come in pieces that
// begin anywhere in it; payloads and chunks are their own start.
func (f *fastPattern) pattern(id uint32) prefilter.Pattern {
	p := prefilter.Pattern{Bytes: f.content.Fast(), NoCase: f.content.NoCase, ID: id}
	whole := f.list.Payload() || !f.list.Source.Streamed && len(f.list.Transforms) == 0
	if from, to, ok := f.content.Window(); ok && whole && to > 0 {
		// Of a pattern that is cut out of a longer one, the rest has to fit too.
		p.From, p.Until = uint32(from+int(f.content.Chop.Offset)), uint32(to-(len(f.content.Pattern)-int(f.content.Chop.Offset)-len(p.Bytes)))
	}
	return p
}

// chooseFastPattern follows Suricata: the rule's own choice; else among
// contents that are not negated the best class of buffer, in it the longest
// pattern, then the strongest, then the buffer registered last, then the
// leftmost. Contents that no matcher can take leave the signature without.
//
// A negated content is never chosen, not even when the rule asks: absence
// cannot make a candidate without inspecting every buffer.
func chooseFastPattern(lists []*keyword.List) (best fastPattern) {
	var strength int
	for _, l := range lists {
		if l.Source != nil && l.Source.Packet != nil || l.Absent != keyword.AbsentNever {
			continue // headers are short and different: they are compared directly
		}
		for _, c := range l.Contents(nil) {
			if c.Negated || len(c.Fast()) < prefilter.MinPattern {
				continue
			}
			s := prefilter.Strength(c.Fast())
			if best.content == nil || better(l, c, s, best.list, best.content, strength) {
				best, strength = fastPattern{l, c}, s
			}
		}
	}
	return best
}

// better reports whether content a of list la is to be preferred to b.
func better(la *keyword.List, a *keyword.Content, strengthA int, lb *keyword.List, b *keyword.Content, strengthB int) bool {
	if a.FastPattern != b.FastPattern {
		return a.FastPattern
	}
	if ca, cb := la.FastClass(), lb.FastClass(); ca != cb {
		return ca < cb
	}
	if n, m := len(a.Fast()), len(b.Fast()); n != m {
		return n > m
	}
	if strengthA != strengthB {
		return strengthA > strengthB
	}
	return la.Order() > lb.Order()
}

// chooseTrigger returns the content of the payload that a signature on
// transactions waits for when no buffer has a fast pattern; nothing when what
// came before it might be missed so: conditions that may hold for an earlier
// packet and not for the one with the content, and buffers that move on.
func (s *Signature) chooseTrigger() fastPattern {
	if s.kind != TypeTx || s.fast.content != nil || s.payload == nil || s.bothWays || s.hook != nil ||
		len(s.plan.Tests) > 0 || len(s.packet) > 0 || s.plan.Variables > 0 {
		return fastPattern{}
	}
	for _, l := range s.tx {
		if l.Source.Streamed || l.Source.Multi || l.Source.From() == 0 {
			return fastPattern{}
		}
	}
	return chooseFastPattern([]*keyword.List{s.payload})
}
