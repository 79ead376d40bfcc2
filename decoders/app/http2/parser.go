package http2

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/body"
	"spanwatch/decoders/app/file"
)

// Parser is the HTTP/2 of one worker and used by one goroutine.
type Parser struct {
	pool     *app.Pool[*Tx]
	hashes   file.Hashes
	messages Messages        // nil: bodies are not looked at as DNS
	decoders []*body.Decoder // not in use
	patterns []app.Pattern
}

var (
	_ app.Described = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
)

// keptDecoders wait to be used again.
const keptDecoders = 64

// Messages reads the DNS messages that bodies and paths carry; package dns has
// it.
type Messages interface {
	// Carried reads a message; nil when msg is none.
	Carried(msg []byte, dir decoders.Direction) app.Tx
	// Return takes back what Carried gave.
	Return(app.Tx)
}

// NewParser makes a Parser that computes all hashes of files and looks for DNS
// (DoH2) with dns, unless that is nil.
func NewParser(dns Messages) *Parser {
	return &Parser{
		messages: dns,
		pool:     app.NewPool(func() *Tx { return new(Tx) }), hashes: file.AllHashes,
		patterns: []app.Pattern{{Transport: app.TCP, Dir: decoders.ToServer, Bytes: []byte(preface)}},
	}
}

// Proto returns app.ProtoHTTP2.
func (p *Parser) Proto() app.Proto { return app.ProtoHTTP2 }

// New makes the state of a flow.
func (p *Parser) New() app.State { return newState(p) }

// Patterns is the preface of the client.
func (p *Parser) Patterns() []app.Pattern { return p.patterns }

// Probe says Yes to the preface of the client, and to the settings that a server
// begins with.
func (p *Parser) Probe(in app.Input) app.Answer {
	switch {
	case in.Datagram:
		return app.No
	case in.Dir == decoders.ToClient:
		return probeServer(in.Data)
	case bytes.HasPrefix(in.Data, []byte(preface)):
		return app.Yes
	case bytes.HasPrefix([]byte(preface), in.Data):
		return app.Maybe
	}
	return app.No
}

// probeServer looks for a SETTINGS frame: of a usual size, with no flag but ACK
// (RFC 9113 section 6.5).
func probeServer(b []byte) app.Answer {
	if len(b) < frameHeaderLen {
		return app.Maybe
	}
	if h := parseHeader(b); h.kind == typeSettings && h.length <= maxFrame && b[4]&^1 == 0 && b[5]&0x80 == 0 {
		return app.Yes
	}
	return app.No
}

func (p *Parser) takeDecoder() *body.Decoder {
	if n := len(p.decoders); n > 0 {
		d := p.decoders[n-1]
		p.decoders = p.decoders[:n-1]
		return d
	}
	return &body.Decoder{}
}

func (p *Parser) giveDecoder(d *body.Decoder) {
	d.Reset()
	if len(p.decoders) < keptDecoders {
		p.decoders = append(p.decoders, d)
	}
}
