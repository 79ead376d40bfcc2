package modbus

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the Modbus of one worker and used by one goroutine.
type Parser struct {
	pool  *app.Pool[*Tx]
	probe message
}

var _ app.Described = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser() *Parser {
	return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })}
}

// Proto returns app.ProtoModbus.
func (p *Parser) Proto() app.Proto { return app.ProtoModbus }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Probe says Yes to a message of a known function without any fault.
func (p *Parser) Probe(in app.Input) app.Answer {
	switch {
	case in.Datagram:
		return app.No
	case len(in.Data) < headerLen:
		return app.Maybe
	}
	h := parseHeader(in.Data)
	if !h.valid() || h.protocol != 0 {
		return app.No
	}
	end := headerLen + int(h.length)
	if len(in.Data) < end {
		return app.Maybe
	}
	m := &p.probe
	m.begin(h)
	m.parse(in.Data[headerLen:end], either)
	if m.faults != 0 || !known(m.function) {
		return app.No
	}
	return app.Yes
}

// Definition says what rules can look at and where Modbus is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerTCP, TCPPorts: []uint16{502}, Fields: fields, FlowSides: true}
}
