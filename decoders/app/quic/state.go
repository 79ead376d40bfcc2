package quic

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const maxTxs = 256 // live at once

// State is the QUIC of one flow.
type State struct {
	parser  *Parser
	live    app.Live[*Tx]
	keys    *keys // of Initial packets; nil until the first, or when not known
	heard   [2]bool
	retried bool
	crypto  [2]crypto
}

var _ app.State = (*State)(nil)

// Parse reads the packets of a datagram.
func (s *State) Parse(in app.Input) app.Result {
	bad := app.Result{Status: app.StatusError}
	if !in.Datagram {
		return bad
	}
	for rest := in.Data; len(rest) > 0; {
		h, ok := parseHeader(rest)
		if !ok {
			return bad
		}
		if s.heard[in.Dir] || h.kind == kindShort {
			break // what follows is encrypted
		}
		if s.live.Len() >= maxTxs || !s.packet(&h, rest, in.Dir) {
			return bad
		}
		rest = rest[h.size+h.length:]
	}
	if s.heard == [2]bool{true, true} {
		s.keys = nil // nothing more is opened, and a flow lives on for minutes
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// packet makes the transaction of a packet; false when it is not what it seems.
func (s *State) packet(h *header, b []byte, dir decoders.Direction) bool {
	t := s.live.Add()
	t.Sent(dir)
	t.header = *h
	t.header.dcid = nil
	binary.BigEndian.PutUint32(t.version[:], uint32(h.version))
	switch {
	case s.keys == nil && h.kind == kindInitial:
		s.keys = s.parser.initialKeys(h.version, h.dcid)
	case dir == decoders.ToClient && s.keys != nil && h.kind == kindRetry && !s.retried:
		// The client begins anew, with keys of another connection ID (RFC 9000
		// section 17.2.5.2), and listens to the first Retry only.
		s.keys, s.retried, s.heard[decoders.ToServer] = nil, true, false
		s.crypto[decoders.ToServer].reset()
	}
	if h.kind != kindInitial {
		return true
	}
	body := b[h.size : h.size+h.length]
	if s.keys != nil && len(body) > 0 {
		plain, ok := s.parser.open(s.keys, dir, b[:h.size+h.length], h.size)
		if !ok {
			t.fail(EventFailedDecrypt)
			return false
		}
		body = plain
	}
	if !s.frames(body, dir, t) {
		t.fail(EventErrorOnData)
		return false
	}
	return true
}

// Txs returns the packets that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the packets that are logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	for d := range s.crypto {
		s.crypto[d].reset()
	}
	*s = State{parser: s.parser, live: s.live, crypto: s.crypto}
}
