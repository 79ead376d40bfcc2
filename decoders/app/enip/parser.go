package enip

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the EtherNet/IP of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var _ app.Described = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser() *Parser {
	return &Parser{app.NewPool(func() *Tx { return &Tx{messages: [2]pdu{newPDU(), newPDU()}} })}
}

// Proto returns app.ProtoENIP.
func (p *Parser) Proto() app.Proto { return app.ProtoENIP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool), next: newPDU()} }

// Probe says Yes to a header whose command and status are known.
func (p *Parser) Probe(in app.Input) app.Answer {
	if len(in.Data) < headerLen {
		if in.Datagram {
			return app.No
		}
		return app.Maybe
	}
	if !plausible(in.Data) {
		return app.No
	}
	return app.Yes
}

func plausible(data []byte) bool {
	h := parseHeader(data)
	if statusNames[h.status] == "" || commandNames[h.command] == "" {
		return false
	}
	switch h.command {
	case commandNop:
		return h.options == 0
	case registerSession:
		return h.length == 4
	case unregisterSession:
		return h.length == 4 || h.length == 0
	case listInterfaces:
		r := reader{rest: data[headerLen:]}
		r.take(2 * int(r.u16()))
		return !r.bad
	}
	return true
}

// Definition says what rules can look at and where EtherNet/IP is expected.
func (p *Parser) Definition() app.Definition {
	ports := []uint16{44818}
	return app.Definition{
		Transports: decoders.LayerTCP | decoders.LayerUDP, TCPPorts: ports, UDPPorts: ports, Fields: fields, FlowSides: true,
	}
}
