package flow

import "spanwatch/decoders"

// addWire counts frames on the wire, in the second of the flow's last packet.
func (t *Table) addWire(f *Flow, dir decoders.Direction, packets uint32, bytes uint64) {
	f.WirePackets[dir] += uint64(packets)
	f.WireBytes[dir] += bytes
	f.secondPackets[dir] += packets
	f.secondBytes[dir] += bytes
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
	if f.secondPackets[0]|f.secondPackets[1] == 0 {
		return
	}
	for d := range f.secondPackets {
		f.PeakPackets[d] = max(f.PeakPackets[d], f.secondPackets[d])
		f.PeakBytes[d] = max(f.PeakBytes[d], f.secondBytes[d])
	}
	if t.cfg.Deltas && f.Key.Depth == 0 {
		d := Delta{
			Second:      f.second,
			Packets:     f.secondPackets,
			Bytes:       f.secondBytes,
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
	f.secondPackets, f.secondBytes = [2]uint32{}, [2]uint64{}
}

// flushPending closes the seconds before sec of all flows that fell silent.
func (t *Table) flushPending(sec int64) {
	keep := t.pending[:0]
	for _, i := range t.pending {
		f := &t.slab[i]
		if f.second < sec {
			t.flushSecond(f)
		}
		if f.secondPackets[0]|f.secondPackets[1] != 0 {
			keep = append(keep, i)
		} else {
			f.Flags &^= flagPending
		}
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
	t.reportTo(f, f.nextReport, false)
	every := int64(t.cfg.Interval)
	f.reportedAt = floorDiv(now, every) * every
	f.nextReport = f.reportedAt + every
}

func (t *Table) reportTo(f *Flow, end int64, final bool) {
	r := Report{Seq: f.reports, Start: f.reportedAt, End: end, Final: final}
	for d := range f.reported {
		r.Packets[d] = f.WirePackets[d] - f.reported[d].packets
		r.Bytes[d] = f.WireBytes[d] - f.reported[d].bytes
		f.reported[d] = counts{f.WirePackets[d], f.WireBytes[d]}
	}
	if r.Packets[0]|r.Packets[1] != 0 && t.cfg.OnInterval != nil {
		f.reports++
		t.cfg.OnInterval(f, r)
	}
}

// reportRest gives a flow that was reported before its last interval, so that
// the reports of a flow add up to its record.
func (t *Table) reportRest(f *Flow) {
	if f.nextReport != 0 && f.reported[0].packets|f.reported[1].packets != 0 {
		t.reportTo(f, f.LastSeen, true)
	}
}
