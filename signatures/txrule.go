package signatures

import (
	"cmp"
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
)

// txPart is one of the conditions that a transaction must satisfy, each at
// some time of its life: a buffer, a number or event, or the payload.
type txPart struct {
	list *keyword.List // of a buffer, or of the payload
	test keyword.TxTest
	hook bool // nothing but that the transaction is so far
	dirs keyword.DirectionSet
	// stage is the progress from which the condition can be decided. Once the
	// progress is beyond it, a condition that does not hold never will; of
	// stage 0 that is so when the transaction is complete.
	stage uint8
	rank  uint8 // parts of a lower rank come first
	files bool  // about a file: of several, each is asked about
	done  bool  // the hook waits for the end of the transaction's side
}

// onlyHook reports whether the stage of the rule's hook is all that it asks of a
// transaction.
func (s *Signature) onlyHook() bool { return s.hook != nil && len(s.parts) == 1 }

// maxTxParts is the number of bits in txMatch.held.
const maxTxParts = 30

// txParts are the conditions of s: that of the fast pattern first, then by
// stage, then as the rule has them.
func (s *Signature) txParts() []txPart {
	var parts []txPart
	if h := s.hook; h != nil {
		parts = append(parts, txPart{hook: true, dirs: h.Dirs, stage: h.Stage, rank: h.Stage, done: h.Done})
	}
	for _, t := range s.plan.TxTests {
		p := txPart{test: t, dirs: s.plan.Dirs}
		if h := s.hook; h != nil && keyword.AtHook(t) {
			p.stage, p.rank, p.done = h.Stage, h.Stage, h.Done
		}
		parts = append(parts, p)
	}
	for _, l := range s.tx {
		parts = append(parts, txPart{list: l, dirs: l.Dirs, stage: l.Source.From(), rank: l.Source.Stage, files: l.Source.Files()})
	}
	if s.payload != nil {
		parts = append(parts, txPart{list: s.payload, dirs: keyword.DirBoth})
	}
	slices.SortStableFunc(parts, func(a, b txPart) int {
		if fast := s.fast.list; fast != nil && (a.list == fast) != (b.list == fast) {
			if a.list == fast {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.rank, b.rank)
	})
	return parts
}

// txMatch is what is remembered of a signature on an unfinished transaction.
type txMatch struct {
	held   uint32 // parts that were satisfied, a bit each
	files  uint8  // files that the rule is done with
	file   uint8  // place of the last file that satisfied a part
	failed bool   // a part can never be satisfied
}

// nextFile makes ready for the files behind the one that completed the match:
// a rule about files matches a transaction once for each.
func (m *txMatch) nextFile(s *Signature) {
	for k := range s.parts {
		if s.parts[k].files {
			m.held &^= 1 << k
			m.files = max(m.files, m.file+1)
		}
	}
	if m.files == maxTxFiles {
		m.failed = true
	}
}

// maxTxFiles bounds the files of one transaction that rules are asked about.
const maxTxFiles = 250

// full is held when every part was satisfied.
func (s *Signature) full() uint32 { return 1<<len(s.parts) - 1 }

// txGroup is the signatures on transactions of one protocol, as far as they
// can match in one direction.
type txGroup struct {
	sigs    []*Signature // by order
	members []uint64     // a bit for the order of each
	always  []gate
	buffers []txBuffer
}

// txBuffer is a buffer that some fast pattern is in, after transforms.
type txBuffer struct {
	list *keyword.List // the first of those that name it
	sigs []*Signature  // whose fast pattern is in it
	// matcher finds those with a chance; without one, all have when the buffer
	// is there.
	matcher matcher
	// bit of txNote.searched; 0 for a buffer of several instances or pieces,
	// which may have more the next time, and beyond 64 buffers.
	bit uint64

	number  uint64 // in the group
	longest int    // bytes of the longest pattern of matcher
}

// grows reports whether the buffer comes in pieces of which each is searched
// in its new bytes only. What transforms make of a piece says nothing about
// the next.
func (b *txBuffer) grows() bool {
	return b.matcher != nil && b.list.Source.Streamed && len(b.list.Transforms) == 0
}

// newTxGroup makes the group of sigs, which are in inspection order.
//
// A rule with a fast pattern is a candidate when the pattern's buffer is
// looked at, which for most buffers is once, and from then on if it matched in
// part. That is so without the prefilter too.
func (b *groupBuilder) newTxGroup(sigs []*Signature) (g txGroup) {
	g.sigs = sigs
	if len(sigs) > 0 {
		g.members = make([]uint64, sigs[len(sigs)-1].order/64+1)
	}
	for _, s := range sigs {
		g.members[s.order/64] |= 1 << (s.order % 64)
	}
	searched := map[string][]*Signature{} // by what is searched
	var keys []string
	for _, s := range sigs {
		if s.triggered() && b.prefilter {
			continue // the matchers of payloads have it
		}
		if s.fast.content == nil {
			g.always = append(g.always, gateOf(s))
			continue
		}
		key := s.fast.list.Key()
		if searched[key] == nil {
			keys = append(keys, key)
		}
		searched[key] = append(searched[key], s)
	}
	for _, key := range keys {
		list := searched[key][0].fast.list
		buffer := txBuffer{list: list, sigs: searched[key], number: uint64(len(g.buffers))}
		for _, s := range buffer.sigs {
			buffer.longest = max(buffer.longest, len(s.fast.content.Fast()))
		}
		if b.prefilter {
			buffer.matcher, _ = b.matcher(buffer.sigs)
		}
		if !list.Source.Multi && !list.Source.Streamed && len(g.buffers) < 64 {
			buffer.bit = 1 << len(g.buffers)
		}
		g.buffers = append(g.buffers, buffer)
	}
	return g
}

// txGroups are the groups of each protocol and direction, by protocol; nil for
// one without rules.
type txGroups []*[2]txGroup

func (g txGroups) of(p app.Proto) *[2]txGroup {
	if int(p) < len(g) {
		return g[p]
	}
	return nil
}

// set enters the groups of a protocol.
func (g *txGroups) set(p app.Proto, groups *[2]txGroup) {
	for int(p) >= len(*g) {
		*g = append(*g, nil)
	}
	(*g)[p] = groups
}

// has reports whether s is in the group.
func (g *txGroup) has(s *Signature) bool {
	word := int(s.order / 64)
	return word < len(g.members) && g.members[word]>>(s.order%64)&1 != 0
}

// finished reports whether a part that does not hold now never will.
func (p *txPart) finished(tx app.Tx, dir decoders.Direction) bool {
	return tx.Complete(dir) || p.stage > 0 && tx.Progress(dir) > p.stage
}

// due reports whether the part can be decided: its buffer is there, as far as
// progress says.
func (p *txPart) due(tx app.Tx, dir decoders.Direction) bool {
	if p.done {
		return tx.Complete(dir)
	}
	return p.stage == 0 || tx.Progress(dir) >= p.stage || tx.Complete(dir)
}
