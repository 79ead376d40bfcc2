package ike

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the IKE of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var (
	_ app.Described = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoIKE.
func (p *Parser) Proto() app.Proto { return app.ProtoIKE }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool), agreed: notAgreed()} }

// Probe says Yes to a message of version 1, or one of version 2 whose length
// and exchange are right.
func (p *Parser) Probe(in app.Input) app.Answer {
	const firstExchange, lastExchange = 34, 37 // IKE_SA_INIT to INFORMATIONAL
	h, ok := readHeader(in.Data)
	switch {
	case !ok || !in.Datagram:
	case h.major == 1:
		return app.Yes
	case h.major == 2 && h.minor == 0 && h.exchange >= firstExchange && h.exchange <= lastExchange && int(h.length) == len(in.Data):
		return app.Yes
	}
	return app.No
}

// Direction tells that a message to nobody in particular begins an exchange.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	if h, ok := readHeader(in.Data); ok && string(h.responder) == string(make([]byte, spiLength)) {
		return decoders.ToServer
	}
	return in.Dir
}
