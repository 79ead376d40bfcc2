package stream

import (
	"bytes"

	"spanwatch/decoders"
)

// segment remembers where one packet's payload began and ended, on which the
// policies for overlaps depend. Segments are listed by their begin.
type segment struct {
	seq        decoders.Seq
	size       uint32
	next, prev uint32
}

func (g *segment) end() decoders.Seq { return g.seq.Add(g.size) }

// store takes the payload of the packet into its direction, at a sequence
// number that is not always the packet's own. It says whether rules will see
// the payload as part of the stream.
func (t *turn) store(seq decoders.Seq, data []byte) bool {
	e, h := t.e, t.mine
	if h.flags&stopped != 0 {
		if h.flags&starved != 0 {
			h.flags |= gapped
			e.stats.LeftOutBytes += uint64(len(data))
		}
		return false
	}
	x := e.reached(h)
	if (h.flags|t.peer.flags)&spokeFirst == 0 {
		h.flags |= spokeFirst
	}
	if h.flags&(appOff|rawOff) == appOff|rawOff {
		x.edge = max(x.edge, uint64(max(h.offset(x, seq.Add(uint32(len(data)))), 0)))
		return true
	}
	if h.flags&policyKnown == 0 {
		h.policy = e.hosts.of(t.p.Dst, t.p.IPVersion)
		h.flags |= policyKnown
	}
	off := h.offset(x, seq)
	if beyond := off + int64(len(data)) - int64(h.depth); h.depth != 0 && beyond > 0 {
		if h.flags&depthReached == 0 {
			h.flags |= depthReached
			t.event(decoders.StreamEventReassemblyDepthReached)
			e.stats.DepthReached++
		}
		beyond = min(beyond, int64(len(data)))
		e.stats.BeyondDepth += uint64(beyond)
		if data = data[:int64(len(data))-beyond]; len(data) == 0 {
			return false
		}
	}
	if h.offset(x, seq.Add(uint32(len(data)))) <= int64(x.baseOff) {
		t.event(decoders.StreamEventReassemblySegmentBeforeBaseSeq)
		return true
	}
	after, overlap := e.place(h, seq)
	if x.segments >= e.cfg.Segments {
		t.event(decoders.StreamEventReassemblyInsertLimit)
		e.noRoom(t.s, shortSegments, len(data))
		return false
	}
	merged := data
	if off != int64(x.edge) {
		e.stats.OutOfOrder++
	}
	if overlap {
		if merged = t.resolve(after, seq, data); merged == nil {
			t.event(decoders.StreamEventReassemblyInsertLimit)
			e.noRoom(t.s, shortSegments, len(data))
			return false
		}
	}
	skip := max(int64(x.baseOff)-off, 0)
	appended := off == int64(x.edge) && skip == 0 && !overlap && len(data) == int(t.p.PayloadLen)
	if !t.write(uint64(off+skip), merged[skip:], &merged[0] == &data[0]) {
		t.event(decoders.StreamEventReassemblyInsertMemcap)
		e.noRoom(t.s, e.short, len(data))
		return false
	}
	e.remember(h, after, seq, uint32(len(data)))
	t.v.Appended, t.v.Offset = appended, uint64(off)
	return true
}

// maxSegment is more than any packet's payload.
const maxSegment = 1 << 16

// place finds the last stored segment that begins at or before seq, and says
// whether the new one may share bytes with any.
func (e *Engine) place(h *half, seq decoders.Seq) (after uint32, overlap bool) {
	x := e.reach(h)
	after = x.lastSegment
	if after == 0 || h.offset(x, seq) >= int64(x.edge) {
		return after, false
	}
	items := e.segments.items
	if first := x.firstSegment; seq.Sub(items[first].seq) < items[after].seq.Sub(seq) {
		after = 0
		for i := first; i != 0 && items[i].seq.LessEq(seq); i = items[i].next {
			after = i
		}
		return after, true
	}
	for after != 0 && seq.Less(items[after].seq) {
		after = items[after].prev
	}
	return after, true
}

// remember puts a segment behind another one, 0 being the front.
func (e *Engine) remember(h *half, after uint32, seq decoders.Seq, size uint32) {
	x := e.reach(h)
	i := e.segments.take()
	items := e.segments.items
	g := &items[i]
	g.seq, g.size, g.next, g.prev = seq, size, 0, after
	if after == 0 {
		g.next, x.firstSegment = x.firstSegment, i
	} else {
		g.next, items[after].next = items[after].next, i
	}
	if g.next == 0 {
		x.lastSegment = i
	} else {
		items[g.next].prev = i
	}
	x.segments++
}

func (e *Engine) removeFirstSegment(h *half) {
	x := e.reach(h)
	i := x.firstSegment
	next := e.segments.items[i].next
	x.firstSegment = next
	if next == 0 {
		x.lastSegment = 0
	} else {
		e.segments.items[next].prev = 0
	}
	x.segments--
	e.segments.give(i)
}

// resolveBudget bounds the work that one segment may cause: how many stored
// segments and runs it is compared with. A segment of 64 KiB that repeats what
// came in segments of 536 bytes needs some 250.
const resolveBudget = 4096

// resolve compares a segment with the stored ones that it overlaps and returns
// the bytes to write: its own, but where the receiver keeps what it has, that.
// It returns nil when there are too many to compare with.
func (t *turn) resolve(after uint32, seq decoders.Seq, data []byte) []byte {
	e, h := t.e, t.mine
	x := e.reach(h)
	end := seq.Add(uint32(len(data)))
	first := after
	for i := after; i != 0 && seq.Sub(e.segments.items[i].seq) < maxSegment; i = e.segments.items[i].prev {
		first = i
	}
	if first == 0 {
		first = x.firstSegment
	}
	merged, budget, overlaps := data, resolveBudget, false
	at := x.firstRun
	for i := first; i != 0; i = e.segments.items[i].next {
		g := &e.segments.items[i]
		if end.LessEq(g.seq) {
			break
		}
		from, to := later(seq, g.seq), earlier(end, g.end())
		if from.Less(to) && !overlaps {
			overlaps = true
			e.stats.Overlaps++
		}
		if h.offset(x, from) < int64(x.baseOff) {
			from = h.base
		}
		if to.LessEq(from) {
			continue
		}
		off, piece := uint64(h.offset(x, from)), data[from.Sub(seq):to.Sub(seq)]
		for at != 0 && e.runs.items[at].end() <= off {
			at = e.runs.items[at].next
			budget--
		}
		different, steps := e.differs(at, off, piece)
		if budget -= steps; budget < 0 {
			return nil
		}
		if !different {
			continue
		}
		t.event(decoders.StreamEventReassemblyOverlapDifferentData)
		e.stats.OverlapsDifferent++
		if e.cfg.Inline || !h.policy.newWins(seq, end, g.seq, g.end()) {
			if &merged[0] == &data[0] {
				e.scratch = append(e.scratch[:0], data...)
				merged = e.scratch
			}
			e.copyStored(at, off, merged[from.Sub(seq):to.Sub(seq)])
		}
	}
	return merged
}

func later(a, b decoders.Seq) decoders.Seq {
	if a.Less(b) {
		return b
	}
	return a
}

func earlier(a, b decoders.Seq) decoders.Seq {
	if a.Less(b) {
		return a
	}
	return b
}

// differs says whether bytes are stored from an offset on that are not data,
// in run i or behind it, and how many runs it looked at.
func (e *Engine) differs(i uint32, off uint64, data []byte) (different bool, steps int) {
	end := off + uint64(len(data))
	for ; i != 0 && e.runs.items[i].off < end; i = e.runs.items[i].next {
		steps++
		r := &e.runs.items[i]
		from, to := max(off, r.off), min(end, r.end())
		if from < to && !bytes.Equal(e.bytes(r)[from-r.off:to-r.off], data[from-off:to-off]) {
			return true, steps
		}
	}
	return false, steps + 1
}

// copyStored copies what is stored from an offset on, in run i or behind it,
// over dst.
func (e *Engine) copyStored(i uint32, off uint64, dst []byte) {
	end := off + uint64(len(dst))
	for ; i != 0 && e.runs.items[i].off < end; i = e.runs.items[i].next {
		r := &e.runs.items[i]
		if from, to := max(off, r.off), min(end, r.end()); from < to {
			copy(dst[from-off:to-off], e.bytes(r)[from-r.off:to-r.off])
		}
	}
}

// write puts bytes into the runs of a direction, over those that are there and
// into the holes between them. A piece that only fills a hole stays in its
// packet; lend says that data lies there.
func (t *turn) write(off uint64, data []byte, lend bool) bool {
	e, h := t.e, t.mine
	x := e.reach(h)
	prev := x.lastRun
	for prev != 0 && off < e.runs.items[prev].off {
		prev = e.runs.items[prev].prev
	}
	for len(data) > 0 {
		n := len(data)
		if prev != 0 && off < e.runs.items[prev].end() {
			r := &e.runs.items[prev]
			n = int(min(uint64(n), r.end()-off))
			if !bytes.Equal(e.bytes(r)[off-r.off:off-r.off+uint64(n)], data[:n]) {
				if r.lent && !e.own(t.s, h, prev, 0) {
					return false
				}
				r = &e.runs.items[prev]
				copy(e.bytes(r)[off-r.off:], data[:n])
			}
		} else {
			next := x.firstRun
			if prev != 0 {
				next = e.runs.items[prev].next
			}
			if next != 0 {
				n = int(min(uint64(n), e.runs.items[next].off-off))
			}
			if n > 0 {
				if !t.fill(prev, off, data[:n], lend) {
					return false
				}
				e.stats.Bytes += uint64(n)
			}
			prev = next
		}
		off += uint64(n)
		data = data[n:]
		if off > x.edge {
			x.edge = off
		}
	}
	return true
}

// fill puts bytes into a hole behind a run, 0 being the front.
func (t *turn) fill(prev uint32, off uint64, data []byte, lend bool) bool {
	e, h := t.e, t.mine
	if prev != 0 && e.runs.items[prev].end() == off {
		return e.extend(t.s, h, prev, data)
	}
	i := e.addRun(t.f.Stream, t.dir, h, prev, off, data)
	if !lend && !e.own(t.s, h, i, 0) {
		e.removeRun(h, i)
		return false
	}
	return true
}
