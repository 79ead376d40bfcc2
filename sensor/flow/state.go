package flow

// State is how far a flow has come, with the names of EVE's flow.state.
type State uint8

// Flow states.
const (
	StateNew         State = iota // TCP: no handshake seen; else: one side spoke
	StateEstablished              // TCP: handshake done; else: both sides spoke
	StateClosed                   // TCP: both sides closed, or reset
	StateBypassed                 // no longer inspected, only counted
	stateCount
)

var stateNames = [stateCount]string{"new", "established", "closed", "bypassed"}

// String returns the state as events write it.
func (s State) String() string {
	if s < stateCount {
		return stateNames[s]
	}
	return "unknown"
}

// EndReason says why a flow ended, with the names of EVE's flow.reason.
type EndReason uint8

// Reasons for a flow's end.
const (
	EndTimeout  EndReason = iota // nothing came for as long as its state allows
	EndShutdown                  // the table was closed
	EndForced                    // the table was full
	EndTCPReuse                  // a new TCP session took the five-tuple
	endReasonCount
)

var endReasonNames = [endReasonCount]string{"timeout", "shutdown", "forced", "tcp_reuse"}

// String returns the reason as events write it.
func (r EndReason) String() string {
	if r < endReasonCount {
		return endReasonNames[r]
	}
	return "unknown"
}

// Flags are lasting facts of a flow.
type Flags uint16

// Flow flags.
const (
	// FlagGeneric marks flows that are kept for exact accounting only, because
	// Suricata has none for such packets: IP protocols other than TCP, UDP,
	// SCTP, ICMP, ICMPv6 and ESP, and ICMPv4 errors about unknown flows.
	FlagGeneric Flags = 1 << iota
	// FlagMidstream marks TCP flows whose session was picked up without its
	// opening SYN (Config.Midstream, Config.AsyncOneSide).
	FlagMidstream
	// FlagSwapped marks flows whose sides were exchanged after the first
	// packet (Swap, or a SYN+ACK as first packet).
	FlagSwapped
	// FlagCounted marks flows that the kernel told of (Table.Offer).
	FlagCounted
	// FlagKernelOnly marks flows that the kernel told of and of which no packet
	// came.
	FlagKernelOnly
	// FlagHeld marks bypassed flows whose frames the kernel holds back, all but
	// those that begin or end a session: the pipeline's.
	FlagHeld
	// FlagAlerted marks flows that a rule has alerted on: the pipeline's.
	FlagAlerted
	// FlagGapToServer and FlagGapToClient mark flows in whose stream bytes were
	// missing in that direction: the pipeline's, noted when the stream ends.
	FlagGapToServer
	FlagGapToClient
	// FlagUnopened marks TCP flows of which a packet that opens no session came
	// while there was none: the pipeline's, by way of reassembly.
	FlagUnopened
	flagClientB     // endpoint B of the key is the client
	flagClientSpoke // a packet of the client was seen that counts for State
	flagServerSpoke
	flagEstablished // as flow:established, of the packet last given to Update
	flagPending     // the slot stands in Table.pending
	flagClosed      // bypassed, and its ends have closed it since
)

// TCPState is the state of a TCP session as a wiretap sees it (RFC 9293
// section 3.3.2, of both ends together): FIN_WAIT1 and TIME_WAIT when the
// server closed first, CLOSE_WAIT and LAST_ACK when the client did.
type TCPState uint8

// TCP states, with the names of EVE's tcp.state.
const (
	TCPNone TCPState = iota // no session: nothing that opens one was seen
	TCPSynSent
	TCPSynRecv
	TCPEstablished
	TCPFinWait1
	TCPFinWait2
	TCPTimeWait
	TCPLastAck
	TCPCloseWait
	TCPClosing
	TCPClosed
	tcpStateCount
)

var tcpStateNames = [tcpStateCount]string{"none", "syn_sent", "syn_recv", "established", "fin_wait1",
	"fin_wait2", "time_wait", "last_ack", "close_wait", "closing", "closed"}

// String returns the state as events write it.
func (s TCPState) String() string {
	if s < tcpStateCount {
		return tcpStateNames[s]
	}
	return "unknown"
}

// IP protocol numbers (IANA) that flows treat apart.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoESP    = 50
	protoICMPv6 = 58
	protoSCTP   = 132
)
