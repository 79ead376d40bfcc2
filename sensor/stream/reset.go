package stream

import (
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// resetSyn is a RST in answer to a SYN.
func (t *turn) resetSyn() bool {
	if !t.resetValid() {
		return false
	}
	if t.dir == decoders.ToServer {
		if t.p.Seq != t.mine.isn || t.p.TCPWindow != 0 || t.p.Ack != t.mine.isn.Add(1) {
			return true
		}
	}
	t.close()
	return true
}

// resetSynRecv is a RST while the SYN+ACK waits for its acknowledgment. Some
// hosts ignore it after a packet with a wrong acknowledgment, which lets an
// attacker make a sensor believe that the session is over.
func (t *turn) resetSynRecv() bool {
	if !t.resetValid() {
		return false
	}
	if t.s.flags&evasive != 0 {
		switch t.receiverPolicy() {
		case PolicyLinux, PolicyOldLinux, PolicySolaris, PolicyOldSolaris:
			t.s.flags &^= evasive
			return true
		}
	}
	t.close()
	return true
}

// reset is a RST of a session that was open.
func (t *turn) reset() bool {
	if !t.resetValid() {
		return false
	}
	t.close()
	if t.has(decoders.TCPAck) && t.ackValid() {
		t.acknowledge(t.peer, t.p.Ack)
		t.peer.next = later(t.peer.next, t.p.Ack)
	}
	t.updateTimestamp()
	// What a RST carries is a diagnosis (RFC 9293 section 3.5.3), not data.
	t.e.settle(t.mine)
	return true
}

// close ends the session by a RST. It is suspect in answer to a SYN, which
// anybody can give who sees it, and with an authentication option (RFC 2385,
// RFC 5925), with which hosts that do not use it will not take it.
func (t *turn) close() {
	if t.s.state == flow.TCPSynSent || t.p.TCPOpts&(decoders.TCPOptMD5|decoders.TCPOptAO) != 0 {
		t.mine.flags |= rstSuspect
	}
	t.s.resumed = t.s.state
	t.s.state = flow.TCPClosed
	t.s.flags |= byReset
}

// closed is a packet of a session that is over. A suspect reset may have been
// forged to blind the sensor: when its sender goes on, the session does too.
func (t *turn) closed() bool {
	if t.has(decoders.TCPRst) || t.s.flags&byReset == 0 || t.mine.flags&rstSuspect == 0 {
		if t.p.PayloadLen > 0 && t.end().LessEq(t.mine.ack) {
			t.event(decoders.StreamEventPktSpuriousRetransmission)
		}
		return true
	}
	t.s.state = t.s.resumed
	if !t.step() || t.s.state == flow.TCPClosed {
		t.s.state = flow.TCPClosed
		return false
	}
	t.s.flags &^= byReset
	t.mine.flags &^= eofGiven
	t.peer.flags &^= eofGiven
	return true
}

// afterReset reports a sender that goes on after a suspect RST.
func (t *turn) afterReset() {
	if !t.has(decoders.TCPRst) && t.mine.flags&rstSuspect != 0 {
		t.mine.flags &^= rstSuspect
		t.event(decoders.StreamEventSuspectedRstInject)
	}
}

// receiverPolicy is the policy of the packet's receiver.
func (t *turn) receiverPolicy() Policy {
	if t.mine.flags&policyKnown == 0 {
		t.mine.policy = t.e.hosts.of(t.p.Dst, t.p.IPVersion)
		t.mine.flags |= policyKnown
	}
	return t.mine.policy
}

// resetValid says whether the receiver takes the RST, so that a forged or
// stray one does not close the session. Hosts differ in it.
func (t *turn) resetValid() bool {
	if t.p.PayloadLen > 0 {
		t.event(decoders.StreamEventRstWithData)
	}
	if !t.timestampValid() {
		return false
	}
	if t.has(decoders.TCPAck) && t.p.Ack != 0 && !t.ackValid() {
		return t.refuse(decoders.StreamEventRstInvalidAck)
	}
	if t.s.flags&oneSided != 0 {
		return t.mine.next.LessEq(t.p.Seq)
	}
	switch t.receiverPolicy() {
	case PolicyHPUX11:
		return t.mine.next.LessEq(t.p.Seq)
	case PolicyOldLinux, PolicyLinux, PolicySolaris, PolicyOldSolaris:
		return t.mine.ack.LessEq(t.end()) && t.p.Seq.Less(t.mine.next.Add(t.mine.window))
	}
	return t.p.Seq == t.mine.next
}
