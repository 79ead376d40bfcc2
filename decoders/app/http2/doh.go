package http2

import (
	"bytes"
	"encoding/base64"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	// dnsPath is the path of a request whose query is a DNS message in base64
	// (RFC 8484 section 4.1.1), as servers have it and as Suricata looks for it.
	dnsPath = "/dns-query?dns="
	dnsType = "application/dns-message"
	maxDNS  = 65535 // bytes of a message (RFC 8484 section 6)
)

// carried is the DNS that one side of a transaction sends.
type carried struct {
	body    bool   // the body is a message, as its type says
	bytes   []byte // of it, decoded
	long    bool   // it is too long for a message
	message app.Tx // nil unless there is one
}

// take collects decoded bytes of a body.
func (c *carried) take(b []byte) {
	if !c.body || c.long {
		return
	}
	if c.long = len(c.bytes)+len(b) > maxDNS; !c.long {
		c.bytes = append(c.bytes, b...)
	}
}

// dnsQuery reads the message of a GET request.
func (t *Tx) dnsQuery(path []byte) {
	text, ok := bytes.CutPrefix(path, []byte(dnsPath))
	if !ok || t.parser.messages == nil || len(text) > base64.RawURLEncoding.EncodedLen(maxDNS) {
		return
	}
	text = bytes.TrimRight(text, "=")
	encoding := base64.RawURLEncoding
	if bytes.ContainsAny(text, "+/") {
		encoding = base64.RawStdEncoding
	}
	c := &t.dns[decoders.ToServer]
	var err error
	if c.bytes, err = encoding.AppendDecode(c.bytes[:0], text); err == nil {
		t.dnsMessage(decoders.ToServer)
	}
	c.bytes = c.bytes[:0]
}

// dnsBody reads the message of a body that has ended.
func (t *Tx) dnsBody(dir decoders.Direction) {
	c := &t.dns[dir]
	if c.body && !c.long && t.parser.messages != nil {
		t.dnsMessage(dir)
	}
	c.bytes = c.bytes[:0]
}

func (t *Tx) dnsMessage(dir decoders.Direction) {
	c := &t.dns[dir]
	message := t.parser.messages.Carried(c.bytes, dir)
	if message == nil {
		return
	}
	if c.message != nil {
		t.parser.messages.Return(c.message)
	}
	c.message = message
}

var _ app.Carrier = (*Tx)(nil)

// Carried returns the DNS message that a side sent; nil without one.
func (t *Tx) Carried(dir decoders.Direction) app.Tx { return t.dns[dir].message }

// reuse empties the place, keeping little memory.
func (c *carried) reuse(p *Parser) {
	if c.message != nil {
		p.messages.Return(c.message)
	}
	*c = carried{bytes: kept(c.bytes)}
}
