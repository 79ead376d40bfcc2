package mqtt

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Config bounds what is parsed.
type Config struct {
	MaxTransactions  int // live exchanges of a flow
	MaxMessages      int // packets of an exchange, but for its last
	MaxMessageLength int // bytes of a packet that is kept; longer ones are passed over
}

// DefaultConfig returns Suricata's bounds.
func DefaultConfig() Config {
	return Config{MaxTransactions: 4096, MaxMessages: 1024, MaxMessageLength: 1 << 20}
}

// Parser is the MQTT of one worker and used by one goroutine.
type Parser struct {
	pool   *app.Pool[*Tx]
	config Config
}

var _ app.Described = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser() *Parser { return NewParserWith(DefaultConfig()) }

// NewParserWith makes a Parser.
func NewParserWith(c Config) *Parser {
	return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) }), config: c}
}

// Proto returns app.ProtoMQTT.
func (p *Parser) Proto() app.Proto { return app.ProtoMQTT }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{config: p.config, live: app.NewLive(p.pool)} }

// Probe says Yes to a fixed header of a known type.
func (p *Parser) Probe(in app.Input) app.Answer {
	h, n, ok := parseHeader(in.Data)
	switch {
	case !ok || in.Datagram || n > 0 && h.kind == kindUnassigned:
		return app.No
	case n == 0:
		return app.Maybe
	}
	return app.Yes
}

// Definition says what rules can look at and where MQTT is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{
		Transports: decoders.LayerTCP, TCPPorts: []uint16{1883}, Fields: fields, FlowSides: false,
	}
}
