package http1

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// State is the HTTP/1 of one flow.
type State struct {
	parser *Parser
	txs    []app.Tx // not released yet, oldest first

	requests  uint64 // number of requests that started: the next one's ID
	responses uint64 // number of responses that ended

	client clientSide
	server serverSide

	upgrade  app.Upgrade
	upgraded bool
	frames   frames
	ended    bool // a message, since Ended was asked
}

// Ended reports, and forgets, whether a request or response ended.
func (s *State) Ended() bool {
	ended := s.ended
	s.ended = false
	return ended
}

// step is what a side's parser does with the next byte.
type step uint8

const (
	stepIdle step = iota // between messages
	stepLine
	stepProtocol // has a request without version fields?
	stepFields
	stepTunnelAnswer // CONNECT was sent: wait for the response
	stepBody         // of known length
	stepBodyToEnd    // of the stream
	stepChunkSize
	stepChunk
	stepChunkEnd
	stepFinish // the message is complete: does it go on all the same?
	stepIgnore // everything, to the end
)

// side is what both sides have.
type side struct {
	step    step
	pending []byte // start of a line
	left    uint64 // bytes of body or chunk
	skip    bool   // a CR that comes next belongs to the line end before it
	tx      *Tx
}

var (
	_ app.State    = (*State)(nil)
	_ app.Upgrader = (*State)(nil)
)

func (s *State) init() { s.client.step, s.server.step = stepIdle, stepIdle }

// verdict of a step.
type verdict uint8

const (
	goOn  verdict = iota // another step takes the rest
	wait                 // everything was used; more is needed
	fail                 // the flow can not be parsed any more
	yield                // the rest is another protocol's
)

// Parse reads what one side sent. The state keeps what it can not use yet, so
// that every byte is consumed, except when the flow changes its protocol (see
// app.Upgrader): then Incomplete leaves the rest to that.
func (s *State) Parse(in app.Input) app.Result {
	if s.upgraded {
		return app.Result{Status: app.StatusIncomplete, Need: len(in.Data) + 1}
	}
	data := in.Data
	s.frames.whole = len(data)
	var v verdict
	if in.Gap > 0 {
		v = s.gap(in.Dir, uint64(in.Gap))
	}
	if v != fail {
		data, v = s.run(in.Dir, data, false)
	}
	if in.EOF && v == wait {
		v = s.end(in.Dir)
	}
	switch {
	case v == fail:
		s.parser.stats.GivenUp++
		s.abandon()
		return app.Result{Status: app.StatusError, Consumed: max(len(in.Data)-len(data), 0)}
	case s.upgraded && len(data) > 0:
		return app.Result{Status: app.StatusIncomplete, Consumed: max(len(in.Data)-len(data), 0), Need: len(data) + 1}
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// run gives data to the steps of a side until it is used up.
func (s *State) run(dir decoders.Direction, data []byte, eof bool) ([]byte, verdict) {
	sd := s.sideOf(dir)
	if sd.skip {
		data = sd.skipCR(data)
	}
	for {
		var v verdict
		before := len(data) + len(sd.pending)
		if dir == decoders.ToServer {
			data, v = s.requestStep(data, eof)
		} else {
			data, v = s.responseStep(data, eof)
		}
		if s.frames.log != nil {
			s.markFrames(dir, before, len(data))
		}
		if v != goOn {
			return data, v
		}
	}
}

// skipCR skips a CR at the start of data, or of what comes next when there is
// none.
func (sd *side) skipCR(data []byte) []byte {
	sd.skip = len(data) == 0
	if len(data) > 0 && data[0] == '\r' {
		return data[1:]
	}
	return data
}

func (s *State) sideOf(dir decoders.Direction) *side {
	if dir == decoders.ToServer {
		return &s.client.side
	}
	return &s.server.side
}

// newTx makes the transaction of the next request.
func (s *State) newTx() (*Tx, bool) {
	if len(s.txs) >= s.parser.config.MaxTransactions {
		return nil, false
	}
	t := s.parser.take()
	t.id = s.requests
	s.requests++
	s.txs = append(s.txs, t)
	return t, true
}

// waiting returns the transaction that the next response belongs to; nil if no
// request was seen for it. Those without a complete response are the last of
// txs, without holes.
func (s *State) waiting() *Tx {
	behind := int(s.requests - s.responses)
	if behind == 0 {
		return nil
	}
	return s.txs[len(s.txs)-behind].(*Tx)
}

// Txs returns the transactions that were not released yet, oldest first.
func (s *State) Txs() []app.Tx { return s.txs }

// Upgraded reports that another protocol follows.
func (s *State) Upgraded() (app.Upgrade, bool) { return s.upgrade, s.upgraded }

// Release gives up the transactions that are complete, logged and inspected.
func (s *State) Release() {
	kept := s.txs[:0]
	for _, t := range s.txs {
		if tx := t.(*Tx); tx.done() {
			s.forget(tx)
			s.parser.give(tx)
		} else {
			kept = append(kept, t)
		}
	}
	clear(s.txs[len(kept):])
	s.txs = kept
}

// forget drops the references that the sides have to a transaction.
func (s *State) forget(t *Tx) {
	if s.client.tx == t {
		s.client.tx = nil
	}
	if s.server.tx == t {
		s.server.tx = nil
	}
}

// keptPending is the room for the start of a line that a state keeps.
const keptPending = 4 << 10

// Reset makes the state as new.
func (s *State) Reset() {
	for _, t := range s.txs {
		s.parser.give(t.(*Tx))
	}
	clear(s.txs)
	*s = State{parser: s.parser, txs: s.txs[:0], client: clientSide{side: side{pending: within(s.client.pending, keptPending)}},
		server: serverSide{side: side{pending: within(s.server.pending, keptPending)}}}
	s.init()
}

// end ends a side where its stream ends. The end of the server's stream ends
// the client's as well: nobody listens any more.
func (s *State) end(dir decoders.Direction) verdict {
	if _, v := s.run(dir, nil, true); v != wait {
		return v
	}
	if t := s.sideOf(dir).tx; t != nil && t.side(dir).progress != Completed {
		t.side(dir).giveUp()
	}
	if dir == decoders.ToClient && !s.upgraded {
		return s.end(decoders.ToServer)
	}
	return wait
}

// abandon ends the files of all messages that will not be completed.
func (s *State) abandon() {
	for _, x := range s.txs {
		t := x.(*Tx)
		for _, m := range [2]*message{&t.request, &t.response} {
			if m.progress != Completed {
				m.giveUp()
			}
		}
	}
}

// takeLine returns the line that data starts with, together with the start of
// it that came before. A line without an end is kept; it is nil then, or when
// it is longer than any line may be (tooLong).
func (s *State) takeLine(sd *side, data []byte, end int) (line, rest []byte, tooLong bool) {
	limit := s.parser.config.FieldLimit
	if end < 0 {
		if len(sd.pending)+len(data) > limit {
			return nil, nil, true
		}
		sd.pending = append(sd.pending, data...)
		return nil, nil, false
	}
	if len(sd.pending)+end > limit {
		return nil, data, true
	}
	if len(sd.pending) == 0 {
		return data[:end], data[end:], false
	}
	sd.pending = append(sd.pending, data[:end]...)
	line = sd.pending
	sd.pending = sd.pending[:0]
	return line, data[end:], false
}
