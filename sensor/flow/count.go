package flow

import "spanwatch/decoders"

const nanosPerSecond = 1_000_000_000

// floorDiv divides towards minus infinity: damaged captures have times before
// 1970.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// direction of a packet whose key came out reversed or not.
func (f *Flow) direction(reversed bool) decoders.Direction {
	if reversed == (f.Flags&flagClientB != 0) {
		return decoders.ToServer
	}
	return decoders.ToClient
}

// directionOf takes what the client's address sent as to the server and all
// else, a router's error message too, as to the client.
func (f *Flow) directionOf(src decoders.Addr) decoders.Direction {
	if client, _ := f.Client(); client == src {
		return decoders.ToServer
	}
	return decoders.ToClient
}

// count adds one packet to its flow and advances the state. It returns the
// packet's direction, which a session taken up at its SYN+ACK turns round.
func (t *Table) count(f *Flow, p *decoders.Packet, dir decoders.Direction) decoders.Direction {
	if t.cfg.Interval != 0 && p.Timestamp >= t.rareOf(f).nextReport {
		t.report(f, p.Timestamp)
	}
	t.secondOf(f, floorDiv(p.Timestamp, nanosPerSecond))
	if p.Rebuilt {
		t.lastingOf(f)
	}
	f.LastSeen = max(f.LastSeen, p.Timestamp)
	f.Flags &^= FlagKernelOnly
	if f.Packets[dir] == 0 {
		f.MinTTL[dir], f.MaxTTL[dir] = p.TTL, p.TTL
		f.ICMPType[dir], f.ICMPCode[dir] = p.ICMPType, p.ICMPCode
	} else {
		f.MinTTL[dir] = min(f.MinTTL[dir], p.TTL)
		f.MaxTTL[dir] = max(f.MaxTTL[dir], p.TTL)
	}
	f.Packets[dir]++
	f.Bytes[dir] += uint64(p.WireLen)
	if !p.Rebuilt {
		t.addWire(f, dir, 1, uint64(p.WireLen))
	}
	if f.Key.Proto == protoTCP && p.Layers&decoders.LayerTCP != 0 {
		return t.countTCP(f, p, dir)
	}
	t.countReply(f, p, dir)
	return dir
}

// countTCP advances the session, which decides the flow's state.
func (t *Table) countTCP(f *Flow, p *decoders.Packet, dir decoders.Direction) decoders.Direction {
	f.TCPFlags[dir] |= p.TCPFlags
	before := f.TCPState
	if p.L4Checksum != decoders.ChecksumBad {
		if f.takesUp(p, dir, &t.cfg) {
			f.Flags |= FlagMidstream
			t.stats.Midstream++
			if p.TCPFlags&decoders.TCPSyn != 0 && dir == decoders.ToServer {
				t.Swap(f)
				dir = decoders.ToClient
			}
		}
		t.session(f).advanceTCP(p, dir, &t.cfg)
	}
	f.Flags &^= flagEstablished
	if before >= TCPEstablished || f.TCPState >= TCPEstablished && p.PayloadLen > 0 {
		f.Flags |= flagEstablished
	}
	if f.TCPState != before {
		switch f.TCPState {
		case TCPEstablished, TCPFinWait1, TCPFinWait2, TCPCloseWait, TCPClosing:
			t.setState(f, StateEstablished)
		case TCPLastAck, TCPTimeWait, TCPClosed:
			t.setState(f, StateClosed)
		}
	}
	return dir
}

// countReply makes a flow without sessions established once both sides spoke.
// An ICMP error about the flow is nobody's word.
func (t *Table) countReply(f *Flow, p *decoders.Packet, dir decoders.Direction) {
	if f.Key.Proto == protoTCP {
		return
	}
	if !icmpv4Error(p) {
		if dir == decoders.ToServer {
			f.Flags |= flagClientSpoke
		} else {
			f.Flags |= flagServerSpoke
		}
	}
	if f.Flags&(flagClientSpoke|flagServerSpoke) == flagClientSpoke|flagServerSpoke {
		f.Flags |= flagEstablished
		t.setState(f, StateEstablished)
	}
}

// setState changes the state and with it the timeout. A bypassed flow stays
// so, but ends as soon as a closed one when its ends have closed it.
func (t *Table) setState(f *Flow, s State) {
	if f.State == s {
		return
	}
	switch {
	case f.State != StateBypassed:
		f.State = s
	case s == StateClosed:
		f.Flags |= flagClosed
	default:
		return
	}
	t.reschedule(f)
}

// reschedule moves a flow whose timeout has become shorter.
func (t *Table) reschedule(f *Flow) {
	if t.dueSecond(f) < t.wheel.due(f) {
		t.wheel.unlink(t.slab, f)
		t.schedule(f)
	}
}

func (t *Table) timeouts(f *Flow) *Timeouts {
	switch f.Key.Proto {
	case protoTCP:
		return &t.cfg.TCP
	case protoUDP:
		return &t.cfg.UDP
	case protoICMP, protoICMPv6:
		return &t.cfg.ICMP
	}
	return &t.cfg.Other
}

// timeout is how many nanoseconds of silence end the flow in its state.
func (t *Table) timeout(f *Flow) int64 {
	times := t.timeouts(f)
	switch {
	case f.State == StateNew:
		return int64(times.New)
	case f.State == StateEstablished:
		return int64(times.Established)
	case f.State == StateClosed:
		return int64(times.Closed)
	case f.Flags&flagClosed != 0:
		return int64(min(times.Closed, times.Bypassed))
	}
	return int64(times.Bypassed)
}

// silentAt says whether the flow's timeout has passed at a time.
func (t *Table) silentAt(f *Flow, now int64) bool { return now-f.LastSeen >= t.timeout(f) }

// Swap exchanges the sides of a flow, with all that was counted and AppProto,
// when it turns out that the server spoke first. A packet's direction as Update
// returned it is then the opposite one. A side that had closed keeps its FIN; the
// state follows it.
func (t *Table) Swap(f *Flow) {
	f.swapSides(t)
	swap2(&f.Packets)
	swap2(&f.Bytes)
	swap2(&f.AppProto)
	swap2(&f.TCPFlags)
	swap2(&f.MinTTL)
	swap2(&f.MaxTTL)
	swap2(&f.ICMPType)
	swap2(&f.ICMPCode)
	f.Flags.swap(flagClientSpoke, flagServerSpoke)
	f.Flags.swap(FlagGapToServer, FlagGapToClient)
	f.Flags ^= flagClientB | FlagSwapped
	switch f.TCPState {
	case TCPFinWait1, TCPFinWait2:
		f.TCPState = TCPCloseWait
	case TCPCloseWait:
		f.TCPState = TCPFinWait1
	}
}

// swap exchanges two flags.
func (f *Flags) swap(a, b Flags) {
	if has := *f & (a | b); has == a || has == b {
		*f ^= a | b
	}
}

func swap2[T any](a *[2]T) { a[0], a[1] = a[1], a[0] }
