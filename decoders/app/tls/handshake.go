package tls

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Types of handshake message (IANA, TLS HandshakeType).
const (
	helloRequest       = 0
	clientHello        = 1
	serverHello        = 2
	newSessionTicket   = 4
	certificateMessage = 11
	serverKeyExchange  = 12
	certificateRequest = 13
	serverHelloDone    = 14
	certificateVerify  = 15
	clientKeyExchange  = 16
	finishedMessage    = 20
	certificateURL     = 21
	certificateStatus  = 22
)

const (
	messageHeader = 4
	// maxMessage is the longest handshake message that is kept. The chains of
	// real servers stay below 32 KiB.
	maxMessage = 128 << 10
)

// handshake reads the messages of a record, of which the first may have begun
// and the last may go on in another one. False means that it is no handshake.
func (s *State) handshake(body []byte, dir decoders.Direction) bool {
	if len(body) < messageHeader {
		s.tx.event(app.EventTLSInvalidSSLRecord)
		return false
	}
	r := &s.sides[dir]
	for len(body) > 0 {
		if r.pass > 0 {
			n := min(r.pass, len(body))
			r.pass -= n
			body = body[n:]
			continue
		}
		if r.want > 0 {
			n := min(r.want-len(r.message), len(body))
			r.message = append(r.message, body[:n]...)
			body = body[n:]
			if len(r.message) == r.want {
				s.message(r.kind, r.message, dir)
				r.message, r.want = r.message[:0], 0
			}
			continue
		}
		if len(body) < messageHeader {
			s.tx.event(app.EventTLSInvalidSSLRecord)
			return false
		}
		kind, length := body[0], uint24(body[1:])
		body = body[messageHeader:]
		switch {
		case !knownMessage(kind):
			// Behind a change of cipher this is ciphertext.
			if !s.tx.changed[dir] {
				s.tx.event(app.EventTLSInvalidHandshakeMessage)
			}
			body = body[min(length, len(body)):]
		case length <= len(body):
			s.message(kind, body[:length], dir)
			body = body[length:]
		case length > maxMessage:
			s.tx.event(app.EventTLSHandshakeInvalidLength)
			r.pass = length
		default:
			r.kind, r.want = kind, length
		}
	}
	return true
}

func uint24(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

func knownMessage(kind byte) bool {
	switch kind {
	case helloRequest, clientHello, serverHello, newSessionTicket, certificateMessage, serverKeyExchange,
		certificateRequest, serverHelloDone, certificateVerify, clientKeyExchange, finishedMessage,
		certificateURL, certificateStatus:
		return true
	}
	return false
}

// message takes a whole handshake message.
func (s *State) message(kind byte, body []byte, dir decoders.Direction) {
	t := &s.tx
	switch {
	case len(body) == 0 && kind != serverHelloDone:
	case kind == clientHello:
		t.readHello(body, dir, true)
		t.seen |= seenClientHello
		t.advance(decoders.ToServer, ClientHelloDone)
	case kind == serverHello:
		t.readHello(body, dir, false)
		t.seen |= seenServerHello
		t.advance(decoders.ToClient, ServerHello)
	case kind == clientKeyExchange:
		t.seen |= seenClientKey
	case kind == serverKeyExchange:
		t.seen |= seenServerKey
	case kind == certificateMessage:
		t.readCertificates(body, dir)
		if dir == decoders.ToServer {
			t.advance(dir, ClientCertDone)
		} else {
			t.advance(dir, ServerCertDone)
		}
	case kind == certificateRequest && dir == decoders.ToClient:
		t.clientCert = true
	case kind == serverHelloDone && dir == decoders.ToClient:
		t.advance(dir, ServerHelloDone)
	}
}
