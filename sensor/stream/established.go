package stream

import (
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// step moves the session by the packet under work. It says whether the packet
// fits the session.
func (t *turn) step() bool {
	if t.keepAlive() || t.keepAliveAck() || t.past() {
		return true
	}
	if t.s.state >= flow.TCPEstablished && t.s.state != flow.TCPClosed {
		if t.badWindowUpdate() {
			return false
		}
		if t.outdated() {
			return true
		}
	}
	switch t.s.state {
	case flow.TCPSynSent:
		return t.synSent()
	case flow.TCPSynRecv:
		return t.synRecv()
	case flow.TCPEstablished:
		return t.open()
	case flow.TCPClosed:
		return t.closed()
	}
	return t.closing()
}

// open is a packet of an open session.
func (t *turn) open() bool {
	switch {
	case t.has(decoders.TCPRst):
		return t.reset()
	case t.has(decoders.TCPFin):
		return t.firstFin()
	case t.has(decoders.TCPSyn) && t.has(decoders.TCPAck):
		return t.lateSynAck()
	case t.has(decoders.TCPSyn):
		switch {
		case t.dir == decoders.ToClient:
			return t.refuse(decoders.StreamEventEstSynToclient)
		case t.p.Seq != t.mine.isn:
			return t.refuse(decoders.StreamEventEstSynResendDiffSeq)
		}
		return t.refuse(decoders.StreamEventEstSynResend)
	case t.has(decoders.TCPAck):
		return t.timestampValid() && t.exchange()
	}
	return true
}

// lateSynAck is a SYN+ACK after the handshake: sent again because the client's
// answer was lost, until the server has shown that it got one.
func (t *turn) lateSynAck() bool {
	switch {
	case t.dir == decoders.ToServer:
		return t.refuse(decoders.StreamEventEstSynackToserver)
	case t.p.Ack != t.peer.ack:
		return t.refuse(decoders.StreamEventEstSynackResendWithDifferentAck)
	case t.p.Seq != t.mine.isn:
		return t.refuse(decoders.StreamEventEstSynackResendWithDiffSeq)
	case t.s.flags&confirmed != 0:
		return t.refuse(decoders.StreamEventEstSynackResend)
	}
	return true
}

// exchange takes data and acknowledgments.
func (t *turn) exchange() bool {
	if !t.ackValid() {
		return t.refuse(decoders.StreamEventEstInvalidAck)
	}
	end := t.end()
	if t.p.PayloadLen > 0 && end.LessEq(t.mine.ack) {
		t.event(decoders.StreamEventPktSpuriousRetransmission)
	}
	if probe := t.p.PayloadLen <= 1 && t.p.Seq == t.mine.next-1; end.Less(t.mine.ack) && !probe {
		switch {
		case t.mine.next.Less(t.mine.ack) && t.mine.next.Less(end):
			// Acknowledged before the capture saw it: it came late.
		case t.s.flags&oneSided != 0:
			t.mine.ack = t.p.Seq
		case t.mine.next == t.p.Seq && t.e.cfg.AsyncOneSide && t.s.flags&midstream != 0:
			t.s.flags |= oneSided
			t.mine.ack = t.p.Seq
		default:
			return t.refuse(decoders.StreamEventEstPktBeforeLastAck)
		}
	}
	// A byte into a closed window asks whether it has opened (RFC 9293 section
	// 3.8.6.1).
	if t.p.PayloadLen != 1 || t.p.Seq != t.mine.next || t.mine.window != 0 {
		t.advanceNext()
		if t.mine.winEnd.Less(t.end()) && t.s.flags&(midstream|oneSided) == 0 {
			return t.refuse(decoders.StreamEventEstPacketOutOfWindow)
		}
	}
	if t.dir == decoders.ToClient && t.s.flags&confirmed == 0 && t.peer.isn.Add(1).Less(t.p.Ack) {
		t.s.flags |= confirmed
	}
	t.take()
	return true
}

// take accepts a packet: its window, its acknowledgment, its timestamp and its
// data.
func (t *turn) take() {
	t.offerWindow()
	t.acknowledge(t.peer, t.p.Ack)
	t.updateTimestamp()
	t.peer.winEnd = later(t.peer.winEnd, t.peer.ack.Add(t.peer.window))
	t.data()
}

// advanceNext follows what the sender has sent. Behind an acknowledgment of
// what the capture missed it goes on at the packet.
func (t *turn) advanceNext() {
	if t.mine.next.Less(t.mine.ack) {
		t.mine.next = t.end()
		return
	}
	t.mine.next = later(t.mine.next, t.end())
}

// offerWindow takes over the window that the packet announces.
func (t *turn) offerWindow() {
	t.peer.window = uint32(t.p.TCPWindow) << t.peer.scale
}

// acknowledge moves what a direction's receiver has, unless ack is old. What
// that makes due, settle says: not in the handshake yet.
func (t *turn) acknowledge(h *half, ack decoders.Seq) {
	if h.ack.Less(ack) {
		h.ack = ack
	}
}

// settle makes acknowledged data due, as far as it was received.
func (e *Engine) settle(h *half) {
	if h.reach == 0 {
		return
	}
	x := e.reach(h)
	x.acked = max(x.acked, min(uint64(max(h.offset(x, x.inStream(h.ack)), 0)), x.edge))
}

// data hands acknowledgment and payload on to reassembly. What is acknowledged
// of the other direction comes first: it is older than the payload.
func (t *turn) data() {
	if t.s.flags&oneSided != 0 {
		t.acknowledge(t.mine, t.p.Seq)
		t.e.settle(t.mine)
	}
	t.e.settle(t.peer)
	if t.p.PayloadLen == 0 {
		return
	}
	t.v.Stored = t.storeUrgent()
}
