package flow

import (
	"cmp"
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Report is what a running flow carried since its last report, on the wire.
type Report struct {
	Seq            uint32 // of the flow's reports, from 0
	Final          bool   // the flow ends; its record follows
	Start, End     int64  // nanoseconds; the interval is [Start, End)
	Packets, Bytes [2]uint64
}

// Delta is what one outermost flow carried on the wire in one second. It is
// plain data and holds no reference to the table.
type Delta struct {
	Second         int64 // since the Unix epoch
	Packets        [2]uint32
	Bytes          [2]uint64
	Client, Server decoders.Addr
	ServerPort     uint16
	ClientPort     uint16
	IPVersion      uint8
	Proto          uint8
	App            app.Proto
	FlowID         uint64
	FirstPacket    uint64 // with Second, a total order over all workers' deltas
}

// Stats are a table's counters since it was made. Their owner is the table's
// goroutine.
type Stats struct {
	Active    int // flows now in the table
	Started   uint64
	Ended     [endReasonCount]uint64  // by EndReason
	ByProto   [protoClassCount]uint64 // begun, by ProtoClass
	Midstream uint64                  // TCP sessions taken up without their opening
	// Packets and WireBytes count what outermost flows carried on the wire,
	// in all flows that are alive or have ended: Σ over those flows of
	// WirePackets and WireBytes is exactly this.
	Packets, WireBytes uint64
	// Of Packets and WireBytes: told by the kernel, and never given to Update.
	UnseenPackets, UnseenBytes uint64
	// ToldPackets and ToldBytes are all that tables took by Offer and Adopt.
	ToldPackets, ToldBytes uint64
	// UnsettledPackets and UnsettledBytes were given to Update and never told by
	// the kernel: once all flows have ended and all was told,
	//	Packets = ToldPackets + UnsettledPackets, and bytes likewise.
	UnsettledPackets, UnsettledBytes uint64
	KernelOnly                       uint64 // flows begun for what only the kernel saw
	Memory                           uint64 // bytes of what is known of the flows now
	// Fullness is how much of Config.MaxFlows is in use now, 0 to 1.
	Fullness float64
	// Skipped counts packets given to Update that belong to no flow: not IP,
	// fragments, refused.
	Skipped uint64
}

// ProtoClass groups protocols for counters.
type ProtoClass uint8

// Protocol classes.
const (
	ClassOther ProtoClass = iota
	ClassTCP
	ClassUDP
	ClassICMP
	ClassICMPv6
	ClassSCTP
	protoClassCount
)

// SortDeltas puts the deltas of several workers into the one order that does
// not depend on how flows were dealt to them: by second, then by the frame
// that began the flow. Deltas of the same flow keep their order.
func SortDeltas(deltas []Delta) {
	slices.SortStableFunc(deltas, func(a, b Delta) int {
		return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(a.FirstPacket, b.FirstPacket))
	})
}
