// Package tftp parses what opens a transfer of the Trivial File Transfer
// Protocol (RFC 1350).
//
//	datagram ──► Tx: read or write request with file and mode
//
// The transfer itself goes on between other ports. A transaction keeps a copy
// of its request; it lives until the State's Release or Reset.
package tftp

import (
	"bytes"
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Operations that open a transfer (RFC 1350 section 5).
const (
	opRead  = 1
	opWrite = 2
)

// maxRequest bounds a request; RFC 1350 knows no bound but the datagram's.
const maxRequest = 1024

// Parser is the TFTP of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var _ app.Described = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoTFTP.
func (p *Parser) Proto() app.Proto { return app.ProtoTFTP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return app.NewDatagrams(p.pool) }

// Probe says Yes to a request.
func (p *Parser) Probe(in app.Input) app.Answer {
	if _, _, ok := request(in.Data); in.Datagram && ok {
		return app.Yes
	}
	return app.No
}

// request takes a request apart; file and mode point into it.
func request(data []byte) (file, mode []byte, ok bool) {
	if len(data) < 4 || len(data) > maxRequest {
		return nil, nil, false
	}
	if op := binary.BigEndian.Uint16(data); op != opRead && op != opWrite {
		return nil, nil, false
	}
	file, rest, ok := bytes.Cut(data[2:], []byte{0})
	if !ok || len(file) == 0 {
		return nil, nil, false
	}
	mode, _, ok = bytes.Cut(rest, []byte{0})
	for _, known := range []string{"netascii", "octet", "mail"} {
		if ok && bytes.EqualFold(mode, []byte(known)) {
			return file, mode, true
		}
	}
	return nil, nil, false
}

// Definition says where TFTP is expected. Rules look at its payload.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerUDP, UDPPorts: []uint16{69}}
}

// Tx is one request. It implements app.Tx.
type Tx struct {
	app.Message
	app.NoEvents
	raw        []byte
	file, mode []byte // in raw
}

var (
	_ app.Datagram       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// Read takes a request.
func (t *Tx) Read(data []byte, dir decoders.Direction) (ok bool) {
	if _, _, ok = request(data); !ok {
		return false
	}
	t.Sent(dir)
	t.raw = append(t.raw[:0], data...)
	t.file, t.mode, ok = request(t.raw)
	return ok
}

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	*t = Tx{raw: t.raw[:0]}
	t.Begin(id)
}

// Buffer finds nothing.
func (t *Tx) Buffer(app.Buffer, int) ([]byte, bool) { return nil, false }

// Integer finds nothing.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }

// AppendRecord tells of a request, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	if t.raw[1] == opRead {
		r.Word("packet", "read")
	} else {
		r.Word("packet", "write")
	}
	r.Text("file", t.file)
	r.Text("mode", t.mode)
	return true
}
