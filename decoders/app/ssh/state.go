package ssh

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Packets of the transport layer (RFC 4253 section 6): length of what follows
// it, length of padding, type of message.
const (
	lengthLen    = 4
	packetHeader = lengthLen + 2
	// maxKex is the length of a packet from which lists of algorithms are not
	// read; implementations take 35,000 bytes (RFC 4253 section 6.1).
	maxKex = 65535

	messageKexInit = 20
	messageNewKeys = 21
)

// State is the SSH of one flow.
type State struct {
	tx   Tx
	list [1]app.Tx
	open bool // the transaction exists
	over bool // it was released
	skip [2]uint64
	line [2]bool // the rest of a long banner is passed over

	ended bool // a banner, since Ended was asked

	frames *app.FrameLog // nil unless frames are marked
	at     int           // of what is read, in what is parsed
}

var _ app.State = (*State)(nil)

func newState() *State {
	s := &State{}
	s.list[0] = &s.tx
	return s
}

// Encrypted reports that both sides use new keys: nothing is left to inspect,
// and the flow may be bypassed.
func (s *State) Encrypted() bool {
	return s.tx.progress[0] == Finished && s.tx.progress[1] == Finished
}

// Ended reports, and forgets, whether a banner ended.
func (s *State) Ended() bool {
	ended := s.ended
	s.ended = false
	return ended
}

// Parse reads banner and packets of a side until it changes to new keys. A gap
// ends the parsing unless it lies in a packet of no interest.
func (s *State) Parse(in app.Input) app.Result {
	ok := app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	dir := in.Dir
	if s.over || s.tx.progress[dir] == Finished {
		return ok
	}
	if in.Gap > 0 {
		if uint64(in.Gap) > s.skip[dir] {
			return app.Result{Status: app.StatusError}
		}
		s.skip[dir] -= uint64(in.Gap)
	}
	if len(in.Data) > 0 {
		s.open = true
	}
	at := 0
	for at < len(in.Data) && s.tx.progress[dir] != Finished {
		s.at = at
		n, need, good := s.next(in.Data[at:], dir)
		switch {
		case !good:
			return app.Result{Status: app.StatusError, Consumed: at}
		case need > 0:
			s.end(in)
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		}
		at += n
	}
	s.end(in)
	return ok
}

// end completes a direction behind which nothing comes.
func (s *State) end(in app.Input) {
	if in.EOF && s.open {
		s.tx.ended[in.Dir] = true
	}
}

// next reads what is at the start of data, which is not empty. It returns its
// length, or how many bytes are needed to read it, or false when the stream is
// no SSH.
func (s *State) next(data []byte, dir decoders.Direction) (n, need int, good bool) {
	switch {
	case s.line[dir]:
		n, need = s.restOfLine(data, dir)
		return n, need, true
	case s.tx.progress[dir] == Started:
		return s.banner(data, dir)
	case s.skip[dir] > 0:
		n := min(s.skip[dir], uint64(len(data)))
		s.skip[dir] -= n
		return int(n), 0, true
	}
	return s.packet(data, dir)
}

// restOfLine passes over the end of a banner that is too long.
func (s *State) restOfLine(data []byte, dir decoders.Direction) (n, need int) {
	_, n = cutLine(data)
	switch {
	case n > 0:
		s.line[dir] = false
		return n, 0
	case data[len(data)-1] != '\r':
		return len(data), 0
	case len(data) > 1:
		return len(data) - 1, 0
	}
	return 0, 2 // what is behind CR says where the line ends
}

// banner reads the first line.
func (s *State) banner(data []byte, dir decoders.Direction) (n, need int, good bool) {
	line, n := cutLine(data)
	switch {
	case n == 0 && len(data) < maxBanner:
		return 0, len(data) + 1, true
	case n == 0 || len(line) > maxBanner:
		line, n = data[:maxBanner], maxBanner
		s.line[dir] = true
	}
	proto, software, ok := parseBanner(line)
	if !ok {
		s.tx.event(app.EventSSHInvalidBanner)
		return 0, 0, false
	}
	if len(line) >= longBanner {
		s.tx.event(app.EventSSHLongBanner)
	}
	s.tx.setBanner(dir, proto, software)
	s.ended = true
	return n, 0, true
}

// packet reads the packet at the start of data.
func (s *State) packet(data []byte, dir decoders.Direction) (n, need int, good bool) {
	if len(data) < packetHeader {
		return 0, packetHeader, true
	}
	length := binary.BigEndian.Uint32(data)
	if length < 2 {
		s.tx.event(app.EventSSHInvalidRecord)
		return 0, 0, false
	}
	switch data[packetHeader-1] {
	case messageNewKeys:
		s.tx.progress[dir] = Finished
	case messageKexInit:
		if length-2 >= maxKex {
			s.tx.event(app.EventSSHLongKexRecord)
			break
		}
		whole := lengthLen + int(length)
		if len(data) < whole {
			return 0, whole, true
		}
		s.markPacket(dir, length)
		s.tx.setAlgorithms(dir, data[packetHeader:whole])
		return whole, 0, true
	}
	s.markPacket(dir, length)
	s.skip[dir] = uint64(length - 2)
	return packetHeader, 0, true
}

// markPacket marks the packet at s.at, of a length as it tells.
func (s *State) markPacket(dir decoders.Direction, length uint32) {
	s.frames.Mark(dir, frameRecordHeader, s.at, packetHeader)
	s.frames.Mark(dir, frameRecordData, s.at+packetHeader, int(length)-2)
	s.frames.Mark(dir, frameRecordPDU, s.at, int(length)+lengthLen)
}

// Txs returns the connection, once there was payload and until it is released.
func (s *State) Txs() []app.Tx {
	if s.open && !s.over {
		return s.list[:]
	}
	return nil
}

// Release forgets the connection when it is complete, logged, and inspected in
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
	s.frames = nil
	s.open, s.over, s.ended, s.skip, s.line = false, false, false, [2]uint64{}, [2]bool{}
}
