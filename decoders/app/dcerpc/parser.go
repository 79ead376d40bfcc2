package dcerpc

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dce"
)

// Parser is the DCE/RPC of one worker and used by one goroutine.
type Parser struct {
	pool     *app.Pool[*Tx]
	patterns [3]app.Pattern
}

var (
	_ app.Described = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser {
	return &Parser{
		pool: app.NewPool(func() *Tx { return new(Tx) }),
		patterns: [3]app.Pattern{
			{Transport: app.TCP, Dir: decoders.ToServer, Bytes: []byte{5, 0}, Confirm: true},
			{Transport: app.TCP, Dir: decoders.ToClient, Bytes: []byte{5, 0}, Confirm: true},
			{Transport: app.UDP, Dir: decoders.ToServer, Bytes: []byte{4, 0}, Confirm: true},
		},
	}
}

// Proto returns app.ProtoDCERPC.
func (p *Parser) Proto() app.Proto { return app.ProtoDCERPC }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Patterns are the versions of both forms; Probe looks at the header.
func (p *Parser) Patterns() []app.Pattern { return p.patterns[:] }

// Probe says Yes to a header.
func (p *Parser) Probe(in app.Input) app.Answer {
	if in.Datagram {
		if _, ok := parseDatagram(in.Data); ok {
			return app.Yes
		}
		return app.No
	}
	if len(in.Data) < dce.HeaderLen {
		if len(in.Data) > 0 && in.Data[0] != 5 {
			return app.No
		}
		return app.Maybe
	}
	if h, ok := dce.ParseHeader(in.Data); ok && h.Type <= dce.Auth3 {
		return app.Yes
	}
	return app.No
}

// Direction tells answers from requests.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	kind := dce.Request
	if in.Datagram {
		d, _ := parseDatagram(in.Data)
		kind = d.kind
	} else if h, ok := dce.ParseHeader(in.Data); ok {
		kind = h.Type
	}
	switch kind {
	case dce.Response, dce.Fault, dce.BindAck, dce.BindNak, dce.AlterContextResp:
		return decoders.ToClient
	}
	return decoders.ToServer
}

// Definition says where DCE/RPC is expected; what rules can look at is shared
// with SMB and stands in package keyword.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerTCP | decoders.LayerUDP, TCPPorts: []uint16{135}, UDPPorts: nil, FlowSides: true}
}
