package defrag

// pieceID names a piece; 0 is none.
type pieceID uint32

// piece is a range of the datagram whose bytes came with one fragment.
type piece struct {
	next       pieceID // in the datagram, by position; or in the free list
	start, end uint32
}

// pieceStore is a bounded slab of pieces with a free list.
type pieceStore struct {
	slab  []piece // slab[0] is unused
	free  pieceID
	inUse int
	limit int
}

func (s *pieceStore) available() int { return s.limit - s.inUse }

func (s *pieceStore) take(start, end uint32, next pieceID) pieceID {
	s.inUse++
	id := s.free
	if id != 0 {
		s.free = s.slab[id].next
	} else {
		if len(s.slab) == 0 {
			s.slab = append(s.slab, piece{})
		}
		id = pieceID(len(s.slab))
		s.slab = append(s.slab, piece{})
	}
	s.slab[id] = piece{next: next, start: start, end: end}
	return id
}

func (s *pieceStore) release(id pieceID) {
	s.slab[id].next = s.free
	s.free = id
	s.inUse--
}

func (s *pieceStore) releaseAll(list pieceID) {
	for list != 0 {
		next := s.slab[list].next
		s.release(list)
		list = next
	}
}

// meeting is what a fragment's range meets among the pieces of its datagram.
type meeting struct {
	before  pieceID // last piece that ends at or before the range; 0 when none
	first   pieceID // first piece that shares bytes with it; 0 when none
	count   int     // pieces that share bytes with it
	shared  uint32  // bytes that it shares with them
	overlap Overlap
}

// meet looks where f falls among the pieces of t. The search starts at the
// place of the fragment before when f lies behind it: fragments mostly come in
// order, and then it is one step whatever the number of pieces.
func (t *Table) meet(d *tracker, f *fragment) meeting {
	var m meeting
	id := d.pieces
	if d.lastPiece != 0 && t.pieces.slab[d.lastPiece].end <= f.from {
		m.before = d.lastPiece
		id = t.pieces.slab[d.lastPiece].next
	}
	for ; id != 0; id = t.pieces.slab[id].next {
		p := &t.pieces.slab[id]
		if p.end <= f.from {
			m.before = id
			continue
		}
		if p.start >= f.to {
			break
		}
		if m.first == 0 {
			m.first = id
		}
		m.count++
		m.shared += min(f.to, p.end) - max(f.from, p.start)
		m.overlap = max(m.overlap, t.compare(d, f, p))
	}
	return m
}

// compare says how f meets the piece p, with which it shares bytes.
func (t *Table) compare(d *tracker, f *fragment, p *piece) Overlap {
	from, to := max(f.from, p.start), min(f.to, p.end)
	switch {
	case !t.pages.equal(d.data, from, f.data[from-f.from:to-f.from]):
		return OverlapDifferent
	case p.start == f.from && p.end == f.to:
		return OverlapDuplicate
	default:
		return OverlapSame
	}
}

// insert gives f the bytes that the policy grants it. The caller has made sure
// of count+2 pieces and of the pages. Each held piece is compared as it is
// now, after earlier trimming, as the systems with a fragment list do.
func (t *Table) insert(d *tracker, f *fragment, m meeting) {
	pos := f.from // first byte of f that is not decided yet
	prev := m.before
	id := m.first
	if id == 0 {
		t.place(d, f, prev, f.from, f.to)
		return
	}
	for id != 0 && t.pieces.slab[id].start < f.to {
		p := &t.pieces.slab[id]
		next := p.next
		if !d.policy.newWins(f.from, f.to, p.start, p.end) {
			if pos < p.start {
				t.place(d, f, prev, pos, p.start)
			}
			pos = t.pieces.slab[id].end
			prev = id
			id = next
			continue
		}
		start, end := p.start, p.end
		switch {
		case start < f.from && end > f.to: // f lies inside: the piece falls apart
			p.end = f.from
			right := t.pieces.take(f.to, end, next)
			t.pieces.slab[id].next = right
			d.pieceCount++
			prev, next = id, right
		case start < f.from:
			p.end = f.from
			prev = id
		case end > f.to:
			p.start = f.to
			next = 0 // the rest lies behind f
		default:
			t.unlink(d, prev, id)
		}
		id = next
	}
	if pos < f.to {
		t.place(d, f, prev, pos, f.to)
	}
}

// place makes the bytes [from,to) of f a piece behind prev.
func (t *Table) place(d *tracker, f *fragment, prev pieceID, from, to uint32) {
	next := d.pieces
	if prev != 0 {
		next = t.pieces.slab[prev].next
	}
	id := t.pieces.take(from, to, next)
	if prev != 0 {
		t.pieces.slab[prev].next = id
	} else {
		d.pieces = id
	}
	d.pieceCount++
	d.lastPiece = id
	t.pages.write(&d.data, from, f.data[from-f.from:to-f.from])
}

func (t *Table) unlink(d *tracker, prev, id pieceID) {
	next := t.pieces.slab[id].next
	if prev != 0 {
		t.pieces.slab[prev].next = next
	} else {
		d.pieces = next
	}
	if d.lastPiece == id {
		d.lastPiece = prev
	}
	t.pieces.release(id)
	d.pieceCount--
}
