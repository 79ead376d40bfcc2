package flow

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures"
)

// Flow is one flow. Arrays of two are indexed by decoders.Direction. It has no
// pointers. Times are nanoseconds since the Unix epoch, in packet time.
//
// The table owns all fields but those marked as the pipeline's. What not every
// flow needs stands beside it: see Totals.
type Flow struct {
	// What a packet of a flow without sessions touches.
	Key      decoders.FlowKey // direction-free; Client and Server give the sides
	self     uint32           // place in the slab; 0 while it is free
	LastSeen int64            // never goes back
	// Packets and Bytes are what EVE reports: a datagram rebuilt from
	// fragments counts once, with the length of the datagram.
	Packets, Bytes [2]uint64
	// Places beside the flow, 0 being none.
	second, tcp, lasting, rare uint32

	Flags              Flags
	State              State
	TCPState           TCPState
	TCPFlags           [2]uint8     // all flags seen
	MinTTL, MaxTTL     [2]uint8     // valid iff Packets is not 0
	ICMPType, ICMPCode [2]uint8     // of the first packet; valid iff Packets is not 0
	AppProto           [2]app.Proto // the pipeline's; as detected in each direction
	Shed               uint8        // the pipeline's reason for StateBypassed; 0 is none
	// Chosen is the protocol that the flow is parsed as, Former the one before
	// it gave way (STARTTLS, CONNECT, Upgrade), Expected what was to follow, and
	// ServerPort, when not 0, the port of what follows: the pipeline's.
	Chosen, Former, Expected app.Proto
	ServerPort               uint16
	Interface                uint16               // of the first packet
	slot                     uint16               // list of the timer wheel that holds the flow
	App                      uint32               // the pipeline's handle of parser state; 0 is none
	Stream                   uint32               // the pipeline's handle of reassembly; 0 is none
	Detect                   signatures.FlowState // the pipeline's, by way of detection
	TxCount                  uint32               // the pipeline's
	FirstSeen                int64
	FirstPacket              uint64 // number of the frame that began the flow
	ID                       uint64 // 51 bits, never 0; the same in every replay
	wheelNext, wheelPrev     uint32
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
