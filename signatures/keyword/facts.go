package keyword

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Facts is what conditions may ask about one packet. The Inspector fills one
// per packet; everything in it is borrowed.
type Facts struct {
	Packet      *decoders.Packet
	HasFlow     bool
	Dir         decoders.Direction
	Established bool
	Closing     bool      // the TCP session is being closed
	FlowStart   int64     // nanoseconds since the epoch
	FlowPackets [2]uint64 // by direction
	FlowBytes   [2]uint64
	App         app.Proto
	AppSides    [2]app.Proto // as each direction looked like
	StreamSize  [2]uint32    // bytes by sequence number, by direction of sending
	Stream      decoders.StreamEventSet
	AppEvents   AppEventSet
	Bits        FlowBits  // of the flow; valid iff HasFlow
	Vars        FlowVars  // of the flow; valid iff HasFlow
	Captured    *Captures // by expressions, on this packet
}
