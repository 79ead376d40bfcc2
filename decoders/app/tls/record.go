package tls

import (
	"spanwatch/decoders"
)

// Record is a session as it is exported. Its bytes live until the State's
// Release or Reset.
type Record struct {
	Version Version // of the server's hello, before it of its records
	SNI     []byte  // empty when there was none
	// Resumed says that the session is an earlier one, so that there are no
	// certificates. TLS 1.3 does not show it.
	Resumed bool
	// The certificates that each side sent; Subject is nil when it sent none.
	Server, Client Certificate
	// ALPN protocols that the client wants and that the server chose.
	ClientProtocols, ServerProtocols [][]byte
}

// Certificate is the first certificate of a side.
type Certificate struct {
	Subject, Issuer     []byte // "C=US, O=Example"; empty but not nil for an empty name
	Serial, Fingerprint []byte // hexadecimal with colons; the fingerprint is SHA-1
	NotBefore, NotAfter int64  // seconds since 1970
	AltNames            [][]byte
	Chain               [][]byte // DER of all certificates of the side
}

// Loggable reports that the record is what it will be: the handshake is done.
func (t *Tx) Loggable() bool {
	return t.progress[decoders.ToServer] >= ClientHandshakeDone && t.progress[decoders.ToClient] >= ServerHandshakeDone
}

// Record returns the session for export. It is nil when too little of the
// handshake was seen to speak of a session: neither a certificate nor a
// resumption nor a server of TLS 1.3.
func (t *Tx) Record() *Record {
	if t.sides[decoders.ToClient].certs.leaf.der == nil && !t.resumes() && !t.certless {
		return nil
	}
	r := t.SoFar()
	r.Version, r.Resumed = t.sides[decoders.ToClient].version, t.resumed()
	return r
}

func (t *Tx) resumes() bool { return t.sameSession || t.ticket }

// resumed reports that the session is an earlier one, if it stays as it is.
func (t *Tx) resumed() bool {
	return t.resumes() && t.sides[decoders.ToClient].certs.leaf.der == nil && t.seen&seenServerHello != 0 && !t.certless
}

// SoFar returns what is known of the session by now, for alerts: before the
// server has spoken, the version is the client's.
func (t *Tx) SoFar() *Record {
	server, client := &t.sides[decoders.ToClient], &t.sides[decoders.ToServer]
	has := server.certs.leaf.der != nil
	r := &t.record
	r.Version = server.version
	r.SNI = t.name(client.sni)
	r.Resumed = t.Loggable() && t.resumed()
	if r.Version == 0 {
		r.Version = client.version
	}
	t.fill(&r.Server, decoders.ToClient)
	t.fill(&r.Client, decoders.ToServer)
	if has {
		r.Server.AltNames = t.altNames()
	}
	r.ClientProtocols = t.appendProtocols(r.ClientProtocols[:0], client)
	r.ServerProtocols = t.appendProtocols(r.ServerProtocols[:0], server)
	return r
}

// JA3 returns hash and text of the client's JA3; false without a whole hello.
func (t *Tx) JA3() (hash, text []byte, ok bool) { return t.ja3(decoders.ToServer) }

// JA3S is JA3 of the server.
func (t *Tx) JA3S() (hash, text []byte, ok bool) { return t.ja3(decoders.ToClient) }

func (t *Tx) ja3(dir decoders.Direction) (hash, text []byte, ok bool) {
	if !t.sides[dir].numbers.whole {
		return nil, nil, false
	}
	return t.item(itemJA3Hash + item(dir)), t.item(itemJA3String + item(dir)), true
}

// JA4 returns the client's JA4. Without a hello of the client it is that of an
// empty one, as events have it.
func (t *Tx) JA4() []byte { return t.item(itemJA4) }

func (t *Tx) fill(c *Certificate, dir decoders.Direction) {
	s := &t.sides[dir].certs
	*c = Certificate{Chain: c.Chain[:0]}
	if s.leaf.der == nil {
		return
	}
	side := item(dir)
	c.Subject, c.Issuer = t.item(itemSubject+side), t.item(itemIssuer+side)
	c.Serial, c.Fingerprint = t.item(itemSerial+side), t.item(itemFingerprint+side)
	c.NotBefore, c.NotAfter = s.leaf.notBefore, s.leaf.notAfter
	for i := range s.count {
		c.Chain = append(c.Chain, s.der(i))
	}
}

func (t *Tx) appendProtocols(dst [][]byte, s *side) [][]byte {
	for _, p := range s.protocols {
		dst = append(dst, t.name(p))
	}
	return dst
}

func (r *Record) reuse() Record {
	return Record{
		ClientProtocols: reuseSlices(r.ClientProtocols), ServerProtocols: reuseSlices(r.ServerProtocols),
		Server: Certificate{Chain: reuseSlices(r.Server.Chain)}, Client: Certificate{Chain: reuseSlices(r.Client.Chain)},
	}
}

// reuseSlices lets go of the slices of an old session.
func reuseSlices(s [][]byte) [][]byte {
	clear(s)
	return reuse(s, 64)
}
