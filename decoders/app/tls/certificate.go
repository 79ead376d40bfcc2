package tls

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// certs are the certificates that one side sent.
type certs struct {
	seen  bool
	chain []byte // the message's list: each certificate in DER behind its length of 3 bytes
	parts []span // of chain, those certificates that count
	count int
	leaf  certificate // the first that could be read
}

func (c *certs) reuse() certs {
	return certs{chain: reuse(c.chain, keptChain), parts: reuse(c.parts, 64)}
}

func (c *certs) der(i int) []byte { return c.chain[c.parts[i].start:c.parts[i].end] }

// certificate is the parts of a certificate (RFC 5280 section 4.1) that rules
// and events ask for: bytes of its chain, still in DER.
type certificate struct {
	der             []byte // all of it; nil when there is none
	serial          []byte
	issuer, subject []byte // content of the Name
	altNames        []byte // content of the GeneralNames
	notBefore       int64  // seconds since 1970
	notAfter        int64
}

// readCertificates takes the first certificate message of a side. One that
// does not fit is left out together with those behind it.
func (t *Tx) readCertificates(body []byte, dir decoders.Direction) {
	c := &t.sides[dir].certs
	if len(body) < 3 || uint24(body) > len(body)-3 || c.seen {
		return
	}
	c.seen = true
	c.chain = append(c.chain[:0], body[3:3+uint24(body)]...)
	for at := 0; at < len(c.chain); {
		rest := c.chain[at:]
		if len(rest) < 3 || uint24(rest) > len(rest)-3 {
			t.event(app.EventTLSInvalidCertificate)
			return
		}
		part := span{uint32(at + 3), uint32(at + 3 + uint24(rest))}
		at = int(part.end)
		if c.leaf.der == nil {
			if e := c.leaf.read(c.chain[part.start:part.end]); e != app.EventNone {
				t.event(e)
				c.leaf = certificate{}
				continue
			}
			if c.leaf.manyAltNames() {
				t.event(app.EventTLSTooManySubjectAlternativeNames)
			}
		}
		c.parts = append(c.parts, part)
		c.count++
	}
}

// sequence cuts a SEQUENCE off b, or says which event its fault is.
func sequence(b []byte) (body, rest []byte, e app.Event) {
	tag, body, rest, s := next(b)
	switch {
	case s == noHeader:
		e = app.EventTLSCertificateInvalidLength
	case s == noBody:
		e = app.EventTLSInvalidCertificate
	case s == badShape, tag&tagNumber != tagSequence:
		e = app.EventTLSCertificateInvalidDER
	}
	return body, rest, e
}

// value cuts any value off b.
func value(b []byte) (tag byte, body, rest []byte, e app.Event) {
	tag, body, rest, s := next(b)
	switch s {
	case noHeader, noBody:
		e = app.EventTLSCertificateInvalidLength
	case badShape:
		e = app.EventTLSCertificateInvalidDER
	}
	return tag, body, rest, e
}

// read takes a certificate apart. It returns the event that says why it could
// not; which fault is which event follows from comparing 2,577 broken
// certificates with Suricata.
func (c *certificate) read(der []byte) app.Event {
	body, _, e := sequence(der)
	if e != app.EventNone {
		return e
	}
	signed, b, e := sequence(body)
	if e != app.EventNone {
		return e
	}
	c.der = der
	if e := c.readSigned(signed); e != app.EventNone {
		return e
	}
	if b, e = skipAlgorithm(b); e != app.EventNone {
		return e
	}
	if !validBits(b) {
		return app.EventTLSInvalidCertificate
	}
	return app.EventNone
}

// readSigned reads the part that is signed, field by field.
func (c *certificate) readSigned(b []byte) app.Event {
	var e app.Event
	const (
		versionField    = 0
		extensionsField = 3
	)
	if len(b) > 0 && b[0]&(tagClass|tagNumber) == context|versionField {
		var version []byte
		if _, version, b, e = value(b); e != app.EventNone {
			return e
		}
		if n, _, ok := expect(version, tagInteger); !ok || len(n) == 0 || n[0]&0x80 != 0 {
			return app.EventTLSCertificateInvalidVersion
		}
	}
	tag, serial, b, s := next(b)
	switch {
	case s == noHeader, s == noBody:
		return app.EventTLSCertificateInvalidLength
	case s == badShape, tag&tagNumber != tagInteger:
		return app.EventTLSCertificateInvalidSerial
	}
	c.serial = serial
	if b, e = skipAlgorithm(b); e != app.EventNone {
		return e
	}
	if c.issuer, b, e = sequence(b); e != app.EventNone {
		return e
	}
	var validity, key []byte
	if validity, b, e = sequence(b); e != app.EventNone {
		return e
	}
	if !c.readValidity(validity) {
		return app.EventTLSCertificateInvalidDate
	}
	if c.subject, b, e = sequence(b); e != app.EventNone {
		return e
	}
	if key, b, e = sequence(b); e != app.EventNone {
		return e
	}
	if key, e = skipAlgorithm(key); e != app.EventNone {
		return e
	}
	if !validBits(key) {
		return app.EventTLSInvalidCertificate
	}
	for len(b) > 0 {
		tag, body, rest, s := next(b)
		switch {
		case s == noBody:
			return app.EventTLSInvalidCertificate
		case s != whole, tag&tagClass != context, tag&tagNumber > extensionsField:
			return app.EventTLSCertificateInvalidExtensions
		case tag&tagNumber == extensionsField:
			return c.readExtensions(body)
		}
		b = rest
	}
	return app.EventNone
}

// skipAlgorithm passes over an AlgorithmIdentifier: an object identifier and
// parameters of any kind.
func skipAlgorithm(b []byte) (rest []byte, e app.Event) {
	body, rest, e := sequence(b)
	if e != app.EventNone {
		return nil, e
	}
	_, _, parameters, s := next(body)
	switch s {
	case noHeader, noBody:
		return nil, app.EventTLSCertificateInvalidLength
	case badShape:
		return nil, app.EventTLSCertificateInvalidAlgorithmIdentifier
	}
	if len(parameters) > 0 {
		_, _, _, e = value(parameters)
	}
	return rest, e
}

// validBits reports whether b starts with a BIT STRING: a count of bits that are
// not used, which are 0, and the bits.
func validBits(b []byte) bool {
	bits, _, ok := expect(b, tagBitString)
	if !ok || len(bits) == 0 || bits[0] > 7 {
		return false
	}
	return len(bits) == 1 && bits[0] == 0 || bits[len(bits)-1]&(1<<bits[0]-1) == 0
}

// readExtensions looks for the subject's other names (RFC 5280 section
// 4.2.1.6). Where there are two of them, neither counts.
func (c *certificate) readExtensions(b []byte) app.Event {
	subjectAltName := [...]byte{0x55, 0x1d, 0x11} // 2.5.29.17
	list, _, e := sequence(b)
	if e != app.EventNone {
		return e
	}
	found := 0
	for len(list) > 0 {
		var extension []byte
		var ok bool
		if extension, list, ok = expect(list, tagSequence); !ok {
			return app.EventTLSInvalidCertificate
		}
		_, id, extension, s := next(extension)
		if s != whole {
			return app.EventTLSInvalidCertificate
		}
		tag, content, rest, s := next(extension)
		if s == whole && tag == 1 { // the critical flag, a BOOLEAN
			tag, content, _, s = next(rest)
		}
		if s != whole || tag&tagNumber != tagOctetString {
			return app.EventTLSInvalidCertificate
		}
		if !bytes.Equal(id, subjectAltName[:]) {
			continue
		}
		c.altNames, _, _ = expect(content, tagSequence)
		found++
	}
	if found > 1 {
		c.altNames = nil
	}
	return app.EventNone
}

// maxAltNames of a certificate are looked at and told of, as Suricata has it. A
// certificate with as many is suspicious.
const maxAltNames = 4096

func (c *certificate) manyAltNames() bool {
	n := 0
	for rest := c.altNames; len(rest) > 0 && n < maxAltNames; n++ {
		var s shape
		if _, _, rest, s = next(rest); s != whole {
			return false
		}
	}
	return n == maxAltNames
}

func (c *certificate) readValidity(b []byte) bool {
	var from, to bool
	c.notBefore, b, from = nextTime(b)
	c.notAfter, _, to = nextTime(b)
	return from && to
}
