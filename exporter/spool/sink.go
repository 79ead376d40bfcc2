package spool

import (
	"context"
	"errors"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// Sink only stores: for a sensor whose events are fetched from its disk, or
// sent by a later process that opens the same folder.
type Sink struct {
	spool  *Spool
	losses Losses
	sorted [event.NumTypes][]exporter.Record
}

// NewSink makes a sink that stores in s and closes it.
func NewSink(s *Spool) *Sink { return &Sink{spool: s} }

// Name implements exporter.Sink.
func (*Sink) Name() string { return "spool" }

// Deliver implements exporter.Sink.
func (k *Sink) Deliver(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
	for t := range k.sorted {
		k.sorted[t] = k.sorted[t][:0]
	}
	for i := range records {
		t := records[i].Type
		k.sorted[t] = append(k.sorted[t], records[i])
	}
	var faults []error
	for t, of := range k.sorted {
		if len(of) == 0 {
			continue
		}
		stored, _, err := k.spool.Append(event.Type(t), of)
		for i := range of[:stored] {
			tally.Spooled(&of[i])
		}
		for i := range of[stored:] {
			tally.Dropped(&of[stored+i], DropReason(err))
		}
		faults = append(faults, err)
	}
	k.losses.Tell(k.spool, tally)
	return errors.Join(faults...)
}

// Recovered implements exporter.Keeper.
func (k *Sink) Recovered() [event.NumTypes]uint64 { return k.spool.Recovered() }

// Tend implements exporter.Keeper. Nothing leaves the spool by it, but what is
// too old.
func (k *Sink) Tend(_ context.Context, _ time.Duration, tally *exporter.Tally) (left bool, err error) {
	k.spool.Expire()
	k.losses.Tell(k.spool, tally)
	return true, nil
}

// Spool returns the spool. Its counters are for metrics.
func (k *Sink) Spool() *Spool { return k.spool }

// Close implements exporter.Sink.
func (k *Sink) Close() error { return k.spool.Close() }

// DropReason is the reason under which a record that Append refused with err
// is counted.
func DropReason(err error) exporter.DropReason {
	switch {
	case errors.Is(err, ErrFull):
		return exporter.DropSpoolFull
	case full(err):
		return exporter.DropDiskFull
	case errors.Is(err, ErrTooLarge):
		return exporter.DropTooLarge
	}
	return exporter.DropIO
}

// lossReasons are the reasons under which losses are counted as drops.
var lossReasons = [NumLosses]exporter.DropReason{
	LossEvicted: exporter.DropSpoolFull, LossExpired: exporter.DropExpired, LossCorrupt: exporter.DropSpoolCorrupt,
}

// Losses tells the exporter's accounts what a spool has lost. The zero value is
// for a spool that has just been opened.
type Losses struct {
	told [event.NumTypes][NumLosses]uint64
}

// Tell adds to the tally what s has lost since the last call.
func (l *Losses) Tell(s *Spool, tally *exporter.Tally) {
	for t, counts := range s.Counts() {
		for why, a := range counts.Lost {
			if n := a.Records - l.told[t][why]; n > 0 {
				tally.Lost(event.Type(t), n, lossReasons[why])
				l.told[t][why] = a.Records
			}
		}
	}
}
