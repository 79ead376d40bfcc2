package exporter

import (
	"context"
	"time"

	"spanwatch/exporter/event"
)

// Sink is a destination: a file, standard output, Kafka.
type Sink interface {
	// Name is the label sink of the metrics.
	Name() string
	// Deliver takes records in order and reports to the tally, before it
	// returns, exactly once for each record, what became of it. It may block;
	// when ctx is done it gives up soon. The records are only lent. An error
	// says why something was dropped or spooled; it is for people, the
	// accounting is the tally.
	Deliver(ctx context.Context, records []Record, tally *Tally) error
	// Close releases the destination. No Deliver follows.
	Close() error
}

// Keeper is a Sink that keeps on disk what it cannot deliver. The goroutine of
// the outlet calls its methods, one at a time.
type Keeper interface {
	Sink
	// Recovered counts the records that were on the disk when the sink was
	// opened.
	Recovered() [event.NumTypes]uint64
	// Tend delivers kept records for as long as budget, and returns earlier
	// when there is nothing to do. What became of kept records since the last
	// call, of Deliver too, is in the tally of the next one. left says whether
	// records are kept still, and the error why.
	Tend(ctx context.Context, budget time.Duration, tally *Tally) (left bool, err error)
}

// WriteAhead is a Keeper that has alerts on the disk before Deliver gets them,
// so that a sensor that is killed while Deliver waits loses none of them. The
// records stay queued in the accounts until Deliver tells their fate.
type WriteAhead interface {
	Keeper
	// WritesAhead says whether Ahead does anything, which never changes.
	WritesAhead() bool
	AheadWriter
}

// AheadWriter gets records before Deliver does.
type AheadWriter interface {
	// Ahead puts the alerts among the records on the disk. It is called for
	// every batch with alerts in it, in the order of the later Deliver calls,
	// and from another goroutine than these: it may wait for a disk, but not
	// for the destination or for Deliver. One Deliver gets all records of one
	// or several calls. more says that another call follows at once, so that
	// forcing to the disk can wait for it. The records are only lent.
	Ahead(records []Record, more bool)
}

// Wrapper is a Sink in front of another one: a filter, say. Deliver goes
// through it, and Ahead, when the sink behind it is a WriteAhead; what a Keeper
// behind it does besides does not.
type Wrapper interface {
	Sink
	AheadWriter
	Unwrap() Sink
}

// keeperOf returns s or the sink behind it if that is a Keeper, else nil.
func keeperOf(s Sink) Keeper {
	for {
		if k, ok := s.(Keeper); ok {
			return k
		}
		w, ok := s.(Wrapper)
		if !ok {
			return nil
		}
		s = w.Unwrap()
	}
}
