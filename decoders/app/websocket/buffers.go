package websocket

import (
	"encoding/binary"

	"spanwatch/decoders/app"
)

// Buffers that rules can look at.
const (
	bufferPayload = app.FirstField + app.Buffer(app.ProtoWebSocket)*app.FieldsPerProtocol + iota
	bufferOpcode
	bufferMask
	bufferFlags
)

var fields = []app.Field{
	{Name: "websocket.opcode", Buffer: bufferOpcode, Dirs: app.Both, Bits: 8, Words: map[string]uint64{
		"continuation": uint64(opContinuation), "text": uint64(opText), "binary": uint64(opBinary),
		"close": uint64(opClose), "ping": uint64(opPing), "pong": uint64(opPong),
	}},
	{Name: "websocket.mask", Buffer: bufferMask, Dirs: app.Both, Bits: 32},
	{Name: "websocket.flags", Buffer: bufferFlags, Dirs: app.Both, Bits: 8, Flags: map[string]uint64{
		"fin": flagFinal, "comp": flagCompressed, "compress": flagCompressed,
	}},
	{Name: "websocket.payload", Buffer: bufferPayload, Dirs: app.Both},
}

// Buffer returns the payload.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	return t.payload, b == bufferPayload && i == 0
}

// Integer returns a number of the frame's header.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if i > 0 {
		return 0, false
	}
	switch b {
	case bufferOpcode:
		return uint64(t.header.opcode()), true
	case bufferMask:
		return uint64(binary.BigEndian.Uint32(t.header.mask[:])), t.header.masked
	case bufferFlags:
		return uint64(t.header.first & flagsAll), true
	}
	return 0, false
}
