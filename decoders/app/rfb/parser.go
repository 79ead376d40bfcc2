package rfb

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the RFB of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var (
	_ app.Described = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoRFB.
func (p *Parser) Proto() app.Proto { return app.ProtoRFB }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// start is what both sides begin with, at any port.
var start = []byte("RFB ")

// Patterns are the starts of the versions.
func (p *Parser) Patterns() []app.Pattern {
	return []app.Pattern{
		{Transport: app.TCP, Dir: decoders.ToClient, Bytes: start},
		{Transport: app.TCP, Dir: decoders.ToServer, Bytes: start},
	}
}

// Probe says Yes to the start of a version.
func (p *Parser) Probe(in app.Input) app.Answer {
	n := min(len(in.Data), len(start))
	switch {
	case in.Datagram, !bytes.Equal(in.Data[:n], start[:n]):
		return app.No
	case n < len(start):
		return app.Maybe
	}
	return app.Yes
}

// Definition says what rules can look at. No port is needed to tell RFB.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerTCP, Fields: fields}
}
