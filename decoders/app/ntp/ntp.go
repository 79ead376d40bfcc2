// Package ntp parses the Network Time Protocol, versions 3 and 4 (RFC 5905).
//
//	datagram ──► Tx: version, mode, stratum, reference
//
// Every message is a transaction of its own. A transaction keeps what it needs
// of the datagram; nothing in a message makes it need more than that. A datagram
// that is no message, in a flow of NTP, is one with an event and no record.
package ntp

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// messageLen is the length of a message without extensions (RFC 5905 section
// 7.3); control and private messages are of another form.
const messageLen = 48

// Parser is the NTP of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var _ app.Described = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoNTP.
func (p *Parser) Proto() app.Proto { return app.ProtoNTP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return app.NewDatagrams(p.pool) }

// Probe says Yes to a message of a version that is in use.
func (p *Parser) Probe(in app.Input) app.Answer {
	if in.Datagram && isMessage(in.Data) {
		return app.Yes
	}
	return app.No
}

func isMessage(data []byte) bool {
	return len(data) >= messageLen && (version(data) == 3 || version(data) == 4)
}

func version(m []byte) uint8 { return m[0] >> 3 & 7 }
func mode(m []byte) uint8    { return m[0] & 7 }

// Buffers that rules can look at.
const (
	bufferVersion = app.FirstField + app.Buffer(app.ProtoNTP)*app.FieldsPerProtocol + iota
	bufferMode
	bufferStratum
	bufferReference
)

// modes are those of RFC 5905 section 3, as rules write them.
var modes = map[string]uint64{
	"reserved": 0, "symmetric_active": 1, "symmetric_passive": 2, "client": 3, "server": 4, "broadcast": 5, "control": 6, "private": 7,
}

// Definition says what rules can look at and where NTP is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{
		Transports: decoders.LayerUDP, UDPPorts: []uint16{123},
		Fields: []app.Field{
			{Name: "ntp.version", Buffer: bufferVersion, Dirs: app.Both, Bits: 8},
			{Name: "ntp.mode", Buffer: bufferMode, Dirs: app.Both, Bits: 8, Words: modes},
			{Name: "ntp.stratum", Buffer: bufferStratum, Dirs: app.Both, Bits: 8},
			{Name: "ntp.reference_id", Buffer: bufferReference, Dirs: app.Both},
		},
	}
}

// EventMalformedData is a datagram that is no message.
const EventMalformedData = app.FirstEvent + app.Event(app.ProtoNTP)*app.EventsPerProtocol

var _ = app.NameEvents(app.ProtoNTP, "malformed_data")

// Tx is one message. It implements app.Tx.
type Tx struct {
	app.Message
	head   [16]byte // up to the reference; valid iff there are no events
	events app.EventSet
}

var (
	_ app.Datagram       = (*Tx)(nil)
	_ app.Faulty         = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// Read takes a message.
func (t *Tx) Read(data []byte, dir decoders.Direction) bool {
	if !isMessage(data) {
		return false
	}
	t.Sent(dir)
	copy(t.head[:], data)
	return true
}

// Fault tells of a datagram that is no message.
func (t *Tx) Fault(dir decoders.Direction) {
	t.Sent(dir)
	t.events.Add(EventMalformedData)
}

func (t *Tx) malformed() bool { return t.events != 0 }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoNTP, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoNTP, dst) }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	t.Begin(id)
	t.events = 0
}

func (t *Tx) reference() []byte { return t.head[12:16] }

// Buffer returns the reference: an address, or a name of four letters.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	return t.reference(), b == bufferReference && i == 0 && !t.malformed()
}

// Integer returns a number.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if i > 0 || t.malformed() {
		return 0, false
	}
	switch b {
	case bufferVersion:
		return uint64(version(t.head[:])), true
	case bufferMode:
		return uint64(mode(t.head[:])), true
	case bufferStratum:
		return uint64(t.head[1]), true
	}
	return 0, false
}

// AppendRecord tells of a message, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	if t.malformed() {
		return false
	}
	r.Uint("version", uint64(version(t.head[:])))
	r.Uint("mode", uint64(mode(t.head[:])))
	r.Uint("stratum", uint64(t.head[1]))
	r.MAC("reference_id", t.reference())
	return true
}
