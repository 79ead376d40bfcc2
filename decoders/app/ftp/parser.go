package ftp

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// maxFree transactions are kept for reuse by a Parser.
const maxFree = 256

// Parser is the control connections of one worker. It owns the memory of all
// transactions of its States and is used by one goroutine.
type Parser struct {
	config Config
	free   []*Tx
}

var (
	_ app.Parser    = (*Parser)(nil)
	_ app.Directed  = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
)

// Config sets limits.
type Config struct {
	// MaxTransactions behind the oldest that waits for its reply or for its
	// consumers are followed; one more ends the parsing with an event.
	MaxTransactions int
}

// DefaultConfig returns Suricata's defaults.
func DefaultConfig() Config { return Config{MaxTransactions: 1024} }

// NewParser makes a Parser with the defaults.
func NewParser() *Parser { return NewParserWith(DefaultConfig()) }

// NewParserWith makes a Parser.
func NewParserWith(c Config) *Parser { return &Parser{config: c} }

// Proto returns app.ProtoFTP.
func (p *Parser) Proto() app.Proto { return app.ProtoFTP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{parser: p} }

// Patterns are commands that a client may start with, and the greeting of the
// widest-spread servers.
func (p *Parser) Patterns() []app.Pattern {
	out := []app.Pattern{{Transport: app.TCP, Dir: decoders.ToClient, Bytes: []byte("220 (")}}
	for _, command := range []string{"USER ", "PASS ", "PORT ", "FEAT\r\n", "user ", "pass ", "port ", "feat\r\n"} {
		out = append(out, app.Pattern{Transport: app.TCP, Dir: decoders.ToServer, Bytes: []byte(command)})
	}
	return out
}

// Probe says Yes to a line with a command, and to a greeting.
func (p *Parser) Probe(in app.Input) app.Answer {
	if in.Datagram {
		return app.No
	}
	line, _, whole := bytes.Cut(in.Data, []byte{'\n'})
	line = bytes.TrimSuffix(line, []byte{'\r'})
	switch {
	case isGreeting(line):
		return app.Yes
	case !whole && len(line) < len("AUTH TLS"):
		return app.Maybe
	}
	if c, _ := parseCommand(line); c != CommandNone {
		return app.Yes
	}
	return app.No
}

// Direction tells greetings from commands.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	if isGreeting(in.Data) {
		return decoders.ToClient
	}
	return decoders.ToServer
}

func isGreeting(b []byte) bool {
	return len(b) >= 4 && string(b[:3]) == "220" && (b[3] == ' ' || b[3] == '-')
}

func (p *Parser) take() *Tx {
	if n := len(p.free); n > 0 {
		tx := p.free[n-1]
		p.free = p.free[:n-1]
		return tx
	}
	return &Tx{}
}

func (p *Parser) give(tx *Tx) {
	if len(p.free) < maxFree {
		tx.reset()
		p.free = append(p.free, tx)
	}
}
