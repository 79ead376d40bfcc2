package smtp

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Frames.
const (
	frameCommandLine app.FrameKind = iota + 1
	frameData                      // the text of a mail
	frameResponseLine
)

// frames is what a state remembers of frames.
type frames struct {
	log  *app.FrameLog // nil unless frames are marked
	data uint64        // id of the frame of the mail under way; 0 is none
}

var _ app.FrameMarker = (*State)(nil)

// FrameNames names the frames of SMTP.
func (p *Parser) FrameNames() []string { return []string{"command_line", "data", "response_line"} }

// MarkFrames makes Parse mark frames.
func (s *State) MarkFrames(log *app.FrameLog) { s.frames.log = log }

// markFrame marks what next took: n bytes from at on, where before is the mode
// that it found, auth says
// that the line continues AUTH, and eol is the length of its end.
func (s *State) markFrame(d decoders.Direction, before mode, auth bool, at, n, eol int) {
	log := s.frames.log
	if n == 0 {
		return
	}
	var id uint64
	switch {
	case d == decoders.ToClient:
		id = log.Mark(d, frameResponseLine, at, n)
	case before == mailText:
		if s.frames.data == 0 {
			s.frames.data = log.Mark(d, frameData, at, -1)
			id = s.frames.data
		}
		if s.mode != mailText { // the line with the dot is not of the mail
			log.End(d, s.frames.data, at)
			s.frames.data = 0
		}
	case before == chunk:
	default:
		id = log.Mark(d, frameCommandLine, at, n)
		if auth && eol > 0 {
			// Suricata has lines that continue AUTH twice: with and without their end.
			log.Mark(d, frameCommandLine, at, n-eol)
		}
	}
	if s.cur != nil {
		log.SetTx(d, id, s.cur.id)
	}
}

// lineEnd is how long the end of a line is.
func lineEnd(line []byte) int {
	switch {
	case bytes.HasSuffix(line, []byte("\r\n")):
		return 2
	case bytes.HasSuffix(line, []byte("\n")):
		return 1
	}
	return 0
}
