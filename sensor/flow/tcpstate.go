package flow

import "spanwatch/decoders"

// tcpSide is what one side of a session has sent. Sequence numbers count from
// the wire, not from zero.
type tcpSide struct {
	isn    decoders.Seq // valid iff sideISN
	next   decoders.Seq // behind the highest byte sent, or behind the FIN; valid iff sideISN
	ack    decoders.Seq // highest acknowledgment sent; valid iff sideAck
	window uint32       // bytes, scaled, as last offered; valid iff sideAck
	scale  uint8        // of the window; 0..14 (RFC 7323 section 2.3)
	has    uint8
}

// session is a TCP flow with its sides.
type session struct {
	*Flow
	tcp *tcpPair
}

func (t *Table) session(f *Flow) session { return session{f, t.tcp.at(f.tcp)} }

// What is known of a side.
const (
	sideISN = 1 << iota
	sideAck
	sideFin   // a FIN was sent; nothing comes behind it
	sideScale // window scaling was offered in the SYN
)

// maxScale is the largest window shift (RFC 7323 section 2.3).
const maxScale = 14

// segmentEnd is the sequence number behind a segment: SYN and FIN count one.
func segmentEnd(p *decoders.Packet) decoders.Seq {
	end := p.Seq.Add(p.PayloadLen)
	if p.TCPFlags&decoders.TCPSyn != 0 {
		end = end.Add(1)
	}
	if p.TCPFlags&decoders.TCPFin != 0 {
		end = end.Add(1)
	}
	return end
}

// handshakeFlags are those that tell the steps of a handshake apart. ECN bits
// are set in SYNs too (RFC 3168) and do not matter.
const handshakeFlags = decoders.TCPSyn | decoders.TCPAck | decoders.TCPRst | decoders.TCPFin

// reusedBy says whether p opens another session on this five-tuple: a SYN with
// another initial sequence number while the old session is over, or as good as
// over because its client has closed. The same number is a retransmission.
func (f session) reusedBy(p *decoders.Packet, dir decoders.Direction) bool {
	if p.TCPFlags&handshakeFlags != decoders.TCPSyn || p.L4Checksum == decoders.ChecksumBad {
		return false
	}
	if side := &f.tcp[dir]; side.has&sideISN != 0 && side.isn == p.Seq {
		return false
	}
	return f.TCPState >= TCPTimeWait
}

// takesUp says whether p begins a session in the middle, which is a matter of
// configuration.
func (f *Flow) takesUp(p *decoders.Packet, dir decoders.Direction, cfg *Config) bool {
	if f.TCPState != TCPNone || !cfg.Midstream && !cfg.AsyncOneSide {
		return false
	}
	switch p.TCPFlags & (decoders.TCPSyn | decoders.TCPAck | decoders.TCPRst) {
	case decoders.TCPSyn | decoders.TCPAck:
		return true
	case decoders.TCPAck:
		return cfg.Midstream
	}
	return false
}

// advanceTCP moves the session's state by one segment (RFC 9293 section 3.10,
// as an observer between the hosts that may have missed segments).
func (f session) advanceTCP(p *decoders.Packet, dir decoders.Direction, cfg *Config) {
	flags := p.TCPFlags
	if f.Flags&FlagHeld != 0 {
		f.resume(p, dir)
	}
	if flags&decoders.TCPRst != 0 {
		if f.TCPState != TCPNone && f.plausibleReset(p, dir) {
			f.TCPState = TCPClosed
		}
		return
	}
	switch f.TCPState {
	case TCPNone:
		f.open(p, dir)
	case TCPSynSent:
		f.answer(p, dir, cfg)
	case TCPSynRecv:
		f.complete(p, dir)
	case TCPClosed:
		f.reopen(p, dir, cfg)
	default:
		f.exchange(p, dir)
	}
}

// resume lets a segment follow those that the kernel held back, wherever they
// ended.
func (f session) resume(p *decoders.Packet, dir decoders.Direction) {
	side, other := &f.tcp[dir], &f.tcp[dir.Opposite()]
	if side.has&sideFin == 0 && side.next.Less(p.Seq) {
		side.next = p.Seq
	}
	if other.has&sideAck != 0 && other.ack.Less(p.Seq) {
		other.ack = p.Seq
	}
	if p.TCPFlags&decoders.TCPAck != 0 && other.has&sideFin == 0 && other.next.Less(p.Ack) {
		other.next = p.Ack
	}
}

// open handles the first segment of a session.
func (f session) open(p *decoders.Packet, dir decoders.Direction) {
	switch p.TCPFlags & handshakeFlags {
	case decoders.TCPSyn:
		f.recordSyn(p, dir)
		f.TCPState = TCPSynSent
	case decoders.TCPSyn | decoders.TCPAck:
		if f.Flags&FlagMidstream == 0 {
			return
		}
		f.recordSyn(p, dir)
		f.recordAck(p, dir)
		other := &f.tcp[dir.Opposite()]
		other.isn, other.next = p.Ack-1, p.Ack
		other.has |= sideISN
		f.TCPState = TCPSynRecv
	default: // taken up in the middle
		if f.Flags&FlagMidstream == 0 {
			return
		}
		side, other := &f.tcp[dir], &f.tcp[dir.Opposite()]
		side.isn, side.next = p.Seq-1, segmentEnd(p)
		side.has |= sideISN
		side.scale, other.scale = maxScale, maxScale // unknown: the widest refuses nothing
		side.has |= sideScale
		other.has |= sideScale
		other.isn, other.next = p.Ack-1, p.Ack
		other.has |= sideISN
		f.recordAck(p, dir)
		f.TCPState = TCPEstablished
		f.close(p, dir)
	}
}

// answer handles the segment after the first SYN.
func (f session) answer(p *decoders.Packet, dir decoders.Direction, cfg *Config) {
	side, other := &f.tcp[dir], &f.tcp[dir.Opposite()]
	switch p.TCPFlags & handshakeFlags {
	case decoders.TCPSyn | decoders.TCPAck:
		// In a four-way handshake it comes from the side that sent the first
		// SYN, after the other's SYN.
		if other.has&sideISN == 0 || !other.acknowledgedBy(p) {
			return
		}
		if side.has&sideISN == 0 || side.isn != p.Seq {
			f.recordSyn(p, dir)
		}
		f.recordAck(p, dir)
		f.TCPState = TCPSynRecv
	case decoders.TCPSyn:
		// Retransmitted, with a new number after a failed attempt, or from the
		// other side: simultaneous open or four-way handshake.
		f.recordSyn(p, dir)
	case decoders.TCPAck, decoders.TCPAck | decoders.TCPFin:
		switch {
		case side.has&sideISN == 0:
			return // the server's SYN+ACK was not seen
		case other.has&sideISN != 0 && p.Ack == other.next:
			f.recordAck(p, dir) // simultaneous open: both SYNs are known
			f.TCPState = TCPSynRecv
			f.complete(p, dir)
		case cfg.AsyncOneSide && p.Seq == side.next && other.has&sideISN == 0:
			other.isn, other.next = p.Ack-1, p.Ack
			other.has |= sideISN
			f.Flags |= FlagMidstream
			f.TCPState = TCPEstablished
			f.exchange(p, dir)
		}
	}
}

// complete waits for the acknowledgment of the SYN+ACK. In a session taken up
// at the SYN+ACK, of which perhaps one side only is seen, the sender going on
// shows that it was acknowledged.
func (f session) complete(p *decoders.Packet, dir decoders.Direction) {
	side, other := &f.tcp[dir], &f.tcp[dir.Opposite()]
	switch {
	case p.TCPFlags&decoders.TCPSyn != 0:
		if p.TCPFlags&decoders.TCPAck == 0 {
			return // the first SYN again
		}
		if side.has&sideISN == 0 || side.isn != p.Seq {
			f.recordSyn(p, dir) // a retransmitted SYN was answered anew
		}
		f.recordAck(p, dir)
	case p.TCPFlags&decoders.TCPAck == 0 || other.has&sideISN == 0:
	case other.acknowledgedBy(p), f.Flags&FlagMidstream != 0 && side.has&sideISN != 0 && p.Seq == side.next:
		f.TCPState = TCPEstablished
		f.exchange(p, dir)
	}
}

// reopen lets a session go on that was reset before its SYN was answered, when
// the answer comes all the same: the reset was forged to blind an observer.
func (f session) reopen(p *decoders.Packet, dir decoders.Direction, cfg *Config) {
	if f.tcp[0].has|f.tcp[1].has == sideISN || f.tcp[0].has|f.tcp[1].has == sideISN|sideScale {
		f.TCPState = TCPSynSent
		if f.answer(p, dir, cfg); f.TCPState == TCPSynSent {
			f.TCPState = TCPClosed
		}
	}
}

// exchange follows an open session: sequence numbers, windows and its closing.
func (f session) exchange(p *decoders.Packet, dir decoders.Direction) {
	if p.TCPFlags&decoders.TCPAck == 0 || p.TCPFlags&decoders.TCPSyn != 0 || !f.insideWindow(p, dir) {
		return
	}
	side, other := &f.tcp[dir], &f.tcp[dir.Opposite()]
	f.recordAck(p, dir)
	if f.Flags&FlagMidstream != 0 && other.next.Less(p.Ack) {
		other.next = p.Ack // the other side is not seen, or not in full
	}
	if end := segmentEnd(p); side.next.Less(end) && side.has&sideFin == 0 {
		side.next = end
	}
	f.close(p, dir)
}

// close follows the FINs of both sides and their acknowledgments.
func (f session) close(p *decoders.Packet, dir decoders.Direction) {
	side, other := &f.tcp[dir], &f.tcp[dir.Opposite()]
	acked := other.has&sideFin != 0 && other.next.LessEq(p.Ack)
	if p.TCPFlags&decoders.TCPFin != 0 && side.has&sideFin == 0 {
		side.has |= sideFin
		switch {
		case other.has&sideFin == 0 && dir == decoders.ToServer:
			f.TCPState = TCPCloseWait
		case other.has&sideFin == 0:
			f.TCPState = TCPFinWait1
		case dir == decoders.ToClient:
			f.TCPState = TCPLastAck
		case acked, p.TCPFlags&decoders.TCPAck != 0: // as in Suricata, whatever it acknowledges
			f.TCPState = TCPTimeWait
		default:
			f.TCPState = TCPClosing
		}
		return
	}
	if !acked {
		return
	}
	switch {
	case f.TCPState == TCPFinWait1:
		f.TCPState = TCPFinWait2
	case f.TCPState == TCPClosing && dir == decoders.ToServer:
		f.TCPState = TCPTimeWait
	case f.TCPState == TCPLastAck && dir == decoders.ToServer,
		f.TCPState == TCPTimeWait && dir == decoders.ToClient:
		f.TCPState = TCPClosed
	}
}

// recordSyn takes over what a SYN or SYN+ACK offers.
func (f session) recordSyn(p *decoders.Packet, dir decoders.Direction) {
	side := &f.tcp[dir]
	side.isn, side.next = p.Seq, segmentEnd(p)
	side.has = side.has&^(sideScale|sideFin) | sideISN
	side.scale = 0
	if p.TCPOpts&decoders.TCPOptWScale != 0 {
		side.scale = min(p.TCPWScale, maxScale)
		side.has |= sideScale
	}
}

// recordAck takes over acknowledgment and window. The window of a SYN is never
// scaled, and none is unless both SYNs offered it (RFC 7323 section 2.2).
func (f session) recordAck(p *decoders.Packet, dir decoders.Direction) {
	side, other := &f.tcp[dir], &f.tcp[dir.Opposite()]
	if side.has&sideAck != 0 && p.Ack.Less(side.ack) {
		return
	}
	side.ack = p.Ack
	side.window = uint32(p.TCPWindow)
	if p.TCPFlags&decoders.TCPSyn == 0 && side.has&other.has&sideScale != 0 {
		side.window <<= side.scale
	}
	side.has |= sideAck
}

// acknowledgedBy says whether p acknowledges the side's SYN and nothing that
// the side has not sent. With TCP Fast Open (RFC 7413) the SYN carries data,
// of which any part may be acknowledged.
func (s *tcpSide) acknowledgedBy(p *decoders.Packet) bool {
	return p.Ack.InWindow(s.isn.Add(1), uint32(s.next.Sub(s.isn)))
}

// insideWindow says whether a segment touches what the receiver still waits
// for: from its last acknowledgment on, as far as its window allows. What the
// sender is known to have sent is inside in any case.
func (f session) insideWindow(p *decoders.Packet, dir decoders.Direction) bool {
	side, other := &f.tcp[dir], &f.tcp[dir.Opposite()]
	if other.has&sideAck == 0 {
		return true
	}
	last := other.ack.Add(other.window)
	if last.Less(side.next) {
		last = side.next
	}
	return other.ack.LessEq(segmentEnd(p)) && p.Seq.LessEq(last)
}

// plausibleReset says whether a RST can be from an end of the session, so that
// a forged or stray one does not close it (RFC 5961 section 3).
func (f session) plausibleReset(p *decoders.Packet, dir decoders.Direction) bool {
	side, other := &f.tcp[dir], &f.tcp[dir.Opposite()]
	if f.TCPState == TCPSynSent && side.has&sideISN == 0 {
		// A refused SYN: the answer has nothing but an acknowledgment.
		return p.TCPFlags&decoders.TCPAck != 0 && other.acknowledgedBy(p)
	}
	if other.has&sideAck == 0 && side.has&sideISN != 0 {
		return side.isn.LessEq(p.Seq) && p.Seq.LessEq(side.next)
	}
	return f.insideWindow(p, dir)
}
