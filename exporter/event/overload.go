package event

import "strconv"

// Overload tells that the sensor has begun to shed inspection, since it could not
// keep up, or has ceased to. Suricata has no such event.
type Overload struct {
	Envelope
	End    bool   // it has ceased; else it has begun
	Lane   uint16 // of capture: the worker, where each has a source of its own
	Level  uint8  // the highest since it began
	Fill   uint8  // percent of the capture ring that waited
	Lag    uint64 // milliseconds: age of the frames under work
	Lost   uint64 // frames dropped because the ring was full: so far, or since it began
	Millis uint64 // how long it lasted; valid iff End
	// What was counted only, for overload, since it began; valid iff End. Flows are
	// those that were given up.
	Flows, Packets, Bytes uint64
}

// AppendOverload appends the event without its closing brace; see Finish.
func (e *Encoder) AppendOverload(dst []byte, o *Overload) []byte {
	dst = e.appendEnvelope(dst, &o.Envelope, TypeOverload)
	dst = append(dst, `,"overload":{"state":"`...)
	if o.End {
		dst = append(dst, `end"`...)
	} else {
		dst = append(dst, `start"`...)
	}
	dst = append(dst, `,"lane":`...)
	dst = strconv.AppendUint(dst, uint64(o.Lane), 10)
	dst = appendUintMember(dst, `,"level":`, uint64(o.Level))
	dst = appendUintMember(dst, `,"ring_fill_percent":`, uint64(o.Fill))
	dst = appendUintMember(dst, `,"lag_ms":`, o.Lag)
	dst = appendUintMember(dst, `,"lost":`, o.Lost)
	if o.End {
		dst = appendUintMember(dst, `,"duration_ms":`, o.Millis)
		dst = appendUintMember(dst, `,"shed":{"flows":`, o.Flows)
		dst = appendUintMember(dst, `,"pkts":`, o.Packets)
		dst = appendUintMember(dst, `,"bytes":`, o.Bytes)
		dst = append(dst, '}')
	}
	return append(dst, '}')
}
