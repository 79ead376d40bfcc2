// Package recognised tells protocols that nothing more is known of: IMAP and
// Telnet.
//
//	start of a flow ──► Parser.Probe ──► the flow's protocol
//
// Their flows have a name in records and rules; there are no transactions.
// Nothing is kept of any byte.
package recognised

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser tells one protocol.
type Parser struct {
	proto      app.Proto
	transports decoders.Layers
	ports      []uint16
	patterns   []app.Pattern
	probe      func(data []byte) app.Answer // of a whole datagram, or the start of a stream
}

var (
	_ app.Described = (*Parser)(nil)
	_ app.Patterned = (*Parser)(nil)
)

// Parsers returns one of each protocol.
func Parsers() []app.Described {
	const tcp = decoders.LayerTCP
	start := func(dir decoders.Direction, text string) app.Pattern {
		return app.Pattern{Transport: app.TCP, Dir: dir, Bytes: []byte(text)}
	}
	return []app.Described{
		&Parser{
			proto: app.ProtoIMAP, transports: tcp, ports: []uint16{143}, probe: imap,
			patterns: []app.Pattern{start(decoders.ToServer, "1 capability"), start(decoders.ToClient, "* OK ")},
		},
		&Parser{proto: app.ProtoTelnet, transports: tcp, ports: []uint16{23}, probe: telnet},
	}
}

// Proto returns the protocol.
func (p *Parser) Proto() app.Proto { return p.proto }

// Patterns are the starts of a flow that need no port.
func (p *Parser) Patterns() []app.Pattern { return p.patterns }

// Definition says where the protocol is expected.
func (p *Parser) Definition() app.Definition {
	d := app.Definition{Transports: p.transports}
	if p.transports == decoders.LayerTCP {
		d.TCPPorts = p.ports
	} else {
		d.UDPPorts = p.ports
	}
	return d
}

// Probe looks at the start of a flow at one of the protocol's ports.
func (p *Parser) Probe(in app.Input) app.Answer {
	answer := p.probe(in.Data)
	if in.Datagram != (p.transports == decoders.LayerUDP) || answer == app.Maybe && in.Datagram {
		return app.No
	}
	return answer
}

// New makes the state of a flow.
func (p *Parser) New() app.State { return state{} }

// state lets everything pass.
type state struct{}

func (state) Parse(in app.Input) app.Result {
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}
func (state) Txs() []app.Tx { return nil }
func (state) Release()      {}
func (state) Reset()        {}

// begins compares the start of a stream with a text, without regard to case.
func begins(data []byte, text string) app.Answer {
	n := min(len(data), len(text))
	switch {
	case !bytes.EqualFold(data[:n], []byte(text[:n])):
		return app.No
	case n < len(text):
		return app.Maybe
	}
	return app.Yes
}

// best returns the best of some answers.
func best(answers ...app.Answer) (a app.Answer) {
	for _, b := range answers {
		a = max(a, b)
	}
	return a
}

// imap knows the greeting, and a command behind its tag (RFC 9051 section 2.2).
func imap(data []byte) app.Answer {
	if a := begins(data, "* OK "); a != app.No {
		return a
	}
	const longestTag = 16
	at := bytes.IndexByte(data[:min(len(data), longestTag)], ' ')
	switch {
	case at > 0:
		return best(begins(data[at+1:], "CAPABILITY"), begins(data[at+1:], "LOGIN "), begins(data[at+1:], "AUTHENTICATE "), begins(data[at+1:], "STARTTLS"))
	case at < 0 && len(data) < longestTag:
		return app.Maybe
	}
	return app.No
}

// telnet knows the negotiation of an option (RFC 854): IAC, WILL to DONT.
func telnet(data []byte) app.Answer {
	const interpretAsCommand, will, dont = 255, 251, 254
	switch {
	case len(data) > 0 && data[0] != interpretAsCommand, len(data) > 1 && (data[1] < will || data[1] > dont):
		return app.No
	case len(data) < 3:
		return app.Maybe
	}
	return app.Yes
}
