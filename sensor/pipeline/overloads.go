package pipeline

import (
	"time"

	"spanwatch/exporter/event"
	"spanwatch/sensor/overload"
)

// overloads follows, for each source, when inspection is shed, and makes an event
// of each beginning and end.
type overloads struct {
	enc    *event.Encoder
	wanted bool
	lanes  []laneOverload
	event  event.Overload
	text   []byte
	starts uint64
}

// laneOverload is one source's.
type laneOverload struct {
	level   uint8
	highest uint8
	since   overload.Signal
	shed    shedCounters // by the lane's workers, as of the last batch
	before  shedCounters // when it began
}

// laneShed sums what a batch's workers have shed so far, but by rules: that is no
// matter of load.
func laneShed(b *batch) (sum shedCounters) {
	for i := range b.out {
		for r := shedEncrypted; r < shedReasons; r++ {
			sum.add(&b.out[i].counters.Shed[r])
		}
	}
	return sum
}

// overloaded takes the state of a batch's source, and gives out an event if it
// has begun to shed or ceased to.
func (m *merger) overloaded(b *batch) {
	o := &m.overloads
	l := &o.lanes[b.lane]
	level := b.shed.Level
	if b.drain > 0 {
		level = 0 // there is nothing left to shed
	}
	before, shed := l.level, l.shed
	l.level, l.shed = level, laneShed(b)
	l.highest = max(l.highest, level)
	if (before == 0) == (level == 0) {
		return
	}
	e := &o.event
	*e = event.Overload{
		Envelope: event.Envelope{Time: b.endTime, Packet: b.last, Index: ^uint32(1) - uint32(b.lane)},
		End:      level == 0, Lane: uint16(b.lane), Level: l.highest,
		Fill: uint8(b.health.Fill * 100), Lag: uint64(b.health.Lag.Milliseconds()), Lost: b.health.Lost,
	}
	if e.End {
		now := l.shed
		e.Lost = b.health.Lost - l.since.Lost
		e.Millis = uint64(max(0, time.Duration(b.health.Now-l.since.Now).Milliseconds()))
		e.Flows, e.Packets, e.Bytes = now.Flows-l.before.Flows, now.Packets-l.before.Packets, now.Bytes-l.before.Bytes
		l.highest = 0
	} else {
		o.starts++
		l.since, l.before = b.health, shed
	}
	if !o.wanted {
		return
	}
	o.text = o.enc.AppendOverload(o.text[:0], e)
	m.counts.Made[event.TypeOverload]++
	m.exporter.Append(event.TypeOverload, o.text, o.enc.ID(event.TypeOverload, &e.Envelope, 0, 0), nil, b.endTime)
}

// levels returns the level of each source.
func (o *overloads) levels() []uint8 {
	all := make([]uint8, len(o.lanes))
	for i := range o.lanes {
		all[i] = o.lanes[i].level
	}
	return all
}
