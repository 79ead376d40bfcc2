package kafka

import (
	"context"
	"errors"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// This file accounts for what happens to records after Deliver has reported
// them as spooled.

// Later accounts for records of one type that Deliver reported as spooled, in
// this run or an earlier one:
//
//	spooled + recovered = delivered + too large + rejected + lost in the spool + pending
type Later struct {
	Delivered, Bytes   uint64
	TooLarge, Rejected uint64
}

// Letters counts the notes about undeliverable records.
type Letters struct {
	Sent    uint64
	Dropped uint64 // the topic {prefix}.dlq does not take them
}

// Later returns what became of spooled records. Any goroutine may call it.
func (s *Sink) Later() [event.NumTypes]Later {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.later
}

// DeadLetters returns the counts of notes. Any goroutine may call it.
func (s *Sink) DeadLetters() Letters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// tell reports to the tally what became of spooled records since the last
// call.
func (s *Sink) tell(tally *exporter.Tally) {
	for t := range s.later {
		now, told := &s.later[t], &s.told[t]
		if *now == *told {
			continue
		}
		of := event.Type(t)
		tally.Replayed(of, now.Delivered-told.Delivered, now.Bytes-told.Bytes)
		tally.Lost(of, now.TooLarge-told.TooLarge, exporter.DropTooLarge)
		tally.Lost(of, now.Rejected-told.Rejected, exporter.DropRejected)
		*told = *now
	}
	if s.spool != nil {
		s.losses.Tell(s.spool, tally)
	}
}

// Recovered implements exporter.Keeper.
func (s *Sink) Recovered() (all [event.NumTypes]uint64) {
	if s.spool == nil {
		return all
	}
	return s.spool.Recovered()
}

// Tend implements exporter.Keeper.
func (s *Sink) Tend(ctx context.Context, budget time.Duration, tally *exporter.Tally) (left bool, err error) {
	s.mu.Lock()
	s.sendLetters()
	s.mu.Unlock()
	err = s.Drain(ctx, budget)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spool != nil {
		s.spool.Expire()
	}
	s.tell(tally)
	s.show(time.Now())
	left = s.load() || len(s.waiting) > 0
	if !left || errors.Is(err, errSlow) { // an answer is on its way: no fault yet
		err = nil
	}
	return left, err
}
