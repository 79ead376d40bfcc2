package spool

import (
	"context"
	"errors"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// Sink only stores: for a sensor whose events are fetched from its disk, or
// sent by a later process that opens the same folder.
type Sink struct {
	spool  *Spool
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
	return errors.Join(faults...)
}

// Close implements exporter.Sink.
func (k *Sink) Close() error { return k.spool.Close() }

// DropReason is the reason under which a record that Append refused with err
// is counted.
func DropReason(err error) exporter.DropReason {
	switch {
	case errors.Is(err, ErrFull), full(err):
		return exporter.DropDiskFull
	case errors.Is(err, ErrTooLarge):
		return exporter.DropTooLarge
	}
	return exporter.DropIO
}
