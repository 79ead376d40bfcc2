package dns

import (
	"encoding/binary"
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const prefixLen = 2 // length before a message in a stream (RFC 7766 section 8)

// State is the DNS of one flow.
type State struct {
	parser *Parser
	frames *app.FrameLog // nil unless frames are marked
	nextID uint64
	txs    []app.Tx
	// lost says that the stream of a direction has a gap and no start of a
	// message was found behind it yet.
	lost    [2]bool
	skipped uint64
	// silent are the numbers of requests without a record, whose responses are
	// to have none either; the oldest gives way.
	silent []uint16
}

var (
	_ app.State       = (*State)(nil)
	_ app.FrameMarker = (*State)(nil)
)

// framePDU is a message, without the length before it in a stream.
const framePDU app.FrameKind = 1

// FrameNames names the frames of DNS.
func (p *Parser) FrameNames() []string { return []string{"pdu"} }

// MarkFrames makes Parse mark frames.
func (s *State) MarkFrames(log *app.FrameLog) { s.frames = log }

// Skipped is the number of payloads that were no DNS: datagrams, or pieces of
// a stream behind a gap.
func (s *State) Skipped() uint64 { return s.skipped }

// Parse reads the messages of in. A datagram never ends the parsing of its
// flow, however broken; a stream is given up when a message in it is, since
// then the lengths can not be trusted. Behind a gap, the stream goes on with
// the first piece that starts like a message.
func (s *State) Parse(in app.Input) app.Result {
	ok := app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
	if in.Datagram {
		s.frames.Mark(in.Dir, framePDU, 0, len(in.Data))
		s.message(in.Data, in.Dir)
		return ok
	}
	if in.Gap > 0 {
		s.lost[in.Dir] = true
	}
	if s.lost[in.Dir] {
		switch s.parser.Probe(in) {
		case app.No:
			s.skipped++
			return ok
		case app.Maybe:
			if len(in.Data) == 0 {
				return ok
			}
		}
		s.lost[in.Dir] = false
	}
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if len(rest) < prefixLen {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: prefixLen}
		}
		need := prefixLen + int(binary.BigEndian.Uint16(rest))
		if len(rest) < need {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		}
		s.frames.Mark(in.Dir, framePDU, at+prefixLen, need-prefixLen)
		// An empty message is skipped; no server answers it.
		if need > prefixLen && s.message(rest[prefixLen:need], in.Dir) != parsed {
			return app.Result{Status: app.StatusError, Consumed: at}
		}
		at += need
	}
	return ok
}

// message makes a transaction of msg. A message that can not be read makes
// one without record that carries the event, so that rules can tell of it.
func (s *State) message(msg []byte, dir decoders.Direction) verdict {
	tx := s.parser.take()
	v := s.parser.reader.read(msg, tx)
	isResponse := tx.record.Flags&FlagQR != 0
	switch {
	case v == implausible:
		s.parser.give(tx)
		s.skipped++
		return v
	case v == malformed:
		tx.unreadable()
	case dir == decoders.ToServer && isResponse:
		tx.broken = true
		tx.events.add(app.EventDNSNotARequest)
		v = malformed
	case dir == decoders.ToClient && !isResponse:
		tx.events.add(app.EventDNSNotAResponse)
	}
	tx.id = s.nextID
	s.nextID++
	tx.dir = dir
	tx.record.Response = dir == decoders.ToClient
	if tx.record.Response {
		tx.state.Silent = s.answersSilent(tx.record.ID)
	}
	s.txs = append(s.txs, tx)
	return v
}

// maxSilent bounds State.silent.
const maxSilent = 64

// answersSilent reports whether a response is to a request without a record.
func (s *State) answersSilent(id uint16) bool {
	for _, t := range s.txs {
		if tx := t.(*Tx); tx.dir == decoders.ToServer && tx.state.Silent && tx.record.ID == id {
			return true
		}
	}
	i := slices.Index(s.silent, id)
	if i >= 0 {
		s.silent = slices.Delete(s.silent, i, i+1)
	}
	return i >= 0
}

// noteSilent remembers a request without a record beyond its release.
func (s *State) noteSilent(tx *Tx) {
	if tx.dir != decoders.ToServer || !tx.state.Silent {
		return
	}
	if len(s.silent) == maxSilent {
		s.silent = slices.Delete(s.silent, 0, 1)
	}
	s.silent = append(s.silent, tx.record.ID)
}

// Txs returns the messages that were not released yet, oldest first.
func (s *State) Txs() []app.Tx { return s.txs }

// Release gives up the transactions that were logged and inspected in their
// own direction.
func (s *State) Release() {
	kept := s.txs[:0]
	for _, t := range s.txs {
		if tx := t.(*Tx); tx.done() {
			s.noteSilent(tx)
			s.parser.give(tx)
		} else {
			kept = append(kept, t)
		}
	}
	clear(s.txs[len(kept):])
	s.txs = kept
}

// Reset makes the state as new.
func (s *State) Reset() {
	for _, t := range s.txs {
		s.parser.give(t.(*Tx))
	}
	clear(s.txs)
	*s = State{parser: s.parser, txs: s.txs[:0], silent: s.silent[:0]}
}
