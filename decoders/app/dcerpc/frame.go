package dcerpc

import "spanwatch/decoders/app"

// Frames: of a fragment in a stream, its header, all of it, what follows the header.
const (
	frameHeader app.FrameKind = iota + 1
	framePDU
	frameData
)

var (
	_ app.Framed      = (*Parser)(nil)
	_ app.FrameMarker = (*State)(nil)
)

// FrameNames names the frames of DCE/RPC.
func (p *Parser) FrameNames() []string { return []string{"hdr", "pdu", "data"} }

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.frames = log }
