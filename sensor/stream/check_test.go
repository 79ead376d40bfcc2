package stream

import "testing"

// check verifies that runs, segments, loans and memory tell the same story.
func (e *Engine) check(t testing.TB) {
	t.Helper()
	var used uint64
	active, runs, segments, lent, reaches := 0, 0, 0, 0, 0
	free := map[uint32]bool{}
	for i := e.free; i != 0; i = e.sessions[i].link {
		if free[i] {
			t.Fatalf("session %d is free twice", i)
		}
		free[i] = true
	}
	for i := uint32(1); i < e.fresh; i++ {
		if free[i] {
			continue
		}
		active++
		s := &e.sessions[i]
		for d := range s.half {
			h := &s.half[d]
			x := e.reach(h)
			if h.reach != 0 {
				reaches++
			}
			var held uint32
			last, end := uint32(0), uint64(0)
			for r := x.firstRun; r != 0; last, r = r, e.runs.items[r].next {
				run := &e.runs.items[r]
				runs++
				if run.prev != last || run.size == 0 || run.off < end {
					t.Fatalf("session %d half %d: run %d %+v behind %d, which ends at %d", i, d, r, *run, last, end)
				}
				if run.end() <= x.baseOff && x.firstRun != r {
					t.Fatalf("run %+v lies before the base %d", *run, x.baseOff)
				}
				end = run.end()
				if run.lent {
					l := e.lent[run.memory]
					lent++
					if l.run != r || l.session != i || int(l.dir) != d || len(l.data) < int(run.head+run.size) {
						t.Fatalf("run %d %+v is lent by %d to run %d", r, *run, l.session, l.run)
					}
					continue
				}
				block := e.pool.blocks[run.memory]
				held += uint32(len(block))
				if int(run.head)+int(run.size) > len(block) {
					t.Fatalf("run %+v is larger than its block of %d", *run, len(block))
				}
			}
			if last != x.lastRun || end > x.edge || held != x.held {
				t.Fatalf("half %+v: last run %d, ends at %d, holds %d", *h, last, end, held)
			}
			used += uint64(held)
			n := uint32(0)
			last = 0
			for g := x.firstSegment; g != 0; last, g = g, e.segments.items[g].next {
				seg := &e.segments.items[g]
				if seg.prev != last || last != 0 && seg.seq.Less(e.segments.items[last].seq) {
					t.Fatalf("segment %d %+v behind %d", g, *seg, last)
				}
				n++
			}
			if last != x.lastSegment || n != x.segments || n > e.cfg.Segments {
				t.Fatalf("half %+v has %d segments", *h, n)
			}
			segments += int(n)
			if x.baseOff > x.edge && h.flags&stopped == 0 || x.acked > x.edge {
				t.Fatalf("half %+v: base or acknowledgment beyond the edge", *h)
			}
		}
		if held := e.heldBy(s); held > uint64(e.cfg.FlowMemory) {
			t.Fatalf("session %d holds %d", i, held)
		}
	}
	if none := e.reaches.items[0]; none != (reach{}) {
		t.Fatalf("a direction without payload has %+v", none)
	}
	if n := len(e.reaches.items) - 1 - len(e.reaches.free); n != reaches {
		t.Fatalf("%d directions have payload, %d records are taken", reaches, n)
	}
	if active != e.stats.Active || used != e.pool.used || used > e.cfg.Memory || e.pool.reserved > e.cfg.Memory {
		t.Fatalf("%d sessions of %d; %d bytes of %d, %d reserved", active, e.stats.Active, used, e.pool.used, e.pool.reserved)
	}
	if n := len(e.runs.items) - 1 - len(e.runs.free); n != runs {
		t.Fatalf("%d runs, %d taken", runs, n)
	}
	if n := len(e.segments.items) - 1 - len(e.segments.free); n != segments {
		t.Fatalf("%d segments, %d taken", segments, n)
	}
	needed := 0
	for _, l := range e.lent {
		if l.run != 0 {
			needed++
		}
	}
	if needed != lent {
		t.Fatalf("%d loans are needed, %d are used", needed, lent)
	}
}
