package http1

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Frames: a message from its first line to the end of its body.
const (
	frameRequest app.FrameKind = iota + 1
	frameResponse
)

// frames is what a state remembers of frames.
type frames struct {
	log   *app.FrameLog // nil unless frames are marked
	whole int           // bytes that Parse was given
	open  [2]openFrame
}

// openFrame is the frame of the message under way.
type openFrame struct {
	id   uint64
	tx   *Tx    // nil when there is none
	last uint64 // transactions up to here have had their frame, counted from 1
}

var _ app.FrameMarker = (*State)(nil)

// FrameNames names the frames of HTTP/1.
func (p *Parser) FrameNames() []string { return []string{"request", "response"} }

// MarkFrames makes Parse mark frames.
func (s *State) MarkFrames(log *app.FrameLog) { s.frames.log = log }

// markFrames marks what a step began and ended; before and after are how many
// bytes were left to it, and what it left.
func (s *State) markFrames(dir decoders.Direction, before, after int) {
	o := &s.frames.open[dir]
	if tx := s.sideOf(dir).tx; tx != nil && tx.id >= o.last && tx.side(dir).progress > 0 {
		s.endFrame(dir, before)
		kind := frameRequest
		if dir == decoders.ToClient {
			kind = frameResponse
		}
		o.id = s.frames.log.Mark(dir, kind, s.frames.whole-before, -1)
		s.frames.log.SetTx(dir, o.id, tx.id)
		o.tx, o.last = tx, tx.id+1
	}
	if o.tx != nil && o.tx.id+1 == o.last && o.tx.side(dir).progress == Completed {
		s.endFrame(dir, after)
	}
}

// endFrame ends the frame of the message under way before the bytes that are
// left.
func (s *State) endFrame(dir decoders.Direction, left int) {
	o := &s.frames.open[dir]
	if o.tx != nil {
		s.frames.log.End(dir, o.id, s.frames.whole-left)
		o.tx = nil
	}
}
