package dhcp

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Parser is the DHCP of one worker and used by one goroutine.
type Parser struct{ pool *app.Pool[*Tx] }

var _ app.Described = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{app.NewPool(func() *Tx { return new(Tx) })} }

// Proto returns app.ProtoDHCP.
func (p *Parser) Proto() app.Proto { return app.ProtoDHCP }

// New makes the state of a flow.
func (p *Parser) New() app.State { return app.NewDatagrams(p.pool) }

// Probe says Yes to a datagram with fixed part and cookie.
func (p *Parser) Probe(in app.Input) app.Answer {
	if in.Datagram && isMessage(in.Data) {
		return app.Yes
	}
	return app.No
}

// Buffers that rules can look at.
const (
	bufferLease = app.FirstField + app.Buffer(app.ProtoDHCP)*app.FieldsPerProtocol + iota
	bufferRebinding
	bufferRenewal
)

// Definition says what rules can look at and where DHCP is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{
		Transports: decoders.LayerUDP, UDPPorts: []uint16{67, 68},
		Fields: []app.Field{
			{Name: "dhcp.leasetime", Buffer: bufferLease, Dirs: app.Both, Bits: 64},
			{Name: "dhcp.rebinding_time", Buffer: bufferRebinding, Dirs: app.Both, Bits: 64},
			{Name: "dhcp.renewal_time", Buffer: bufferRenewal, Dirs: app.Both, Bits: 64},
		},
	}
}

// Events, as rules and anomaly records name them.
const (
	EventTruncatedOptions = app.FirstEvent + app.Event(app.ProtoDHCP)*app.EventsPerProtocol + iota
	EventMalformedOptions
)

var _ = app.NameEvents(app.ProtoDHCP, "truncated_options", "malformed_options")

// Tx is one message. It implements app.Tx.
type Tx struct {
	app.Message
	raw     []byte
	options []option
	events  app.EventSet
}

var (
	_ app.Datagram       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// Read takes a message apart.
func (t *Tx) Read(data []byte, dir decoders.Direction) bool {
	if !isMessage(data) {
		return false
	}
	t.Sent(dir)
	t.raw = append(t.raw[:0], data...)
	var malformed, cut bool
	t.options, malformed, cut = appendOptions(t.options[:0], t.raw[fixedLen+len(cookie):])
	if malformed {
		t.events.Add(EventMalformedOptions)
	}
	if cut {
		t.events.Add(EventTruncatedOptions)
	}
	return true
}

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoDHCP, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoDHCP, dst) }

// Buffer finds nothing: rules look at numbers only.
func (t *Tx) Buffer(app.Buffer, int) ([]byte, bool) { return nil, false }

// Integer returns a time that an option has, in seconds.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	code := byte(0)
	switch b {
	case bufferLease:
		code = optionLeaseTime
	case bufferRebinding:
		code = optionRebinding
	case bufferRenewal:
		code = optionRenewal
	}
	if code == 0 || i > 0 {
		return 0, false
	}
	for _, o := range t.options {
		if o.code == code {
			return uint64(binary.BigEndian.Uint32(o.data)), true
		}
	}
	return 0, false
}

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	options := t.options[:0]
	clear(options[:cap(options)])
	*t = Tx{raw: t.raw[:0], options: options}
	t.Begin(id)
}
