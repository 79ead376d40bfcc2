package smb

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Records of NetBIOS over TCP (RFC 1002 section 4.3.1) and of direct TCP
// (MS-SMB2 section 2.1), which has the first type only and a longer length.
const (
	recordHeader   = 4
	recordMessage  = 0x00
	recordRequest  = 0x81
	recordPositive = 0x82
	recordNegative = 0x83
	recordRetarget = 0x84
	recordAlive    = 0x85
)

const (
	maxRecord = 1 << 20 // of a record that carries no file
	// bulkStart is how much of a record is waited for before the bytes of a
	// file in it are passed on as they come.
	bulkStart = 512
)

func recordLength(data []byte) int { return int(data[1])<<16 | int(data[2])<<8 | int(data[3]) }

// State is the SMB of one flow.
type State struct {
	parser   *Parser
	live     app.Live[*Tx]
	dialect  []byte // as EVE shows it
	offered  list   // dialects that the client offers
	trees    []tree
	handles  []handle
	requests []request
	bulk     [2]bulk
	skip     [2]uint64     // bytes of a record that is passed over
	flooded  bool          // there are too many transactions
	max      [2]uint32     // bytes of a WRITE and a READ, by where they go, as agreed on; 0 is any number
	text     []byte        // scratch
	frames   *app.FrameLog // nil unless frames are marked
}

// bulk is the rest of a file's bytes in a record that is still coming, and
// what stands behind them in it.
type bulk struct {
	left   uint64
	behind uint64
	sink   sink
}

var _ app.State = (*State)(nil)

func newState(p *Parser) *State { return &State{parser: p, live: app.NewLive(p.pool)} }

// Parse reads the records of in. Bytes that are missing are a gap of the file
// that they belong to, or are passed over with their record; elsewhere they
// end the parsing, since a record's length is all there is to go on by.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	dir := in.Dir
	if in.Gap > 0 && !s.gap(uint64(in.Gap), dir) {
		return app.Result{Status: app.StatusError}
	}
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if n := s.carried(rest, dir); n > 0 {
			at += n
			continue
		}
		n, need, ok := s.record(rest, dir)
		switch {
		case !ok:
			s.oddity(EventMalformedData)
			return app.Result{Status: app.StatusError, Consumed: at}
		case need > 0:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		}
		s.markFrames(rest, at, dir)
		at += n
		if s.flooded {
			return app.Result{Status: app.StatusError, Consumed: at}
		}
	}
	if in.EOF && in.Dir == decoders.ToClient {
		s.end()
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// carried takes bytes that belong to a record whose start was read before.
func (s *State) carried(data []byte, dir decoders.Direction) int {
	b := &s.bulk[dir]
	if b.left > 0 {
		n := min(b.left, uint64(len(data)))
		s.sinkBytes(&b.sink, data[:n])
		if b.left -= n; b.left == 0 {
			s.skip[dir] += b.behind
		}
		return int(n)
	}
	n := min(s.skip[dir], uint64(len(data)))
	s.skip[dir] -= n
	return int(n)
}

// gap takes note of n bytes that were lost; false when they were of a header.
func (s *State) gap(n uint64, dir decoders.Direction) bool {
	b := &s.bulk[dir]
	if b.left > 0 {
		lost := min(n, b.left)
		s.sinkGap(&b.sink, lost)
		n -= lost
		if b.left -= lost; b.left == 0 {
			s.skip[dir] += b.behind
		}
	}
	if n > s.skip[dir] {
		return false
	}
	s.skip[dir] -= n
	return true
}

// record reads the record at the start of data. It returns its length, or how
// many bytes it takes to go on, or false when it is none.
func (s *State) record(data []byte, dir decoders.Direction) (n, need int, ok bool) {
	if len(data) < recordHeader {
		return 0, recordHeader, true
	}
	length := recordLength(data)
	switch data[0] {
	case recordMessage:
	case recordRequest, recordPositive, recordNegative, recordRetarget, recordAlive:
		s.skip[dir] = uint64(length)
		return recordHeader, 0, true
	default:
		return 0, 0, false
	}
	whole := recordHeader + length
	if start := min(whole, recordHeader+bulkStart); len(data) < start {
		return 0, start, true
	}
	body := data[recordHeader:min(len(data), whole)]
	switch {
	case length == 0:
		return recordHeader, 0, true
	case bytes.HasPrefix(body, magicEncrypted), bytes.HasPrefix(body, magicCompressed):
		s.skip[dir] = uint64(length)
		return recordHeader, 0, true
	case !bytes.HasPrefix(body, magicV1) && !bytes.HasPrefix(body, magicV2):
		return 0, 0, false
	}
	if len(data) < whole {
		if at, size, to, ok := s.bulkOf(body, dir); ok && at <= len(body) && uint64(at)+size <= uint64(length) {
			return recordHeader + s.openBulk(body, at, size, uint64(length), to, dir), 0, true
		}
		if length <= maxRecord {
			return 0, whole, true
		}
		s.oddity(EventRecordOverflow)
		s.skip[dir] = uint64(length)
		return recordHeader, 0, true
	}
	if body[0] == magicV1[0] {
		ok = s.messageV1(body, dir)
	} else {
		ok = s.messagesV2(body, dir)
	}
	return whole, 0, ok
}

// bulkOf reports that a record, of which the start is there, carries bytes of
// a file: from at on, size of them, to where.
func (s *State) bulkOf(body []byte, dir decoders.Direction) (at int, size uint64, to sink, ok bool) {
	if body[0] == magicV1[0] {
		return s.bulkV1(body, dir)
	}
	return s.bulkV2(body, dir)
}

// openBulk passes on what there is of a file and remembers what is to come.
func (s *State) openBulk(body []byte, at int, size, length uint64, to sink, dir decoders.Direction) int {
	here := body[at:]
	here = here[:min(uint64(len(here)), size)]
	s.bulk[dir] = bulk{left: size - uint64(len(here)), behind: length - uint64(at) - size, sink: to}
	s.sinkBytes(&s.bulk[dir].sink, here)
	if s.bulk[dir].left == 0 {
		s.skip[dir] = length - uint64(at+len(here))
	}
	return at + len(here)
}

// begin makes a transaction. One too many is an event and ends the parsing.
func (s *State) begin(version uint8, command uint16) *Tx {
	t := s.live.Add()
	t.of, t.version, t.command = s, version, command
	t.done[decoders.ToServer] = true
	if s.live.Len() > s.parser.config.MaxTransactions {
		t.events.Add(EventTooManyTransactions)
		s.flooded = true
	}
	return t
}

// finish completes a transaction that nothing more is to come for.
func (s *State) finish(t *Tx) {
	if t.kind == kindFile && !t.content.Ended() {
		s.flush(t)
		t.content.Truncate()
	}
	t.done = [2]bool{true, true}
}

// oddity puts an event on the newest transaction.
func (s *State) oddity(e app.Event) {
	t, ok := s.live.Last()
	if !ok {
		t = s.begin(1, v1NoFurtherAndX)
		t.kind, t.done = kindOddity, [2]bool{true, true}
	}
	t.events.Add(e)
}

// wrongWay reports a request from the server or an answer from the client,
// which is an event.
func (s *State) wrongWay(answer bool, dir decoders.Direction) bool {
	switch {
	case answer && dir == decoders.ToServer:
		s.oddity(EventResponseToServer)
	case !answer && dir == decoders.ToClient:
		s.oddity(EventRequestToClient)
	default:
		return false
	}
	return true
}

// end finishes what waits when the server's stream ends.
func (s *State) end() {
	for i := range s.live.Len() {
		if t := s.live.At(i); t.kind == kindFile {
			s.finish(t)
		}
	}
}

// Txs returns the transactions that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the transactions that are complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	for i := range s.live.Len() {
		s.dequeue(s.live.At(i), len(s.live.At(i).queue))
	}
	s.live.Reset()
	s.offered.reset()
	*s = State{
		parser: s.parser, live: s.live, dialect: s.dialect[:0], offered: s.offered, trees: s.trees[:0], handles: s.handles[:0],
		requests: s.requests[:0], text: s.text[:0],
	}
}
