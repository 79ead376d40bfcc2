package flow

import "spanwatch/decoders"

// addWire counts frames on the wire, in the second of the flow's last packet.
func (t *Table) addWire(f *Flow, dir decoders.Direction, packets uint32, bytes uint64) {
	if f.lasting != 0 {
		l := t.lasting.at(f.lasting)
		l.packets[dir] += uint64(packets)
		l.bytes[dir] += bytes
	}
	s := t.seconds.at(f.second)
	s.packets[dir] += packets
	s.bytes[dir] += bytes
	if f.Key.Depth != 0 {
		return
	}
	t.stats.Packets += uint64(packets)
	t.stats.WireBytes += bytes
	if t.cfg.Deltas && f.Flags&flagPending == 0 {
		f.Flags |= flagPending
		t.pending = append(t.pending, f.self)
	}
}

// flushSecond closes the second that is being counted: it may be the flow's
// busiest, and it becomes a Delta. Flows inside a tunnel give none, because
// their bytes are in the tunnel's own flow already.
func (t *Table) flushSecond(f *Flow) {
	if f.second == 0 {
		return
	}
	s := t.seconds.at(f.second)
	if s.empty() {
		return
	}
	if f.lasting != 0 {
		l := t.lasting.at(f.lasting)
		for d := range l.peakPackets {
			l.peakPackets[d] = max(l.peakPackets[d], s.packets[d])
			l.peakBytes[d] = max(l.peakBytes[d], s.bytes[d])
		}
	}
	if t.cfg.Deltas && f.Key.Depth == 0 {
		d := Delta{
			Second:      s.at,
			Packets:     s.packets,
			Bytes:       s.bytes,
			IPVersion:   f.Key.IPVersion,
			Proto:       f.Key.Proto,
			App:         f.Protocol(),
			FlowID:      f.ID,
			FirstPacket: f.FirstPacket,
		}
		d.Client, d.ClientPort = f.Client()
		d.Server, d.ServerPort = f.Server()
		t.deltas = append(t.deltas, d)
	}
	s.packets, s.bytes = [2]uint32{}, [2]uint64{}
}

// flushPending closes the seconds before sec of all flows that fell silent.
func (t *Table) flushPending(sec int64) {
	keep := t.pending[:0]
	for _, i := range t.pending {
		f := &t.slab[i]
		if f.second != 0 {
			if s := t.seconds.at(f.second); s.at >= sec && !s.empty() {
				keep = append(keep, i)
				continue
			}
			t.flushSecond(f)
			t.seconds.give(&f.second)
		}
		f.Flags &^= flagPending
	}
	t.pending = keep
}

// AppendDeltas moves the deltas of all seconds that are over to dst: call it
// after Advance, which closes them, and after Close.
func (t *Table) AppendDeltas(dst []Delta) []Delta {
	dst = append(dst, t.deltas...)
	t.deltas = t.deltas[:0]
	return dst
}

// report tells of what the flow carried in the running interval, if anything,
// and begins the interval that now lies in.
func (t *Table) report(f *Flow, now int64) {
	x := t.rareOf(f)
	t.reportTo(f, x.nextReport, false)
	every := int64(t.cfg.Interval)
	x.reportedAt = floorDiv(now, every) * every
	x.nextReport = x.reportedAt + every
}

func (t *Table) reportTo(f *Flow, end int64, final bool) {
	x := t.rareOf(f)
	r := Report{Seq: x.reports, Start: x.reportedAt, End: end, Final: final}
	packets, bytes := t.wire(f)
	for d := range x.reported {
		r.Packets[d] = packets[d] - x.reported[d].packets
		r.Bytes[d] = bytes[d] - x.reported[d].bytes
		x.reported[d] = counts{packets[d], bytes[d]}
	}
	if r.Packets[0]|r.Packets[1] != 0 && t.cfg.OnInterval != nil {
		x.reports++
		t.cfg.OnInterval(f, r)
	}
}

// reportRest gives a flow that was reported before its last interval, so that
// the reports of a flow add up to its record.
func (t *Table) reportRest(f *Flow) {
	if t.cfg.Interval == 0 {
		return
	}
	if x := t.rareOf(f); x.reported[0].packets|x.reported[1].packets != 0 {
		t.reportTo(f, f.LastSeen, true)
	}
}
