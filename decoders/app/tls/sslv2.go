package tls

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Messages of SSL 2 (draft-hickman-netscape-ssl-00).
const (
	ssl2Error              = 0
	ssl2ClientHello        = 1
	ssl2ClientMasterKey    = 2
	ssl2ClientFinished     = 3
	ssl2ServerHello        = 4
	ssl2ServerVerify       = 5
	ssl2ServerFinished     = 6
	ssl2RequestCertificate = 7
	ssl2ClientCertificate  = 8
)

// ssl2 is what is known of a session of SSL 2.
type ssl2 struct {
	client, server bool // hello seen
	noSession      bool // the client has no session to resume
	masterKey      bool
	encrypted      [2]bool
}

// ssl2Record reads a record with the header of SSL 2: two bytes of length, or
// three with padding, and the type of message. Clients of later versions used
// it for their first hello (RFC 5246 appendix E.2).
func (s *State) ssl2Record(data []byte, dir decoders.Direction) (n, need int, good bool) {
	header, mask := 3, byte(0x3f)
	if data[0]&0x80 != 0 {
		header, mask = 2, 0x7f
	}
	if len(data) < header {
		return 0, header, true
	}
	length := int(data[0]&mask)<<8 | int(data[1])
	if length == 0 {
		s.tx.sides[dir].version = VersionSSL2
		s.tx.event(app.EventTLSInvalidSSLv2Header)
		s.tx.event(app.EventTLSInvalidSSLRecord)
		return 0, 0, false
	}
	if len(data) < header+length {
		return 0, header + length, true
	}
	s.tx.sides[dir].version = VersionSSL2
	s.frames.Mark(dir, frameSSL2Header, s.at, header)
	s.frames.Mark(dir, frameSSL2PDU, s.at, header+length)
	body := data[header : header+length]
	if !s.ssl2Message(body[0], body[1:], dir) {
		s.tx.event(app.EventTLSInvalidSSLRecord)
		return 0, 0, false
	}
	return header + length, 0, true
}

func (s *State) ssl2Message(kind byte, body []byte, dir decoders.Direction) bool {
	t := &s.tx
	v := &t.ssl2
	switch kind {
	case ssl2Error:
		t.event(app.EventTLSErrorMessageEncountered)
	case ssl2ClientHello:
		if len(body) < 6 {
			return false
		}
		t.sides[dir].version = Version(binary.BigEndian.Uint16(body))
		v.client = true
		v.noSession = binary.BigEndian.Uint16(body[4:]) == 0
		t.seen |= seenClientHello
		t.advance(decoders.ToServer, ClientHelloDone)
	case ssl2ServerHello:
		v.server = true
		t.seen |= seenServerHello
		t.advance(decoders.ToClient, ServerHello)
	case ssl2ClientMasterKey:
		v.masterKey = true
	case ssl2ClientCertificate, ssl2ServerVerify, ssl2ServerFinished, ssl2ClientFinished, ssl2RequestCertificate:
		if kind == ssl2ClientCertificate && dir == decoders.ToServer {
			t.seen |= seenClientKey
		}
		if !v.client || !v.server {
			break
		}
		if dir == decoders.ToClient || v.noSession || v.masterKey {
			v.encrypted[dir] = true
		}
		if v.encrypted == [2]bool{true, true} {
			t.encrypted = true
		}
	}
	return true
}
