package rdp

import (
	"bytes"
	"encoding/hex"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/ber"
)

// AppendRecord fills in the record of the message, with the members of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	t.text = t.text[:0]
	r.Uint("tx_id", t.ID()+1)
	r.Word("event_type", kindNames[t.kind])
	switch t.kind {
	case initialRequest:
		cookie, rest, ok := cookieOf(t.raw)
		if ok {
			r.Text("cookie", cookie)
		}
		if kind, flags, _ := negotiation(rest); kind == negotiationRequest && flags&requestFlags != 0 {
			flagNames(r, "flags", uint32(flags), requestFlagNames)
		}
	case initialResponse:
		t.appendResponse(r)
	case connectRequest:
		if block, ok := blockOf(t.raw, blockCore); ok {
			if c, ok := readClient(block); ok {
				t.appendClient(r, &c)
			}
		}
		if block, ok := blockOf(t.raw, blockChannels); ok {
			appendChannels(r, block)
		}
	case tlsHandshake:
		t.appendSerials(r)
	}
	return true
}

// appendResponse adds what a server agrees to, or why it does not.
func (t *Tx) appendResponse(r *app.Record) {
	kind, flags, value := negotiation(t.raw)
	switch kind {
	case negotiationResponse:
		if flags != 0 {
			flagNames(r, "server_supports", uint32(flags), responseFlagNames)
		}
		if name := protocolNames[value]; name != "" {
			r.Word("protocol", name)
		}
	case negotiationFailure:
		r.Uint("error_code", uint64(value))
		if value < uint32(len(failureNames)) && failureNames[value] != "" {
			r.Word("reason", failureNames[value])
		}
	}
}

// flagNames adds the names of the bits that are set, from the lowest.
func flagNames(r *app.Record, member string, flags uint32, names []string) {
	r.List(member)
	for i, name := range names {
		if flags>>i&1 != 0 && name != "" {
			r.Word("", name)
		}
	}
	r.End()
}

// appendSerials adds the serial numbers of the server's certificates (RFC 5246
// section 7.4.2), those that can be read.
func (t *Tx) appendSerials(r *app.Record) {
	const size = 3 // of a length
	r.List("x509_serials")
	if len(t.raw) > size {
		for list := t.raw[size:]; len(list) > size; {
			n := int(list[0])<<16 | int(list[1])<<8 | int(list[2])
			if n > len(list)-size {
				break
			}
			if serial, ok := serialOf(list[size : size+n]); ok {
				start := len(t.text)
				t.text = hex.AppendEncode(t.text, serial)
				digits := bytes.TrimLeft(t.text[start:len(t.text)-1], "0")
				r.Text("", t.text[len(t.text)-1-len(digits):])
			}
			list = list[size+n:]
		}
	}
	r.End()
}

// serialOf returns the serial number of a certificate (RFC 5280 section 4.1).
func serialOf(der []byte) ([]byte, bool) {
	r := ber.Read(der)
	certificate := r.In(ber.Sequence)
	signed := certificate.In(ber.Sequence)
	signed.Optional(ber.In(0)) // version
	serial := signed.Take(ber.Integer)
	return serial, len(serial) > 0
}

// untilZero is a text up to the zero that ends it.
func untilZero(b []byte) []byte {
	text, _, _ := bytes.Cut(b, []byte{0})
	return text
}
