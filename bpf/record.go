package bpf

import "structs"

// FlowKey names a flow independently of direction: endpoint A is the smaller
// one, by address and then port. It has the fields and the meaning of
// decoders.FlowKey, and its layout in memory.
type FlowKey struct {
	_            structs.HostLayout
	AddrA, AddrB [16]byte // IPv4 in the first four bytes, the rest zero
	PortA, PortB uint16   // ICMP: type, and type that answers it
	VLANs        [3]uint16
	Proto        uint8
	IPVersion    uint8
	TunnelID     uint32
	Depth        uint8
	Tunnel       Tunnel
	Source       uint16
	_            uint32
}

// Tunnel says how a packet is carried; values are those of decoders.TunnelKind.
type Tunnel uint8

// Tunnels that the kernel side looks into.
const (
	TunnelNone Tunnel = iota
	TunnelGRE
	TunnelERSPAN
	TunnelIPIP // IPv4 within IP
	TunnelIPv6 // IPv6 within IP
	TunnelVXLAN
	TunnelGeneve
	TunnelGTPU
)

// Side is where a packet passed the interface; it indexes arrays of Count.
type Side uint8

// Sides.
const (
	Ingress Side = iota
	Egress
)

// Count is packets and bytes as on the wire, without preamble and check
// sequence: a packet that the stack merged or has yet to cut counts as its
// segments.
type Count struct {
	_       structs.HostLayout
	Packets uint64
	Bytes   uint64
}

// Add adds other to c.
func (c *Count) Add(other Count) {
	c.Packets += other.Packets
	c.Bytes += other.Bytes
}

// FlowRecord is what one CPU counted of one flow. A flow whose packets arrive
// on several CPUs has a record on each; the flow is their sum. Index 0 is from
// A to B, 1 from B to A.
//
// Slot and Generation together name a record for as long as the programs are
// loaded: while they stay the same its counts only grow, and a record from
// Evictions is the last state of the one that ReadFlows showed before.
type FlowRecord struct {
	Key         FlowKey
	Packets     [2]uint64
	Bytes       [2]uint64
	First, Last int64 // nanoseconds since the Unix epoch, as coarse as the kernel's tick (1 to 10 ms)
	TCPFlags    [2]uint8
	FirstDir    uint8 // direction of the first packet
	Sides       uint8 // bit per Side at which packets were seen
	Slot        uint32
	Generation  uint32
}

// Total is the sum of both directions.
func (r *FlowRecord) Total() Count {
	return Count{Packets: r.Packets[0] + r.Packets[1], Bytes: r.Bytes[0] + r.Bytes[1]}
}

// Stats are counters since Load.
type Stats struct {
	Total [2]Count // all outermost packets, by Side
	Inner Count    // packets within tunnels, if these are followed

	// Packets that are in no flow, by Reason: [0] outermost, [1] within tunnels.
	Refused [2][ReasonCount]Count
	// Packets that were in flows whose record found the ring full:
	// [0] outermost, [1] within tunnels.
	Lost [2]Count

	NewFlows     uint64 // records begun
	EvictedFlows uint64 // records handed to Evictions
	LostFlows    uint64 // records whose packets are in Lost
	TornReads    uint64 // records that ReadFlows left out, as the kernel wrote them all the while

	Feed [VerdictCount]Count // frames on their way to sockets with FeedProgram, or of AF_XDP, by Verdict
}

// RefusedSum is all of Refused: [0] outermost, [1] within tunnels.
func (s *Stats) RefusedSum() (sum [2]Count) {
	for i := range s.Refused {
		for j := range s.Refused[i] {
			sum[i].Add(s.Refused[i][j])
		}
	}
	return sum
}

// Verdict is what became of a frame on its way to a socket.
type Verdict uint8

// Verdicts.
const (
	VerdictHanded        Verdict = iota // given to the socket
	VerdictHandedEnd                    // given to the socket: of a shunted flow, with SYN, FIN or RST
	VerdictShedShunted                  // held back: of a shunted flow
	VerdictShedSampled                  // held back: of a flow that sampling leaves out
	VerdictShedDuplicate                // held back, or dropped with Config.Drop: a frame that passed before
	VerdictDropped                      // of a shunted flow, dropped with Config.Drop: FeedProgram did not see it
	VerdictUnbound                      // to be redirected, but given to the stack, since its queue has no socket

	VerdictCount // number of verdicts
)

var verdictNames = [VerdictCount]string{"handed", "handed_end", "shed_shunted", "shed_sampled", "shed_duplicate", "dropped", "unbound"}

// String returns the stable name, which is also the metric label.
func (v Verdict) String() string {
	if v >= VerdictCount {
		return "invalid_verdict"
	}
	return verdictNames[v]
}
