package stream

import (
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// Chunk is the next piece of a direction for its application protocol.
type Chunk struct {
	Data   []byte // borrowed, see the package comment
	Offset uint64 // of Data in the stream; 0 is the first byte behind the SYN
	// Gap is how many bytes in front of Data were acknowledged but never seen.
	// What was not Consumed before them is lost with them. A chunk with a gap
	// is the event reassembly_seq_gap of the packet under work.
	Gap uint64
	// EOF: nothing follows in this direction, or nothing that is reassembled.
	EOF bool
}

// Raw is a piece of a direction for rules on stream payload, free of gaps.
type Raw struct {
	Data   []byte // borrowed, see the package comment
	Offset uint64 // of Data in the stream
	End    bool   // nothing follows in this direction
}

// NextApp returns what is due for the parser of a direction, and false when
// nothing is. The caller answers each chunk with Consumed; what it does not
// consume is offered again, together with what follows, when more is due.
func (e *Engine) NextApp(f *flow.Flow, dir decoders.Direction) (c Chunk, ok bool) {
	if f.Stream == 0 {
		return
	}
	s := &e.sessions[f.Stream]
	h := &s.half[dir]
	x := e.reach(h)
	if h.flags&(appOff|stopped) != 0 {
		return
	}
	limit, final := e.dueApp(s, h), e.final(s, h)
	if h.flags&depthReached != 0 && h.depth != 0 && x.acked >= uint64(h.depth) {
		limit, final = min(limit, uint64(h.depth)), true // what comes is for nobody
	}
	if x.app >= limit && (!final || h.flags&eofGiven != 0) {
		return
	}
	if limit > x.app {
		r, hole := e.locate(h, x.app, limit)
		if hole == 0 && h.flags&parsing != 0 && x.appSeen > x.app {
			if end := e.contiguous(h, x.app); end <= x.appSeen && end < limit {
				// The parser waits for what was lost: it goes on behind that.
				x.app = end
				r, hole = e.locate(h, x.app, limit)
			}
		}
		if hole > 0 {
			c.Gap = hole - x.app
			x.app, x.appSeen = hole, hole
			h.flags |= gapped
			e.stats.Gaps++
			e.stats.GapBytes += c.Gap
			e.stats.Events[decoders.StreamEventReassemblySeqGap]++
		}
		if r != 0 && x.app < limit {
			c.Data = e.bytesFrom(s, h, r, x.app, limit)
		}
	}
	c.Offset = x.app
	end := x.app + uint64(len(c.Data))
	c.EOF = final && end >= limit
	if end <= x.appSeen && c.Gap == 0 && (!c.EOF || h.flags&eofGiven != 0) {
		return Chunk{}, false
	}
	x.appSeen = end
	if c.EOF {
		h.flags |= eofGiven
	}
	return c, true
}

// Consumed says how many bytes of the last chunk of a direction its parser has
// used; 0 when it needs more. A caller that only looked at the chunk, to find
// the protocol, does not call it: then nothing is given up for a gap behind.
func (e *Engine) Consumed(f *flow.Flow, dir decoders.Direction, n int) {
	if f.Stream == 0 || n < 0 {
		return
	}
	h := &e.sessions[f.Stream].half[dir]
	x := e.reach(h)
	h.flags |= parsing
	x.app = min(x.app+uint64(n), max(x.appSeen, x.app))
}

// Reoffer makes NextApp offer what a direction's parser has not consumed once
// more, its end included: only now it is known what to make of it.
func (e *Engine) Reoffer(f *flow.Flow, dir decoders.Direction) {
	if f.Stream == 0 {
		return
	}
	h := &e.sessions[f.Stream].half[dir]
	x := e.reach(h)
	x.appSeen = x.app
	h.flags &^= eofGiven
}

// NextRaw returns what is due for rules on stream payload, and false when
// nothing is. What it returned counts as inspected.
func (e *Engine) NextRaw(f *flow.Flow, dir decoders.Direction) (Raw, bool) {
	if f.Stream == 0 {
		return Raw{}, false
	}
	s := &e.sessions[f.Stream]
	h := &s.half[dir]
	x := e.reach(h)
	if h.flags&(rawOff|stopped) != 0 {
		return Raw{}, false
	}
	limit, final := e.dueRaw(s, h), e.final(s, h)
	if h.flags&rawEnding != 0 {
		limit, final = min(limit, x.rawEnd), true
		if x.raw >= x.rawEnd {
			h.flags |= rawOff
			return Raw{}, false
		}
	}
	if x.raw >= x.rawDue && !e.startRaw(s, h, dir, limit) {
		return Raw{}, false
	}
	to := min(x.rawDue, limit)
	r, hole := e.locate(h, x.raw, to)
	if hole > 0 {
		if x.raw < x.acked {
			h.flags |= gapped
		}
		x.raw = hole
	}
	if r == 0 || x.raw >= to {
		x.raw = max(x.raw, to)
		x.rawDue = x.raw
		return Raw{}, false
	}
	c := Raw{Data: e.bytesFrom(s, h, r, x.raw, to), Offset: x.raw}
	x.raw += uint64(len(c.Data))
	c.End = final && x.raw >= limit
	return c, true
}

// startRaw decides whether a chunk of everything up to limit is due now.
func (e *Engine) startRaw(s *session, h *half, dir decoders.Direction, limit uint64) bool {
	x := e.reach(h)
	if x.raw >= limit {
		return false
	}
	switch {
	case e.cfg.Inline, s.flags&finished != 0, s.state > flow.TCPTimeWait,
		h.flags&(rawTriggered|depthReached|rawEnding) != 0,
		limit-x.raw >= uint64(e.cfg.ChunkSize[dir]):
	default:
		return false
	}
	h.flags &^= rawTriggered
	x.rawDue = limit
	return true
}

// TriggerRaw makes the acknowledged bytes of a direction due for NextRaw
// however few they are: at the end of a request or response, say.
func (e *Engine) TriggerRaw(f *flow.Flow, dir decoders.Direction) {
	if f.Stream != 0 {
		e.sessions[f.Stream].half[dir].flags |= rawTriggered
	}
}

// DisableApp ends NextApp for a direction: its protocol is unknown, or its
// parser has given up.
func (e *Engine) DisableApp(f *flow.Flow, dir decoders.Direction) { e.disable(f, dir, appOff) }

// DisableRaw ends NextRaw for a direction with what is acknowledged by now: what
// follows is encrypted.
func (e *Engine) DisableRaw(f *flow.Flow, dir decoders.Direction) {
	if f.Stream == 0 {
		return
	}
	s := &e.sessions[f.Stream]
	h := &s.half[dir]
	x := e.reach(h)
	if h.flags&(rawOff|rawEnding) == 0 {
		h.flags |= rawEnding
		if x.rawEnd = e.dueRaw(s, h); x.raw >= x.rawEnd {
			h.flags |= rawOff
		}
	}
}

// StopRaw ends NextRaw for a direction at once.
func (e *Engine) StopRaw(f *flow.Flow, dir decoders.Direction) { e.disable(f, dir, rawOff) }

// Bypass ends reassembly of a direction at once and gives its memory back; the
// session's state is still followed.
func (e *Engine) Bypass(f *flow.Flow, dir decoders.Direction) {
	if f.Stream == 0 {
		return
	}
	s := &e.sessions[f.Stream]
	s.half[dir].flags |= stopped
	e.releaseHalf(&s.half[dir])
}

// DepthReached says whether both directions have brought as many bytes as are
// reassembled: what follows is inspected by nobody.
func (e *Engine) DepthReached(f *flow.Flow) bool {
	if f.Stream == 0 {
		return false
	}
	s := &e.sessions[f.Stream]
	return s.half[0].flags&s.half[1].flags&depthReached != 0
}

// Gap says whether bytes of a direction were acknowledged but never seen, or
// there was no room for them, so far as its consumers have come.
func (e *Engine) Gap(f *flow.Flow, dir decoders.Direction) bool {
	return f.Stream != 0 && e.sessions[f.Stream].half[dir].flags&gapped != 0
}

func (e *Engine) disable(f *flow.Flow, dir decoders.Direction, what halfFlags) {
	if f.Stream != 0 {
		e.sessions[f.Stream].half[dir].flags |= what
	}
}

// SetDepth changes how many bytes of a direction are reassembled, counted from
// the stream's first byte; 0 is all. Depth that was reached stays reached.
func (e *Engine) SetDepth(f *flow.Flow, dir decoders.Direction, depth uint32) {
	if f.Stream != 0 {
		e.sessions[f.Stream].half[dir].depth = depth
	}
}

// Pending says whether a direction holds bytes that one of its consumers has
// not seen: whether Finish will bring something.
func (e *Engine) Pending(f *flow.Flow, dir decoders.Direction) bool {
	if f.Stream == 0 {
		return false
	}
	h := &e.sessions[f.Stream].half[dir]
	x := e.reach(h)
	return h.flags&stopped == 0 && (h.flags&appOff == 0 && x.app < x.edge || h.flags&rawOff == 0 && x.raw < x.edge)
}

// Finish makes what is left of both directions due, acknowledged or not: the
// flow has ended. NextApp gives each direction's EOF then.
func (e *Engine) Finish(f *flow.Flow) {
	if f.Stream != 0 {
		s := &e.sessions[f.Stream]
		e.prune(s)
		s.flags |= finished
	}
}

// Close gives the session of f back. Data that nobody asked for is lost.
func (e *Engine) Close(f *flow.Flow) {
	if f.Stream == 0 {
		return
	}
	s := &e.sessions[f.Stream]
	for d := range s.half {
		h := &s.half[d]
		e.releaseHalf(h)
		if h.reach != 0 {
			e.reaches.give(h.reach)
		}
	}
	e.dropOffers(s)
	*s = session{link: e.free}
	e.free = f.Stream
	f.Stream = 0
	e.stats.Active--
}
