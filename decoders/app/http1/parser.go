package http1

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/body"
	"spanwatch/decoders/app/file"
)

// Transactions and decoders that a Parser keeps for reuse. A decoder has some
// 40 KiB.
const (
	maxFree         = 64
	maxFreeDecoders = 16
)

// Parser is the HTTP/1 of one worker. It owns the memory of all transactions
// of its States and is used by one goroutine.
type Parser struct {
	config   Config
	stats    Stats
	free     []*Tx
	decoders []*body.Decoder
	files    file.Pool
	bodies   buffers
}

// Stats counts what the parser could not make a transaction of, or gave up.
type Stats struct {
	Skipped     uint64 // bytes that belong to no message
	Extra       uint64 // bytes that were taken for a part of a message that did not announce them
	GivenUp     uint64 // flows that broke a limit or could not be followed on
	BodiesCut   uint64 // bodies longer than the limit
	BodiesBomb  uint64 // bodies whose decoding was stopped as a decompression bomb
	FilesBeyond uint64 // files of a transaction beyond the most that are followed
}

var (
	_ app.Parser    = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
)

// NewParser makes a Parser with the default limits.
func NewParser() *Parser { return NewParserWith(DefaultConfig()) }

// NewParserWith makes a Parser.
func NewParserWith(c Config) *Parser { return &Parser{config: c} }

// Proto returns app.ProtoHTTP.
func (p *Parser) Proto() app.Proto { return app.ProtoHTTP }

// Stats returns the counters so far.
func (p *Parser) Stats() Stats { return p.stats }

// New makes the state of a flow.
func (p *Parser) New() app.State {
	s := &State{parser: p}
	s.init()
	return s
}

// Patterns are the methods with the space behind them, and the versions that
// responses start with.
func (p *Parser) Patterns() []app.Pattern {
	var out []app.Pattern
	for _, m := range methods[1:] {
		for _, space := range []string{" ", "\t"} {
			for _, name := range [][]byte{[]byte(m), bytes.ToLower([]byte(m))} {
				out = append(out, app.Pattern{Transport: app.TCP, Dir: decoders.ToServer, Bytes: append(name, space...)})
			}
		}
	}
	for _, version := range []string{"HTTP/0.9", "HTTP/1.0", "HTTP/1.1"} {
		out = append(out, app.Pattern{Transport: app.TCP, Dir: decoders.ToClient, Bytes: []byte(version)})
	}
	return out
}

// Probe says Yes to what starts with a method or a version.
func (p *Parser) Probe(in app.Input) app.Answer {
	if in.Datagram {
		return app.No
	}
	data := bytes.TrimLeft(in.Data, "\r\n")
	if answer := startsAs(data, "HTTP/"); answer != app.No {
		return answer
	}
	answer := app.No
	for _, m := range methods[1:] {
		switch startsAs(data, m) {
		case app.Yes:
			if len(data) == len(m) {
				answer = app.Maybe
			} else if isSpace(data[len(m)]) {
				return app.Yes
			}
		case app.Maybe:
			answer = app.Maybe
		}
	}
	return answer
}

// startsAs compares the start of data with text, without regard to case.
func startsAs(data []byte, text string) app.Answer {
	n := min(len(data), len(text))
	switch {
	case !equalFold(data[:n], text[:n]):
		return app.No
	case n < len(text):
		return app.Maybe
	}
	return app.Yes
}

// Direction tells responses from requests by the version that they start with.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	if startsAs(bytes.TrimLeft(in.Data, "\r\n"), "HTTP/") == app.Yes {
		return decoders.ToClient
	}
	return decoders.ToServer
}

func (p *Parser) take() *Tx {
	if n := len(p.free); n > 0 {
		t := p.free[n-1]
		p.free = p.free[:n-1]
		return t
	}
	t := &Tx{parser: p}
	t.request.init(t, decoders.ToServer)
	t.response.init(t, decoders.ToClient)
	return t
}

func (p *Parser) give(t *Tx) {
	t.reset()
	if len(p.free) < maxFree {
		p.free = append(p.free, t)
	}
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
	if len(p.decoders) < maxFreeDecoders {
		p.decoders = append(p.decoders, d)
	}
}
