package event

import "encoding/base64"

// Frame is the run of bytes with a meaning of its own (a line, a message) that a
// rule on frames matched.
type Frame struct {
	Type     string
	ID       uint64
	ToClient bool
	Datagram bool   // there is no stream that Offset counts in
	Offset   uint64 // of its first byte in the stream
	Complete bool   // Length is known
	Length   uint64
	Payload  []byte // as far as it was looked at
	HasTx    bool
	TxID     uint64
}

// appendFrame writes the frame object, its bytes as those of payloads.
func (e *Encoder) appendFrame(dst []byte, f *Frame) []byte {
	dst = appendStringMember(dst, `,"frame":{"type":`, f.Type)
	dst = appendUintMember(dst, `,"id":`, f.ID)
	if f.ToClient {
		dst = append(dst, `,"direction":"toclient"`...)
	} else {
		dst = append(dst, `,"direction":"toserver"`...)
	}
	if !f.Datagram {
		dst = appendUintMember(dst, `,"stream_offset":`, f.Offset)
	}
	if f.Complete {
		dst = appendUintMember(dst, `,"length":`, f.Length)
	}
	dst = appendBoolMember(dst, `,"complete":`, f.Complete)
	payload := f.Payload[:min(len(f.Payload), e.opt.PayloadLimit)]
	if e.opt.Payload {
		dst = append(dst, `,"payload":"`...)
		dst = append(base64.StdEncoding.AppendEncode(dst, payload), '"')
	}
	if e.opt.PayloadPrintable {
		dst = appendPrintable(append(dst, `,"payload_printable":`...), payload)
	}
	if f.HasTx {
		dst = appendUintMember(dst, `,"tx_id":`, f.TxID)
	}
	return append(dst, '}')
}
