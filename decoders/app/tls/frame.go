package tls

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Frames.
const (
	framePDU       app.FrameKind = iota + 1 // a record
	frameHeader                             // its header
	frameData                               // what it carries
	frameAlert                              // of a record of alerts, what it carries
	frameHeartbeat                          // of heartbeats
	frameSSL2Header
	frameSSL2PDU
)

var (
	_ app.Framed      = (*Parser)(nil)
	_ app.FrameMarker = (*State)(nil)
)

// FrameNames names the frames of TLS.
func (p *Parser) FrameNames() []string {
	return []string{"pdu", "hdr", "data", "alert", "heartbeat", "ssl2.hdr", "ssl2.pdu"}
}

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.frames = log }

// markRecord marks the record at s.at and its parts.
func (s *State) markRecord(dir decoders.Direction, kind byte, length int) {
	if s.frames == nil {
		return
	}
	s.frames.Mark(dir, framePDU, s.at, recordHeader+length)
	s.frames.Mark(dir, frameHeader, s.at, recordHeader)
	s.frames.Mark(dir, frameData, s.at+recordHeader, length)
	switch kind {
	case recordAlert:
		s.frames.Mark(dir, frameAlert, s.at+recordHeader, length)
	case recordHeartbeat:
		s.frames.Mark(dir, frameHeartbeat, s.at+recordHeader, length)
	}
}
