package websocket

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the WebSocket of one worker and used by one goroutine.
type Parser struct {
	pool *app.Pool[*Tx]
}

var _ app.Described = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser() *Parser {
	return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })}
}

// Proto returns app.ProtoWebSocket.
func (p *Parser) Proto() app.Proto { return app.ProtoWebSocket }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Probe looks at the reserved bits, which is all that can tell that something
// is no WebSocket. It is asked at ports of the configuration alone; elsewhere
// HTTP says what follows.
func (p *Parser) Probe(in app.Input) app.Answer {
	switch {
	case in.Datagram:
		return app.No
	case len(in.Data) == 0:
		return app.Maybe
	case in.Data[0]&flagsReserved != 0:
		return app.No
	}
	return app.Yes
}

// Definition says what rules can look at. WebSocket has no port of its own.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerTCP, Fields: fields}
}
