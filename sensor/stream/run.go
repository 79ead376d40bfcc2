package stream

import (
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// run is bytes of a direction without a hole: in a block of their own, or
// still in the packet that brought them. Runs are listed by offset and never
// overlap; two may touch.
type run struct {
	off        uint64 // of the first byte
	size       uint32
	head       uint32 // place of the first byte in its memory
	memory     uint32 // block in Engine.pool, or place in Engine.lent iff lent
	next, prev uint32
	lent       bool
}

func (r *run) end() uint64 { return r.off + uint64(r.size) }

// loan is what a run borrows from a packet.
type loan struct {
	data    []byte
	session uint32
	run     uint32 // 0: no longer needed
	dir     decoders.Direction
}

// Retain copies what still lies in packets. Call it before the memory of their
// frames is reused.
func (e *Engine) Retain() {
	for i := 0; i < len(e.lent); i++ { // prune may shorten it
		l := &e.lent[i]
		if l.run == 0 {
			continue
		}
		s := &e.sessions[l.session]
		h := &s.half[l.dir]
		e.prune(s)
		if l.run == 0 {
			continue
		}
		if !e.own(s, h, l.run, 0) {
			size := e.runs.items[l.run].size
			e.removeRun(h, l.run)
			e.noRoom(s, e.short, int(size))
		}
	}
	clear(e.lent)
	e.lent, e.returned = e.lent[:0], e.returned[:0]
}

// bytes returns the memory of a run.
func (e *Engine) bytes(r *run) []byte {
	if r.lent {
		return e.lent[r.memory].data[r.head : r.head+r.size]
	}
	return e.pool.blocks[r.memory][r.head : r.head+r.size]
}

// addRun puts a run for data at off behind another one, 0 being the front. The
// data stays where it is until Retain.
func (e *Engine) addRun(session uint32, dir decoders.Direction, h *half, after uint32, off uint64, data []byte) uint32 {
	x := e.reach(h)
	i := e.runs.take()
	at := uint32(len(e.lent))
	if n := len(e.returned); n > 0 {
		at, e.returned = e.returned[n-1], e.returned[:n-1]
	} else {
		e.lent = append(e.lent, loan{})
	}
	l := &e.lent[at]
	l.data, l.session, l.run, l.dir = data, session, i, dir
	r := &e.runs.items[i]
	r.off, r.size, r.head, r.memory, r.lent = off, uint32(len(data)), 0, at, true
	r.next, r.prev = 0, after
	if after == 0 {
		r.next, x.firstRun = x.firstRun, i
	} else {
		r.next, e.runs.items[after].next = e.runs.items[after].next, i
	}
	if r.next == 0 {
		x.lastRun = i
	} else {
		e.runs.items[r.next].prev = i
	}
	e.countRegions(h, i)
	return i
}

// removeRun takes a run out and gives its memory back.
func (e *Engine) removeRun(h *half, i uint32) {
	x := e.reach(h)
	r := &e.runs.items[i]
	if r.prev == 0 {
		x.firstRun = r.next
	} else {
		e.runs.items[r.prev].next = r.next
	}
	if r.next == 0 {
		x.lastRun = r.prev
	} else {
		e.runs.items[r.next].prev = r.prev
	}
	e.freeMemory(h, r)
	e.runs.give(i)
}

func (e *Engine) freeMemory(h *half, r *run) {
	x := e.reach(h)
	if r.lent {
		e.lent[r.memory].run = 0
		e.returned = append(e.returned, r.memory)
		return
	}
	x.held -= uint32(len(e.pool.blocks[r.memory]))
	e.pool.give(r.memory)
}

// own moves a run into a block of its own with room for more bytes behind it.
// Bytes that every consumer is past are left behind.
func (e *Engine) own(s *session, h *half, i uint32, more uint32) bool {
	x := e.reach(h)
	r := &e.runs.items[i]
	if skip := x.baseOff - min(x.baseOff, r.off); skip > 0 {
		n := uint32(min(skip, uint64(r.size)))
		r.off += uint64(n)
		r.head += n
		r.size -= n
	}
	if !r.lent {
		block := e.pool.blocks[r.memory]
		if uint64(r.size)+uint64(more) <= uint64(len(block))/2 {
			copy(block, block[r.head:r.head+r.size])
			e.stats.CopiedBytes += uint64(r.size)
			r.head = 0
			return true
		}
	}
	room := uint64(r.size) + uint64(more)
	if more > 0 {
		room += uint64(r.size) // doubling keeps the cost of growing linear
	}
	block, ok := e.reserve(s, room)
	if !ok {
		return false
	}
	copy(e.pool.blocks[block], e.bytes(r))
	e.stats.CopiedBytes += uint64(r.size)
	e.freeMemory(h, r)
	r.memory, r.head, r.lent = block, 0, false
	x.held += uint32(len(e.pool.blocks[block]))
	return true
}

// extend puts data behind a run.
func (e *Engine) extend(s *session, h *half, i uint32, data []byte) bool {
	r := &e.runs.items[i]
	if r.lent || int(r.head)+int(r.size)+len(data) > len(e.pool.blocks[r.memory]) {
		if !e.own(s, h, i, uint32(len(data))) {
			return false
		}
	}
	copy(e.pool.blocks[r.memory][r.head+r.size:], data)
	e.stats.CopiedBytes += uint64(len(data))
	r.size += uint32(len(data))
	return true
}

// shortage is a bound that leaves no room for data of a session.
type shortage uint8

const (
	shortMemory shortage = iota
	shortFlow
	shortSegments
)

// reserve takes a block for one half of s, as far as the bounds allow. Where they
// do not, e.short says which it was; the caller may do without, see bytesFrom.
func (e *Engine) reserve(s *session, n uint64) (uint32, bool) {
	if n > maxFlowMemory || e.heldBy(s)+uint64(blockSize(uint32(n))) > uint64(e.cfg.FlowMemory) {
		e.short = shortFlow
		return 0, false
	}
	for {
		if b, ok := e.pool.take(uint32(n)); ok {
			return b, true
		}
		if e.cfg.OnMemory != ExceptionEvict || !e.evict(s) {
			e.short = shortMemory
			return 0, false
		}
	}
}

// heldBy is how many bytes of blocks a session holds.
func (e *Engine) heldBy(s *session) uint64 {
	return uint64(e.reach(&s.half[0]).held) + uint64(e.reach(&s.half[1]).held)
}

// noRoom counts n bytes of a session that cannot be kept and does what is
// configured.
func (e *Engine) noRoom(s *session, why shortage, n int) {
	e.stats.LeftOutBytes += uint64(n)
	switch why {
	case shortMemory:
		e.stats.RefusedMemory++
	case shortFlow:
		e.stats.RefusedFlow++
	case shortSegments:
		e.stats.RefusedSegments++
	}
	if e.cfg.OnMemory != ExceptionStop {
		return
	}
	for d := range s.half {
		if h := &s.half[d]; h.flags&stopped == 0 {
			e.starve(h)
			e.stats.Stopped++
		}
	}
}

// evictionSample is how many sessions with waiting data compete for losing it;
// evictionReach is how many sessions are looked at to find them.
const (
	evictionSample = 8
	evictionReach  = 4096
)

// evict ends reassembly of the session that was silent for longest, among the
// next few that hold memory, but never of keep.
func (e *Engine) evict(keep *session) bool {
	var victim *session
	for seen, looked := 0, 0; seen < evictionSample && looked < evictionReach && looked < int(e.fresh); looked++ {
		s := &e.sessions[e.hand]
		if e.hand++; e.hand >= e.fresh {
			e.hand = 1
		}
		if s == keep || e.heldBy(s) == 0 {
			continue
		}
		seen++
		if victim == nil || s.lastSeen < victim.lastSeen {
			victim = s
		}
	}
	if victim == nil {
		return false
	}
	e.stats.Evicted++
	e.stats.EvictedBytes += e.heldBy(victim)
	for d := range victim.half {
		e.starve(&victim.half[d])
	}
	return true
}

// starve ends reassembly of a direction for want of room. What it held, and what
// will come, is missing to its consumers.
func (e *Engine) starve(h *half) {
	x := e.reach(h)
	seen := x.edge
	if h.flags&appOff == 0 {
		seen = min(seen, x.app)
	}
	if h.flags&rawOff == 0 {
		seen = min(seen, x.raw)
	}
	if h.flags&stopped == 0 && seen < x.edge {
		h.flags |= gapped
		e.stats.LeftOutBytes += x.edge - seen
	}
	h.flags |= stopped | starved
	e.releaseHalf(h)
}

// releaseHalf forgets all data of a direction.
func (e *Engine) releaseHalf(h *half) {
	x := e.reach(h)
	for x.firstRun != 0 {
		e.removeRun(h, x.firstRun)
	}
	for x.firstSegment != 0 {
		e.removeFirstSegment(h)
	}
	x.app, x.raw = max(x.app, x.edge), max(x.raw, x.edge)
}

// locate finds the run that holds the byte at an offset. When that byte is
// missing, hole is where the hole ends (at limit at the latest), and the run
// the one behind it, if it begins before limit.
func (e *Engine) locate(h *half, at, limit uint64) (r uint32, hole uint64) {
	x := e.reach(h)
	for i := x.firstRun; i != 0; i = e.runs.items[i].next {
		r := &e.runs.items[i]
		switch {
		case r.end() <= at:
		case r.off <= at:
			return i, 0
		case r.off < limit:
			return i, r.off
		default:
			return 0, limit
		}
	}
	return 0, limit
}

// bytesFrom returns the bytes from at, which run i holds, as far as they are
// contiguous and before limit. Runs that touch become one.
func (e *Engine) bytesFrom(s *session, h *half, i uint32, at, limit uint64) []byte {
	for {
		r := &e.runs.items[i]
		if r.end() >= limit || r.next == 0 || e.runs.items[r.next].off != r.end() {
			break
		}
		next := r.next
		if !e.extend(s, h, i, e.bytes(&e.runs.items[next])) {
			break // no memory: in two pieces then
		}
		e.removeRun(h, next)
	}
	r := &e.runs.items[i]
	return e.bytes(r)[at-r.off : min(limit, r.end())-r.off]
}

// contiguous returns how far bytes follow without a hole from an offset on.
func (e *Engine) contiguous(h *half, at uint64) uint64 {
	x := e.reach(h)
	for i := x.firstRun; i != 0; i = e.runs.items[i].next {
		if r := &e.runs.items[i]; r.off <= at {
			at = max(at, r.end())
		} else {
			break
		}
	}
	return at
}

// final says whether nothing will follow in a direction. What was not acknowledged
// when the session was reset follows at the flow's end.
func (e *Engine) final(s *session, h *half) bool {
	switch {
	case s.flags&finished != 0:
		return true
	case s.state != flow.TCPClosed:
		return false
	case s.flags&byReset != 0:
		acked := e.reach(h).acked
		return e.contiguous(h, acked) == acked
	}
	return true
}

// dueApp returns up to which offset a direction's data is due for its parser:
// what is acknowledged, or all that came without a hole when the flow ends and
// nobody will acknowledge it any more. What was not when both sides closed the
// session is due to nobody, as in Suricata.
func (e *Engine) dueApp(s *session, h *half) uint64 {
	x := e.reach(h)
	left := s.flags&finished != 0 && (s.state != flow.TCPClosed || s.flags&byReset != 0)
	if e.cfg.Inline || left || s.flags&oneSided != 0 {
		return e.contiguous(h, x.acked)
	}
	return x.acked
}

// dueRaw is dueApp for rules. At the flow's end they see all that is left, also
// behind holes.
func (e *Engine) dueRaw(s *session, h *half) uint64 {
	x := e.reach(h)
	switch {
	case s.flags&finished != 0:
		return x.edge
	case e.cfg.Inline || s.flags&oneSided != 0:
		return e.contiguous(h, x.acked)
	}
	return x.acked
}

// prune moves the base of both directions to where everybody is past, and
// forgets what lies before it.
func (e *Engine) prune(s *session) {
	for d := range s.half {
		h := &s.half[d]
		x := e.reach(h)
		left := x.acked
		if h.flags&appOff == 0 {
			left = min(left, x.app)
		}
		if h.flags&rawOff == 0 {
			left = min(left, x.raw)
		}
		if left <= x.baseOff || h.flags&started == 0 {
			continue
		}
		e.advanceBase(h, left)
		if h.flags&depthReached != 0 && x.firstRun == 0 {
			h.flags |= stopped
		}
	}
}

func (e *Engine) advanceBase(h *half, to uint64) {
	x := e.reach(h)
	h.base = h.base.Add(uint32(to - x.baseOff))
	x.baseOff = to
	for i := x.firstSegment; i != 0; i = x.firstSegment {
		if g := &e.segments.items[i]; h.base.Less(g.end()) {
			break
		}
		e.removeFirstSegment(h)
	}
	for i := x.firstRun; i != 0 && e.runs.items[i].end() <= to; i = x.firstRun {
		e.removeRun(h, i)
	}
}
