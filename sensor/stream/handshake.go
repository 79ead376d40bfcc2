package stream

import (
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// begin opens a session for a flow that has none, if the packet may begin one.
func (e *Engine) begin(f *flow.Flow, p *decoders.Packet, dir decoders.Direction, v *Verdict) {
	flags := p.TCPFlags
	if flags&decoders.TCPRst == 0 && (flags&handshakeFlags != decoders.TCPSyn) {
		f.Flags |= flow.FlagUnopened
	}
	switch {
	case flags&decoders.TCPRst != 0:
		v.Events.Add(decoders.StreamEventRstButNoSession)
		e.stats.NoSession++
		return
	case flags&decoders.TCPFin != 0:
		if !e.cfg.Midstream || p.PayloadLen == 0 || flags&decoders.TCPAck == 0 {
			v.Events.Add(decoders.StreamEventFinButNoSession)
			e.stats.NoSession++
			return
		}
	case flags&(decoders.TCPSyn|decoders.TCPAck) == decoders.TCPSyn|decoders.TCPAck:
		if !e.cfg.Midstream && !e.cfg.AsyncOneSide {
			e.stats.NoSession++
			return
		}
	case flags&decoders.TCPSyn != 0:
	case flags&decoders.TCPAck != 0 && e.cfg.Midstream:
	default:
		e.stats.NoSession++
		return
	}
	s := e.open(f)
	if s == nil {
		e.stats.SessionsRefused++
		e.stats.NoSession++
		return
	}
	s.lastSeen = p.Timestamp
	// The first packet seen of a flow need not be the client's: a SYN is, and
	// its answer is not.
	switch flags & (decoders.TCPSyn | decoders.TCPAck) {
	case decoders.TCPSyn:
		v.Swapped = dir == decoders.ToClient
	case decoders.TCPSyn | decoders.TCPAck:
		v.Swapped = dir == decoders.ToServer
	}
	if v.Swapped {
		dir = dir.Opposite()
	}
	t := turn{e: e, s: s, f: f, p: p, dir: dir, mine: &s.half[dir], peer: &s.half[dir.Opposite()], v: v}
	t.mine.tcpFlags = flags
	switch flags & (decoders.TCPSyn | decoders.TCPAck) {
	case decoders.TCPSyn:
		t.firstSyn()
	case decoders.TCPSyn | decoders.TCPAck:
		t.firstSynAck()
	default:
		t.joinMidstream()
	}
	v.State = s.state
	v.Established = s.state >= flow.TCPEstablished && p.PayloadLen > 0
}

// open takes a session; nil when all are in use.
func (e *Engine) open(f *flow.Flow) *session {
	i := e.free
	switch {
	case i != 0:
		e.free = e.sessions[i].link
	case int(e.fresh) < len(e.sessions):
		i = e.fresh
		e.fresh++
	default:
		return nil
	}
	s := &e.sessions[i]
	*s = session{}
	for d := range s.half {
		s.half[d].depth = e.cfg.Depth
	}
	f.Stream = i
	e.stats.Active++
	e.stats.Sessions++
	return s
}

// firstSyn begins a session as it should.
func (t *turn) firstSyn() {
	t.s.state = flow.TCPSynSent
	if t.e.cfg.AsyncOneSide {
		t.s.flags |= oneSided
	}
	t.takeSyn(t.offerOf())
	if t.p.TCPOpts&decoders.TCPOptTFO != 0 {
		t.s.flags |= fastOpen
		if t.p.PayloadLen > 0 {
			t.mine.next = t.mine.next.Add(t.p.PayloadLen)
			t.v.Stored = t.store(t.p.Seq.Add(1), t.p.Payload())
		}
	}
}

// takeSyn sets the sides by a SYN.
func (t *turn) takeSyn(o offer) {
	t.mine.setStart(o.seq)
	t.mine.next = o.seq.Add(1)
	t.mine.ack = t.mine.next
	t.mine.flags &^= hasTS | zeroTS
	t.mine.tsLast = 0
	if o.has&offerTimestamp != 0 {
		t.mine.flags |= hasTS
		t.mine.stamp(o.timestamp, t.p.Timestamp)
		if o.timestamp == 0 {
			t.mine.flags |= zeroTS
		}
	}
	t.peer.window, t.peer.scale = uint32(o.window), 0
	t.peer.flags &^= scaleKnown
	if o.has&offerScale != 0 {
		t.peer.scale = o.scale
		t.peer.flags |= scaleKnown
	}
}

// takeSynAck sets the sides by the SYN+ACK that answers a known SYN.
func (t *turn) takeSynAck(o offer) {
	t.s.state = flow.TCPSynRecv
	t.mine.setStart(o.seq)
	t.mine.next = o.seq.Add(1)
	t.mine.ack = t.mine.next
	t.agreeOnTimestamps(&o)
	t.agreeOnScales(&o)
	t.peer.window = uint32(o.window)
	t.acknowledge(t.peer, o.ack)
	t.peer.winEnd = t.peer.ack.Add(t.peer.window)
	t.mine.winEnd = t.mine.ack.Add(t.mine.window)
	t.s.flags &^= fourWay
}

// agreeOnTimestamps switches timestamps on when both SYNs had them (RFC 7323
// section 3.2).
func (t *turn) agreeOnTimestamps(o *offer) {
	t.mine.flags &^= hasTS | zeroTS
	if o.has&offerTimestamp == 0 || t.peer.flags&hasTS == 0 {
		t.s.flags &^= timestamps
		return
	}
	t.s.flags |= timestamps
	t.mine.flags |= hasTS
	t.mine.stamp(o.timestamp, t.p.Timestamp)
	if o.timestamp == 0 {
		t.mine.flags |= zeroTS
	}
}

// agreeOnScales switches window scaling on when both SYNs had it (RFC 7323
// section 2.2).
func (t *turn) agreeOnScales(o *offer) {
	if o.has&offerScale != 0 && t.mine.flags&scaleKnown != 0 {
		t.peer.scale = o.scale
		return
	}
	t.peer.scale, t.mine.scale = 0, 0
}

// maxScale is the largest window shift (RFC 7323 section 2.3). A session taken
// up in the middle is given it, since what was agreed on is not known.
const maxScale = 14

// firstSynAck takes a session up at its SYN+ACK.
func (t *turn) firstSynAck() {
	t.s.state = flow.TCPSynRecv
	t.s.flags |= midstream | midSynAck
	if t.e.cfg.AsyncOneSide {
		t.s.flags |= oneSided
	}
	t.e.stats.Midstream++
	o := t.offerOf()
	t.mine.setStart(o.seq)
	t.mine.next = o.seq.Add(1)
	t.mine.ack = t.mine.next
	t.peer.setStart(o.ack - 1)
	t.peer.next = o.ack
	t.peer.ack = o.ack
	t.peer.window = uint32(o.window)
	t.peer.winEnd = t.peer.ack.Add(t.peer.window)
	if o.has&offerScale != 0 {
		t.peer.scale, t.mine.scale = o.scale, maxScale
	}
	if o.has&offerTimestamp != 0 {
		t.s.flags |= timestamps
		t.mine.flags |= hasTS
		t.mine.stamp(o.timestamp, t.p.Timestamp)
		t.peer.tsLast = t.p.TSEcr
		if o.timestamp == 0 {
			t.mine.flags |= zeroTS
		}
	}
}

// joinMidstream takes a session up at a packet after its handshake.
func (t *turn) joinMidstream() {
	t.s.state = flow.TCPEstablished
	t.s.flags |= midstream
	if t.e.cfg.AsyncOneSide {
		t.s.flags |= oneSided
	}
	t.e.stats.Midstream++
	t.mine.setStart(t.p.Seq - 1)
	t.mine.next = t.end()
	t.mine.ack = t.p.Seq
	t.peer.setStart(t.p.Ack - 1)
	t.peer.next = t.p.Ack
	t.peer.ack = t.p.Ack
	t.mine.scale, t.peer.scale = maxScale, maxScale
	t.peer.window = uint32(t.p.TCPWindow) << maxScale
	t.mine.window = t.peer.window
	t.peer.winEnd = t.peer.ack.Add(t.peer.window)
	t.mine.winEnd = t.mine.ack.Add(t.mine.window)
	if t.p.TCPOpts&decoders.TCPOptTimestamp != 0 {
		t.s.flags |= timestamps
		t.mine.flags |= hasTS
		t.mine.stamp(t.p.TSVal, t.p.Timestamp)
		t.peer.tsLast = t.p.TSEcr
		if t.p.TSVal == 0 {
			t.mine.flags |= zeroTS
		}
	}
	t.data()
	if t.has(decoders.TCPFin) {
		t.s.state = flow.TCPFinWait1
		if t.dir == decoders.ToServer {
			t.s.state = flow.TCPCloseWait
		}
	}
}

// answersAnotherSyn says whether a packet of the server, other than a SYN+ACK,
// echoes a timestamp that the SYN did not have. A SYN+ACK is judged by what it
// acknowledges alone, as in Suricata 8: load balancers in front of hosts echo 0,
// or a timestamp of their own.
func (t *turn) answersAnotherSyn() bool {
	return t.dir == decoders.ToClient && t.has(decoders.TCPAck) && !t.has(decoders.TCPSyn) &&
		t.p.TCPOpts&decoders.TCPOptTimestamp != 0 && t.s.offered == 0 && t.p.TSEcr != t.peer.tsLast
}

// synSent waits for the answer to the SYN.
func (t *turn) synSent() bool {
	if t.answersAnotherSyn() {
		return t.refuse(decoders.StreamEventPktInvalidTimestamp)
	}
	switch {
	case t.has(decoders.TCPRst):
		return t.resetSyn()
	case t.has(decoders.TCPFin):
		return true
	case t.has(decoders.TCPSyn) && t.has(decoders.TCPAck):
		return t.answerSyn()
	case t.has(decoders.TCPSyn):
		if t.dir == decoders.ToServer {
			return t.repeatSyn()
		}
		// Both sides open: a four-way handshake.
		if t.s.flags&fourWay == 0 {
			t.s.flags |= fourWay
			t.takeSyn(t.offerOf())
		}
		return true
	case t.has(decoders.TCPAck):
		return t.openOneSided()
	}
	return true
}

// answerSyn takes the SYN+ACK.
func (t *turn) answerSyn() bool {
	if t.s.flags&fourWay != 0 && t.dir == decoders.ToServer {
		return t.answerFourWay()
	}
	if t.dir == decoders.ToServer {
		return t.refuse(decoders.StreamEvent3whsSynackInWrongDirection)
	}
	o := t.offerOf()
	tfo := t.s.flags&fastOpen != 0 || t.p.TCPOpts&decoders.TCPOptTFO != 0
	switch {
	case tfo && o.ack == t.peer.next:
		t.s.flags |= fastOpen
	case o.ack == t.peer.isn.Add(1):
		if tfo && t.peer.next != o.ack {
			// The server did not take the data of the SYN: the client will
			// send it again.
			t.event(decoders.StreamEvent3whsSynackTfoDataIgnored)
			t.peer.next = o.ack
			t.e.forgetData(t.peer)
		}
	default:
		syn, ok := t.e.findOffer(t.s, func(syn *offer) bool { return o.ack == syn.seq.Add(1) })
		if !ok {
			return t.refuse(decoders.StreamEvent3whsSynackWithWrongAck)
		}
		t.e.forgetData(t.peer)
		back := t.reversed()
		back.takeSyn(syn)
	}
	t.e.dropOffers(t.s)
	t.takeSynAck(o)
	return true
}

// answerFourWay takes the client's SYN+ACK for the server's SYN.
func (t *turn) answerFourWay() bool {
	o := t.offerOf()
	switch {
	case o.ack != t.peer.isn.Add(1):
		return t.refuse(decoders.StreamEvent4whsSynackWithWrongAck)
	case o.seq != t.mine.isn:
		return t.refuse(decoders.StreamEvent4whsSynackWithWrongSyn)
	}
	t.takeSynAck(o)
	t.s.flags |= fourWay
	return true
}

// openOneSided takes up a session of which only the client is seen, when it
// goes on after its SYN.
func (t *turn) openOneSided() bool {
	if !t.e.cfg.AsyncOneSide {
		return true
	}
	if t.dir != decoders.ToServer || t.p.Seq != t.mine.next {
		return t.refuse(decoders.StreamEvent3whsAsyncWrongSeq)
	}
	t.s.flags |= oneSided
	t.s.state = flow.TCPEstablished
	t.mine.window = uint32(t.p.TCPWindow)
	t.mine.ack = t.p.Seq
	t.mine.winEnd = t.mine.ack.Add(t.mine.window)
	t.peer.setStart(t.p.Ack - 1)
	t.peer.next = t.p.Ack
	t.peer.ack = t.p.Ack
	t.peer.winEnd = t.peer.ack
	t.mine.scale = maxScale
	if t.s.flags&timestamps == 0 && t.mine.flags&hasTS != 0 && t.p.TCPOpts&decoders.TCPOptTimestamp != 0 {
		t.s.flags |= timestamps
	}
	t.advanceNext()
	t.data()
	return true
}

// synRecv waits for the acknowledgment of the SYN+ACK.
func (t *turn) synRecv() bool {
	switch {
	case t.has(decoders.TCPRst):
		return t.resetSynRecv()
	case t.has(decoders.TCPFin):
		return t.firstFin()
	case t.has(decoders.TCPSyn) && t.has(decoders.TCPAck):
		return t.repeatSynAck()
	case t.has(decoders.TCPSyn):
		if t.dir == decoders.ToClient {
			return t.refuse(decoders.StreamEvent3whsSynToclientOnSynRecv)
		}
		if t.p.Seq != t.mine.isn {
			return t.refuse(decoders.StreamEvent3whsSynResendDiffSeqOnSynRecv)
		}
		return true
	case t.has(decoders.TCPAck):
		if !t.timestampValid() {
			return false
		}
		if t.s.flags&fourWay != 0 && t.dir == decoders.ToClient {
			return t.completeFourWay()
		}
		return t.complete()
	}
	return true
}

// repeatSynAck takes a SYN+ACK that was sent again, or with another number in
// answer to a SYN that was sent again.
func (t *turn) repeatSynAck() bool {
	if t.dir == decoders.ToServer {
		return t.refuse(decoders.StreamEvent3whsSynackToserverOnSynRecv)
	}
	if t.p.Ack != t.peer.ack {
		return t.refuse(decoders.StreamEvent3whsSynackResendWithDifferentAck)
	}
	if t.p.Seq == t.mine.isn {
		return true
	}
	if !t.e.addOffer(t.s, t.offerOf(), maxSynAcks) {
		return t.refuse(decoders.StreamEvent3whsSynackFlood)
	}
	return true
}

// completeFourWay takes the server's last packet of a four-way handshake.
func (t *turn) completeFourWay() bool {
	switch {
	case t.p.Seq != t.mine.next:
		return t.refuse(decoders.StreamEvent4whsWrongSeq)
	case !t.ackValid():
		return t.refuse(decoders.StreamEvent4whsInvalidAck)
	}
	t.established()
	return true
}

// complete ends the handshake.
func (t *turn) complete() bool {
	if syn, ok := t.e.findOffer(t.s, func(o *offer) bool { return t.p.Ack == o.seq.Add(1) }); ok && t.dir == decoders.ToServer {
		back := t.reversed()
		back.takeSynAck(syn) // the client took another SYN+ACK than the first
	}
	if t.dir == decoders.ToClient && t.s.flags&midSynAck == 0 {
		// The server goes on only when it got the client's answer: the capture
		// missed that.
		if !t.peer.ack.Less(t.p.Ack) && (t.p.Seq != t.mine.next || t.peer.ack != t.p.Ack) {
			return t.refuse(decoders.StreamEvent3whsWrongSeqWrongAck)
		}
		t.established()
		return true
	}
	switch {
	case t.p.Seq == t.mine.next && t.p.Ack == t.peer.next:
	case t.p.Seq == t.mine.next && t.s.flags&midSynAck != 0 && t.ackValid():
	case t.p.Seq == t.mine.next:
		t.s.flags |= evasive
		return t.refuse(decoders.StreamEvent3whsRightSeqWrongAckEvasion)
	case t.p.Ack == t.peer.next && t.mine.next.Less(t.p.Seq) && t.p.Seq.LessEq(t.mine.winEnd):
		// Inside the window, behind segments that the capture missed.
	default:
		return t.refuse(decoders.StreamEvent3whsWrongSeqWrongAck)
	}
	t.established()
	return true
}

// established opens the session with the packet under work.
func (t *turn) established() {
	t.e.dropOffers(t.s)
	t.s.state = flow.TCPEstablished
	t.offerWindow()
	t.acknowledge(t.peer, t.p.Ack)
	t.updateTimestamp()
	t.mine.next = later(t.mine.next, t.end())
	t.data()
	t.mine.winEnd = later(t.mine.winEnd, t.mine.ack.Add(t.mine.window))
	t.peer.winEnd = later(t.peer.winEnd, t.peer.ack.Add(t.peer.window))
}

// reversed is the turn as the other side would see it.
func (t *turn) reversed() turn {
	back := *t
	back.mine, back.peer, back.dir = t.peer, t.mine, t.dir.Opposite()
	return back
}
