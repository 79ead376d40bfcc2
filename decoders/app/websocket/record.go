package websocket

import (
	"encoding/base64"
	"encoding/binary"

	"spanwatch/decoders/app"
)

// AppendRecord tells of a frame, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	r.Bool("fin", t.header.final())
	if t.header.masked {
		r.Uint("mask", uint64(binary.BigEndian.Uint32(t.header.mask[:])))
	}
	r.Word("opcode", t.header.opcode().String())
	return true
}

// maxShown is how many bytes of the payload alerts have, as many as of that of
// packets.
const maxShown = 4 << 10

// AppendDetails adds the payload, as text and in base64.
func (t *Tx) AppendDetails(r *app.Record) {
	shown := t.payload[:min(len(t.payload), maxShown)]
	t.encoded = base64.StdEncoding.AppendEncode(t.encoded[:0], shown)
	r.LimitedText("payload_printable", t.payload, maxShown)
	r.Text("payload_base64", t.encoded)
}

// String returns the opcode's name in records.
func (o opcode) String() string {
	if name := opcodeNames[o&15]; name != "" {
		return name
	}
	return unknownOpcodes[o&15]
}

// unknownOpcodes are the names of those that no standard uses.
var unknownOpcodes = [16]string{
	3: "unknown-3", 4: "unknown-4", 5: "unknown-5", 6: "unknown-6", 7: "unknown-7",
	11: "unknown-11", 12: "unknown-12", 13: "unknown-13", 14: "unknown-14", 15: "unknown-15",
}
