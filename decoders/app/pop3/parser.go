package pop3

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the POP3 of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var (
	_ app.Described = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoPOP3.
func (p *Parser) Proto() app.Proto { return app.ProtoPOP3 }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Probe says Yes to a command, and to the status of a response.
func (p *Parser) Probe(in app.Input) app.Answer {
	if in.Datagram {
		return app.No
	}
	word := in.Data
	end := bytes.IndexAny(word, " \r\n")
	if end >= 0 {
		word = word[:end]
	}
	answer := app.No
	try := func(name []byte) {
		switch n := len(word); {
		case n > len(name) || !bytes.EqualFold(word, name[:n]):
		case n == len(name) && end >= 0:
			answer = app.Yes
		case end < 0:
			answer = max(answer, app.Maybe)
		}
	}
	try(statusOK)
	try(statusError)
	for i := range commands {
		try([]byte(commands[i].name))
	}
	return answer
}

// Direction tells responses from commands.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	if in.Data[0] == statusOK[0] || in.Data[0] == statusError[0] {
		return decoders.ToClient
	}
	return decoders.ToServer
}

// Definition says where POP3 is expected. Rules look at its payload.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerTCP, TCPPorts: []uint16{110}, FlowSides: true}
}
