package flow

import (
	"unsafe"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures"
)

// Flow is one flow. Arrays of two are indexed by decoders.Direction. It has no
// pointers. Times are nanoseconds since the Unix epoch, in packet time.
//
// The table owns all fields but those marked as the pipeline's. Fields stand in
// cache lines of 64 bytes: a packet of a UDP flow touches the first four.
type Flow struct {
	// Look-up.
	Key  decoders.FlowKey // direction-free; Client and Server give the sides
	self uint32           // place in the slab
	hash uint64

	// State, and what is read with it.
	LastSeen           int64 // never goes back
	timeout            int64 // nanoseconds of silence that end the flow in its state
	second             int64 // that secondPackets count in; valid iff one of them is not 0
	nextReport         int64 // boundary of the running interval; 0 without Config.Interval
	Flags              Flags
	State              State
	TCPState           TCPState
	TCPFlags           [2]uint8     // all flags seen
	MinTTL, MaxTTL     [2]uint8     // valid iff Packets is not 0
	ICMPType, ICMPCode [2]uint8     // of the first packet; valid iff Packets is not 0
	AppProto           [2]app.Proto // the pipeline's; as detected in each direction
	Interface          uint16       // of the first packet
	App                uint32       // the pipeline's handle of parser state; 0 is none
	Stream             uint32       // the pipeline's handle of reassembly; 0 is none
	Alerts             uint32       // the pipeline's

	// Packets and Bytes are what EVE reports: a datagram rebuilt from
	// fragments counts once, with the length of the datagram.
	Packets, Bytes [2]uint64
	// WirePackets and WireBytes are what was on the wire: every fragment
	// counts, with the length of its frame.
	WirePackets, WireBytes [2]uint64

	secondBytes   [2]uint64
	secondPackets [2]uint32
	tcp           [2]tcpSide // by sender

	FirstSeen   int64
	FirstPacket uint64 // number of the frame that began the flow
	ID          uint64 // 51 bits, never 0; the same in every replay
	// Peaks are the most that one second (aligned to the epoch) carried on the
	// wire; the second in which the flow is now counts once it is over.
	PeakBytes   [2]uint64
	PeakPackets [2]uint32
	due         int64 // second of the timer wheel's list that holds the flow
	wheelNext   uint32
	wheelPrev   uint32

	reported   [2]counts // at the last interval report
	reportedAt int64     // time of that report, or FirstSeen
	LostBefore uint64    // the pipeline's: frames that capture had lost when the flow began
	// ShedPackets and ShedBytes are the pipeline's: what of WirePackets and WireBytes
	// was counted only, since the flow is bypassed.
	ShedPackets, ShedBytes [2]uint64
	Detect                 signatures.FlowState // the pipeline's, by way of detection
	TxCount                uint32               // the pipeline's
	Shed                   uint8                // the pipeline's reason for StateBypassed; 0 is none
	Gaps                   [2]bool              // the pipeline's: bytes of the stream were missing
	reports                uint32               // interval reports made so far
	// Chosen is the protocol that the flow is parsed as, Former the one before
	// it gave way (STARTTLS, CONNECT, Upgrade), Expected what was to follow, and
	// ServerPort, when not 0, the port of what follows: the pipeline's.
	Chosen, Former, Expected app.Proto
	ServerPort               uint16
	_                        [(64 - (100+unsafe.Sizeof(signatures.FlowState{}))%64) % 64]byte

	// UnseenPackets and UnseenBytes are that part of all counts above of which
	// the kernel told and no packet came; see Table.Offer.
	UnseenPackets, UnseenBytes [2]uint64
	kernel                     [2]tally // all that the kernel told, from A to B and from B to A
}

// counts are one direction's counters.
type counts struct {
	packets, bytes uint64
}

// Client returns the initiator's address and port (0 for protocols without).
func (f *Flow) Client() (addr decoders.Addr, port uint16) {
	if f.Flags&flagClientB != 0 {
		return f.Key.AddrB, f.Key.PortB
	}
	return f.Key.AddrA, f.Key.PortA
}

// Server returns the responder's address and port (0 for protocols without).
func (f *Flow) Server() (addr decoders.Addr, port uint16) {
	if f.Flags&flagClientB != 0 {
		return f.Key.AddrA, f.Key.PortA
	}
	return f.Key.AddrB, f.Key.PortB
}

// Established says whether the packet last given to Table.Update counts as
// established for the rule keyword flow: TCP when the handshake was complete
// before that packet (or this packet completes it and carries data), other
// protocols from the first packet of the second side on.
func (f *Flow) Established() bool { return f.Flags&flagEstablished != 0 }

// keyDirection is the index of what goes one way in a Counted.
func (f *Flow) keyDirection(dir decoders.Direction) int {
	if (dir == decoders.ToServer) == (f.Flags&flagClientB == 0) {
		return 0
	}
	return 1
}

// Generic says that Suricata has no flow for such packets (FlagGeneric).
func (f *Flow) Generic() bool { return f.Flags&FlagGeneric != 0 }

// Protocol is the application protocol of the whole flow; failed once neither
// side can tell it.
func (f *Flow) Protocol() app.Proto { return f.Chosen }
