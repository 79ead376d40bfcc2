package mqtt

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// maxExchange bounds the bytes that are kept of one exchange, whose peers may
// repeat what is between its first packet and its last.
const maxExchange = 4 << 20

// State is the MQTT of one flow.
type State struct {
	config    Config
	live      app.Live[*Tx]
	version   uint8 // of the connection; 0 before CONNECT
	connected bool
	skip      [2]int        // bytes of a packet that is passed over
	frames    *app.FrameLog // nil unless frames are marked
}

// Frames.
const (
	framePDU app.FrameKind = iota + 1
	frameHeader
	frameData
)

var (
	_ app.State       = (*State)(nil)
	_ app.FrameMarker = (*State)(nil)
	_ app.Framed      = (*Parser)(nil)
)

// FrameNames names the frames of MQTT: a packet, its fixed header, the rest.
func (p *Parser) FrameNames() []string { return []string{"pdu", "header", "data"} }

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.frames = log }

// Parse reads the control packets of in. Bytes that are missing end it, since
// packets have no mark to go on at, unless they are of one that is passed over.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	if in.Gap > 0 {
		if int(in.Gap) > s.skip[in.Dir] {
			return app.Result{Status: app.StatusError}
		}
		s.skip[in.Dir] -= int(in.Gap)
	}
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if n := min(s.skip[in.Dir], len(rest)); n > 0 {
			s.skip[in.Dir] -= n
			at += n
			continue
		}
		h, n, ok := parseHeader(rest)
		switch {
		case !ok:
			s.malformed(in.Dir)
			return app.Result{Status: app.StatusError, Consumed: at}
		case n == 0:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: len(rest) + 1}
		case h.length > s.config.MaxMessageLength:
			if !s.skipped(h, in.Dir) {
				return app.Result{Status: app.StatusError, Consumed: at}
			}
			s.skip[in.Dir] = h.length
			at += n
			continue
		case len(rest) < n+h.length:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: n + h.length}
		}
		s.frames.Mark(in.Dir, framePDU, at, n+h.length)
		s.frames.Mark(in.Dir, frameHeader, at, n)
		s.frames.Mark(in.Dir, frameData, at+n, h.length)
		if !s.packet(h, rest[n:n+h.length], in.Dir) {
			return app.Result{Status: app.StatusError, Consumed: at}
		}
		at += n + h.length
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// packet takes a control packet; false when it is malformed or there are too
// many exchanges.
func (s *State) packet(h header, raw []byte, dir decoders.Direction) bool {
	t, answers := s.exchange(h, raw, dir)
	if t == nil {
		return false
	}
	m := t.add(h, raw)
	if !m.parse(s.version) {
		t.count--
		t.complete = true
		t.events.Add(EventMalformedTraffic)
		return false
	}
	if m.manyProperties {
		t.events.Add(EventTooManyProperties)
	}
	t.size += len(raw)
	if answers {
		if (h.kind == kindPubrec || h.kind == kindPubrel) && (t.count > s.config.MaxMessages || t.size > maxExchange) {
			t.count--
			t.size -= len(raw)
			t.events.Add(EventTooManyMessages)
		}
		s.answered(t, m)
		return true
	}
	s.begun(t, m)
	return true
}

// answersTo is the type of packet that an answer goes with, and what its
// absence is called.
var answersTo = [16]struct {
	first   kind
	missing app.Event
}{
	kindConnack:  {kindConnect, EventMissingConnect},
	kindPuback:   {kindPublish, EventMissingPublish},
	kindPubrec:   {kindPublish, EventMissingPublish},
	kindPubrel:   {kindPublish, EventMissingPublish},
	kindPubcomp:  {kindPublish, EventMissingPublish},
	kindSuback:   {kindSubscribe, EventMissingSubscribe},
	kindUnsuback: {kindUnsubscribe, EventMissingUnsubscribe},
}

// exchange finds the exchange that a packet goes on with, or begins one.
func (s *State) exchange(h header, raw []byte, dir decoders.Direction) (t *Tx, answers bool) {
	if first := answersTo[h.kind].first; first != kindUnassigned {
		id := uint16(0)
		if first != kindConnect && len(raw) >= 2 {
			id = uint16(raw[0])<<8 | uint16(raw[1])
		}
		for i := range s.live.Len() {
			if t = s.live.At(i); !t.complete && t.waitsFor == first && t.packetID == id {
				return t, true
			}
		}
	}
	return s.begin(dir), false
}

// begin makes a transaction; nil when there are too many, which the last one
// tells.
func (s *State) begin(dir decoders.Direction) *Tx {
	if s.live.Len() >= s.config.MaxTransactions {
		last, _ := s.live.Last()
		last.events.Add(EventTooManyTransactions)
		last.complete = true
		return nil
	}
	t := s.live.Add()
	t.dir, t.complete = dir, true
	return t
}

// begun decides how an exchange goes on whose first packet is m.
func (s *State) begun(t *Tx, m *message) {
	missing := answersTo[m.kind].missing
	switch {
	case missing != app.EventNone:
		t.events.Add(missing)
		return
	case m.kind == kindUnassigned:
		t.events.Add(EventUnassignedMsgType)
		t.count-- // there is nothing to tell about it
		return
	case m.kind == kindConnect:
		if s.connected {
			t.events.Add(EventDoubleConnect)
		}
		s.version = m.version
		t.waitsFor, t.complete = kindConnect, false
		return
	case !s.connected:
		t.events.Add(EventUnintroducedMessage)
	}
	switch m.kind {
	case kindPublish:
		switch {
		case m.qos == 0:
			return
		case m.qos > 2:
			t.events.Add(EventInvalidQosLevel)
			return
		}
	case kindSubscribe, kindUnsubscribe:
	default:
		return
	}
	t.waitsFor, t.packetID, t.complete = m.kind, m.id, false
}

// answered decides whether an answer completes its exchange.
func (s *State) answered(t *Tx, m *message) {
	switch m.kind {
	case kindConnack:
		s.connected = true
	case kindPubrec, kindPubrel:
		return // PUBCOMP is to come
	}
	t.complete = true
}

// skipped takes a packet that is too long to be kept.
func (s *State) skipped(h header, dir decoders.Direction) bool {
	t := s.begin(dir)
	if t == nil {
		return false
	}
	t.add(h, nil).skipped = true
	if !s.connected {
		t.events.Add(EventUnintroducedMessage)
	}
	return true
}

// malformed tells of bytes that are no control packet.
func (s *State) malformed(dir decoders.Direction) {
	if t := s.begin(dir); t != nil {
		t.events.Add(EventMalformedTraffic)
	}
}

// Txs returns the exchanges that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the exchanges that are complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	*s = State{config: s.config, live: s.live}
}
