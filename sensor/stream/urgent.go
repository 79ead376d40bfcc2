package stream

import "spanwatch/decoders"

// storeUrgent stores the packet's payload with regard to its urgent data.
func (t *turn) storeUrgent() bool {
	return t.store(t.p.Seq, t.p.Payload())
}

// forgetData drops what was stored of a direction whose receiver did not take
// it.
func (e *Engine) forgetData(h *half) {
	for h.firstRun != 0 {
		e.removeRun(h, h.firstRun)
	}
	for h.firstSegment != 0 {
		e.removeFirstSegment(h)
	}
	h.edge = h.baseOff
}

var _ = decoders.TCPUrg
