package signatures

import (
	"slices"

	"spanwatch/signatures/keyword"
)

// streamScans remember what of streamed buffers was given to matchers, so that
// a window that moves on is searched in its new bytes only:
//
//	piece before  ├──────── window ────────┤
//	piece now            ├──────── window ────────┼── new ──┤
//	searched now                           ├ overlap ─ new ─┤
//	remembered           patterns found here ─────┘
//
// It is a cache without chains: what another buffer displaced is searched
// whole again, as is a buffer whose pieces do not continue each other.
type streamScans struct {
	slots [streamScanSlots]streamScan
}

const (
	streamScanSlots = 512 // at most this many bodies at a time, each 64 bytes and its hits
	maxStreamHits   = 64  // of one buffer; with more of them it is searched whole
)

// streamScan is one buffer of one direction of a transaction.
type streamScan struct {
	head     uint64    // txNote.serial of the transaction, 0 of none
	buffer   *txBuffer // of the ruleset in use
	instance int
	from, to int // offsets of the piece that was searched last, in bytes of the buffer
	hits     []streamHit
}

// streamHit is a signature whose fast pattern was found, at the latest up to
// end.
type streamHit struct {
	order uint32
	end   int
}

// slot returns the place of a buffer, which is empty when it held another one.
func (c *streamScans) slot(head uint64, b *txBuffer, instance int) *streamScan {
	s := &c.slots[(head*31+b.number*7+uint64(instance))%streamScanSlots]
	if s.head != head || s.buffer != b || s.instance != instance {
		*s = streamScan{head: head, buffer: b, instance: instance, hits: s.hits[:0]}
	}
	return s
}

// clear forgets everything: another ruleset has other buffers.
func (c *streamScans) clear() { *c = streamScans{} }

// continues reports whether p is the piece after the last, or that again.
func (s *streamScan) continues(p *keyword.Piece) bool {
	return p.Offset >= s.from && p.Offset <= s.to && s.to <= p.Offset+len(p.Data)
}

// scanStream adds the signatures whose fast pattern occurs in a piece of a
// streamed buffer to i.ids, and perhaps some whose pattern the window has left
// in part.
func (i *Inspector) scanStream(s *streamScan, p keyword.Piece) {
	n := len(i.ids)
	i.searchStream(s, p)
	i.admit(n)
}

// searchStream is scanStream for signatures with any gate: what is shut for this
// packet may be open for one with the next piece.
func (i *Inspector) searchStream(s *streamScan, p keyword.Piece) {
	fresh := p.Data
	if s.continues(&p) {
		fresh = p.Data[max(0, s.to-s.buffer.longest-p.Offset):]
		s.hits = slices.DeleteFunc(s.hits, func(h streamHit) bool { return h.end <= p.Offset })
		if s.to == p.Offset+len(p.Data) {
			fresh = nil
		}
	} else {
		s.hits = s.hits[:0]
	}
	for _, h := range s.hits {
		i.ids = append(i.ids, h.order)
	}
	s.from, s.to = p.Offset, p.Offset+len(p.Data)
	if len(fresh) == 0 {
		return
	}
	first := len(i.ids)
	i.search(s.buffer.matcher, fresh)
	for _, order := range i.ids[first:] {
		if !s.note(order) {
			s.head = 0 // searched whole the next time
			return
		}
	}
}

// note keeps a hit that ends with the piece at the latest; false when there
// are too many.
func (s *streamScan) note(order uint32) bool {
	for k := range s.hits {
		if s.hits[k].order == order {
			s.hits[k].end = s.to
			return true
		}
	}
	if len(s.hits) == maxStreamHits {
		return false
	}
	s.hits = append(s.hits, streamHit{order, s.to})
	return true
}
