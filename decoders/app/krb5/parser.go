package krb5

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/ber"
)

// Parser is the Kerberos of one worker and used by one goroutine.
type Parser struct {
	pool *app.Pool[*Tx]
}

var (
	_ app.Described = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{pool: app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoKRB5.
func (p *Parser) Proto() app.Proto { return app.ProtoKRB5 }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{live: app.NewLive(p.pool)} }

// maxFirst is the longest first message of a flow that is taken for Kerberos.
const maxFirst = 16 << 10

// Probe says Yes to a message that begins with its version, 5.
func (p *Parser) Probe(in app.Input) app.Answer {
	data := in.Data
	if in.Datagram {
		if probe(data) == app.Yes {
			return app.Yes
		}
		return app.No
	}
	if len(data) < recordMark {
		return app.Maybe
	}
	if binary.BigEndian.Uint32(data) > maxFirst {
		return app.No
	}
	return probe(data[recordMark:])
}

// probe looks at the start of a message: a tag of class application, the
// sequence in it, and the version as its first member (RFC 4120 section 5.4).
func probe(data []byte) app.Answer {
	const versionIs5 = "\x02\x01\x05"
	for _, fits := range [...]func(ber.Tag) bool{isMessage, isSequence, isMember} {
		if len(data) == 0 {
			return app.Maybe
		}
		if !fits(ber.Tag(data[0])) {
			return app.No
		}
		switch _, n, _, err := ber.Header(data); err {
		case nil:
			data = data[n:]
		case ber.ErrShort:
			return app.Maybe
		default:
			return app.No
		}
	}
	n := min(len(data), len(versionIs5))
	switch {
	case string(data[:n]) != versionIs5[:n]:
		return app.No
	case n < len(versionIs5):
		return app.Maybe
	}
	return app.Yes
}

func isMessage(t ber.Tag) bool {
	return t.IsApplication() && t.Constructed() && t.Number() <= typeError
}

func isSequence(t ber.Tag) bool { return t == ber.Sequence }

func isMember(t ber.Tag) bool { return t == ber.In(0) || t == ber.In(1) }

// Direction tells what a key distribution centre sends from what it is sent.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	data := in.Data
	if !in.Datagram {
		data = data[min(recordMark, len(data)):]
	}
	if len(data) > 0 {
		switch ber.Tag(data[0]).Number() {
		case typeASReq, typeTGSReq:
			return decoders.ToServer
		case typeASRep, typeTGSRep, typeError:
			return decoders.ToClient
		}
	}
	return in.Dir
}
