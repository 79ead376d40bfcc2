package stream

import "spanwatch/decoders"

// storeUrgent stores the packet's payload with regard to its urgent byte. With
// a pointer inside the segment that is taken to be the last one, as Suricata
// does: a stack that sends urgent data ends the segment with it (RFC 6093
// section 3). A pointer beyond the segment says nothing of this one.
func (t *turn) storeUrgent() bool {
	h, payload := t.mine, t.p.Payload()
	x := t.e.reached(h)
	seq := x.inStream(t.p.Seq)
	if !t.has(decoders.TCPUrg) || t.p.TCPUrgent == 0 || uint32(t.p.TCPUrgent) > t.p.PayloadLen {
		return t.store(seq, payload)
	}
	policy := t.e.cfg.Urgent
	if policy == UrgentOOB && x.urgent >= t.e.cfg.UrgentLimit {
		t.event(decoders.StreamEventReassemblyUrgentOobLimitReached)
		policy = t.e.cfg.UrgentBeyond
	}
	rest := payload[:len(payload)-1]
	switch policy {
	case UrgentDrop:
		if t.e.cfg.Inline {
			return false
		}
		rest = payload // who only watches cannot drop
	case UrgentInline:
		rest = payload
	case UrgentOOB:
		if at := t.end() - 1; x.urgent == 0 || x.urgentAt.Less(at) {
			x.urgent++
			x.urgentAt = at
			t.e.stats.UrgentBytes++
		}
	}
	return len(rest) == 0 || t.store(seq, rest)
}

// inStream turns a sequence number of the wire into one of the stream, from
// which urgent bytes were taken out. Behind the last of them that is exact; a
// retransmission of what came before several of them is taken to lie before
// one only.
func (x *reach) inStream(q decoders.Seq) decoders.Seq {
	if x.urgent == 0 {
		return q
	}
	if q.LessEq(x.urgentAt) {
		return q - decoders.Seq(x.urgent-1)
	}
	return q - decoders.Seq(x.urgent)
}

// forgetData drops what was stored of a direction whose receiver did not take
// it.
func (e *Engine) forgetData(h *half) {
	x := e.reach(h)
	for x.firstRun != 0 {
		e.removeRun(h, x.firstRun)
	}
	for x.firstSegment != 0 {
		e.removeFirstSegment(h)
	}
	x.edge = x.baseOff
}
