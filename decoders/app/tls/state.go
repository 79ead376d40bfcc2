package tls

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Types of record (RFC 8446 section 5.1, RFC 6520).
const (
	recordChangeCipher = 20
	recordAlert        = 21
	recordHandshake    = 22
	recordApplication  = 23
	recordHeartbeat    = 24
)

const (
	recordHeader = 5
	// maxRecord is the largest fragment, 2^14, with the expansion that RFC
	// 5246 section 6.2.2 allows for compression.
	maxRecord = 1<<14 + 1024
	// keptMessage is how much memory for cut messages is kept for the next
	// flow.
	keptMessage = 32 << 10
)

// State is the TLS of one flow.
type State struct {
	tx    Tx
	list  [1]app.Tx
	open  bool // the transaction exists
	over  bool // it was released: nothing is parsed any more
	ended bool // a record, since Ended was asked
	sides [2]reader
	beat  heartbeats

	frames *app.FrameLog // nil unless frames are marked
	at     int           // of the record under work, in what is parsed
}

// reader is how far one direction was read.
type reader struct {
	skip    int    // bytes of a record that are left to be passed over
	message []byte // start of a handshake message that records cut
	kind    byte   // its type
	want    int    // its length; 0 when there is none
	pass    int    // bytes of a message that is too long to keep
}

var _ app.State = (*State)(nil)

func newState(p *Parser) *State {
	s := &State{tx: Tx{parser: p}}
	s.list[0] = &s.tx
	return s
}

// Encrypted reports that only ciphertext is to come: the hellos are over and
// application data flows. Payload needs no inspection from here on; who wants
// neither alerts nor heartbeats may bypass the flow.
func (s *State) Encrypted() bool { return s.tx.encrypted }

// Ended reports, and forgets, whether a record of the handshake ended.
func (s *State) Ended() bool {
	ended := s.ended
	s.ended = false
	return ended
}

// Parse reads the records of in. Records are taken whole, but application data
// is passed over as it comes. A gap ends the parsing unless it lies in
// application data.
func (s *State) Parse(in app.Input) app.Result {
	ok := app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	if s.over {
		return ok
	}
	if in.Gap > 0 {
		if uint64(in.Gap) > uint64(s.sides[in.Dir].skip) {
			return app.Result{Status: app.StatusError}
		}
		s.sides[in.Dir].skip -= int(in.Gap)
	}
	if len(in.Data) > 0 {
		s.open = true
	}
	at := 0
	for at < len(in.Data) {
		s.at = at
		n, need, good := s.record(in.Data[at:], in.Dir)
		switch {
		case !good:
			return app.Result{Status: app.StatusError, Consumed: at}
		case need > 0:
			s.tx.settle()
			if in.EOF {
				s.end(in.Dir)
			}
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		}
		at += n
	}
	s.tx.settle()
	if in.EOF {
		s.end(in.Dir)
	}
	return ok
}

// end finishes a direction.
func (s *State) end(dir decoders.Direction) {
	if s.open {
		s.tx.advance(dir, finished(dir))
	}
}

// record reads the record at the start of data, which is not empty. It returns
// its length, or how many bytes are needed to read it, or false when the
// stream is no TLS.
func (s *State) record(data []byte, dir decoders.Direction) (n, need int, good bool) {
	r, side := &s.sides[dir], &s.tx.sides[dir]
	if r.skip > 0 {
		n := min(r.skip, len(data))
		r.skip -= n
		return n, 0, true
	}
	if data[0]&0xc0 != 0 { // no type of record has a high bit
		return s.ssl2Record(data, dir)
	}
	if len(data) < recordHeader {
		return 0, recordHeader, true
	}
	length := int(binary.BigEndian.Uint16(data[3:]))
	before := side.version
	version := before
	if before == VersionSSL2 || !side.hello {
		version = Version(binary.BigEndian.Uint16(data[1:]))
	}
	switch {
	case data[0] < recordChangeCipher || data[0] > recordHeartbeat:
		s.tx.event(app.EventTLSInvalidRecordType)
		if before != VersionTLS10 && before != VersionTLS11 {
			return 0, 0, false
		}
		r.skip = length
		return recordHeader, 0, true
	case length == 0 || length > maxRecord:
		side.version = version
		s.tx.event(app.EventTLSInvalidRecordLength)
		return 0, 0, false
	case !version.valid():
		side.version = version
		s.tx.event(app.EventTLSInvalidRecordVersion)
		return 0, 0, false
	case data[0] == recordApplication:
		side.version = version
		s.tx.applicationData()
		s.markRecord(dir, data[0], length)
		r.skip = length
		return recordHeader, 0, true
	case len(data) < recordHeader+length:
		return 0, recordHeader + length, true
	}
	side.version = version
	s.markRecord(dir, data[0], length)
	return recordHeader + length, 0, s.whole(data[0], data[recordHeader:recordHeader+length], dir)
}

// whole takes a record that is there to its end.
func (s *State) whole(kind byte, body []byte, dir decoders.Direction) bool {
	tx := &s.tx
	s.ended = true
	switch kind {
	case recordChangeCipher:
		tx.changed[dir] = true
	case recordAlert:
		return s.alert(body)
	case recordHandshake:
		if (tx.changed[0] || tx.changed[1]) && !tx.helloExpected() {
			return true // encrypted
		}
		if !s.handshake(body, dir) {
			tx.event(app.EventTLSInvalidHandshakeMessage)
			return false
		}
	case recordHeartbeat:
		return s.heartbeat(body, dir)
	}
	return true
}

// alert notes a fatal alert, which ends the session (RFC 8446 section 6). A
// longer one is encrypted.
func (s *State) alert(body []byte) bool {
	const fatal = 2
	if len(body) < 2 {
		s.tx.event(app.EventTLSInvalidAlert)
		return false
	}
	if len(body) == 2 && body[0] == fatal {
		s.tx.advance(decoders.ToServer, ClientFinished)
		s.tx.advance(decoders.ToClient, ServerFinished)
	}
	return true
}

// Txs returns the session, once there was payload and until it is released.
func (s *State) Txs() []app.Tx {
	if s.open && !s.over {
		return s.list[:]
	}
	return nil
}

// Release forgets the session when it is complete, logged, and inspected in
// both directions.
func (s *State) Release() {
	t := &s.tx
	if s.open && t.Complete(decoders.ToServer) && t.Complete(decoders.ToClient) &&
		t.state.Logged && t.state.Done == [2]bool{true, true} {
		s.over = true
	}
}

// Reset makes the state as new.
func (s *State) Reset() {
	s.tx.reset()
	s.open, s.over, s.ended, s.beat, s.frames = false, false, false, heartbeats{}, nil
	for d := range s.sides {
		message := s.sides[d].message[:0]
		if cap(message) > keptMessage {
			message = nil
		}
		s.sides[d] = reader{message: message}
	}
}
