package tls

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Buffer returns instance i of a buffer. What a hello or a certificate has is
// whole as soon as it is there; only a second hello, which TLS 1.3 servers may
// ask for, adds protocols and changes JA4.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if i < 0 {
		return nil, false
	}
	switch b {
	case app.TLSSubjectAltName:
		if t.sides[decoders.ToClient].certs.leaf.der == nil || i >= len(t.altNames()) {
			return nil, false
		}
		return t.altNames()[i], true
	case app.TLSALPN, app.TLSALPN.In(decoders.ToClient):
		s := &t.sides[b-app.TLSALPN]
		if i >= len(s.protocols) {
			return nil, false
		}
		return t.name(s.protocols[i]), true
	case app.TLSCerts, app.TLSCerts.In(decoders.ToClient):
		c := &t.sides[b-app.TLSCerts].certs
		if i >= c.count {
			return nil, false
		}
		return c.der(i), true
	}
	if i > 0 {
		return nil, false
	}
	return t.single(b)
}

// single returns a buffer that has one instance.
func (t *Tx) single(b app.Buffer) ([]byte, bool) {
	const client, server = decoders.ToServer, decoders.ToClient
	switch b {
	case app.TLSSNI:
		s := t.sides[client].sni
		return t.name(s), s != (span{})
	case app.TLSRandom, app.TLSRandom.In(server):
		return t.random(b-app.TLSRandom, 0, 32)
	case app.TLSRandomTime, app.TLSRandomTime.In(server):
		return t.random(b-app.TLSRandomTime, 0, 4)
	case app.TLSRandomBytes, app.TLSRandomBytes.In(server):
		return t.random(b-app.TLSRandomBytes, 4, 32)
	case app.TLSCertSubject, app.TLSCertSubject.In(server):
		return t.ofLeaf(itemSubject, b-app.TLSCertSubject)
	case app.TLSCertIssuer, app.TLSCertIssuer.In(server):
		return t.ofLeaf(itemIssuer, b-app.TLSCertIssuer)
	case app.TLSCertSerial, app.TLSCertSerial.In(server):
		return t.ofLeaf(itemSerial, b-app.TLSCertSerial)
	case app.TLSCertFingerprint, app.TLSCertFingerprint.In(server):
		return t.ofLeaf(itemFingerprint, b-app.TLSCertFingerprint)
	case app.JA3String:
		return t.ofHello(itemJA3String, client)
	case app.JA3Hash:
		return t.ofHello(itemJA3Hash, client)
	case app.JA3SString:
		return t.ofHello(itemJA3SString, server)
	case app.JA3SHash:
		return t.ofHello(itemJA3SHash, server)
	case app.JA4Hash:
		// A hello of SSL 2 has the fingerprint of an empty one, as in Suricata.
		if !t.sides[client].hello && t.seen&seenClientHello == 0 {
			return nil, false
		}
		return t.item(itemJA4), true
	}
	return nil, false
}

func (t *Tx) random(side app.Buffer, from, to int) ([]byte, bool) {
	s := &t.sides[side]
	if !s.hasRandom {
		return nil, false
	}
	return s.random[from:to], true
}

func (t *Tx) ofLeaf(i item, side app.Buffer) ([]byte, bool) {
	if t.sides[side].certs.leaf.der == nil {
		return nil, false
	}
	return t.item(i + item(side)), true
}

func (t *Tx) ofHello(i item, side decoders.Direction) ([]byte, bool) {
	if !t.sides[side].numbers.whole {
		return nil, false
	}
	return t.item(i), true
}

// Integer returns a number of the session.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if i != 0 {
		return 0, false
	}
	server := &t.sides[decoders.ToClient]
	leaf := &server.certs.leaf
	switch b {
	case app.TLSVersion, app.TLSVersion.In(decoders.ToClient):
		v := t.sides[b-app.TLSVersion].version
		return uint64(v), v != 0
	case app.TLSSeen:
		return uint64(t.seen), true
	case app.TLSCertChainLen:
		return uint64(server.certs.count), server.certs.seen
	case app.TLSCertNotBefore:
		return uint64(leaf.notBefore), leaf.der != nil
	case app.TLSCertNotAfter:
		return uint64(leaf.notAfter), leaf.der != nil
	}
	return 0, false
}
