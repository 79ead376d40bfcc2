package snmp

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the SNMP of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var _ app.Described = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoSNMP.
func (p *Parser) Proto() app.Proto { return app.ProtoSNMP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Probe says Yes to the start of a message of a known version.
func (p *Parser) Probe(in app.Input) app.Answer {
	if _, ok := versionOf(in.Data); in.Datagram && ok {
		return app.Yes
	}
	return app.No
}

// Definition says what rules can look at and where SNMP is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerUDP, UDPPorts: []uint16{161, 162}, Fields: fields}
}

// maxTxs bounds the messages of a flow that wait for their consumers.
const maxTxs = 256

// State is the SNMP of one flow.
type State struct {
	live    app.Live[*Tx]
	version uint32 // of the first message
}

var _ app.State = (*State)(nil)

// Parse makes a transaction of a datagram.
func (s *State) Parse(in app.Input) app.Result {
	if !in.Datagram || s.live.Len() >= maxTxs {
		return app.Result{Status: app.StatusError}
	}
	t := s.live.Add()
	t.Sent(in.Dir)
	version, ok := versionOf(in.Data)
	if ok {
		t.version, t.raw = version, append(t.raw[:0], in.Data...)
		ok = t.parse()
	}
	if !ok {
		t.malformed()
		return app.Result{Status: app.StatusError}
	}
	if s.version == 0 {
		s.version = version
	}
	if version != s.version {
		t.events.Add(EventVersionMismatch)
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
	*s = State{live: s.live}
}
