package quic

import "spanwatch/decoders"

// Types of frame in the packets of a handshake (RFC 9000 section 19). Of other
// types what follows is not looked at.
const (
	framePadding      = 0x00
	framePing         = 0x01
	frameAck          = 0x02
	frameAckECN       = 0x03
	frameCrypto       = 0x06
	frameGoogleCrypto = 0x08 // from Q047 on: a CRYPTO frame of Google's own handshake
	frameStream       = 0x80 // this bit, in Google's versions
)

// frames reads the frames of an Initial packet into t. It returns false when
// they are malformed.
func (s *State) frames(b []byte, dir decoders.Direction, t *Tx) bool {
	grew := false
	c := cursor{rest: b}
	for len(c.rest) > 0 {
		switch first := c.u8(); {
		case first&frameStream != 0:
			t.streamFrame(&c, first)
		case first == framePadding:
			for len(c.rest) > 0 && c.rest[0] == 0 {
				c.rest = c.rest[1:]
			}
		case first == framePing:
		case first == frameAck, first == frameAckECN:
			ack(&c, first)
		case first == frameCrypto:
			more, ok := s.cryptoFrame(&c, dir, t)
			if !ok {
				return false
			}
			grew = grew || more
		case first == frameGoogleCrypto:
			c.varint()
			t.tags(c.take(c.varint()))
		default:
			c.rest = nil
		}
		if c.short {
			return false
		}
	}
	if grew {
		if body, kind, whole := message(s.crypto[dir].start()); whole && s.hello(kind, body, dir, t) == helloRead {
			s.crypto[dir].reset()
		}
	}
	return true
}

// ack passes over an ACK frame (RFC 9000 section 19.3).
func ack(c *cursor, first byte) {
	c.varint() // largest acknowledged
	c.varint() // delay
	ranges := c.varint()
	c.varint() // first range
	for ; ranges > 0 && !c.short; ranges-- {
		c.varint()
		c.varint()
	}
	if first == frameAckECN {
		c.varint()
		c.varint()
		c.varint()
	}
}

// cryptoFrame reads a CRYPTO frame: a hello that it holds as a whole at once,
// other pieces are kept. grew says that one was, ok is false for a message that
// cannot begin a handshake.
func (s *State) cryptoFrame(c *cursor, dir decoders.Direction, t *Tx) (grew, ok bool) {
	offset := c.varint()
	data := c.take(c.varint())
	if c.short {
		return false, false
	}
	if offset == 0 {
		if body, kind, whole := message(data); whole {
			switch s.hello(kind, body, dir, t) {
			case helloRead:
				return false, true
			case helloBad:
				return false, false
			}
		}
	}
	if !s.crypto[dir].add(offset, data) {
		t.events.Add(EventCryptoFragTooLong)
		return false, true
	}
	return true, true
}

// message cuts the TLS handshake message at the start of b (RFC 8446 section
// 4); false unless it is there as a whole.
func message(b []byte) (body []byte, kind byte, whole bool) {
	const header = 4
	if len(b) < header {
		return nil, 0, false
	}
	length := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	if length > len(b)-header {
		return nil, 0, false
	}
	return b[header : header+length], b[0], true
}
