package rdp

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the RDP of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var (
	_ app.Described = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoRDP.
func (p *Parser) Proto() app.Proto { return app.ProtoRDP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Probe says Yes to a TPKT with a message of X.224 in it.
func (p *Parser) Probe(in app.Input) app.Answer {
	data := in.Data
	switch {
	case in.Datagram, len(data) > 0 && data[0] != tpktVersion, len(data) > 1 && data[1] != 0:
		return app.No
	case len(data) < tpktHeader+2:
		return app.Maybe
	case kindOf(data[tpktHeader:]) == 0 || int(data[tpktHeader]) > tpktLength(data)-tpktHeader-1:
		return app.No
	}
	return app.Yes
}

// Direction tells a server's consent to a connection from a client's request.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	switch kindOf(in.Data[tpktHeader:]) {
	case x224Request:
		return decoders.ToServer
	case x224Confirm:
		return decoders.ToClient
	}
	return in.Dir
}

// Definition says where RDP is expected. Rules look at its payload.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerTCP, TCPPorts: []uint16{3389}}
}

// kind is what a transaction is.
type kind uint8

const (
	initialRequest kind = iota
	initialResponse
	connectRequest
	connectResponse
	tlsHandshake
)

// kindNames are the kinds as EVE names them.
var kindNames = [...]string{"initial_request", "initial_response", "connect_request", "connect_response", "tls_handshake"}

const keptMemory = 4 << 10 // of a message, for the next one

// Tx is one message. It implements app.Tx.
type Tx struct {
	app.Message
	app.NoEvents
	kind kind
	// raw is what the message says: of X.224 its variable part, of a connect
	// request the client's blocks, of TLS the list of certificates.
	raw  []byte
	text []byte // made for the record
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{raw: t.raw[:0], text: t.text[:0]}
	if cap(t.raw)+cap(t.text) > keptMemory {
		fresh = Tx{}
	}
	*t = fresh
	t.Begin(id)
}

// Buffer finds nothing.
func (t *Tx) Buffer(app.Buffer, int) ([]byte, bool) { return nil, false }

// Integer finds nothing.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }
