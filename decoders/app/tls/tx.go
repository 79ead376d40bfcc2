package tls

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Progress of the client's side.
const (
	ClientStart         = iota
	ClientHelloDone     // its hello is there: SNI, ALPN, random, JA3, JA4
	ClientCertDone      // its certificate is there
	ClientHandshakeDone // application data flows, or all certificates are there
	ClientFinished      // the stream ended, or a fatal alert did the session
)

// Progress of the server's side.
const (
	ServerStart         = iota
	ServerHello         // its hello is there: ALPN, random, JA3S
	ServerCertDone      // its certificate is there
	ServerHelloDone     // it waits for the client
	ServerHandshakeDone // as ClientHandshakeDone
	ServerFinished      // as ClientFinished
)

// Bits of app.TLSSeen.
const (
	seenClientHello = 1 << iota
	seenServerHello
	seenClientKey
	seenServerKey
)

// Memory that a Tx keeps for the next flow.
const (
	keptChain = 16 << 10
	keptText  = 16 << 10
	keptNames = 4 << 10
)

// Tx is one session. It implements app.Tx.
type Tx struct {
	parser   *Parser
	progress [2]uint8
	events   eventSet
	sides    [2]side
	changed  [2]bool // change of cipher seen
	ssl2     ssl2
	seen     uint8
	store    [2]bool

	earlyData    bool // the client sends ciphertext before the server's hello
	ticket       bool // the client offers a session ticket
	sameSession  bool // the server took up the client's session
	certless     bool // the server's version hides certificates: TLS 1.3
	listsVersion bool // the client sent supported_versions
	clientCert   bool // the server asked for a certificate
	encrypted    bool // application data flows

	names  []byte // SNI, ALPN, session identifiers
	text   text   // what was formatted so far
	state  app.TxState
	record Record
}

// side is what one side said.
type side struct {
	version   Version // of the hello, before it of the record
	hello     bool
	hasRandom bool
	random    [32]byte
	sni       span
	session   span
	protocols []span // ALPN
	numbers   numbers
	certs     certs
}

// span is a part of Tx.names; empty when start and end are equal.
type span struct{ start, end uint32 }

var _ app.Tx = (*Tx)(nil)

// ID is always 0: a flow has one session.
func (t *Tx) ID() uint64 { return 0 }

// Progress returns one of the constants above.
func (t *Tx) Progress(dir decoders.Direction) uint8 { return t.progress[dir] }

// Complete reports that nothing more is to come from a side.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.progress[dir] >= finished(dir) }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// MarkStore asks for the certificates of a side to be stored (tls.store).
func (t *Tx) MarkStore(dir decoders.Direction) { t.store[dir] = true }

// Store reports whether the certificates of a side were asked for.
func (t *Tx) Store(dir decoders.Direction) bool { return t.store[dir] }

func finished(dir decoders.Direction) uint8 {
	if dir == decoders.ToServer {
		return ClientFinished
	}
	return ServerFinished
}

func (t *Tx) advance(dir decoders.Direction, to uint8) {
	t.progress[dir] = max(t.progress[dir], to)
}

func (t *Tx) handshakeDone() {
	t.advance(decoders.ToServer, ClientHandshakeDone)
	t.advance(decoders.ToClient, ServerHandshakeDone)
}

// applicationData is called when a record of it starts. Ahead of the server's
// hello it is early data of TLS 1.3 (RFC 8446 section 2.3).
func (t *Tx) applicationData() {
	if t.earlyData && t.seen&seenServerHello == 0 {
		return
	}
	t.handshakeDone()
	t.encrypted = true
}

// settle ends the handshake as soon as the certificates that are to come are
// there: what follows them in the clear interests nobody.
func (t *Tx) settle() {
	last := decoders.ToClient
	if t.clientCert {
		last = decoders.ToServer
	}
	if t.sides[last].certs.count > 0 && t.sides[last].certs.leaf.der != nil {
		t.handshakeDone()
	}
}

// helloExpected reports that a change of cipher by the client does not mean
// ciphertext: TLS 1.3 sends one for the sake of middleboxes (RFC 8446 appendix
// D.4).
func (t *Tx) helloExpected() bool {
	return t.seen&seenClientHello != 0 && t.seen&seenServerHello == 0 && t.sides[decoders.ToServer].version > VersionTLS12
}

// eventSet is a set of the protocol's events.
type eventSet uint32

const (
	firstEvent = app.EventTLSInvalidSSLv2Header
	lastEvent  = app.EventTLSTooManySubjectAlternativeNames
)

func (t *Tx) event(e app.Event) { t.events |= 1 << (e - firstEvent) }

// HasEvent reports an oddity of the session.
func (t *Tx) HasEvent(e app.Event) bool {
	return e >= firstEvent && e <= lastEvent && t.events>>(e-firstEvent)&1 != 0
}

// AppendEvents appends the oddities of the session.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event {
	for e := firstEvent; t.events != 0 && e <= lastEvent; e++ {
		if t.HasEvent(e) {
			dst = append(dst, e)
		}
	}
	return dst
}

// reset empties the transaction but keeps its memory within bounds.
func (t *Tx) reset() {
	old := *t
	*t = Tx{parser: old.parser, names: reuse(old.names, keptNames), text: old.text.reuse(), record: old.record.reuse()}
	for d := range t.sides {
		s := &old.sides[d]
		t.sides[d] = side{protocols: reuse(s.protocols, keptNames), numbers: s.numbers.reuse(), certs: s.certs.reuse()}
	}
}

func reuse[T any](s []T, limit int) []T {
	if cap(s) > limit {
		return nil
	}
	return s[:0]
}
