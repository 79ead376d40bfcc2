package websocket

import "encoding/binary"

// opcode is the type of a frame (RFC 6455 section 5.2).
type opcode uint8

const (
	opContinuation opcode = 0
	opText         opcode = 1
	opBinary       opcode = 2
	opClose        opcode = 8
	opPing         opcode = 9
	opPong         opcode = 10
)

var opcodeNames = [16]string{
	opContinuation: "continuation", opText: "text", opBinary: "binary", opClose: "close", opPing: "ping", opPong: "pong",
}

// control reports whether the frame belongs to no message.
func (o opcode) control() bool { return o >= opClose }

// Bits of the first byte; the lower half is the opcode.
const (
	flagFinal      = 0x80
	flagCompressed = 0x40 // RSV1, as RFC 7692 uses it
	flagsReserved  = 0x30 // no extension that is in use has them
	flagsAll       = 0xf0
)

// header is the start of a frame.
type header struct {
	first  byte
	mask   [4]byte
	masked bool
	size   int    // bytes of the header
	length uint64 // bytes of the payload
}

func (h *header) opcode() opcode   { return opcode(h.first & 15) }
func (h *header) final() bool      { return h.first&flagFinal != 0 }
func (h *header) compressed() bool { return h.first&flagCompressed != 0 }

// parseHeader reads the header at the start of b. When b ends within it, need
// is how many bytes it has at least.
func parseHeader(b []byte) (h header, need int) {
	const least = 2
	if len(b) < least {
		return h, least
	}
	h.first, h.masked, h.size = b[0], b[1]&0x80 != 0, least
	code := b[1] & 0x7f
	switch code {
	case 126:
		h.size += 2
	case 127:
		h.size += 8
	}
	end := h.size
	if h.masked {
		h.size += len(h.mask)
	}
	switch {
	case len(b) < h.size:
		return h, h.size
	case code == 126:
		h.length = uint64(binary.BigEndian.Uint16(b[least:]))
	case code == 127:
		h.length = binary.BigEndian.Uint64(b[least:])
	default:
		h.length = uint64(code)
	}
	copy(h.mask[:], b[end:h.size])
	return h, 0
}

// appendPayload appends the payload as it was before it was masked.
func (h *header) appendPayload(dst, b []byte) []byte {
	start := len(dst)
	dst = append(dst, b...)
	if h.masked {
		for i := range b {
			dst[start+i] ^= h.mask[i&3]
		}
	}
	return dst
}
