package capture

import (
	"errors"
	"io"
	"math"

	"spanwatch/decoders"
)

// Next implements Source. An error other than io.EOF and ErrClosed is a fault,
// kept in Faults too; the next call goes on behind it. Ended says why there is an
// end. Frame.Number is the place in the merged capture, counting frames that are
// not delivered; numbers may so have gaps.
func (s *Files) Next(b *Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(b.Frames) == 0 {
		b.Frames = make([]decoders.Frame, 0, DefaultBatchFrames)
	}
	for {
		s.pool.Release(&b.lease)
		b.Frames = b.Frames[:0]
		if s.closed.Load() {
			return ErrClosed
		}
		if s.Ended() != NotEnded {
			return io.EOF
		}
		err := s.fill(b)
		if fault := s.pick(b); fault != nil {
			err = errors.Join(fault, err)
		}
		if err != nil || len(b.Frames) > 0 {
			return err
		}
	}
}

// pick leaves in b what the filter and the limits let through, and counts.
func (s *Files) pick(b *Batch) (fault error) {
	if s.filter != nil {
		b.Frames, fault = s.filter.pick(b.Frames)
		s.filtered.Store(s.filter.refused)
		if fault != nil {
			s.fault(fault)
		}
	}
	l := &s.limits
	b.Frames = l.pick(b.Frames)
	s.frames.Store(l.tookFrames)
	s.bytes.Store(l.tookBytes)
	s.outside.Store(l.outside)
	if l.ended != NotEnded {
		s.ended.Store(uint32(l.ended))
	}
	return fault
}

// fill reads until the batch is full, the next frame is not due, a pipe is
// silent, a fault, or the end: io.EOF, without frames.
func (s *Files) fill(b *Batch) error {
	for len(b.Frames) < cap(b.Frames) {
		in := s.merge.first()
		if in == nil {
			if len(b.Frames) > 0 {
				return nil
			}
			s.ended.Store(uint32(EndOfInput))
			return io.EOF
		}
		more, err := s.take(in, b)
		if err == io.EOF {
			continue
		}
		if err != nil || !more || len(b.Frames) > 0 && b.lease.Full() {
			return err
		}
	}
	return nil
}

// take moves frames of the input whose turn it is into the free room of b. It
// reports false if the batch should not be kept waiting for the next frame.
func (s *Files) take(in *input, b *Batch) (more bool, err error) {
	if in.reader == nil {
		if err := s.open(in); err != nil {
			s.merge.pop()
			return false, s.fault(err)
		}
	}
	s.current.Store(in)
	other, until := s.merge.second(), int64(math.MaxInt64)
	if other != nil {
		until = in.until(other)
	}
	have := len(b.Frames)
	room := b.Frames[have:cap(b.Frames)]
	if s.pacer.speed > 0 {
		now, ok, err := s.pace(in, have > 0)
		if err != nil || !ok {
			return false, s.after(in, err)
		}
		until = min(until, now)
	}
	n, err := in.reader.Read(room, until, &b.lease)
	s.total = in.number(room[:n], s.total)
	b.Frames = b.Frames[:have+n]
	if err == nil && other != nil {
		if in.next, err = in.reader.Peek(); err == nil {
			s.merge.fix()
		}
	}
	more = n == len(room) || other != nil
	return more, s.after(in, err)
}

// pace waits until the next frame of in is due, unless the batch has frames
// already, and returns the time stamp up to which frames are due; false if none is.
func (s *Files) pace(in *input, haveFrames bool) (due int64, ok bool, err error) {
	next, err := in.reader.Peek()
	if err != nil {
		return 0, false, err
	}
	if next < s.limits.from || next >= s.limits.to {
		return next, true, nil // not delivered, so not waited for
	}
	if haveFrames {
		if !s.pacer.started {
			return 0, false, nil
		}
		due = s.pacer.due()
		return due, next <= due, nil
	}
	if !s.pacer.wait(next) {
		return 0, false, ErrClosed
	}
	return max(s.pacer.due(), next), true, nil
}

// after accounts for what in's reader left out and, if err is not nil, ends the
// input: the result is io.EOF at its end, ErrClosed, or a fault.
func (s *Files) after(in *input, err error) error {
	left, _ := in.reader.Unhandled()
	s.unhandled.Add(left - in.left)
	in.left = left
	untimed := in.reader.Untimed()
	s.untimed.Add(untimed - in.untimed)
	in.untimed = untimed
	if err == nil || err == ErrClosed {
		return err
	}
	if err == io.EOF {
		if fault := unsupported(in.reader); fault != nil {
			err = fault
		}
	}
	s.total += in.reader.Seen() - in.last
	if read, size := in.reader.Progress(); size > read { // what is behind a fault is done with
		s.read.Add(size - read)
	}
	s.merge.pop()
	s.shut(in)
	if err == io.EOF {
		return err
	}
	return s.fault(err)
}
