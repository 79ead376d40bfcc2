package kafka

import (
	"errors"
	"sync"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/spool"
)

// This file puts alerts on the disk while Deliver is busy with earlier records.

// ahead remembers what Ahead has staged, until Deliver gets the same records.
type ahead struct {
	mu    sync.Mutex
	calls []staged // of Ahead, oldest first
	// held says that the spool refused a record. Those that follow are not
	// staged, so that they do not get in front of it, until Deliver has decided
	// about all that Ahead was given.
	held     bool
	unsynced bool              // the last call said that more follows
	kept     []exporter.Record // what Ahead stages, used again
}

// staged is what became of the records of one call of Ahead.
type staged struct {
	records int
	stored  int // the first of them, up to end
	end     spool.Position
	err     error // of forcing them to the disk
}

// WritesAhead implements exporter.WriteAhead.
func (s *Sink) WritesAhead() bool { return s.spool != nil && !s.cfg.NoWriteAhead }

// Ahead implements exporter.WriteAhead. It waits for the disk, never for a
// broker or for Deliver. What the spool refuses is left to Deliver, which tries
// again and tells of it.
func (s *Sink) Ahead(records []exporter.Record, more bool) {
	a := &s.ahead
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept = a.kept[:0]
	for i := range records {
		if r := records[i]; r.Type == event.TypeAlert && s.fit(&r) {
			a.kept = append(a.kept, r)
		}
	}
	call := staged{records: len(a.kept)}
	switch {
	case !a.held && len(a.kept) > 0:
		call.stored, call.end, call.err = s.spool.Stage(event.TypeAlert, a.kept, more)
		a.held = call.stored < call.records
	case a.unsynced && !more:
		_, _, call.err = s.spool.Stage(event.TypeAlert, nil, false)
	}
	a.unsynced = more
	clear(a.kept)
	if call.records > 0 || call.err != nil {
		a.calls = append(a.calls, call)
	}
}

// take removes the calls for the next n records, and returns how many of these
// are staged, the first ones, up to end.
func (a *ahead) take(n int) (stored int, end spool.Position, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	used := 0
	for ; n > 0 && used < len(a.calls); used++ {
		call := &a.calls[used]
		n -= call.records
		if call.stored > 0 {
			stored, end = stored+call.stored, call.end
		}
		if call.stored == call.records { // otherwise who tries again finds out
			err = errors.Join(err, call.err)
		}
	}
	a.calls = a.calls[:copy(a.calls, a.calls[used:])]
	return stored, end, err
}

// resume lets Ahead stage again, when nothing that it did not stage is
// undecided.
func (a *ahead) resume() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.calls) == 0 {
		a.held = false
	}
}

// store puts the fresh records of l into the spool, as far as Ahead has not
// done so, and returns how many are there.
func (s *Sink) store(l *lane) (stored int, end spool.Position, err error) {
	if l.kind == event.TypeAlert {
		if stored, end, err = s.ahead.take(len(l.fresh)); stored > 0 {
			s.spool.Release(l.kind, end)
		}
	}
	if stored == len(l.fresh) {
		return stored, end, err
	}
	more, last, err := s.spool.Append(l.kind, l.fresh[stored:])
	if last != (spool.Position{}) {
		end = last
	}
	return stored + more, end, err
}
