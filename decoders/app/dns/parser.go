package dns

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// maxFree transactions are kept for reuse by a Parser; more than one message
// at a time waits only within one piece of a TCP stream.
const maxFree = 64

// Parser is the DNS of one worker. It owns the memory of all transactions of
// its States and is used by one goroutine.
type Parser struct {
	reader reader
	free   []*Tx
}

var (
	_ app.Parser   = (*Parser)(nil)
	_ app.Directed = (*Parser)(nil)
)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{} }

// Proto returns app.ProtoDNS.
func (p *Parser) Proto() app.Proto { return app.ProtoDNS }

// New makes the state of a flow.
func (p *Parser) New() app.State { return &State{parser: p} }

// Probe says Yes to a whole message that can be read, or, over TCP, to the
// start of one with a plausible header.
func (p *Parser) Probe(in app.Input) app.Answer {
	if in.Datagram {
		return p.probeMessage(in.Data)
	}
	if len(in.Data) < prefixLen+headerLen {
		return app.Maybe
	}
	length := int(binary.BigEndian.Uint16(in.Data))
	msg := in.Data[prefixLen:]
	if len(msg) >= length {
		return p.probeMessage(msg[:length])
	}
	if h, _ := parseHeader(msg); !h.plausible(length) {
		return app.No
	}
	return app.Yes
}

func (p *Parser) probeMessage(msg []byte) app.Answer {
	tx := p.take()
	defer p.give(tx)
	if p.reader.read(msg, tx) != parsed {
		return app.No
	}
	return app.Yes
}

// Direction tells requests from responses by the QR flag.
func (p *Parser) Direction(in app.Input) decoders.Direction {
	msg := in.Data
	if !in.Datagram {
		msg = msg[min(prefixLen, len(msg)):]
	}
	if h, ok := parseHeader(msg); ok && h.flags&FlagQR != 0 {
		return decoders.ToClient
	}
	return decoders.ToServer
}

// Carried reads a message that another protocol carries from the side of dir. It
// is nil when msg is none. The caller gives it back with Return.
func (p *Parser) Carried(msg []byte, dir decoders.Direction) app.Tx {
	tx := p.take()
	if p.reader.read(msg, tx) != parsed || dir == decoders.ToServer && tx.record.Flags&FlagQR != 0 {
		p.give(tx)
		return nil
	}
	tx.dir = dir
	tx.record.Response = dir == decoders.ToClient
	return tx
}

// read reads a message into tx, whose memory it uses again, and goes by what the
// message says of itself. It is false when msg is none; one that breaks further
// on makes a Tx without record that carries the event.
func (p *Parser) read(tx *Tx, msg []byte) bool {
	tx.reset()
	switch p.reader.read(msg, tx) {
	case implausible:
		return false
	case malformed:
		tx.unreadable()
	}
	tx.record.Response = tx.record.Flags&FlagQR != 0
	return true
}

// Return takes a message back that Carried gave.
func (p *Parser) Return(tx app.Tx) { p.give(tx.(*Tx)) }

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
