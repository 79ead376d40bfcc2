package ike

import "encoding/binary"

const (
	headerLength  = 28 // RFC 2408 section 3.1, RFC 7296 section 3.1
	payloadHeader = 4
	maxPayloads   = 64 // of a message
	spiLength     = 8
)

// Flags of the header.
const (
	flagEncrypted = 0x01 // version 1
	flagInitiator = 0x08 // version 2
)

// header is that of a message.
type header struct {
	initiator, responder []byte // security parameter indexes
	next                 uint8  // type of the first payload
	major, minor         uint8
	exchange             uint8
	flags                uint8
	id                   uint32
	length               uint32
}

// readHeader reads the header of a datagram; false when it is too short.
func readHeader(data []byte) (h header, ok bool) {
	if len(data) < headerLength {
		return h, false
	}
	return header{
		initiator: data[:8], responder: data[8:16], next: data[16], major: data[17] >> 4, minor: data[17] & 15,
		exchange: data[18], flags: data[19], id: binary.BigEndian.Uint32(data[20:]), length: binary.BigEndian.Uint32(data[24:]),
	}, true
}

// part cuts the first payload, proposal or transform off data: all begin with
// the type of the next and their length. false when it is cut.
func part(data []byte) (next uint8, body, rest []byte, ok bool) {
	if len(data) < payloadHeader {
		return 0, nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(data[2:]))
	if n < payloadHeader || n > len(data) {
		return 0, nil, nil, false
	}
	return data[0], data[payloadHeader:n:n], data[n:], true
}

// attribute is a data attribute (RFC 2408 section 3.3).
type attribute struct {
	kind    uint16
	numeric bool // value is a number of at most 32 bits
	number  uint64
	value   []byte // of one that is longer than its number
}

// nextAttribute cuts the first attribute off data; false when it is cut.
func nextAttribute(data []byte) (a attribute, rest []byte, ok bool) {
	const short = 0x8000 // the value stands in the place of the length
	if len(data) < 4 {
		return a, nil, false
	}
	kind, n := binary.BigEndian.Uint16(data), int(binary.BigEndian.Uint16(data[2:]))
	a.kind = kind &^ short
	if kind&short != 0 {
		a.numeric, a.number = true, uint64(n)
		return a, data[4:], true
	}
	if n > len(data)-4 {
		return a, nil, false
	}
	a.value = data[4 : 4+n]
	if a.numeric = n <= 4; a.numeric {
		for _, b := range a.value {
			a.number = a.number<<8 | uint64(b)
		}
	}
	return a, data[4+n:], true
}
