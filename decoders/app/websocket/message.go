package websocket

import "spanwatch/decoders/app/body"

// maxInflated is how much a message may decompress to; of it maxPayload bytes
// are kept. 64 KiB of hostile input can stand for 66 MB.
const maxInflated = 4 << 20

// message is what a side sends in several frames, as far as it has come.
type message struct {
	data       []byte
	compressed bool
	open       bool // a frame came, and not the last
	cut        bool // more than maxPayload came
	inflater   *inflater
}

// inflater undoes the compression of a side. Its window lives on from one
// message to the next, which holds for sides that begin anew with each as well.
type inflater struct {
	decoder body.Decoder
	out     []byte // of the message at hand
	size    uint64
	spent   bool // a message was a bomb: nothing is decompressed any more
}

var _ body.Sink = (*inflater)(nil)

// Body takes decompressed bytes.
func (x *inflater) Body(p []byte) bool {
	x.size += uint64(len(p))
	x.out = append(x.out, p[:min(len(p), maxPayload-len(x.out))]...)
	x.spent = x.size > maxInflated
	return !x.spent
}

// tail is what RFC 7692 section 7.2.2 has the receiver add to a message.
var tail = []byte{0, 0, 0xff, 0xff}

// inflate returns what a message stands for, valid until the next call; false
// when it is not compressed rightly.
func (x *inflater) inflate(data []byte) ([]byte, bool) {
	for range 2 {
		if x.spent {
			return nil, false
		}
		if x.decoder.Layers() == 0 {
			x.decoder.Add(body.Deflate)
		}
		x.out, x.size = x.out[:0], 0
		if x.decoder.Decode(data, x) {
			x.decoder.Decode(tail, x)
		}
		if len(x.out) > 0 {
			return x.out, true
		}
		// A message may end its compressed data, or break off: the next one
		// begins anew.
		x.decoder.Reset()
	}
	return nil, false
}

// reset makes the message as new, keeping little.
func (m *message) reset() {
	*m = message{data: reuse(m.data)}
}
