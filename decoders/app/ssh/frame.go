package ssh

import "spanwatch/decoders/app"

// Frames: of a packet in the clear (RFC 4253 section 6), its lengths and the type
// of message, what follows, and all of it.
const (
	frameRecordHeader app.FrameKind = iota + 1
	frameRecordData
	frameRecordPDU
)

var (
	_ app.Framed      = (*Parser)(nil)
	_ app.FrameMarker = (*State)(nil)
)

// FrameNames names the frames of SSH.
func (p *Parser) FrameNames() []string { return []string{"record.hdr", "record.data", "record.pdu"} }

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.frames = log }
