package nfs

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	recordMark = 4       // bytes before each fragment of a record in a stream (RFC 5531 section 11)
	maxRecord  = 1 << 20 // of a record that is not mostly a file
	maxTxs     = 1024    // live ones of a flow, as Suricata
	// bulkStart is how much of a longer record is looked at for bytes of a file,
	// which are then passed on as they come.
	bulkStart = 512
)

// State is the NFS of one flow.
type State struct {
	parser   *Parser
	live     app.Live[*Tx]
	version  uint32 // of the first call
	requests requests
	names    nameTable
	bulk     [2]bulk
	skip     [2]uint64 // bytes of a record that are passed over
	inside   [2]bool   // the next fragment goes on with a record
}

// bulk is the rest of a file's bytes in a record that is still coming, and
// what stands behind them in it.
type bulk struct {
	left   uint64
	behind uint64
	sink   sink
}

var _ app.State = (*State)(nil)

// Parse reads the messages of in. Bytes that are missing are a gap of the file
// that they belong to, or are passed over with their record; elsewhere they
// end the parsing, since a record's length is all there is to go on by.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		if !s.message(in.Data, in.Dir) {
			s.malformed(in.Dir)
			return app.Result{Status: app.StatusError}
		}
		return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
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
		n, need := s.record(rest, dir)
		if need > 0 {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		}
		at += n
	}
	if in.EOF && dir == decoders.ToClient {
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
		s.bulkTaken(dir, n)
		return int(n)
	}
	n := min(s.skip[dir], uint64(len(data)))
	s.skip[dir] -= n
	return int(n)
}

// bulkTaken counts down what is left of a file's bytes in a record.
func (s *State) bulkTaken(dir decoders.Direction, n uint64) {
	b := &s.bulk[dir]
	if b.left -= n; b.left == 0 {
		s.skip[dir] += b.behind
		s.sinkDone(&b.sink)
	}
}

// gap takes note of n bytes that were lost; false when they were of a header.
func (s *State) gap(n uint64, dir decoders.Direction) bool {
	if b := &s.bulk[dir]; b.left > 0 {
		lost := min(n, b.left)
		s.sinkGap(&b.sink, lost)
		s.bulkTaken(dir, lost)
		n -= lost
	}
	if n > s.skip[dir] {
		return false
	}
	s.skip[dir] -= n
	return true
}

// record reads the record at the start of data. It returns its length, or how
// many bytes it takes to go on. Of a record in several fragments only the
// first is read: no client or server in use sends them.
func (s *State) record(data []byte, dir decoders.Direction) (n, need int) {
	if len(data) < recordMark {
		return 0, recordMark
	}
	const lastFragment = 1 << 31
	mark := binary.BigEndian.Uint32(data)
	length := int(mark &^ lastFragment)
	first := !s.inside[dir]
	whole := recordMark + length
	if first {
		if start := min(whole, recordMark+bulkStart); len(data) < start {
			return 0, start
		}
		if length > bulkStart {
			if n, ok := s.openBulk(data[recordMark:], uint64(length), dir); ok {
				s.inside[dir] = mark&lastFragment == 0
				return recordMark + n, 0
			}
			if length <= maxRecord && len(data) < whole {
				return 0, whole
			}
		}
	}
	s.inside[dir] = mark&lastFragment == 0
	if !first || length > maxRecord {
		s.skip[dir] = uint64(length)
		return recordMark, 0
	}
	if !s.message(data[recordMark:whole], dir) {
		s.malformed(dir)
	}
	return whole, 0
}

// openBulk begins to pass on the bytes of a file, if the record is mostly
// that. It returns how many bytes of the record it took.
func (s *State) openBulk(body []byte, length uint64, dir decoders.Direction) (int, bool) {
	at, size, to, ok := s.transferIn(body[:bulkStart], dir)
	if !ok || uint64(at)+size > length {
		return 0, false
	}
	here := body[at:]
	here = here[:min(uint64(len(here)), size)]
	s.bulk[dir] = bulk{left: size, behind: length - uint64(at) - size, sink: s.openSink(&to, dir)}
	s.sinkBytes(&s.bulk[dir].sink, here)
	s.bulkTaken(dir, uint64(len(here)))
	return at + len(here), true
}

// message takes one RPC message; false when it is malformed.
func (s *State) message(data []byte, dir decoders.Direction) bool {
	r := reader{rest: data}
	xid, kind := r.u32(), r.u32()
	switch {
	case r.bad:
		return false
	case kind == rpcCall && dir == decoders.ToServer:
		c, ok := readCall(&r, xid)
		return ok && (c.foreign || s.called(&c, &r))
	case kind == rpcReply && dir == decoders.ToClient:
		p, ok := readReply(&r, xid)
		return ok && s.replied(&p, &r)
	}
	return kind == rpcCall || kind == rpcReply // backwards: of another program on the connection
}

// called takes a call of NFS with its arguments.
func (s *State) called(c *call, args *reader) bool {
	if s.version == 0 {
		s.version = c.version
	}
	q := s.requests.add(c)
	switch c.version {
	case 2:
		return s.called2(c, q, args)
	case 3:
		return s.called3(c, q, args)
	case 4:
		return c.procedure != v4Compound || c.gss || s.called4(c, q, args)
	}
	return false
}

// replied takes a reply with its results.
func (s *State) replied(p *reply, results *reader) bool {
	q := s.requests.find(p.xid)
	if q == nil {
		return true
	}
	q.used = false
	if p.failed {
		s.answered(p, 0, nil)
		return true
	}
	switch q.version {
	case 2:
		return s.replied2(p, q, results)
	case 3:
		return s.replied3(p, q, results)
	}
	return q.procedure != v4Compound || s.replied4(p, q, results)
}

// begin makes a transaction. When there are too many, the oldest that waits is
// done with.
func (s *State) begin(xid, procedure uint32) *Tx {
	var crowded bool
	if n := s.live.Len(); n >= maxTxs {
		for i := range n {
			if t := s.live.At(i); t.done != [2]bool{true, true} {
				s.finish(t)
				t.events.Add(EventTooManyTransactions)
				crowded = true
				break
			}
		}
	}
	t := s.live.Add()
	t.version, t.xid, t.procedure = s.version, xid, procedure
	if crowded {
		t.events.Add(EventTooManyTransactions)
	}
	return t
}

// plain makes the transaction of a call that carries no file.
func (s *State) plain(c *call, procedure uint32, name, handle []byte) *Tx {
	t := s.begin(c.xid, procedure)
	t.calledBy(&c.creds)
	t.name, t.handle = append(t.name, name...), append(t.handle, handle...)
	t.done[decoders.ToServer] = true
	return t
}

// answered completes the transaction of a call.
func (s *State) answered(p *reply, status uint32, handle []byte) {
	for i := s.live.Len() - 1; i >= 0; i-- {
		t := s.live.At(i)
		if t.xid != p.xid || t.done[decoders.ToClient] {
			continue
		}
		t.done[decoders.ToClient] = true
		t.rpcStatus, t.status = p.status, status
		if len(t.handle) == 0 {
			t.handle = append(t.handle, handle...)
		}
		return
	}
}

// finish completes a transaction that nothing more is to come for.
func (s *State) finish(t *Tx) {
	if t.isFile && !t.content.Ended() {
		t.content.Truncate()
	}
	t.closed, t.done = true, [2]bool{true, true}
}

// malformed tells of bytes that are no message, on the newest transaction or
// one of its own.
func (s *State) malformed(dir decoders.Direction) {
	t, ok := s.live.Last()
	if !ok {
		t = s.begin(0, 0)
		t.done = [2]bool{true, true}
	}
	t.events.Add(EventMalformedData)
}

// end finishes what waits when the server's stream ends.
func (s *State) end() {
	for i := range s.live.Len() {
		if t := s.live.At(i); t.isFile {
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
	s.live.Reset()
	s.requests.reset()
	s.names.reset()
	*s = State{parser: s.parser, live: s.live, requests: s.requests, names: s.names}
}
