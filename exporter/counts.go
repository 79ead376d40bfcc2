package exporter

import "spanwatch/exporter/event"

// TypeCounts account for the events of one type at one sink.
type TypeCounts struct {
	Made      uint64 // given to the sink's queue, whether it took them or not
	Delivered uint64
	Spooled   uint64 // kept on disk for later
	Dropped   [NumDropReasons]uint64
	Filtered  [NumFilterReasons]uint64 // not wanted at this sink, which is no loss
	Queued    uint64                   // neither of these yet
	Bytes     uint64                   // of Delivered, JSON text
}

// Balance is made minus everything that can become of an event. It is zero, or
// the accounting is wrong.
func (c *TypeCounts) Balance() int64 {
	balance := int64(c.Made) - int64(c.Delivered) - int64(c.Spooled) - int64(c.Queued)
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
		sum.Delivered += t.Delivered
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

// Tally is what a Sink reports about the records of one Deliver call.
type Tally struct {
	delivered, spooled, bytes [event.NumTypes]uint64
	dropped                   [event.NumTypes][NumDropReasons]uint64
	filtered                  [event.NumTypes][NumFilterReasons]uint64
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
