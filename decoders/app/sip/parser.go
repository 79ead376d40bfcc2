package sip

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// methods of RFC 3261 and its extensions, as IANA lists them.
var methods = [...]string{
	"REGISTER", "INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "REFER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH",
	"MESSAGE", "INFO", "OPTIONS",
}

// Parser is the SIP of one worker and used by one goroutine.
type Parser struct {
	pool     *app.Pool[*Tx]
	patterns []app.Pattern
}

var (
	_ app.Described = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser {
	p := &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })}
	for _, transport := range []app.Transport{app.UDP, app.TCP} {
		for _, m := range methods {
			p.patterns = append(p.patterns, app.Pattern{Transport: transport, Dir: decoders.ToServer, Bytes: []byte(m + " "), Confirm: true})
		}
		p.patterns = append(p.patterns, app.Pattern{Transport: transport, Dir: decoders.ToClient, Bytes: []byte("SIP/2.0 "), Confirm: true})
	}
	return p
}

// Proto returns app.ProtoSIP.
func (p *Parser) Proto() app.Proto { return app.ProtoSIP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Patterns are the starts of requests and answers; Probe looks at the rest of
// the line, since HTTP and RTSP begin alike.
func (p *Parser) Patterns() []app.Pattern { return p.patterns }

// Probe says Yes to a complete start line.
func (p *Parser) Probe(in app.Input) app.Answer {
	data := in.Data
	end := bytes.IndexByte(data, '\n')
	switch {
	case end >= 0:
		var l startLine
		if l.parseRequest(trimLine(data[:end])) || l.parseAnswer(trimLine(data[:end])) {
			return app.Yes
		}
		return app.No
	case in.Datagram || len(data) >= maxLine:
		return app.No
	}
	return app.Maybe
}
