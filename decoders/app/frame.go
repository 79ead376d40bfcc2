package app

import "spanwatch/decoders"

// A frame is a run of a flow's bytes that a parser gave a meaning to: a line, a
// message, a header. Rules look at its bytes as they were sent.
//
//	bytes ──► FrameLog.Begin ──► State.Parse ──► FrameLog.Mark, End
//	               │                                    │
//	               └───────── Bytes of a Frame ◄────────┴──► rules (keyword frame)
//
// Nothing of this happens for flows that no rule on frames is about.

// FrameKind numbers the frames of a protocol. FrameStream is one direction of a
// TCP flow as a whole, which every protocol has; the others are in the order of
// Framed.FrameNames, from 1.
type FrameKind uint8

// FrameStream is the whole of a direction.
const FrameStream FrameKind = 0

// FrameStreamName is what rules call it.
const FrameStreamName = "stream"

// Framed is implemented by parsers whose states mark frames.
type Framed interface {
	Parser
	FrameNames() []string // of the kinds 1, 2, …
}

// FrameMarker is implemented by their states.
type FrameMarker interface {
	// MarkFrames makes Parse mark frames in log, which stays the caller's.
	// Reset ends it.
	MarkFrames(log *FrameLog)
}

// Frame is one frame. Offsets count the bytes of its direction from the start
// of the stream, or of its datagram.
type Frame struct {
	ID        uint64
	Kind      FrameKind
	Start     uint64
	Len       int64 // -1 while the end is not known
	HasTx     bool
	TxID      uint64
	Inspected uint64   // offset up to which rules have seen it
	Matched   []uint32 // signatures that matched it; detection's
	Over      bool     // rules have seen all of it
}

// FrameLog is the frames of one flow and the bytes that they are of, within
// bounds. It belongs to the flow's worker.
type FrameLog struct {
	sides [2]frameSide
	ids   uint64
}

type frameSide struct {
	frames   []Frame
	data     []byte // from offset base on
	base     uint64
	now      uint64 // offset of the bytes that are being parsed
	streamed bool   // the frame of the whole stream is open
	eof      bool
}

const (
	// maxFrameBytes of a direction are kept; what is older is lost to rules.
	maxFrameBytes = 256 << 10
	// frameTail is kept of what no frame is of: the start of a line may be
	// marked only when its end has come.
	frameTail = 16 << 10
	// frameStep is how much of a frame without an end has to be new until rules
	// look at it again, and how far they look back, as in Suricata.
	frameStep = 2500
	maxFrames = 256 // of one direction
)

// Begin takes what is about to be parsed: data at offset of its direction. What
// it repeats of earlier calls is known.
func (l *FrameLog) Begin(in Input, offset uint64) {
	s := &l.sides[in.Dir&1]
	if in.Datagram {
		s.frames, s.data, s.base, s.now = s.frames[:0], append(s.data[:0], in.Data...), 0, 0
		s.eof = true
		return
	}
	s.now, s.eof = offset, s.eof || in.EOF
	end := s.base + uint64(len(s.data))
	switch {
	case len(s.data) > 0 && offset > end && offset-end <= frameTail: // a gap: nobody knows what was there
		s.data = append(append(s.data, make([]byte, offset-end)...), in.Data...)
	case len(s.data) == 0 || offset > end:
		s.data, s.base = append(s.data[:0], in.Data...), offset
	case offset+uint64(len(in.Data)) > end:
		s.data = append(s.data, in.Data[end-offset:]...)
	}
	if !s.streamed && len(in.Data) > 0 {
		s.streamed = true
		l.mark(s, FrameStream, offset, -1)
	}
	if over := len(s.data) - maxFrameBytes; over > 0 {
		s.forget(over)
	}
}

func (s *frameSide) forget(n int) {
	s.data = s.data[:copy(s.data, s.data[n:])]
	s.base += uint64(n)
}

// Mark notes a frame that begins at bytes behind the start of what is being
// parsed (before it, when negative) and has n bytes, -1 for not known yet. It
// returns the frame's id, 0 when there are too many.
func (l *FrameLog) Mark(dir decoders.Direction, kind FrameKind, at, n int) uint64 {
	if l == nil {
		return 0
	}
	s := &l.sides[dir&1]
	start := int64(s.now) + int64(at)
	if start < 0 {
		start = 0
	}
	return l.mark(s, kind, uint64(start), int64(n))
}

func (l *FrameLog) mark(s *frameSide, kind FrameKind, start uint64, n int64) uint64 {
	if len(s.frames) >= maxFrames {
		return 0
	}
	l.ids++
	s.frames = append(s.frames, Frame{ID: l.ids, Kind: kind, Start: start, Len: n, Inspected: start})
	return l.ids
}

// End says where a frame ends, counted as in Mark.
func (l *FrameLog) End(dir decoders.Direction, id uint64, at int) {
	if f := l.find(dir, id); f != nil {
		f.Len = max(int64(l.sides[dir&1].now)+int64(at)-int64(f.Start), 0)
	}
}

// SetTx says which transaction a frame is of.
func (l *FrameLog) SetTx(dir decoders.Direction, id, tx uint64) {
	if f := l.find(dir, id); f != nil {
		f.HasTx, f.TxID = true, tx
	}
}

func (l *FrameLog) find(dir decoders.Direction, id uint64) *Frame {
	if l == nil || id == 0 {
		return nil
	}
	frames := l.sides[dir&1].frames
	for i := range frames {
		if frames[i].ID == id {
			return &frames[i]
		}
	}
	return nil
}

// Frames returns the frames of a direction that rules may still be asked about.
func (l *FrameLog) Frames(dir decoders.Direction) []Frame { return l.sides[dir&1].frames }

// Due returns the bytes of a frame that rules are to look at now, where they are
// in the frame, and whether the frame ends with them; ok is false when too
// little is new. Borrowed until Begin or Prune.
func (l *FrameLog) Due(dir decoders.Direction, f *Frame) (data []byte, offset uint64, whole, ok bool) {
	s := &l.sides[dir&1]
	end := s.base + uint64(len(s.data))
	whole = s.eof
	if f.Len >= 0 {
		if last := f.Start + uint64(f.Len); last <= end {
			end, whole = last, true
		}
	}
	if f.Over || end < f.Inspected || end == f.Inspected && !whole {
		return nil, 0, false, false
	}
	if !whole && (f.Len >= 0 || f.Inspected > f.Start && end-f.Inspected < frameStep) {
		return nil, 0, false, false
	}
	from := f.Start
	if f.Len < 0 && f.Inspected > f.Start+frameStep {
		from = f.Inspected - frameStep
	}
	from = max(from, s.base)
	if from > end {
		return nil, 0, false, false
	}
	return s.data[from-s.base : end-s.base], from - f.Start, whole, true
}

// Looked says that rules have looked at what was due of all frames of a
// direction; frames without anything to come are forgotten.
func (l *FrameLog) Looked(dir decoders.Direction) {
	s := &l.sides[dir&1]
	end := s.base + uint64(len(s.data))
	keep := end - min(end, frameTail)
	kept := s.frames[:0]
	for _, f := range s.frames {
		if data, offset, whole, ok := l.Due(dir, &f); ok {
			f.Inspected = f.Start + offset + uint64(len(data))
			f.Over = whole
		}
		if f.Over {
			continue
		}
		from := f.Start
		if f.Len < 0 && f.Inspected > f.Start+frameStep {
			from = f.Inspected - frameStep
		}
		keep = min(keep, from)
		kept = append(kept, f)
	}
	s.frames = kept
	if keep > s.base {
		s.forget(int(min(keep-s.base, uint64(len(s.data)))))
	}
}

// Reset makes the log as new, keeping some of its memory.
func (l *FrameLog) Reset() {
	for i := range l.sides {
		s := &l.sides[i]
		data := s.data[:0]
		if cap(data) > frameTail {
			data = nil
		}
		*s = frameSide{frames: s.frames[:0], data: data}
	}
	l.ids = 0
}
