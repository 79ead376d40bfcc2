package spool

import (
	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// Stage is Append for records whose turn has not come: they are on the disk,
// where the next process finds them if this one is killed, but until Release
// Head does not return them, Pending does not count them, and they are not
// given up. more says that another call follows at once, so that forcing to the
// disk can wait for it. Append follows only when nothing is staged.
func (s *Spool) Stage(t event.Type, records []exporter.Record, more bool) (stored int, end Position, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.append(t, records, true, more)
}

// Release says that the turn of the staged records before the position has
// come.
func (s *Spool) Release(t event.Type, before Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.logs[t]; l != nil {
		l.release(before)
	}
}

// stage notes that what is written from now on is staged.
func (l *log) stage() {
	if l.staged == (Position{}) {
		l.staged = l.end()
	}
}

func (l *log) release(before Position) {
	switch {
	case before.number >= l.next:
		l.staged = Position{}
	case before.number > l.staged.number && l.staged != (Position{}):
		l.staged = before
	}
}

// bounds are the size of s and the number after its last record, as far as
// readers may see. Without any such record size is 0.
func (l *log) bounds(s *segment) (size int64, high uint64) {
	high = s.first + s.count
	switch {
	case l.staged == (Position{}) || high <= l.staged.number:
		return s.size, high
	case s.first >= l.staged.number:
		return 0, s.first
	}
	return l.staged.offset, l.staged.number
}

// released is what is between the cursor and the staged records.
func (l *log) released() Amount {
	a := l.pending()
	for i := range l.segments {
		s := &l.segments[i]
		size, high := l.bounds(s)
		a.Records -= s.first + s.count - high
		a.Bytes -= uint64(max(0, s.size-max(size, int64(len(magic)))))
	}
	return a
}
