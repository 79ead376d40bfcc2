package ike

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// What rules can look at.
const (
	bufferInitiator = app.FirstField + app.Buffer(app.ProtoIKE)*app.FieldsPerProtocol + iota
	bufferResponder
	bufferVendor
	bufferExchange
	bufferChosen
	bufferKeyLength
	bufferNonceLength
)

// Those that both sides have.
const (
	bufferKey = app.FirstPair + app.Buffer(app.ProtoIKE)*2*app.FieldsPerProtocol + 2*iota
	bufferNonce
)

// chosenKeys are the algorithms and attributes that rules ask about: attributes
// of version 1 by their number, for which transforms of version 2 stand in.
func chosenKeys() map[string]uint64 {
	keys := map[string]uint64{}
	for n, name := range attributeNames {
		switch name {
		case "alg_enc", "alg_hash", "alg_prf", "alg_auth", "alg_dh", "sa_group_type", "sa_life_type", "sa_life_duration", "sa_key_length", "sa_field_size":
			keys[name] = uint64(n)
		}
	}
	return keys
}

// Definition says what rules can look at and where IKE is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{
		Transports: decoders.LayerUDP, UDPPorts: []uint16{500},
		Fields: []app.Field{
			{Name: "ike.init_spi", Buffer: bufferInitiator, Dirs: app.ToServer},
			{Name: "ike.resp_spi", Buffer: bufferResponder, Dirs: app.ToClient},
			{Name: "ike.vendor", Buffer: bufferVendor, Dirs: app.ToServer, Multi: true},
			{Name: "ike.key_exchange_payload", Buffer: bufferKey, Dirs: app.Both},
			{Name: "ike.nonce_payload", Buffer: bufferNonce, Dirs: app.Both},
			{Name: "ike.exchtype", Buffer: bufferExchange, Dirs: app.Both, Bits: 8},
			{Name: "ike.chosen_sa_attribute", Buffer: bufferChosen, Dirs: app.ToClient, Bits: 32, Keys: chosenKeys()},
			{Name: "ike.key_exchange_payload_length", Buffer: bufferKeyLength, Dirs: app.Both, Bits: 32},
			{Name: "ike.nonce_payload_length", Buffer: bufferNonceLength, Dirs: app.Both, Bits: 32},
		},
	}
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if b == bufferVendor {
		return t.vendorID(i)
	}
	if i > 0 {
		return nil, false
	}
	switch b {
	case bufferInitiator:
		return t.spis[0][:], true
	case bufferResponder:
		return t.spis[1][:], true
	case bufferKey.In(t.Direction()):
		return t.key, len(t.key) > 0
	case bufferNonce.In(t.Direction()):
		return t.nonce, len(t.nonce) > 0
	}
	return nil, false
}

// Integer returns a number. Those of what was chosen have the attribute that
// they are of in their upper half.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if b == bufferChosen {
		return t.chosen(i)
	}
	if i > 0 {
		return 0, false
	}
	switch b {
	case bufferExchange:
		return uint64(t.head.exchange), true
	case bufferKeyLength:
		return uint64(len(t.key)), len(t.key) > 0
	case bufferNonceLength:
		return uint64(len(t.nonce)), len(t.nonce) > 0
	}
	return 0, false
}

// chosen returns number i of what the message proposes, with the attribute of
// version 1 that it stands for.
func (t *Tx) chosen(i int) (uint64, bool) {
	if t.head.major == 1 {
		kind, number, ok := t.chosen1(i)
		return uint64(kind)<<32 | number&(1<<32-1), ok
	}
	const attributePRF = 13
	for _, a := range t.algorithms {
		var kind uint64
		switch a.kind {
		case transformEncryption:
			kind = attributeEncryption
		case transformPRF:
			kind = attributePRF
		case transformAuth:
			kind = attributeAuth
		case transformGroup:
			kind = attributeGroup
		default:
			continue
		}
		if i == 0 {
			return kind<<32 | uint64(a.id), true
		}
		i--
	}
	return 0, false
}
