package rdp

import (
	"bytes"
	"encoding/binary"
)

// TPKT carries every message (ITU-T T.123 section 8).
const (
	tpktVersion = 3
	tpktHeader  = 4
)

// tpktLength is the length that a TPKT gives itself, with its header.
func tpktLength(data []byte) int { return int(binary.BigEndian.Uint16(data[2:])) }

// Messages of X.224, by the upper half of their code (ITU-T X.224 section 13).
const (
	x224Request = 0xe0
	x224Confirm = 0xd0
	x224Data    = 0xf0
)

const x224Header = 7 // of requests and confirms: length, code, two references, class

// kindOf returns the code of the message at the start of b, which is two bytes
// at least; 0 when it is none of RDP.
func kindOf(b []byte) byte {
	const dataLength = 2
	switch code := b[1] & 0xf0; {
	case (code == x224Request || code == x224Confirm) && b[0] >= x224Header-1 && b[0] != 0xff:
		return code
	case b[1] == x224Data && b[0] == dataLength:
		return x224Data
	}
	return 0
}

// variablePart returns what a request or confirm of class 0 has behind its
// header; false when it is none.
func variablePart(b []byte, code byte) ([]byte, bool) {
	if len(b) < x224Header || kindOf(b) != code || len(b) <= int(b[0]) || b[2] != 0 || b[3] != 0 || b[6] != 0 {
		return nil, false
	}
	return b[x224Header : 1+int(b[0])], true
}

// cookieName is what a client has before the name of its user ([MS-RDPBCGR]
// section 2.2.1.1).
var cookieName = []byte("Cookie: mstshash=")

// cookieOf returns the user's name in a request. What a broker or the name
// says ends with a line; rest is what follows it.
func cookieOf(b []byte) (name, rest []byte, ok bool) {
	line, rest, ends := bytes.Cut(b, []byte("\r\n"))
	if !ends {
		return nil, b, false
	}
	name, ok = bytes.CutPrefix(line, cookieName)
	return name, rest, ok
}

// Structures of the negotiation (section 2.2.1.1.1 to 2.2.1.2.2).
const (
	negotiationRequest  = 1
	negotiationResponse = 2
	negotiationFailure  = 3
)

// negotiation reads such a structure; kind is 0 when there is none.
func negotiation(b []byte) (kind, flags uint8, value uint32) {
	const length = 8
	if len(b) < length || binary.LittleEndian.Uint16(b[2:]) != length {
		return 0, 0, 0
	}
	return b[0], b[1], binary.LittleEndian.Uint32(b[4:])
}

// Messages of MCS that open a connection: the tags of their BER (ITU-T T.125).
const (
	mcsTag             = 0x7f
	mcsConnectInitial  = 0x65
	mcsConnectResponse = 0x66
)

// mcs returns what a data message of X.224 has behind the tag of a message of
// MCS.
func mcs(b []byte, tag byte) ([]byte, bool) {
	const header, whole = 3, 0x80 // the last of its data unit
	if len(b) < header+2 || kindOf(b) != x224Data || b[2] != whole || b[3] != mcsTag || b[4] != tag {
		return nil, false
	}
	return b[header+2:], true
}

func isConnectResponse(b []byte) bool {
	_, ok := mcs(b, mcsConnectResponse)
	return ok
}

// clientKey stands before the client's blocks in a conference request of T.124
// ([MS-RDPBCGR] section 2.2.1.3, h221NonStandard).
var clientKey = []byte("Duca")

// clientBlocks returns the client's blocks of a connect request.
func clientBlocks(b []byte) ([]byte, bool) {
	initial, ok := mcs(b, mcsConnectInitial)
	if !ok {
		return nil, false
	}
	_, rest, ok := bytes.Cut(initial, clientKey)
	if !ok || len(rest) < 2 {
		return nil, false
	}
	// A length of the packed encoding rules (ITU-T X.691 section 11.9); more
	// than 16 KiB would come in fragments.
	length := int(rest[0])
	switch length >> 6 {
	case 0, 1:
		rest = rest[1:]
	case 2:
		length = length&0x3f<<8 | int(rest[1])
		rest = rest[2:]
	default:
		return nil, false
	}
	if length > len(rest) {
		return nil, false
	}
	return rest[:length], true
}

// Blocks of the client (section 2.2.1.3.1).
const (
	blockCore     = 0xc001
	blockChannels = 0xc003
)

// blockOf returns the first block of a type.
func blockOf(blocks []byte, want uint16) ([]byte, bool) {
	const header = 4
	for len(blocks) >= header {
		n := int(binary.LittleEndian.Uint16(blocks[2:]))
		if n < header || n > len(blocks) {
			break
		}
		if binary.LittleEndian.Uint16(blocks) == want {
			return blocks[header:n], true
		}
		blocks = blocks[n:]
	}
	return nil, false
}
