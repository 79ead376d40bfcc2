package ftp

import "spanwatch/decoders/app"

var (
	_ app.Framed      = (*Parser)(nil)
	_ app.FrameMarker = (*State)(nil)
	_ app.Framed      = (*DataParser)(nil)
	_ app.FrameMarker = (*DataState)(nil)
)

// FrameNames is empty: the whole of a direction is all that rules can ask for.
func (p *Parser) FrameNames() []string { return nil }

// MarkFrames has nothing to mark.
func (s *State) MarkFrames(*app.FrameLog) {}

// FrameNames is empty as that of the control connection.
func (p *DataParser) FrameNames() []string { return nil }

// MarkFrames has nothing to mark.
func (s *DataState) MarkFrames(*app.FrameLog) {}
