package ike

import (
	"encoding/hex"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Events, as rules and anomaly records name them.
const (
	EventMalformedData = app.FirstEvent + app.Event(app.ProtoIKE)*app.EventsPerProtocol + iota
	EventNoEncryption
	EventWeakCryptoEnc
	EventWeakCryptoPrf
	EventWeakCryptoDh
	EventWeakCryptoAuth
	EventWeakCryptoNoDh
	EventWeakCryptoNoAuth
	EventInvalidProposal
	EventUnknownProposal
	EventPayloadExtraData
	EventMultipleServerProposal
)

var _ = app.NameEvents(app.ProtoIKE,
	"malformed_data", "no_encryption", "weak_crypto_enc", "weak_crypto_prf", "weak_crypto_dh", "weak_crypto_auth",
	"weak_crypto_no_dh", "weak_crypto_no_auth", "invalid_proposal", "unknown_proposal", "payload_extra_data",
	"multiple_server_proposal")

const keptMessage = 4 << 10 // of a datagram, for the next one

// Tx is one message. It implements app.Tx.
type Tx struct {
	app.Message
	of   *State // what the sides agreed on
	raw  []byte // the datagram; what is below points into it
	head header
	spis [2][2 * spiLength]byte // of initiator and responder, in hexadecimal

	payloads  []uint8
	encrypted bool // version 1

	transforms [][]byte // version 1: attributes of each
	key, nonce []byte   // version 1, without their headers
	vendorText []byte   // in hexadecimal, one behind the other
	vendorEnds []int

	algorithms []transform // version 2, of all proposals
	notify     []uint16    // version 2
	errors     int         // version 2: notifications that are errors

	events  app.EventSet
	scratch []byte // made while a record is rendered
}

var (
	_ app.Reusable       = (*Tx)(nil)
	_ app.Unidirectional = (*Tx)(nil)
	_ app.Recorder       = (*Tx)(nil)
)

// read takes a message; false when it is malformed.
func (t *Tx) read(s *State, data []byte, dir decoders.Direction) bool {
	t.of = s
	t.raw = append(t.raw[:0], data...)
	t.Sent(dir)
	h, ok := readHeader(t.raw)
	if !ok {
		return false
	}
	t.head = h
	hex.Encode(t.spis[0][:], h.initiator)
	hex.Encode(t.spis[1][:], h.responder)
	switch h.major {
	case 1:
		return t.read1(s, &h, t.raw[headerLength:], dir)
	case 2:
		t.read2(s, &h, t.raw[headerLength:], dir)
		return true
	}
	return false
}

func appendHex(dst, b []byte) []byte { return hex.AppendEncode(dst, b) }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoIKE, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoIKE, dst) }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{
		raw: t.raw[:0], payloads: t.payloads[:0], transforms: t.transforms[:0], vendorText: t.vendorText[:0], vendorEnds: t.vendorEnds[:0],
		algorithms: t.algorithms[:0], notify: t.notify[:0], scratch: t.scratch[:0],
	}
	if cap(t.raw) > keptMessage {
		fresh = Tx{}
	}
	clear(fresh.transforms[:cap(fresh.transforms)])
	*t = fresh
	t.Begin(id)
}
