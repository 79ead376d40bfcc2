package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// replay sends from the spool until deadline, and returns earlier when there
// is nothing to do but wait for a broker.
func (s *Sink) replay(ctx context.Context, deadline time.Time) {
	for ctx.Err() == nil && s.load() {
		now := time.Now()
		sent := s.launch(ctx, now)
		any, _ := s.collect(time.Now().Add(glance))
		s.finish()
		if !sent && !any || !time.Now().Before(deadline) {
			return
		}
	}
}

// catchUp waits for the last records of the spool, so that a broker that
// answers quickly gets the new ones without the detour by the disk. Without it
// events that keep coming would queue up behind each other for ever.
func (s *Sink) catchUp(ctx context.Context) {
	busy := time.Since(s.busySince) > s.cfg.SpoolAfter/2
	if s.spool == nil || s.cluster.fault != nil || s.answerTime > quickAnswer || busy {
		return
	}
	patience := 2*s.answerTime + quickAnswer
	deadline := time.Now().Add(patience)
	for now := time.Now(); ctx.Err() == nil && now.Before(deadline) && s.nearlyEmpty(); now = time.Now() {
		if !s.load() || s.cluster.waitsSince(now.Add(-patience)) {
			return
		}
		sent := s.launch(ctx, now)
		any, flying := s.collect(time.Now().Add(glance))
		s.finish()
		if !sent && !any && !flying {
			return
		}
	}
}

// nearlyEmpty says whether what is spooled of the lanes with new records is
// not more than one flight of each, and not held up by a fault.
func (s *Sink) nearlyEmpty() bool {
	waiting := false
	for _, l := range s.order {
		if len(l.fresh) == 0 {
			continue
		}
		if l.fault != nil {
			return false
		}
		bytes := s.spool.Pending(l.kind).Bytes
		waiting = waiting || bytes > 0
		if bytes > maxWindow {
			return false
		}
	}
	return waiting
}

// load starts flights from the spool in idle lanes and says whether there is
// any flight.
func (s *Sink) load() (any bool) {
	for _, l := range s.order {
		if l.flight == nil && s.spool != nil && l != s.letters && s.spool.Pending(l.kind).Records > 0 {
			records, end, err := s.spool.Head(l.kind, s.window)
			s.report = errors.Join(s.report, err)
			if len(records) > 0 {
				l.flight = &flight{
					records: records, fates: make([]fate, len(records)), open: len(records), logged: true, end: end, parked: true,
				}
			}
		}
		any = any || l.flight != nil
	}
	return any
}

// Drain sends what the spool holds, for as long as budget, and returns earlier
// when all has been sent. Deliver does the same in passing; Drain is for times
// without events, and for the end. An error says why records are left.
func (s *Sink) Drain(ctx context.Context, budget time.Duration) error {
	deadline := time.Now().Add(budget)
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return nil
		}
		s.replay(ctx, deadline)
		left, why := s.load(), s.reason()
		s.mu.Unlock()
		if !left {
			return nil
		}
		if ctx.Err() != nil || !time.Now().Before(deadline) {
			return fmt.Errorf("kafka: %w", why)
		}
		pause(ctx, glance)
	}
}

// reason says why a flight is still in the air.
func (s *Sink) reason() error {
	for _, l := range s.order {
		if l.flight != nil {
			return s.faultOf(l)
		}
	}
	return errSlow
}
