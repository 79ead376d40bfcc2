package http1

import "spanwatch/decoders/app"

// window keeps as much of a streaming buffer as inspection can still reach.
//
//	        base          inspected        seen
//	─ ─ ─ ─ ┼───────────────┼───────────────┼
//	given up│ kept: window  │ new           │
//
// Inspection follows Suricata: not before a least size has come, then each new
// piece together with bytes before it, so that what is looked at is at least a
// window long.
type window struct {
	kept      []byte
	base      uint64 // offset of kept
	seen      uint64 // bytes so far
	inspected uint64 // of them, looked at
	ended     bool
	asked     bool // since the last piece was done with
	done      bool // the last piece, with EOF, was looked at
}

// add takes bytes, with memory of pool when there is not enough; nil takes it of
// the heap.
func (w *window) add(p []byte, pool *buffers) {
	if pool != nil && len(w.kept)+len(p) > cap(w.kept) {
		w.kept = pool.grow(w.kept, len(p))
	}
	w.kept = append(w.kept, p...)
	w.seen += uint64(len(p))
}

// miss says that n bytes are missing: inspection can not reach across.
func (w *window) miss(n uint64) {
	w.seen += n
	w.kept = w.kept[:0]
	w.base = w.seen
}

// due returns the piece to be inspected now.
func (w *window) due(c *BodyConfig) app.Piece {
	enough := w.ended || w.seen >= c.MinInspect || c.Limit > 0 && w.seen >= c.Limit
	if w.seen == 0 || !enough || w.inspected == w.seen && (w.done || !w.ended) {
		return app.Piece{}
	}
	w.asked = true
	from := uint64(0)
	if w.inspected > c.MinInspect {
		fresh := w.seen - w.inspected
		back := c.Window / 4
		if fresh < c.Window {
			back = c.Window - fresh
		}
		from = w.inspected - min(back, w.inspected)
	}
	from = max(from, w.base)
	return app.Piece{Data: w.kept[from-w.base:], Offset: from, EOF: w.ended}
}

// finish ends a run of inspection: what no later piece reaches back to is given
// up.
func (w *window) finish(c *BodyConfig) {
	if !w.asked {
		return
	}
	w.asked = false
	w.done = w.ended
	w.inspected = w.seen
	if w.inspected <= c.MinInspect {
		return
	}
	keep := w.inspected - min(c.Window, w.inspected)
	// Moving bytes costs: only when it frees as many again.
	if keep > w.base && keep-w.base >= uint64(len(w.kept))/2 {
		w.kept = w.kept[:copy(w.kept, w.kept[keep-w.base:])]
		w.base = keep
	}
}

// maxKept bounds what is kept of a body that has no limit and that nobody
// inspects, bytes.
const maxKept = 256 << 10

// prune keeps to that bound.
func (w *window) prune() {
	if extra := len(w.kept) - maxKept; extra > maxKept {
		w.kept = w.kept[:copy(w.kept, w.kept[extra:])]
		w.base += uint64(extra)
	}
}

// reset empties the window and gives its memory back to the pool.
func (w *window) reset(pool *buffers) {
	pool.give(w.kept)
	*w = window{}
}
