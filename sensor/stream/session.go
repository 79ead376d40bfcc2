package stream

import (
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// session is one TCP session. It has no pointers.
type session struct {
	half     [2]half // by the direction their data runs
	lastSeen int64   // time of the last packet, nanoseconds
	offers   uint32  // SYNs or SYN+ACKs that compete in the handshake; list in Engine.offers
	link     uint32  // next in the list of free sessions
	flags    sessionFlags
	state    flow.TCPState
	resumed  flow.TCPState // the state before a reset, which may prove to be forged
	offered  uint8         // length of offers
}

// sessionFlags are lasting facts of a session.
type sessionFlags uint16

const (
	inUse      sessionFlags = 1 << iota
	midstream               // taken up without its opening SYN
	midSynAck               // … at its SYN+ACK
	oneSided                // only one side is seen
	fourWay                 // both sides sent a SYN
	fastOpen                // RFC 7413: the SYN carries data
	timestamps              // both sides use them (RFC 7323)
	confirmed               // the server has shown that it saw the handshake's last ACK
	evasive                 // right sequence number with wrong acknowledgment in the handshake
	byReset                 // closed by a RST
	finished                // the flow has ended
)

// half is one direction: what its sender sends, and what its receiver says about
// it. Sequence numbers count from the wire, offsets from the first byte behind the
// SYN.
type half struct {
	isn    decoders.Seq // the SYN's
	next   decoders.Seq // behind the highest byte sent in order, or acknowledged
	ack    decoders.Seq // the receiver has everything before
	winEnd decoders.Seq // the receiver allows everything before
	base   decoders.Seq // sequence number of offset baseOff
	window uint32       // bytes that the receiver takes, scaled

	tsLast uint32 // the sender's last valid timestamp
	tsTime uint32 // when it came, seconds since 1970

	depth uint32 // offset from which on nothing is reassembled; 0 is never
	reach uint32 // place in Engine.reaches; 0 until the first payload

	flags    halfFlags
	scale    uint8 // shift of the windows that the receiver announces
	policy   Policy
	tcpFlags uint8 // all that the sender sent
	regions  uint8 // see Engine.Regions, less the first
}

// reach is how far the data of a direction has come. Before the first payload all
// of it is 0, so that many sessions, those of a scan above all, need none.
type reach struct {
	acked   uint64 // acknowledged, and known when the acknowledgment came
	baseOff uint64 // both consumers are past it, and it is acknowledged
	app     uint64 // the parser's progress
	appSeen uint64 // what it was offered
	raw     uint64 // progress of rules on stream payload
	rawDue  uint64 // end of the chunk that is being inspected
	rawEnd  uint64 // nothing is inspected from here on; valid iff rawEnding
	edge    uint64 // behind the highest byte received

	firstRun, lastRun         uint32       // list in Engine.runs
	firstSegment, lastSegment uint32       // list in Engine.segments
	segments                  uint32       // length of that list
	held                      uint32       // bytes of blocks
	urgent                    uint32       // bytes taken out of band
	urgentAt                  decoders.Seq // of the last of them; valid iff urgent is not 0
}

// reach returns the record of a direction; one that is 0 and stays so when there is
// no payload yet: nothing but 0 is written to it.
func (e *Engine) reach(h *half) *reach { return &e.reaches.items[h.reach] }

// reached returns the record of a direction that has payload.
func (e *Engine) reached(h *half) *reach {
	if h.reach == 0 {
		h.reach = e.reaches.take()
		e.reaches.items[h.reach] = reach{}
	}
	return &e.reaches.items[h.reach]
}

// halfFlags are lasting facts of a direction.
type halfFlags uint32

const (
	started halfFlags = 1 << iota // isn is known, or stands for what came first
	policyKnown
	appOff       // NextApp has ended
	rawOff       // NextRaw has ended
	rawEnding    // NextRaw ends at rawEnd
	rawTriggered // the next chunk is due at once
	depthReached
	gapped  // bytes are missing: a hole was acknowledged, or there was no room for them
	stopped // nothing is reassembled
	starved // stopped for want of room
	parsing // a parser has taken bytes, or seen that it needs more
	eofGiven
	rstSuspect // the sender has reset the session, or somebody in its name
	keepAlive  // the sender's last segment was a keep-alive
	zeroTS     // the SYN's timestamp was 0
	hasTS
	scaleKnown
	spokeFirst // the first payload of the session is of this direction
)

// turn is one packet on its way through the state machine.
type turn struct {
	e          *Engine
	s          *session
	f          *flow.Flow
	p          *decoders.Packet
	dir        decoders.Direction
	mine, peer *half // of the packet's sender, and of its receiver
	v          *Verdict
}

func (t *turn) event(ev decoders.StreamEvent) { t.v.Events.Add(ev) }

// refuse reports an oddity for which the packet is not taken.
func (t *turn) refuse(ev decoders.StreamEvent) bool {
	t.v.Events.Add(ev)
	return false
}

func (t *turn) has(flag uint8) bool { return t.p.TCPFlags&flag != 0 }

// end is the sequence number behind the payload.
func (t *turn) end() decoders.Seq { return t.p.Seq.Add(t.p.PayloadLen) }

// handshakeFlags are those that tell the steps of a session apart. ECN bits
// are set in SYNs too (RFC 3168) and do not matter.
const handshakeFlags = decoders.TCPSyn | decoders.TCPAck | decoders.TCPRst | decoders.TCPFin

// offset turns a sequence number near base into an offset; what lies before
// the stream's begin becomes negative.
func (h *half) offset(x *reach, q decoders.Seq) int64 {
	return int64(x.baseOff) + int64(q.Sub(h.base))
}

// setStart makes the byte behind q the first of the stream.
func (h *half) setStart(isn decoders.Seq) {
	h.isn, h.base = isn, isn.Add(1)
	h.flags |= started
}
