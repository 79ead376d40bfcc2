package websocket

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	maxTxs     = 4096   // live at once
	maxPayload = 0xffff // bytes of a frame or message that are kept, as Suricata's max-payload-size
)

// State is the WebSocket of one flow.
type State struct {
	live  app.Live[*Tx]
	sides [2]side
	ended bool          // a message, since Ended was asked
	marks *app.FrameLog // nil unless frames are marked
}

// side is how far one direction was read.
type side struct {
	begun   bool
	skip    uint64 // bytes of a payload that are passed over
	message message
}

// Frames, in Suricata's words: header and kept payload of a frame, and both.
const (
	markHeader app.FrameKind = iota + 1
	markPDU
	markData
)

var (
	_ app.State       = (*State)(nil)
	_ app.Bounded     = (*State)(nil)
	_ app.FrameMarker = (*State)(nil)
	_ app.Framed      = (*Parser)(nil)
)

// FrameNames names the frames that rules can look at.
func (p *Parser) FrameNames() []string { return []string{"header", "pdu", "data"} }

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.marks = log }

// Ended reports, and forgets, whether a message ended.
func (s *State) Ended() bool {
	ended := s.ended
	s.ended = false
	return ended
}

// Parse reads the frames of in. Bytes that are missing end it, unless they are
// of a payload that is passed over, since frames have no mark to go on at.
func (s *State) Parse(in app.Input) app.Result {
	side := &s.sides[in.Dir]
	if in.Datagram || uint64(in.Gap) > side.skip {
		return app.Result{Status: app.StatusError}
	}
	side.skip -= uint64(in.Gap)
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if n := min(side.skip, uint64(len(rest))); n > 0 {
			side.skip -= n
			at += int(n)
			continue
		}
		if !side.begun && rest[0]&flagsReserved != 0 { // no WebSocket begins so
			return app.Result{Status: app.StatusError, Consumed: at}
		}
		h, need := parseHeader(rest)
		kept := int(min(h.length, maxPayload))
		if need == 0 {
			need = h.size + kept
		}
		switch {
		case len(rest) < need:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		case s.live.Len() >= maxTxs: // they are looked at first
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: len(rest) + 1}
		}
		side.begun = true
		s.marks.Mark(in.Dir, markHeader, at, h.size)
		s.marks.Mark(in.Dir, markPDU, at, h.size+kept)
		s.marks.Mark(in.Dir, markData, at+h.size, kept)
		s.frame(&h, rest[h.size:h.size+kept], in.Dir)
		at += h.size + kept
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// frame makes the transaction of a frame, of whose payload there is what is
// kept of it.
func (s *State) frame(h *header, payload []byte, dir decoders.Direction) {
	side := &s.sides[dir]
	t := s.live.Add()
	t.Sent(dir)
	t.header = *h
	t.payload = h.appendPayload(t.payload[:0], payload)
	if side.skip = h.length - uint64(len(payload)); side.skip > 0 {
		t.events.Add(EventSkipEndOfPayload)
	}
	if !h.opcode().control() {
		side.message.add(t)
	}
	s.ended = s.ended || h.final()
}

// add takes another frame of the message, whose last one gets all of it.
func (m *message) add(t *Tx) {
	final := t.header.final()
	compressed := t.header.compressed()
	if m.open || !final {
		if !m.open {
			m.open, m.compressed, m.cut = true, compressed, false
		}
		room := maxPayload - len(m.data)
		m.data = append(m.data, t.payload[:min(room, len(t.payload))]...)
		if len(t.payload) > room && !m.cut {
			m.cut = true
			t.events.Add(EventReassemblyLimitReached)
		}
		if !final {
			return
		}
		compressed = m.compressed
		t.payload = append(t.payload[:0], m.data...)
		m.data, m.open = reuse(m.data), false
	}
	if compressed {
		if m.inflater == nil {
			m.inflater = new(inflater)
		}
		if out, ok := m.inflater.inflate(t.payload); ok {
			t.payload = append(t.payload[:0], out...)
		}
	}
}

// Txs returns the frames that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the frames that are logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	for d := range s.sides {
		s.sides[d].message.reset()
	}
	*s = State{live: s.live, sides: [2]side{{message: s.sides[0].message}, {message: s.sides[1].message}}}
}
