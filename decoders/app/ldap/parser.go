package ldap

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/ber"
)

// Parser is the LDAP of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var (
	_ app.Described = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoLDAP.
func (p *Parser) Proto() app.Proto { return app.ProtoLDAP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// Probe says Yes to a message whose operation is known; of a long one its
// start is enough.
func (p *Parser) Probe(in app.Input) app.Answer {
	op, answer := operation(in.Data)
	if answer == app.Yes && operationNames[op] == "" || answer == app.Maybe && in.Datagram {
		return app.No
	}
	return answer
}

// operation reads the start of a message as far as the tag of its operation.
func operation(data []byte) (op uint8, a app.Answer) {
	if len(data) == 0 {
		return 0, app.Maybe
	}
	tag, n, _, err := ber.Header(data)
	switch {
	case tag != ber.Sequence, err != nil && err != ber.ErrShort:
		return 0, app.No
	case err != nil || len(data) == n:
		return 0, app.Maybe
	}
	data = data[n:]
	const longestID = 4
	tag, n, length, err := ber.Header(data)
	switch {
	case tag != ber.Integer, err == nil && (length == 0 || length > longestID):
		return 0, app.No
	case err != nil, len(data) <= n+length:
		return 0, app.Maybe
	}
	tag = ber.Tag(data[n+length])
	if op = uint8(tag.Number()); !tag.IsApplication() || op >= opCount || tag.Constructed() == simple(op) {
		return 0, app.No
	}
	return op, app.Yes
}

// Direction tells responses from requests.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	if op, a := operation(in.Data); a == app.Yes && !isRequest(op) {
		return decoders.ToClient
	}
	return decoders.ToServer
}
