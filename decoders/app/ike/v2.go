package ike

import (
	"encoding/binary"

	"spanwatch/decoders"
)

// Payloads of version 2 that are looked into (RFC 7296 section 3.2).
const (
	payload2SA        = 33
	payload2Notify    = 41
	payload2Encrypted = 46
)

// Types of transforms (section 3.3.2).
const (
	transformEncryption = iota + 1
	transformPRF
	transformAuth
	transformGroup
	transformESN
	transformCount
)

const encryptionNull = 11

// transform is an algorithm of a proposal.
type transform struct {
	kind uint8
	id   uint16
}

// agreed are the algorithms of a responder's proposal, by the type of the
// transform.
type agreed [transformCount]uint16

func notAgreed() agreed { return agreed{transformEncryption: encryptionNull} }

// read2 reads the payloads of version 2. One that is malformed leaves a message
// without any; behind ciphertext there is nothing to read.
func (t *Tx) read2(s *State, h *header, data []byte, dir decoders.Direction) {
	next := h.next
	for len(data) > 0 && next != 0 {
		kind := next
		var body []byte
		var ok bool
		if next, body, data, ok = part(data); !ok || len(t.payloads) == maxPayloads {
			t.none2()
			return
		}
		t.payloads = append(t.payloads, kind)
		switch kind {
		case payload2SA:
			ok = t.proposals(s, body, dir)
		case payload2Notify:
			ok = t.notification(body)
		}
		if !ok {
			t.none2()
			return
		}
		if kind == payload2Encrypted {
			break
		}
	}
	t.payloads = append(t.payloads, next)
}

// none2 takes back what was read of the payloads.
func (t *Tx) none2() {
	t.payloads, t.algorithms, t.notify, t.errors = t.payloads[:0], t.algorithms[:0], t.notify[:0], 0
}

// notification reads a Notify payload (section 3.10).
func (t *Tx) notification(body []byte) bool {
	const firstStatus = 16384 // those below are errors
	if len(body) < 4 || len(body) < 4+int(body[1]) {
		return false
	}
	kind := binary.BigEndian.Uint16(body[2:])
	t.notify = append(t.notify, kind)
	if kind < firstStatus {
		t.errors++
	}
	return true
}

// proposals reads a security association (section 3.3).
func (t *Tx) proposals(s *State, body []byte, dir decoders.Direction) bool {
	const fixed = 4 // number, protocol, size of its index, number of transforms
	for len(body) > 0 {
		_, proposal, rest, ok := part(body)
		if !ok || len(proposal) < fixed || len(proposal) < fixed+int(proposal[2]) {
			return false
		}
		first := len(t.algorithms)
		for transforms := proposal[fixed+int(proposal[2]):]; len(transforms) > 0; {
			_, one, more, ok := part(transforms)
			if !ok || len(one) < 4 || len(t.algorithms) == maxTransforms {
				return false
			}
			t.algorithms = append(t.algorithms, transform{one[0], binary.BigEndian.Uint16(one[2:])})
			transforms = more
		}
		t.judge(t.algorithms[first:], proposal[1])
		if dir == decoders.ToClient {
			for _, a := range t.algorithms[first:] {
				if a.kind < transformCount {
					s.agreed[a.kind] = a.id
				}
			}
		}
		body = rest
	}
	return true
}

// judge looks for what is weak or wrong in a proposal: algorithms that RFC 8247
// rules out or does without, and those that have to be there and are not.
func (t *Tx) judge(algorithms []transform, protocol uint8) {
	const protocolAH = 2
	var auth, group bool
	for _, a := range algorithms {
		switch a.kind {
		case transformEncryption:
			if a.id >= 1 && a.id <= 9 || a.id == encryptionNull { // DES, 3DES, RC5, IDEA, CAST, Blowfish
				t.events.Add(EventWeakCryptoEnc)
			}
			auth = auth || authenticates(a.id)
		case transformPRF:
			switch a.id {
			case 0:
				t.events.Add(EventInvalidProposal)
			case 1, 2: // MD5, SHA-1
				t.events.Add(EventWeakCryptoPrf)
			}
		case transformAuth:
			switch {
			case a.id == 0:
				continue
			case a.id <= 7: // MD5, SHA-1, DES, AES-XCBC
				t.events.Add(EventWeakCryptoAuth)
			}
			auth = true
		case transformGroup:
			switch a.id {
			case 0:
				t.events.Add(EventInvalidProposal)
			case 1, 2, 5, 22: // 768 to 1536 bits
				t.events.Add(EventWeakCryptoDh)
			}
			group = true
		case transformESN:
		default:
			t.events.Add(EventUnknownProposal)
		}
	}
	if !group {
		t.events.Add(EventWeakCryptoNoDh)
	}
	if !auth {
		t.events.Add(EventWeakCryptoNoAuth)
	}
	if protocol == protocolAH {
		t.events.Add(EventNoEncryption)
	}
}

// authenticates reports that an encryption is authenticated by itself.
func authenticates(id uint16) bool {
	switch id {
	case 14, 15, 16, 18, 19, 20, 25, 26, 27, 28: // CCM, GCM, ChaCha20-Poly1305
		return true
	}
	return false
}
