package stream

import (
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// closingRules are what a session that is being closed checks, by state. An
// event of StreamEventCount stands for none.
type closingRules struct {
	invalidAck  decoders.StreamEvent // an acknowledgment outside what was sent
	finWrongSeq decoders.StreamEvent // a FIN that does not follow what was sent
	ackWrongSeq decoders.StreamEvent // another packet beyond the window
	beforeLast  decoders.StreamEvent // a packet before the last acknowledgment
}

// rulesOf returns the rules of a state between ESTABLISHED and CLOSED.
func rulesOf(s flow.TCPState) closingRules {
	switch s {
	case flow.TCPFinWait1:
		return closingRules{decoders.StreamEventFin1InvalidAck, decoders.StreamEventFin1FinWrongSeq, decoders.StreamEventFin1AckWrongSeq, decoders.StreamEventCount}
	case flow.TCPFinWait2:
		return closingRules{decoders.StreamEventFin2InvalidAck, decoders.StreamEventFin2FinWrongSeq, decoders.StreamEventFin2AckWrongSeq, decoders.StreamEventCount}
	case flow.TCPTimeWait:
		return closingRules{decoders.StreamEventTimewaitInvalidAck, decoders.StreamEventCount, decoders.StreamEventTimewaitAckWrongSeq, decoders.StreamEventCount}
	case flow.TCPLastAck:
		return closingRules{decoders.StreamEventLastackInvalidAck, decoders.StreamEventCount, decoders.StreamEventLastackAckWrongSeq, decoders.StreamEventCount}
	case flow.TCPCloseWait:
		return closingRules{decoders.StreamEventClosewaitInvalidAck, decoders.StreamEventClosewaitFinOutOfWindow, decoders.StreamEventClosewaitAckOutOfWindow, decoders.StreamEventClosewaitPktBeforeLastAck}
	}
	return closingRules{decoders.StreamEventClosingInvalidAck, decoders.StreamEventCount, decoders.StreamEventClosingAckWrongSeq, decoders.StreamEventCount}
}

// firstFin is the first FIN of a session.
func (t *turn) firstFin() bool {
	if !t.timestampValid() {
		return false
	}
	if t.has(decoders.TCPSyn) {
		return t.refuse(decoders.StreamEventFinSyn)
	}
	if !t.ackValid() {
		return t.refuse(decoders.StreamEventFinInvalidAck)
	}
	known := t.s.flags&(midstream|oneSided) == 0 // how much the receiver takes
	if t.p.Seq.Less(t.mine.ack) || known && t.mine.ack.Add(t.mine.window).Less(t.p.Seq) {
		return t.refuse(decoders.StreamEventFinOutOfWindow)
	}
	t.s.state = flow.TCPFinWait1
	if t.dir == decoders.ToServer {
		t.s.state = flow.TCPCloseWait
	}
	t.mine.next = t.end()
	t.takeClosing()
	return true
}

// takeClosing is take for a session that is being closed, in which the capture
// may have missed what the other side acknowledges.
func (t *turn) takeClosing() {
	if t.has(decoders.TCPAck) && t.peer.next.Less(t.p.Ack) {
		t.peer.next = t.p.Ack
	}
	t.take()
}

// closing is a packet of a session in which a FIN was sent.
func (t *turn) closing() bool {
	switch {
	case t.has(decoders.TCPRst):
		return t.reset()
	case t.has(decoders.TCPFin):
		return t.timestampValid() && t.laterFin()
	case t.has(decoders.TCPSyn):
		return t.refuse(decoders.StreamEventShutdownSynResend)
	case t.has(decoders.TCPAck):
		return t.timestampValid() && t.lateAck()
	}
	return true
}

// laterFin is a FIN after the first one.
func (t *turn) laterFin() bool {
	rules := rulesOf(t.s.state)
	if rules.finWrongSeq == decoders.StreamEventCount {
		return true // both sides have closed: it was sent again
	}
	// In FIN_WAIT_2 the server may not know yet that its FIN was acknowledged.
	again := t.retransmission() || t.s.state == flow.TCPFinWait2 && t.dir == decoders.ToClient
	if !again {
		if t.p.Seq.Less(t.mine.next) || t.mine.ack.Add(t.mine.window).Less(t.p.Seq) {
			return t.refuse(rules.finWrongSeq)
		}
		if !t.ackValid() {
			return t.refuse(rules.invalidAck)
		}
		t.closeSecond()
	}
	if t.p.Seq == t.mine.next {
		t.mine.next = t.end()
	}
	t.takeClosing()
	return true
}

// closeSecond follows the FIN of the side that has not closed yet.
func (t *turn) closeSecond() {
	switch {
	case t.s.state == flow.TCPFinWait1 && t.dir == decoders.ToServer:
		t.s.state = flow.TCPClosing
		if t.has(decoders.TCPAck) {
			t.s.state = flow.TCPTimeWait
		}
	case t.s.state == flow.TCPFinWait2 && t.dir == decoders.ToServer:
		t.s.state = flow.TCPTimeWait
	case t.s.state == flow.TCPCloseWait && t.dir == decoders.ToClient:
		t.s.state = flow.TCPLastAck
	}
}

// lateAck is a packet without FIN after the first FIN.
func (t *turn) lateAck() bool {
	rules := rulesOf(t.s.state)
	if !t.ackValid() {
		return t.refuse(rules.invalidAck)
	}
	again := t.retransmission()
	if rules.beforeLast != decoders.StreamEventCount && t.p.PayloadLen > 0 && t.end().LessEq(t.mine.ack) {
		return t.refuse(rules.beforeLast)
	}
	if !again {
		if t.mine.winEnd.Less(t.end()) && t.s.flags&(midstream|oneSided) == 0 {
			return t.refuse(rules.ackWrongSeq)
		}
		t.closeFurther()
	}
	if t.p.Seq == t.mine.next {
		t.mine.next = t.end()
	}
	t.takeClosing()
	return true
}

// closeFurther follows acknowledgments of FINs.
func (t *turn) closeFurther() {
	switch t.s.state {
	case flow.TCPFinWait1:
		if t.dir == decoders.ToServer && t.peer.next.Less(t.p.Ack) {
			t.s.state = flow.TCPFinWait2
		}
	case flow.TCPClosing:
		t.s.state = flow.TCPTimeWait
	case flow.TCPLastAck:
		if t.dir == decoders.ToServer && (t.p.Seq == t.mine.next || t.p.Seq == t.mine.next.Add(1)) {
			t.s.state = flow.TCPClosed
		}
	case flow.TCPTimeWait:
		t.s.state = flow.TCPClosed
	}
}
