package stream

import (
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// ackValid says whether the receiver of the packet would take its
// acknowledgment: not of what it cannot have sent, nor from before the window.
func (t *turn) ackValid() bool {
	if !t.has(decoders.TCPAck) {
		return true
	}
	h, ack := t.peer, t.p.Ack
	switch {
	case ack == h.ack, h.ack.Less(ack) && ack.LessEq(h.winEnd):
		return true
	case ack.Less(h.ack):
		if h.window == 0 || h.ack.Add(-h.window).LessEq(ack) {
			return true
		}
	case t.s.flags&oneSided != 0:
		return true
	case t.s.state == flow.TCPSynSent:
		// The SYN's receiver has not announced a window yet.
		if t.has(decoders.TCPRst) && t.dir == decoders.ToClient && ack == h.isn.Add(1) {
			return true
		}
	}
	t.event(decoders.StreamEventPktInvalidAck)
	return false
}

// acksUnseen says whether the packet acknowledges bytes that the capture has not
// brought yet, or never will. A FIN takes one number (RFC 9293 section 3.4).
func (t *turn) acksUnseen() bool {
	seen := t.peer.next
	if t.peer.tcpFlags&decoders.TCPFin != 0 {
		seen = seen.Add(1)
	}
	return t.has(decoders.TCPAck) && seen.Less(t.p.Ack)
}

// keepAlive recognises a segment that asks whether the other side lives: it
// repeats the last byte, or none (RFC 9293 section 3.8.4).
func (t *turn) keepAlive() bool {
	if t.p.PayloadLen > 1 || t.has(decoders.TCPSyn|decoders.TCPFin|decoders.TCPRst) {
		return false
	}
	if t.p.Ack == t.peer.ack && t.p.Seq == t.mine.next-1 {
		t.mine.flags |= keepAlive
		return true
	}
	return false
}

// keepAliveAck recognises the answer.
func (t *turn) keepAliveAck() bool {
	asked := t.peer.flags&keepAlive != 0
	t.peer.flags &^= keepAlive
	return asked && t.p.PayloadLen == 0 && !t.has(decoders.TCPSyn|decoders.TCPFin|decoders.TCPRst) &&
		t.p.TCPWindow != 0 && uint32(t.p.TCPWindow)<<t.peer.scale == t.peer.window &&
		t.p.Ack == t.peer.ack && t.p.Seq == t.mine.next
}

// past recognises a retransmission of what nobody waits for any more.
func (t *turn) past() bool {
	if t.p.PayloadLen == 0 || t.mine.flags&started == 0 || t.mine.base.Less(t.e.reach(t.mine).inStream(t.end())) {
		return false
	}
	t.event(decoders.StreamEventPktSpuriousRetransmission)
	return true
}

// outdated recognises an acknowledgment that came later than a newer one.
func (t *turn) outdated() bool {
	return t.p.PayloadLen == 0 && !t.has(decoders.TCPSyn|decoders.TCPFin|decoders.TCPRst) &&
		t.p.Seq == t.mine.next && t.p.Ack.Less(t.peer.ack)
}

// badWindowUpdate recognises a window that shrinks by more than what was sent,
// together with numbers from the future.
func (t *turn) badWindowUpdate() bool {
	if t.has(decoders.TCPSyn | decoders.TCPFin | decoders.TCPRst) {
		return false
	}
	window := uint32(t.p.TCPWindow) << t.peer.scale
	if window >= t.peer.window || t.peer.window-window <= t.p.PayloadLen {
		return false
	}
	if t.peer.next.Less(t.p.Ack) && t.mine.next.Less(t.p.Seq) {
		t.event(decoders.StreamEventPktBadWindowUpdate)
		return true
	}
	return false
}

// retransmission says whether the packet's payload was sent before, in part or
// as a whole.
func (t *turn) retransmission() bool {
	if t.p.PayloadLen == 0 {
		return false
	}
	end := t.end()
	switch {
	case end.LessEq(t.mine.ack):
		t.event(decoders.StreamEventPktSpuriousRetransmission)
	case t.p.Seq.Less(t.mine.ack), end.LessEq(t.mine.next):
	default:
		return false
	}
	t.event(decoders.StreamEventPktRetransmission)
	return true
}
