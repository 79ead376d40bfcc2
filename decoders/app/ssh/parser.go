package ssh

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the SSH of one worker and used by one goroutine.
type Parser struct {
	patterns [2]app.Pattern
}

var (
	_ app.Parser    = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser {
	return &Parser{patterns: [2]app.Pattern{
		{Transport: app.TCP, Dir: decoders.ToServer, Bytes: []byte(bannerStart)},
		{Transport: app.TCP, Dir: decoders.ToClient, Bytes: []byte(bannerStart)},
	}}
}

// Proto returns app.ProtoSSH.
func (p *Parser) Proto() app.Proto { return app.ProtoSSH }

// New makes the state of a flow.
func (p *Parser) New() app.State { return newState() }

// Patterns is the start of a banner, which either side may send first.
func (p *Parser) Patterns() []app.Pattern { return p.patterns[:] }

// Probe says Yes to the start of a banner.
func (p *Parser) Probe(in app.Input) app.Answer {
	n := min(len(in.Data), len(bannerStart))
	switch {
	case string(in.Data[:n]) != bannerStart[:n]:
		return app.No
	case n == len(bannerStart):
		return app.Yes
	case in.Datagram:
		return app.No
	}
	return app.Maybe
}
