package http2

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Frames that rules look at: of a frame of HTTP/2, its header, all of it, what
// follows the header.
const (
	frameHeader app.FrameKind = iota + 1
	framePDU
	frameData
)

var (
	_ app.Framed      = (*Parser)(nil)
	_ app.FrameMarker = (*State)(nil)
)

// FrameNames names the frames of HTTP/2.
func (p *Parser) FrameNames() []string { return []string{"hdr", "pdu", "data"} }

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.log = log }

// mark marks the frame at behind the start of what is parsed.
func (s *State) mark(dir decoders.Direction, at, length int) {
	s.log.Mark(dir, frameHeader, at, frameHeaderLen)
	s.log.Mark(dir, framePDU, at, frameHeaderLen+length)
	s.log.Mark(dir, frameData, at+frameHeaderLen, length)
}
