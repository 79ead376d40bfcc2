package flow

import (
	"unsafe"

	"spanwatch/decoders"
	"spanwatch/sensor/internal/offheap"
)

// A Flow has what every flow needs. What only some need stands beside it, in
// slabs of its own, from when it is needed until the flow ends:
//
//	Flow ─► inSecond of flows that carried something in the present second
//	     ─► tcpPair  of TCP flows
//	     ─► lasting  of flows that live longer than a second, or on whose wire there
//	                 was something else than packets: fragments
//	     ─► rare     of flows that are reported at intervals, that the kernel tells
//	                 of, or that are shed
//
// So a million flows of some packets take half of what one record for all would.

// inSecond is what a flow carried in the present second.
type inSecond struct {
	at      int64 // since the Unix epoch
	bytes   [2]uint64
	packets [2]uint32
}

func (s *inSecond) empty() bool { return s.packets[0]|s.packets[1] == 0 }

// tcpPair are the sides of a TCP session, by sender.
type tcpPair [2]tcpSide

// lasting are the counts that equal Packets and Bytes in flows without it.
type lasting struct {
	packets, bytes [2]uint64 // on the wire
	// The most that one second carried, of those that are over.
	peakBytes   [2]uint64
	peakPackets [2]uint32
}

// rare is what few flows need.
type rare struct {
	reported   [2]counts // at the last interval report
	reportedAt int64     // time of that report, or FirstSeen
	nextReport int64     // boundary of the running interval; 0 without Config.Interval
	reports    uint32    // interval reports made so far

	unseenPackets, unseenBytes [2]uint64
	kernel                     [2]tally // all that the kernel told, from A to B and from B to A

	shedPackets, shedBytes [2]uint64
	lostBefore             uint64
}

// counts are one direction's counters.
type counts struct {
	packets, bytes uint64
}

// Totals are the counts of a flow that are more than what EVE reports.
type Totals struct {
	// WirePackets and WireBytes are what was on the wire: every fragment
	// counts, with the length of its frame.
	WirePackets, WireBytes [2]uint64
	// Peaks are the most that one second (aligned to the epoch) carried on the
	// wire; the second in which the flow is now counts once it is over.
	PeakBytes   [2]uint64
	PeakPackets [2]uint32
	// UnseenPackets and UnseenBytes are that part of all counts above of which
	// the kernel told and no packet came; see Table.Offer.
	UnseenPackets, UnseenBytes [2]uint64
	// ShedPackets and ShedBytes are what of WirePackets and WireBytes was counted
	// only, since the flow is bypassed (AddShed).
	ShedPackets, ShedBytes [2]uint64
	LostBefore             uint64 // as told by SetLostBefore
}

// Totals returns them.
func (t *Table) Totals(f *Flow) (c Totals) {
	if f.lasting == 0 {
		c.WirePackets, c.WireBytes = f.Packets, f.Bytes
		if f.second == 0 || t.seconds.at(f.second).empty() {
			c.PeakBytes, c.PeakPackets = f.Bytes, narrow(f.Packets)
		}
	} else {
		l := t.lasting.at(f.lasting)
		c.WirePackets, c.WireBytes, c.PeakBytes, c.PeakPackets = l.packets, l.bytes, l.peakBytes, l.peakPackets
	}
	if f.rare != 0 {
		r := t.rare.at(f.rare)
		c.UnseenPackets, c.UnseenBytes = r.unseenPackets, r.unseenBytes
		c.ShedPackets, c.ShedBytes, c.LostBefore = r.shedPackets, r.shedBytes, r.lostBefore
	}
	return c
}

// wire returns what the flow carried on the wire.
func (t *Table) wire(f *Flow) (packets, bytes [2]uint64) {
	if f.lasting == 0 {
		return f.Packets, f.Bytes
	}
	l := t.lasting.at(f.lasting)
	return l.packets, l.bytes
}

// WireBytes returns what the flow carried on the wire in both directions.
func (t *Table) WireBytes(f *Flow) uint64 {
	_, bytes := t.wire(f)
	return bytes[0] + bytes[1]
}

// AddShed counts what of a flow was counted only. Less than nothing, which wraps,
// takes off what will be added elsewhere.
func (t *Table) AddShed(f *Flow, dir decoders.Direction, packets, bytes uint64) {
	r := t.rareOf(f)
	r.shedPackets[dir] += packets
	r.shedBytes[dir] += bytes
}

// SetLostBefore notes how many frames capture had lost when the flow began.
func (t *Table) SetLostBefore(f *Flow, frames uint64) { t.rareOf(f).lostBefore = frames }

// lastingOf returns the flow's record, making it from what was counted so far. If
// no second is being counted, all of that was in one, which is over.
func (t *Table) lastingOf(f *Flow) *lasting {
	if f.lasting == 0 {
		c := t.Totals(f)
		f.lasting = t.lasting.take()
		*t.lasting.at(f.lasting) = lasting{packets: c.WirePackets, bytes: c.WireBytes, peakBytes: c.PeakBytes, peakPackets: c.PeakPackets}
	}
	return t.lasting.at(f.lasting)
}

func (t *Table) rareOf(f *Flow) *rare {
	if f.rare == 0 {
		f.rare = t.rare.take()
		*t.rare.at(f.rare) = rare{}
	}
	return t.rare.at(f.rare)
}

// secondOf returns the flow's counts of a second, which is over when another comes.
func (t *Table) secondOf(f *Flow, at int64) *inSecond {
	if f.second == 0 {
		if f.Packets[0]|f.Packets[1] != 0 {
			t.lastingOf(f)
		}
		f.second = t.seconds.take()
		*t.seconds.at(f.second) = inSecond{at: at}
	}
	s := t.seconds.at(f.second)
	if s.at != at {
		if !s.empty() {
			t.flushSecond(f)
			t.lastingOf(f)
		}
		s.at = at
	}
	return s
}

// leave gives back what stands beside a flow.
func (t *Table) leave(f *Flow) {
	t.seconds.give(&f.second)
	t.tcp.give(&f.tcp)
	t.lasting.give(&f.lasting)
	t.rare.give(&f.rare)
}

func (f *Flow) swapSides(t *Table) {
	if f.second != 0 {
		s := t.seconds.at(f.second)
		swap2(&s.packets)
		swap2(&s.bytes)
	}
	if f.tcp != 0 {
		swap2((*[2]tcpSide)(t.tcp.at(f.tcp)))
	}
	if f.lasting != 0 {
		l := t.lasting.at(f.lasting)
		swap2(&l.packets)
		swap2(&l.bytes)
		swap2(&l.peakPackets)
		swap2(&l.peakBytes)
	}
	if f.rare != 0 {
		r := t.rare.at(f.rare)
		swap2(&r.reported)
		swap2(&r.unseenPackets)
		swap2(&r.unseenBytes)
		swap2(&r.shedPackets)
		swap2(&r.shedBytes)
	}
}

func narrow(a [2]uint64) [2]uint32 { return [2]uint32{uint32(a[0]), uint32(a[1])} }

// slab holds records without pointers, named by their place; 0 names none. There
// is room for one for each flow. Records that are not in use are a list, linked by
// their first four bytes.
type slab[T any] struct {
	items []T
	free  uint32 // head of the list
	fresh uint32 // items[fresh:] was never used
	used  int
}

// newSlab reserves n records, which are touched as they are taken.
func newSlab[T any](n int, outside bool) (s slab[T], release func(), err error) {
	s.fresh = 1
	s.items, release, err = reserve[T](n, outside)
	return s, release, err
}

// reserve makes an array, outside Go's heap if asked; release gives it back then.
func reserve[T any](n int, outside bool) (array []T, release func(), err error) {
	if outside {
		if array, release, err = offheap.Array[T](n, offheap.Huge); err == nil {
			return array, release, nil
		}
	}
	return make([]T, n), func() {}, err
}

func (s *slab[T]) at(i uint32) *T { return &s.items[i] }

func (s *slab[T]) next(i uint32) *uint32 { return (*uint32)(unsafe.Pointer(&s.items[i])) }

// memory is how many bytes the records in use take.
func (s *slab[T]) memory() uint64 {
	var record T
	return uint64(s.used) * uint64(unsafe.Sizeof(record))
}

// take returns a record as it was given back: the caller sets all of it.
func (s *slab[T]) take() uint32 {
	s.used++
	if i := s.free; i != 0 {
		s.free = *s.next(i)
		return i
	}
	s.fresh++
	return s.fresh - 1
}

// give takes a record back, if there is one.
func (s *slab[T]) give(i *uint32) {
	if *i != 0 {
		s.used--
		*s.next(*i) = s.free
		s.free, *i = *i, 0
	}
}
