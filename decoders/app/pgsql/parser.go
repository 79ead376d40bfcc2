package pgsql

import (
	"bytes"
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the PgSQL of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var (
	_ app.Described = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoPgSQL.
func (p *Parser) Proto() app.Proto { return app.ProtoPgSQL }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Probe says Yes to what a client begins with, and to a server's asking for a
// password.
func (p *Parser) Probe(in app.Input) app.Answer {
	data := in.Data
	switch {
	case !in.Datagram && in.Dir == decoders.ToClient && len(data) == 1 && answersOffer(data[0]):
		return app.Yes
	case in.Datagram, len(data) > 0 && data[0] != 0 && data[0] != backendAuthentication:
		return app.No
	case len(data) < untyped+1 && (len(data) < untyped || data[0] == backendAuthentication):
		return app.Maybe
	case data[0] == backendAuthentication:
		if length := binary.BigEndian.Uint32(data[1:]); length >= untyped && length < 4096 && binary.BigEndian.Uint32(data[typed:]) <= authSASLFinal {
			return app.Yes
		}
		return app.No
	}
	length := binary.BigEndian.Uint32(data)
	switch binary.BigEndian.Uint32(data[4:]) {
	case codeTLS, codeGSS:
		if length == untyped {
			return app.Yes
		}
	case codeCancel, codeVersion3:
		if length > untyped && length <= maxMessage {
			return app.Yes
		}
	default: // a request that is not known, of the form of the others
		if length == untyped && len(data) == untyped {
			return app.Yes
		}
	}
	return app.No
}

// Direction tells a server's first message from a client's.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	if len(in.Data) > 0 && in.Data[0] == backendAuthentication {
		return decoders.ToClient
	}
	return decoders.ToServer
}

const bufferQuery = app.FirstField + app.Buffer(app.ProtoPgSQL)*app.FieldsPerProtocol

// Definition says what rules can look at and where PgSQL is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{
		Transports: decoders.LayerTCP, TCPPorts: []uint16{5432}, FlowSides: true,
		Fields: []app.Field{{Name: "pgsql.query", Buffer: bufferQuery, Dirs: app.ToServer}},
	}
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	return ended(t.text), b == bufferQuery && i == 0 && t.kind == requestQuery
}

// Integer returns false: there are no numbers to look at.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }

// ended is a text up to the zero that ends it.
func ended(b []byte) []byte {
	text, _, _ := bytes.Cut(b, []byte{0})
	return text
}
