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

// Probe says Yes to a command that is known, to the status of a response, and to
// a line that begins as commands do.
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
	if answer == app.No && (len(word) == 3 || len(word) == 4) && letters(word) {
		return lineEnds(in.Data)
	}
	return answer
}

// letters reports that a word has nothing else.
func letters(word []byte) bool {
	for _, c := range word {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}

// lineEnds says whether the data begins with a line no longer than a command.
func lineEnds(data []byte) app.Answer {
	switch i := bytes.IndexByte(data[:min(len(data), maxRequest)], '\n'); {
	case i > 0 && data[i-1] == '\r':
		return app.Yes
	case i < 0 && len(data) < maxRequest:
		return app.Maybe
	}
	return app.No
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
