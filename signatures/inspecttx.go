package signatures

import (
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
)

// inspectTransactions tries the rules on the transactions that advanced, in
// the packet's direction. A rule matches a transaction once per direction, a
// transactional one (=>) once; until then what it matched is remembered, so
// that buffers of different packets combine.
func (i *Inspector) inspectTransactions(out []Match) []Match {
	if len(i.in.Txs) == 0 {
		return out
	}
	dir := i.in.Dir
	byDir := i.rules.transactions.of(i.in.App)
	for _, tx := range i.in.Txs {
		state := tx.State()
		if state.Done[dir] {
			continue
		}
		if u, ok := tx.(app.Unidirectional); ok && u.Direction() != dir {
			continue // the packet that acknowledges a message is none of it
		}
		if byDir != nil {
			out = i.inspectTx(&byDir[dir], tx, out)
		}
		if s, ok := tx.(app.Streamed); ok {
			s.Inspected(dir)
		}
		state.Looked[dir] = tx.Progress(dir)
		if tx.Complete(dir) {
			i.txDone(tx)
		}
	}
	return out
}

// silence keeps the record of a transaction from being written: of the match's
// own, or of a match on a packet the one that the packet goes on with.
func (i *Inspector) silence(tx app.Tx) {
	if tx == nil && len(i.in.Txs) > 0 {
		tx = i.in.Txs[0]
	}
	if tx != nil {
		tx.State().Silent = true
	}
}

// txDone notes that one direction of a transaction needs no further look.
func (i *Inspector) txDone(tx app.Tx) {
	state, dir := tx.State(), i.in.Dir
	state.Done[dir] = true
	if _, oneWay := tx.(app.Unidirectional); oneWay {
		state.Done[dir.Opposite()] = true
	}
	if i.in.Flow == nil {
		return
	}
	if state.Done[dir.Opposite()] {
		i.txs.forget(&i.flow, state)
		return
	}
	i.txs.close(&i.flow, tx, dir)
}

// inspectTx tries the rules of one group: those whose fast pattern is in a
// buffer, those whose trigger is in the payload, those that matched in part
// before, and those without a pattern.
func (i *Inspector) inspectTx(g *txGroup, tx app.Tx, out []Match) []Match {
	dir := i.in.Dir
	i.ids = i.ids[:0]
	i.searchTx(g, tx)
	for n := i.txs.matches(tx); n != 0; n = i.txs.slab[n].next {
		if m := &i.txs.slab[n]; m.bothWays || m.dir == dir {
			if s := i.noted(m); s != nil && g.has(s) {
				i.ids = append(i.ids, s.order)
			}
		}
	}
	for _, id := range i.triggered {
		if g.has(i.rules.signatures[id]) {
			i.ids = append(i.ids, id)
		}
	}
	i.addAlways(g.always)
	i.sortCandidates()
	for _, id := range i.ids {
		out = i.tryTx(i.rules.signatures[id], tx, out)
	}
	return out
}

// noted returns the signature that a match is about, nil when the ruleset in
// use lacks it.
func (i *Inspector) noted(m *txNote) *Signature {
	if sigs := i.rules.signatures; int(m.order) < len(sigs) {
		if s := sigs[m.order]; m.of(s) {
			return s
		}
	}
	if s := i.rules.byID[ruleID{m.gid, m.sid}]; s != nil && m.of(s) {
		m.order = s.order
		return s
	}
	return nil
}

// searchTx looks for fast patterns in the transaction's buffers. A buffer that
// cannot change any more is searched once.
func (i *Inspector) searchTx(g *txGroup, tx app.Tx) {
	dir := i.in.Dir
	var before uint64
	if h := i.txs.head(tx.State()); h != nil {
		if h.generation != i.generation {
			i.renew(h)
		}
		before = h.searched[dir]
	}
	searched := before
	for k := range g.buffers {
		b := &g.buffers[k]
		if b.bit&before != 0 {
			continue
		}
		for n := 0; ; n++ {
			piece, ok := i.txPiece(b.list, tx, dir, n)
			if !ok {
				break
			}
			if b.matcher == nil {
				i.addAll(b.sigs)
			} else if scan := i.streamScan(b, tx, n); scan != nil {
				i.scanStream(scan, piece)
			} else if data, ok := i.machine.Transformed(b.list, piece.Data); ok {
				i.scan(b.matcher, data)
			}
			searched |= b.bit
			if !b.list.Source.Multi {
				break
			}
		}
	}
	if searched != before && i.in.Flow != nil && !tx.Complete(dir) {
		if h := i.txs.open(&i.flow, tx, i.generation); h != nil {
			h.searched[dir] = searched
		}
	}
}

// streamScan returns what is remembered of a streamed buffer; nil when its
// pieces are searched whole.
func (i *Inspector) streamScan(b *txBuffer, tx app.Tx, instance int) *streamScan {
	if !b.grows() || i.in.Flow == nil {
		return nil
	}
	h := i.txs.head(tx.State())
	if h == nil && !tx.Complete(i.in.Dir) {
		h = i.txs.open(&i.flow, tx, i.generation)
	}
	if h == nil {
		return nil
	}
	return i.scans.slot(h.serial, b, instance)
}

func (i *Inspector) addAll(sigs []*Signature) {
	for _, s := range sigs {
		i.ids = append(i.ids, s.order)
	}
}

// txPiece returns instance n of a list's buffer, as much of it as is due.
func (i *Inspector) txPiece(l *keyword.List, tx app.Tx, dir decoders.Direction, n int) (p keyword.Piece, ok bool) {
	buffer := l.Source.Buffer.In(dir)
	if !l.Source.Streamed {
		p.Data, ok = tx.Buffer(buffer, n)
		if l.Source.Buffer == app.DCEStubData {
			little, _ := tx.Integer(app.DCELittle, 0)
			p.Little = little != 0
		}
		return p, ok
	}
	s, ok := tx.(app.Streamed)
	if !ok {
		return p, false
	}
	piece, ok := s.Stream(buffer, n)
	return keyword.Piece{Data: piece.Data, Offset: int(piece.Offset), Open: !piece.EOF}, ok
}

// tryTx evaluates one signature on a transaction. Conditions on packet and
// flow are asked when nothing is remembered of it, so those of the packet that
// satisfied the first part decide.
func (i *Inspector) tryTx(s *Signature, tx app.Tx, out []Match) []Match {
	if i.costs == nil {
		return i.evaluateTx(s, tx, out)
	}
	start, n := i.costs.begin(i), len(out)
	out = i.evaluateTx(s, tx, out)
	i.costs.end(i, s, start, len(out)-n)
	return out
}

func (i *Inspector) evaluateTx(s *Signature, tx app.Tx, out []Match) []Match {
	dir := i.in.Dir
	i.stats.Candidates++
	if s.onlyHook() {
		return i.evaluateHook(s, tx, out)
	}
	note := i.txs.find(tx, s, dir)
	var m txMatch
	if note != nil {
		m = note.match
		if m.failed || m.held == s.full() {
			return out
		}
	} else if !i.holds(s) {
		return out
	}
	if i.machine.Spent() {
		i.stats.Uninspected++
		return out
	}
	i.machine.ClearVariables(s.plan.Variables)
	mark := i.machine.Captures.Mark()
	if note == nil && !i.packetBuffersHold(s) {
		i.machine.Captures.Cut(mark)
		return out
	}
	if note == nil && s.payload != nil && !s.bothWays && i.packet.transport == transportUDP && tx.Complete(dir) {
		// A message in one datagram has all that it will ever have: what is cheap
		// to compare comes first.
		if held, _ := i.payloadHolds(s); !held {
			i.machine.Captures.Cut(mark)
			return out
		}
	}
	before := m
	i.advance(s, tx, &m)
	full := m.held == s.full()
	if full {
		m.nextFile(s)
	}
	switch {
	case m == before:
	case note != nil:
		note.match = m
	case i.in.Flow != nil && (s.bothWays || !tx.Complete(dir)):
		i.txs.add(&i.flow, tx, i.generation, s, dir, m)
	}
	if !full {
		i.machine.Captures.Cut(mark)
		return out
	}
	out = i.matched(s, tx, false, mark, out)
	if aboutFiles(s) {
		out[len(out)-1].File = int(m.file) + 1
	}
	return out
}

// evaluateHook evaluates a rule about nothing of a transaction but its stage. It
// matches at every look while the stage lasts.
func (i *Inspector) evaluateHook(s *Signature, tx app.Tx, out []Match) []Match {
	if !s.hook.Reached(tx, i.in.Dir, tx.State().Looked[i.in.Dir]) || !i.holds(s) {
		return out
	}
	if i.machine.Spent() {
		i.stats.Uninspected++
		return out
	}
	mark := i.machine.Captures.Mark()
	if !i.packetBuffersHold(s) {
		i.machine.Captures.Cut(mark)
		return out
	}
	return i.matched(s, tx, false, mark, out)
}

// aboutFiles says whether a part of s is a buffer of files.
func aboutFiles(s *Signature) bool {
	return slices.ContainsFunc(s.parts, func(p txPart) bool { return p.files })
}

// advance tries the parts that are not satisfied yet, in order, up to the first
// that does not hold.
func (i *Inspector) advance(s *Signature, tx app.Tx, m *txMatch) {
	for k := range s.parts {
		p := &s.parts[k]
		bit := uint32(1) << k
		if m.held&bit != 0 {
			continue
		}
		dir := i.in.Dir
		if !p.dirs.Has(dir) {
			// Of a transactional rule, what the request had is still to be had
			// with the response; a body came in pieces, and the response is to
			// come.
			if dir == decoders.ToServer || p.list != nil && p.list.Source.Streamed {
				continue
			}
			dir = dir.Opposite()
		}
		if !p.due(tx, dir) {
			if s.bothWays {
				continue // the parts of the two sides are in one list
			}
			return
		}
		if i.partHolds(s, p, tx, dir, m) {
			m.held |= bit
			continue
		}
		if p.finished(tx, dir) {
			m.failed = true
			return
		}
		if !s.bothWays {
			return
		}
	}
}

func (i *Inspector) partHolds(s *Signature, p *txPart, tx app.Tx, dir decoders.Direction, m *txMatch) bool {
	switch {
	case p.hook:
		return true
	case p.test != nil:
		i.txFacts.Tx, i.txFacts.Dir, i.txFacts.Bits = tx, dir, i.txBits(tx)
		return p.test.MatchTx(&i.txFacts)
	case p.list.Payload():
		held, _ := i.payloadHolds(s)
		return held
	}
	return i.bufferHolds(p, tx, dir, m)
}

// bufferHolds evaluates a list on the instances of its buffer: one of them
// must satisfy it. Files that the rule is done with are passed over.
func (i *Inspector) bufferHolds(p *txPart, tx app.Tx, dir decoders.Direction, m *txMatch) bool {
	l := p.list
	first := 0
	if p.files {
		first = int(m.files)
	}
	for n := first; ; n++ {
		piece, ok := i.txPiece(l, tx, dir, n)
		if !ok {
			return n == 0 && l.Absent != keyword.AbsentNever && !l.Source.Kept.Has(i.in.App) && p.finished(tx, dir) && mayHave(tx, l.Source.Buffer.In(dir))
		}
		if l.Absent == keyword.AbsentOnly {
			return false
		}
		if l.Source.Streamed && len(piece.Data) == 0 && piece.Open {
			if !l.Source.Multi {
				return false
			}
			continue // nothing is due
		}
		if i.pieceHolds(l, piece) {
			m.file = uint8(min(n, maxTxFiles-1))
			return true
		}
		if !l.Source.Multi {
			return false
		}
	}
}

// mayHave reports whether the absence of a buffer says anything: of DNS only
// where there is a message.
func mayHave(tx app.Tx, b app.Buffer) bool {
	carrier, ok := tx.(app.Carrier)
	if !ok {
		return true
	}
	dir, isDNS := b.OfDNS()
	return !isDNS || carrier.Carried(dir) != nil
}

func (i *Inspector) pieceHolds(l *keyword.List, p keyword.Piece) bool {
	data, ok := i.machine.Transformed(l, p.Data)
	if !ok {
		return false
	}
	if len(l.Transforms) > 0 {
		p = keyword.Piece{Data: data, Open: p.Open} // places in the outcome are not those of the buffer
	} else {
		p.Data = data
	}
	return i.machine.MatchPiece(&l.Chain, p)
}

// txBits are the bits of a transaction that rules have set.
func (i *Inspector) txBits(tx app.Tx) uint64 {
	if h := i.txs.head(tx.State()); h != nil && h.generation == i.generation {
		return h.bits
	}
	return 0
}

// setTxBits sets bits of a transaction; of a match on no transaction it sets none.
func (i *Inspector) setTxBits(tx app.Tx, bits uint64) {
	if tx == nil || i.in.Flow == nil {
		return
	}
	h := i.txs.open(&i.flow, tx, i.generation)
	if h == nil {
		return
	}
	if h.generation != i.generation {
		i.renew(h)
	}
	h.bits |= bits
}
