package jsonl

import "time"

// SetClock replaces the wall clock of the rotation.
func (s *Sink) SetClock(now func() time.Time) {
	s.rotator.now, s.rotator.opened = now, now()
}
