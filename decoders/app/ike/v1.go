package ike

import (
	"encoding/binary"

	"spanwatch/decoders"
)

// Payloads of version 1 that are looked into (RFC 2408 section 3.1).
const (
	payload1SA        = 1
	payload1Proposal  = 2
	payload1Transform = 3
	payload1Key       = 4
	payload1Nonce     = 10
	payload1Vendor    = 13
)

// Attributes of a security association (RFC 2409 appendix A).
const (
	attributeEncryption = 1
	attributeHash       = 2
	attributeAuth       = 3
	attributeGroup      = 4
	attributeLifeType   = 11
)

const maxTransforms = 128 // of a message

// read1 reads the payloads of version 1; false when they are malformed.
func (t *Tx) read1(s *State, h *header, data []byte, dir decoders.Direction) bool {
	if t.encrypted = h.flags&flagEncrypted != 0; t.encrypted {
		t.sees(h.next)
		return true
	}
	next := h.next
	for n := 0; next != 0 || n == 0 && len(data) > 0; n++ {
		kind := next
		var body []byte
		var ok bool
		if next, body, data, ok = part(data); !ok || n == maxPayloads {
			return false
		}
		t.sees(kind)
		switch kind {
		case payload1SA:
			if !t.association(s, body) {
				return false
			}
		case payload1Key:
			t.key = body
			s.keys[dir] = keep(s.keys[dir], body)
		case payload1Nonce:
			t.nonce = body
			s.nonces[dir] = keep(s.nonces[dir], body)
		case payload1Vendor:
			t.vendor(body)
		}
		if len(data) == 0 {
			break
		}
	}
	if dir == decoders.ToClient && len(t.transforms) > 0 {
		s.chosen = keep(s.chosen, t.transforms[0])
		if len(t.transforms) > 1 {
			t.events.Add(EventMultipleServerProposal)
		}
	}
	return true
}

// sees notes that there is a payload of a type. Each is told of once.
func (t *Tx) sees(kind uint8) {
	for _, k := range t.payloads {
		if k == kind {
			return
		}
	}
	t.payloads = append(t.payloads, kind)
}

// association reads a security association (RFC 2408 section 3.4). Of domains
// of interpretation other than that of IPsec (RFC 2407) nothing is known.
func (t *Tx) association(s *State, body []byte) bool {
	const ipsec, protocol = 1, 4 // protocol, size of its index and the number of transforms follow the header
	if len(body) < 8 {
		return false
	}
	s.domain, s.hasDomain = binary.BigEndian.Uint32(body), true
	if s.domain != ipsec {
		return true
	}
	for proposals := body[8:]; len(proposals) > 0; {
		_, proposal, rest, ok := part(proposals)
		if !ok || len(proposal) < protocol || len(proposal) < protocol+int(proposal[2]) {
			return false
		}
		t.sees(payload1Proposal)
		for transforms := proposal[protocol+int(proposal[2]):]; len(transforms) > 0; {
			_, transform, more, ok := part(transforms)
			if !ok || len(transform) < 4 || len(t.transforms) == maxTransforms {
				return false
			}
			t.sees(payload1Transform)
			t.transforms = append(t.transforms, transform[4:])
			transforms = more
		}
		proposals = rest
	}
	return true
}

// vendor keeps the number of a vendor as text.
func (t *Tx) vendor(body []byte) {
	t.vendorText = appendHex(t.vendorText, body)
	t.vendorEnds = append(t.vendorEnds, len(t.vendorText))
}

// vendorID returns the number of vendor i in hexadecimal.
func (t *Tx) vendorID(i int) ([]byte, bool) {
	if i >= len(t.vendorEnds) {
		return nil, false
	}
	start := 0
	if i > 0 {
		start = t.vendorEnds[i-1]
	}
	return t.vendorText[start:t.vendorEnds[i]], true
}

// chosen1 returns number i among the attributes of the first transform.
func (t *Tx) chosen1(i int) (kind uint16, number uint64, ok bool) {
	if len(t.transforms) == 0 {
		return 0, 0, false
	}
	for rest := t.transforms[0]; ; {
		var a attribute
		if a, rest, ok = nextAttribute(rest); !ok {
			return 0, 0, false
		}
		if a.numeric {
			if i == 0 {
				return a.kind, a.number, true
			}
			i--
		}
	}
}
