package rdp

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	maxTxs       = 256
	maxHandshake = 64 << 10 // of a message of TLS
	keptTLS      = 8 << 10  // of them, for the next flow
)

// Records of TLS (RFC 5246 section 6.2.1).
const (
	tlsRecordHeader = 5
	tlsMaxRecord    = 1<<14 + 2048
	tlsHandshakeTag = 22
	tlsAlertTag     = 21
	tlsMessage      = 4 // header of a message of the handshake
	tlsCertificate  = 11
)

// State is the RDP of one flow.
type State struct {
	live  app.Live[*Tx]
	tls   [2]bool // the side has changed to TLS
	skip  int     // bytes of the client's record of TLS that are passed over
	hands []byte  // the server's messages of the handshake, as far as they are not complete
	over  bool    // what follows is not parsed
}

var _ app.State = (*State)(nil)

// Parse reads the messages of in. Nothing can be read behind missing bytes.
func (s *State) Parse(in app.Input) app.Result {
	if s.over {
		return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
	}
	if in.Datagram || in.Gap > 0 {
		return app.Result{Status: app.StatusError}
	}
	at := 0
	for at < len(in.Data) && !s.over {
		rest := in.Data[at:]
		s.tls[in.Dir] = s.tls[in.Dir] || rest[0] == tlsHandshakeTag
		var n, need int
		switch {
		case !s.tls[in.Dir]:
			n, need = s.packet(rest, in.Dir)
		case in.Dir == decoders.ToServer:
			n, need = s.clientRecord(rest)
		default:
			n, need = s.serverRecord(rest)
		}
		switch {
		case need > 0:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		case n == 0:
			return app.Result{Status: app.StatusError, Consumed: at}
		}
		at += n
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// packet takes the TPKT at the start of data. It returns its length, or how
// many bytes it takes to go on; neither when it is none.
func (s *State) packet(data []byte, dir decoders.Direction) (n, need int) {
	switch {
	case data[0] != tpktVersion:
		return 0, 0
	case len(data) < tpktHeader:
		return 0, tpktHeader
	}
	n = tpktLength(data)
	switch {
	case n < tpktHeader:
		return 0, 0
	case len(data) < n:
		return 0, n
	}
	body := data[tpktHeader:n]
	var what kind
	var told []byte
	var ok bool
	if dir == decoders.ToServer {
		what = initialRequest
		if told, ok = variablePart(body, x224Request); !ok {
			what = connectRequest
			told, ok = clientBlocks(body)
		}
	} else {
		what = initialResponse
		if told, ok = variablePart(body, x224Confirm); !ok {
			what = connectResponse
			ok = isConnectResponse(body)
			s.over = ok
		}
	}
	if ok && !s.add(what, dir, told) {
		return 0, 0
	}
	return n, 0
}

// clientRecord passes over the client's record of TLS at the start of data.
func (s *State) clientRecord(data []byte) (n, need int) {
	if s.skip > 0 {
		n = min(s.skip, len(data))
		s.skip -= n
		return n, 0
	}
	if len(data) < tlsRecordHeader {
		return 0, tlsRecordHeader
	}
	s.skip = int(binary.BigEndian.Uint16(data[3:]))
	return tlsRecordHeader, 0
}

// serverRecord takes the server's record of TLS at the start of data.
func (s *State) serverRecord(data []byte) (n, need int) {
	if len(data) < tlsRecordHeader {
		return 0, tlsRecordHeader
	}
	n = tlsRecordHeader + int(binary.BigEndian.Uint16(data[3:]))
	switch {
	case n > tlsRecordHeader+tlsMaxRecord:
		return 0, 0
	case data[0] == tlsAlertTag:
	case data[0] != tlsHandshakeTag: // ciphertext follows, no certificate does
		s.over = true
		return n, 0
	}
	switch {
	case len(data) < n:
		return 0, n
	case data[0] == tlsHandshakeTag:
		s.hands = append(s.hands, data[tlsRecordHeader:n]...)
		s.handshake()
	}
	return n, 0
}

// handshake takes the messages of TLS that are complete.
func (s *State) handshake() {
	at := 0
	for len(s.hands)-at >= tlsMessage {
		rest := s.hands[at:]
		length := int(rest[1])<<16 | int(binary.BigEndian.Uint16(rest[2:]))
		if length > maxHandshake {
			s.over = true
			return
		}
		if len(rest) < tlsMessage+length {
			break
		}
		if rest[0] == tlsCertificate {
			s.over = true
			s.add(tlsHandshake, decoders.ToClient, rest[tlsMessage:tlsMessage+length])
			return
		}
		at += tlsMessage + length
	}
	s.hands = append(s.hands[:0], s.hands[at:]...)
}

// add makes a transaction; false when there are too many.
func (s *State) add(what kind, dir decoders.Direction, told []byte) bool {
	if s.live.Len() >= maxTxs {
		return false
	}
	t := s.live.Add()
	t.Sent(dir)
	t.kind, t.raw = what, append(t.raw, told...)
	return true
}

// Txs returns the messages that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the messages that are logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	fresh := State{live: s.live, hands: s.hands[:0]}
	if cap(s.hands) > keptTLS {
		fresh.hands = nil
	}
	*s = fresh
}
