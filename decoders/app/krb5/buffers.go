package krb5

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// What rules can look at.
const (
	bufferClient = app.FirstField + app.Buffer(app.ProtoKRB5)*app.FieldsPerProtocol + iota
	bufferServer
	bufferType
	bufferCode
	bufferTicket
)

// Definition says what rules can look at and where Kerberos is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{
		Transports: decoders.LayerTCP | decoders.LayerUDP, TCPPorts: []uint16{88}, UDPPorts: []uint16{88},
		Fields: []app.Field{
			{Name: "krb5.cname", Aliases: []string{"krb5_cname"}, Buffer: bufferClient, Dirs: app.ToClient, Multi: true},
			{Name: "krb5.sname", Aliases: []string{"krb5_sname"}, Buffer: bufferServer, Dirs: app.ToClient, Multi: true},
			{Name: "krb5_msg_type", Buffer: bufferType, Dirs: app.Both, Bits: 32},
			{Name: "krb5_err_code", Buffer: bufferCode, Dirs: app.Both, Bits: 32},
			{Name: "krb5.ticket_encryption", Aliases: []string{"krb5_ticket_encryption"}, Buffer: bufferTicket, Dirs: app.Both, Bits: 32,
				Words: etypeWords(), Kinds: map[string]func(uint64) bool{"weak": func(n uint64) bool { return weak(int32(n)) }}},
		},
	}
}

func etypeWords() map[string]uint64 {
	words := map[string]uint64{}
	for n, name := range etypeNames {
		words[name] = uint64(uint32(n))
	}
	return words
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	switch b {
	case bufferClient:
		return t.client.part(i)
	case bufferServer:
		return t.server.part(i)
	}
	return nil, false
}

// Integer returns a number; those of 32 bits with a sign as their two's
// complement.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if i > 0 {
		return 0, false
	}
	switch b {
	case bufferType:
		return uint64(t.kind), true
	case bufferCode:
		return uint64(uint32(t.code)), t.hasCode
	case bufferTicket:
		return uint64(uint32(t.ticketEtype)), t.hasTicket
	}
	return 0, false
}
