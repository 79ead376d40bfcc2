package quic

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/fingerprint"
)

// Parser is the QUIC of one worker and used by one goroutine.
type Parser struct {
	pool *app.Pool[*Tx]

	// Scratch.
	plain   []byte // a packet as it is decrypted
	mask    [sampleSize]byte
	nonce   [ivSize]byte
	numbers numbers
	ja4     fingerprint.Maker
	derive  derivation
}

var _ app.Described = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser() *Parser {
	return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })}
}

// Proto returns app.ProtoQUIC.
func (p *Parser) Proto() app.Proto { return app.ProtoQUIC }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{parser: p, live: app.NewLive(p.pool)} }

// Probe says Yes to anything with a header that can be read, as Suricata does:
// a short one has nothing to tell it by, and QUIC is expected at its ports only.
func (p *Parser) Probe(in app.Input) app.Answer {
	if _, ok := parseHeader(in.Data); !ok || !in.Datagram {
		return app.No
	}
	return app.Yes
}

// Definition says what rules can look at and where QUIC is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerUDP, UDPPorts: []uint16{443, 80}, Fields: fields}
}
