package flow

import (
	"cmp"
	"slices"
)

// wheelSlots is the horizon of the timer wheel in seconds, a power of two. A
// flow due later is looked at when the horizon is reached and goes round
// again, which at the default timeouts (600 s at most) costs one visit more.
const wheelSlots = 512

// wheel lists flows by the second in which they are due: when their timeout
// has surely passed, or their interval report is wanted. Packets only move a
// flow's due time forward, and that does not touch the wheel: a flow that
// turns out to be alive when it is looked at is put where it is due then. Each
// flow stands in exactly one list.
type wheel struct {
	heads   [wheelSlots]uint32
	now     int64 // lists up to this second were looked at
	started bool
}

// link puts f into the list of a second, which is brought into the horizon.
func (w *wheel) link(slab []Flow, f *Flow, second int64) {
	f.slot = uint16(min(max(second, w.now+1), w.now+wheelSlots-1) & (wheelSlots - 1))
	head := &w.heads[f.slot]
	f.wheelPrev, f.wheelNext = 0, *head
	if *head != 0 {
		slab[*head].wheelPrev = f.self
	}
	*head = f.self
}

// unlink takes f out of its list.
func (w *wheel) unlink(slab []Flow, f *Flow) {
	if f.wheelPrev != 0 {
		slab[f.wheelPrev].wheelNext = f.wheelNext
	} else {
		w.heads[f.slot] = f.wheelNext
	}
	if f.wheelNext != 0 {
		slab[f.wheelNext].wheelPrev = f.wheelPrev
	}
	f.wheelPrev, f.wheelNext = 0, 0
}

// due is the second of the list that holds f.
func (w *wheel) due(f *Flow) int64 {
	return w.now + (int64(f.slot)-w.now)&(wheelSlots-1)
}

// expiry is the first second in which a flow that stays silent has timed out
// for Advance: the one after its deadline.
func (t *Table) expiry(f *Flow) int64 { return floorDiv(f.LastSeen+t.timeout(f), nanosPerSecond) + 1 }

// dueSecond is when the flow must be looked at.
func (t *Table) dueSecond(f *Flow) int64 {
	due := t.expiry(f)
	if t.cfg.Interval != 0 {
		due = min(due, floorDiv(t.rareOf(f).nextReport+nanosPerSecond-1, nanosPerSecond))
	}
	return due
}

func (t *Table) schedule(f *Flow) {
	if !t.wheel.started {
		t.wheel.started = true
		t.wheel.now = floorDiv(f.FirstSeen, nanosPerSecond) - 1
	}
	t.wheel.link(t.slab, f, t.dueSecond(f))
}

// Advance tells the table that packet time has reached now (nanoseconds): it
// ends the flows whose timeout passed in an earlier second, makes the interval
// reports that are due, and closes the seconds that are over. Call it at the
// end of each batch with the latest packet time of all workers; within the
// same second, or back in time, it does nothing. What it ends and reports
// depends on the flows and on now only; it goes in the order of the flows'
// beginnings (first seen, then first packet).
func (t *Table) Advance(now int64) {
	sec := floorDiv(now, nanosPerSecond)
	if !t.wheel.started || sec <= t.wheel.now {
		return
	}
	t.flushPending(sec)
	from := t.wheel.now + 1
	to := min(sec, t.wheel.now+wheelSlots)
	t.wheel.now = sec
	t.visits = t.visits[:0]
	for s := from; s <= to; s++ {
		head := &t.wheel.heads[s&(wheelSlots-1)]
		for i := *head; i != 0; i = t.slab[i].wheelNext {
			f := &t.slab[i]
			t.visits = append(t.visits, visit{f.FirstSeen, ranked{rankOf(f), i}})
		}
	}
	slices.SortFunc(t.visits, visit.compare)
	for _, v := range t.visits {
		f := &t.slab[v.flow]
		if t.expiry(f) <= sec {
			t.end(f, EndTimeout)
			continue
		}
		if t.cfg.Interval != 0 && t.rareOf(f).nextReport <= now {
			t.report(f, now)
		}
		t.wheel.unlink(t.slab, f)
		t.schedule(f)
	}
}

// visit is a flow whose second has come.
type visit struct {
	seen int64 // first
	ranked
}

// compare orders flows by first seen, then number of the first packet, then tunnel
// depth: a total order.
func (v visit) compare(w visit) int {
	return cmp.Or(cmp.Compare(v.seen, w.seen), cmp.Compare(v.rank, w.rank))
}
