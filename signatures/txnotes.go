package signatures

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// txNotes are what the flows of one worker must remember of unfinished
// transactions: what was searched already, and which signatures matched in
// part or in full.
//
//	flowMemory.txs ─► head ─► head ─► …      one for each transaction of the flow
//	                  │
//	TxState.Detect ───┘──► match ─► match   one for each signature
//
// Memory is bounded; what cannot be kept is counted: a rule may then alert
// twice for a transaction, or miss what it should remember.
type txNotes struct {
	slab    []txNote
	free    uint32
	limit   int
	inUse   int
	heads   uint64 // made so far
	refused uint64
}

// txNote is a head or a match. A match names its signature by sid and gid, so
// that it outlives a swap of rulesets; order is where to look first.
type txNote struct {
	next  uint32
	first uint32 // of a head: its matches

	serial   uint64    // of a head: no other ever has it
	searched [2]uint64 // of a head: buffers that were searched, by direction

	bits uint64 // of a head: bits of the transaction (xbits with track tx)

	// generation of the ruleset that searched and bits are about, of a head; see Swap.
	generation uint32

	order, sid, gid uint32 // of a match
	print           uint32 // of the rule as it was when it matched in part
	match           txMatch
	dir             decoders.Direction
	bothWays        bool // of a match: the rule is about both sides
}

func newTxNotes(limit int) txNotes { return txNotes{slab: make([]txNote, 1, 64), limit: limit} }

// of reports whether a match is about s. A rule that was changed meanwhile is
// another one: what the old one matched says nothing about its parts.
func (m *txNote) of(s *Signature) bool {
	return m.print == s.print && m.sid == s.Sid() && m.gid == s.Gid()
}

// head returns the transaction's head, nil when there is none.
func (n *txNotes) head(state *app.TxState) *txNote {
	if i := state.Detect[0]; i != 0 {
		return &n.slab[i]
	}
	return nil
}

// open returns the transaction's head, making it when there is none; nil when
// memory is used up. A later call of add may move it.
func (n *txNotes) open(f *flowMemory, tx app.Tx, generation uint32) *txNote {
	state := tx.State()
	if h := n.head(state); h != nil {
		return h
	}
	i := n.take()
	if i == 0 {
		return nil
	}
	n.heads++
	n.slab[i] = txNote{next: f.txs, serial: n.heads, generation: generation}
	f.txs, state.Detect[0] = i, i
	return &n.slab[i]
}

// matches returns the handle of the transaction's first match, 0 for none.
func (n *txNotes) matches(tx app.Tx) uint32 {
	if h := n.head(tx.State()); h != nil {
		return h.first
	}
	return 0
}

// find returns what is remembered of s on a transaction, nil for nothing.
func (n *txNotes) find(tx app.Tx, s *Signature, dir decoders.Direction) *txNote {
	for i := n.matches(tx); i != 0; i = n.slab[i].next {
		if m := &n.slab[i]; m.of(s) && (m.bothWays || m.dir == dir) {
			return m
		}
	}
	return nil
}

// add remembers a match of s in part or in full.
func (n *txNotes) add(f *flowMemory, tx app.Tx, generation uint32, s *Signature, dir decoders.Direction, match txMatch) {
	if n.open(f, tx, generation) == nil {
		return
	}
	i := n.take()
	if i == 0 {
		return
	}
	h := n.head(tx.State())
	n.slab[i] = txNote{next: h.first, order: s.order, sid: s.Sid(), gid: s.Gid(), print: s.print, match: match, dir: dir, bothWays: s.bothWays}
	h.first = i
}

// close forgets what only one direction of a transaction needed.
func (n *txNotes) close(f *flowMemory, tx app.Tx, dir decoders.Direction) {
	state := tx.State()
	h := n.head(state)
	if h == nil {
		return
	}
	for at := &h.first; *at != 0; {
		i := *at
		if m := &n.slab[i]; m.bothWays || m.dir != dir {
			at = &m.next
			continue
		}
		*at = n.slab[i].next
		n.give(i)
	}
	h.searched[dir] = 0
	if h.first == 0 && h.searched[dir.Opposite()] == 0 && h.bits == 0 {
		n.forget(f, state)
	}
}

// forget gives back everything about a transaction.
func (n *txNotes) forget(f *flowMemory, state *app.TxState) {
	gone := state.Detect[0]
	if gone == 0 {
		return
	}
	state.Detect[0] = 0
	for at := &f.txs; *at != 0; at = &n.slab[*at].next {
		if *at == gone {
			*at = n.slab[gone].next
			n.giveHead(gone)
			return
		}
	}
}

// release gives back everything about a flow's transactions.
func (n *txNotes) release(f *flowMemory) {
	for i := f.txs; i != 0; {
		next := n.slab[i].next
		n.giveHead(i)
		i = next
	}
	f.txs = 0
}

func (n *txNotes) giveHead(head uint32) {
	for i := n.slab[head].first; i != 0; {
		next := n.slab[i].next
		n.give(i)
		i = next
	}
	n.give(head)
}

func (n *txNotes) take() uint32 {
	i := n.free
	switch {
	case i != 0:
		n.free = n.slab[i].next
	case len(n.slab) <= n.limit:
		n.slab = append(n.slab, txNote{})
		i = uint32(len(n.slab) - 1)
	default:
		n.refused++
		return 0
	}
	n.inUse++
	return i
}

func (n *txNotes) give(i uint32) {
	n.slab[i] = txNote{next: n.free}
	n.free = i
	n.inUse--
}
