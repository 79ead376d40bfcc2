package sip

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Frames.
const (
	framePDU app.FrameKind = iota + 1
	frameRequestLine
	frameRequestHeaders
	frameRequestBody
	frameResponseLine
	frameResponseHeaders
	frameResponseBody
)

var _ app.Framed = (*Parser)(nil)

// FrameNames names the frames of SIP.
func (p *Parser) FrameNames() []string {
	return []string{"pdu", "request.line", "request.headers", "request.body", "response.line", "response.headers", "response.body"}
}

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.frames = log }

// markFrames marks the parts of a message. Its headers end before the empty
// line.
func (s *State) markFrames(tx uint64, data []byte, head, at int, dir decoders.Direction) {
	if s.frames == nil {
		return
	}
	mark := func(kind app.FrameKind, from, to int) {
		if to > from {
			s.frames.SetTx(dir, s.frames.Mark(dir, kind, at+from, to-from), tx)
		}
	}
	line := lineEnd(data)
	headers := head - 1
	if headers > 0 && data[headers-1] == '\r' {
		headers--
	}
	first := frameRequestLine
	if dir == decoders.ToClient {
		first = frameResponseLine
	}
	mark(framePDU, 0, len(data))
	mark(first, 0, line)
	mark(first+1, line, headers)
	mark(first+2, head, len(data))
}
