package tls

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/fingerprint"
)

// Parser is the TLS of one worker and used by one goroutine.
type Parser struct {
	ja4 fingerprint.Maker
}

var (
	_ app.Parser    = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{} }

// Proto returns app.ProtoTLS.
func (p *Parser) Proto() app.Proto { return app.ProtoTLS }

// New makes the state of a flow.
func (p *Parser) New() app.State { return newState(p) }

// Patterns are the starts of hellos, and of what a server may send first.
func (p *Parser) Patterns() []app.Pattern {
	pattern := func(dir decoders.Direction, kind, minor byte) app.Pattern {
		return app.Pattern{Transport: app.TCP, Dir: dir, Bytes: []byte{kind, 3, minor}}
	}
	var out []app.Pattern
	for minor := byte(0); minor <= 3; minor++ {
		out = append(out,
			pattern(decoders.ToServer, recordHandshake, minor),
			pattern(decoders.ToServer, ssl2ClientHello, minor),
			pattern(decoders.ToClient, recordHandshake, minor),
			pattern(decoders.ToClient, recordAlert, minor),
			pattern(decoders.ToClient, recordApplication, minor))
	}
	return append(out, app.Pattern{
		Transport: app.TCP, Dir: decoders.ToServer, Offset: 2, Bytes: []byte{ssl2ClientHello, 0, 2}, Confirm: true,
	})
}

// Probe says Yes to a client hello of SSL 2, which patterns can not tell.
func (p *Parser) Probe(in app.Input) app.Answer {
	switch {
	case in.Datagram:
		return app.No
	case len(in.Data) < 3:
		return app.Maybe
	case in.Data[0]&0x80 != 0 && in.Data[2] == ssl2ClientHello:
		return app.Yes
	}
	return app.No
}

// Direction is that of a client hello.
func (p *Parser) Direction(app.Input) decoders.Direction { return decoders.ToServer }
