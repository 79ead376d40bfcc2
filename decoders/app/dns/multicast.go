package dns

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// MulticastParser is the multicast DNS (RFC 6762) of one worker and used by one
// goroutine. Every message is a transaction of its own in the direction of its
// datagram: there are neither clients nor servers, whoever sends, to the group
// mostly, may ask or answer, which the message itself says.
type MulticastParser struct {
	messages *Parser
	pool     *app.Pool[*MulticastTx]
}

var (
	_ app.Described = (*MulticastParser)(nil)
	_ app.Framed    = (*MulticastParser)(nil)
)

// NewMulticastParser makes a MulticastParser that reads messages with the Parser
// of the same worker.
func NewMulticastParser(messages *Parser) *MulticastParser {
	return &MulticastParser{messages, app.NewPool(func() *MulticastTx { return new(MulticastTx) })}
}

// Proto returns app.ProtoMDNS.
func (p *MulticastParser) Proto() app.Proto { return app.ProtoMDNS }

// New makes the state of a flow.
func (p *MulticastParser) New() app.State {
	return &MulticastState{messages: p.messages, live: app.NewLive(p.pool)}
}

// Probe says Yes to a datagram that can be read as a message.
func (p *MulticastParser) Probe(in app.Input) app.Answer {
	if !in.Datagram {
		return app.No
	}
	return p.messages.Probe(in)
}

// Definition says what rules can look at and where multicast DNS is expected.
func (p *MulticastParser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerUDP, UDPPorts: []uint16{5353}, Fields: multicastFields}
}

// FrameNames names the frames that rules can look at.
func (p *MulticastParser) FrameNames() []string { return []string{"pdu"} }

// maxMulticast bounds the messages of a flow that wait for their consumers.
const maxMulticast = 256

// MulticastState is the multicast DNS of one flow.
type MulticastState struct {
	messages *Parser
	live     app.Live[*MulticastTx]
	marks    *app.FrameLog // nil unless frames are marked
}

var (
	_ app.State       = (*MulticastState)(nil)
	_ app.FrameMarker = (*MulticastState)(nil)
)

// MarkFrames makes Parse mark frames in log.
func (s *MulticastState) MarkFrames(log *app.FrameLog) { s.marks = log }

// Parse makes a transaction of a datagram. One that is no message costs nothing
// but itself.
func (s *MulticastState) Parse(in app.Input) app.Result {
	if !in.Datagram || s.live.Len() >= maxMulticast {
		return app.Result{Status: app.StatusError}
	}
	s.marks.Mark(in.Dir, framePDU, 0, len(in.Data))
	t := s.live.Add()
	t.Sent(in.Dir)
	if !s.messages.read(&t.message, in.Data) {
		s.live.Drop()
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// Txs returns the messages that were not released yet.
func (s *MulticastState) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the messages that are logged and inspected.
func (s *MulticastState) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *MulticastState) Reset() {
	s.live.Reset()
	*s = MulticastState{messages: s.messages, live: s.live}
}
