package mdns

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dns"
)

// Parser is the multicast DNS of one worker and used by one goroutine.
type Parser struct {
	messages *dns.Parser
	pool     *app.Pool[*Tx]
}

var (
	_ app.Described = (*Parser)(nil)
	_ app.Framed    = (*Parser)(nil)
)

// NewParser makes a Parser that reads messages with that of DNS of the same
// worker.
func NewParser(messages *dns.Parser) *Parser {
	return &Parser{messages, app.NewPool(func() *Tx { return new(Tx) })}
}

// Proto returns app.ProtoMDNS.
func (p *Parser) Proto() app.Proto { return app.ProtoMDNS }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{messages: p.messages, live: app.NewLive(p.pool)} }

// Probe says Yes to a datagram that can be read as a message.
func (p *Parser) Probe(in app.Input) app.Answer {
	if !in.Datagram {
		return app.No
	}
	return p.messages.Probe(in)
}

// Definition says what rules can look at and where multicast DNS is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerUDP, UDPPorts: []uint16{5353}, Fields: fields}
}

// FrameNames names the frames that rules can look at.
func (p *Parser) FrameNames() []string { return []string{"pdu"} }

// framePDU is a message.
const framePDU app.FrameKind = 1

// maxTxs bounds the messages of a flow that wait for their consumers.
const maxTxs = 256

// State is the multicast DNS of one flow.
type State struct {
	messages *dns.Parser
	live     app.Live[*Tx]
	marks    *app.FrameLog // nil unless frames are marked
}

var (
	_ app.State       = (*State)(nil)
	_ app.FrameMarker = (*State)(nil)
)

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.marks = log }

// Parse makes a transaction of a datagram. One that is no message costs nothing
// but itself.
func (s *State) Parse(in app.Input) app.Result {
	if !in.Datagram || s.live.Len() >= maxTxs {
		return app.Result{Status: app.StatusError}
	}
	s.marks.Mark(in.Dir, framePDU, 0, len(in.Data))
	t := s.live.Add()
	t.Sent(in.Dir)
	if !s.messages.Read(&t.message, in.Data) {
		s.live.Drop()
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// Txs returns the messages that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the messages that are logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	*s = State{messages: s.messages, live: s.live}
}
