package dnp3

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Config bounds what is parsed.
type Config struct {
	MaxTransactions int // live fragments of a flow from which it is flooded
	MaxPoints       int // of a fragment
	MaxObjects      int // of a fragment
}

// DefaultConfig returns Suricata's bounds.
func DefaultConfig() Config {
	return Config{MaxTransactions: 32, MaxPoints: 16384, MaxObjects: 2048}
}

// Parser is the DNP3 of one worker and used by one goroutine.
type Parser struct {
	pool    *app.Pool[*Tx]
	config  Config
	segment []byte // user data of a frame, for a moment
	point   point  // being read
}

var (
	_ app.Described = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return NewParserWith(DefaultConfig()) }

// NewParserWith makes a Parser with bounds.
func NewParserWith(c Config) *Parser {
	p := &Parser{config: c}
	p.pool = app.NewPool(func() *Tx { return &Tx{point: &p.point} })
	return p
}

// Proto returns app.ProtoDNP3.
func (p *Parser) Proto() app.Proto { return app.ProtoDNP3 }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool), parser: p} }

// Probe says Yes to the header of a frame and to a banner.
func (p *Parser) Probe(in app.Input) app.Answer {
	switch n := min(len(in.Data), len(start)); {
	case in.Datagram:
		return app.No
	case isBanner(in.Data):
		return app.Yes
	case !bytes.Equal(in.Data[:n], start[:n]):
		return app.No
	case len(in.Data) < linkLen:
		return app.Maybe
	case parseLink(in.Data).length < minLength:
		return app.No
	}
	return app.Yes
}

// Direction returns that of a banner, or the one that a frame's header says:
// masters are clients.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	if isBanner(in.Data) || in.Data[3]&linkDirMaster == 0 {
		return decoders.ToClient
	}
	return decoders.ToServer
}

// Definition says what rules can look at and where DNP3 is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerTCP, TCPPorts: []uint16{20000}, Fields: fields, FlowSides: true}
}
