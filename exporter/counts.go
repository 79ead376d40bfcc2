package exporter

import "spanwatch/exporter/event"

// TypeCounts account for the events of one type at one sink. See the package
// comment for the equation between them.
type TypeCounts struct {
	Made      uint64 // given to the sink's queue, whether it took them or not
	Recovered uint64 // were in the spool when the sink was opened: made by an earlier process
	Delivered uint64 // at once or out of the spool
	Replayed  uint64 // of Delivered, those that came out of the spool
	Stored    uint64 // that went into the spool in this process
	Spooled   uint64 // that are in the spool now
	Dropped   [NumDropReasons]uint64
	Filtered  [NumFilterReasons]uint64 // not wanted at this sink, which is no loss
	Queued    uint64                   // neither of these yet
	Bytes     uint64                   // of Delivered, JSON text
}

// Balance is made and recovered minus everything that can become of an event.
// It is zero, or the accounting is wrong.
func (c *TypeCounts) Balance() int64 {
	balance := int64(c.Made) + int64(c.Recovered) - int64(c.Delivered) - int64(c.Spooled) - int64(c.Queued)
	for _, n := range c.Dropped {
		balance -= int64(n)
	}
	for _, n := range c.Filtered {
		balance -= int64(n)
	}
	return balance
}

// Counts account for all events at one sink.
type Counts [event.NumTypes]TypeCounts

// Total adds the types up.
func (c *Counts) Total() TypeCounts {
	var sum TypeCounts
	for i := range c {
		t := &c[i]
		sum.Made += t.Made
		sum.Recovered += t.Recovered
		sum.Delivered += t.Delivered
		sum.Replayed += t.Replayed
		sum.Stored += t.Stored
		sum.Spooled += t.Spooled
		sum.Queued += t.Queued
		sum.Bytes += t.Bytes
		for r, n := range t.Dropped {
			sum.Dropped[r] += n
		}
		for r, n := range t.Filtered {
			sum.Filtered[r] += n
		}
	}
	return sum
}

// Tally is what a Sink reports about the records of one Deliver call, and a
// Keeper about those that it had kept before.
type Tally struct {
	delivered, spooled, bytes [event.NumTypes]uint64
	dropped                   [event.NumTypes][NumDropReasons]uint64
	filtered                  [event.NumTypes][NumFilterReasons]uint64

	replayed, replayedBytes [event.NumTypes]uint64
	lost                    [event.NumTypes][NumDropReasons]uint64
}

// Delivered says that the destination has r.
func (t *Tally) Delivered(r *Record) {
	t.delivered[r.Type]++
	t.bytes[r.Type] += uint64(len(r.Body))
}

// Spooled says that r is on disk and will be delivered later.
func (t *Tally) Spooled(r *Record) { t.spooled[r.Type]++ }

// Dropped says that r is lost, and why.
func (t *Tally) Dropped(r *Record, why DropReason) { t.dropped[r.Type][why]++ }

// Filtered says that the sink's filter does not let r through, and which part
// of it.
func (t *Tally) Filtered(r *Record, why FilterReason) { t.filtered[r.Type][why]++ }

// Replayed says that the destination has n records that were spooled, in this
// process or an earlier one; bytes are those of their bodies.
func (t *Tally) Replayed(of event.Type, n, bytes uint64) {
	t.replayed[of] += n
	t.replayedBytes[of] += bytes
}

// Lost says that n records that were spooled are lost after all, and why.
func (t *Tally) Lost(of event.Type, n uint64, why DropReason) { t.lost[of][why] += n }

// direct is how many records of a type the sink has told the fate of that were
// given to it by the present Deliver.
func (t *Tally) direct(of int) uint64 {
	n := t.delivered[of] + t.spooled[of]
	for _, d := range t.dropped[of] {
		n += d
	}
	for _, f := range t.filtered[of] {
		n += f
	}
	return n
}

// add books the tally of one type.
func (c *TypeCounts) add(t *Tally, of int) {
	c.Delivered += t.delivered[of] + t.replayed[of]
	c.Replayed += t.replayed[of]
	c.Bytes += t.bytes[of] + t.replayedBytes[of]
	c.Stored += t.spooled[of]
	c.Spooled += t.spooled[of] - t.replayed[of]
	for r := range c.Dropped {
		c.Dropped[r] += t.dropped[of][r] + t.lost[of][r]
		c.Spooled -= t.lost[of][r]
	}
	for r := range c.Filtered {
		c.Filtered[r] += t.filtered[of][r]
	}
}
