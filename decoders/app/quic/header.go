package quic

import "math"

// kind is the type of a packet.
type kind uint8

const (
	kindShort kind = iota // 1-RTT, or Google's public header without a version
	kindInitial
	kindZeroRTT
	kindHandshake
	kindRetry
	kindVersionNegotiation
)

// header is the start of a packet.
type header struct {
	long    bool
	kind    kind
	version version
	dcid    []byte // destination connection ID
	size    int    // bytes of the header
	length  int    // bytes behind it that belong to the packet
}

// Bits of the first byte.
const (
	bitLong  = 0x80
	bitFixed = 0x40

	// Of Google's public header, where both are clear.
	bitConnectionID = 0x08
	bitNonce        = 0x04
	bitVersion      = 0x01
)

const macHash = 12 // bytes of the hash that stands for authentication in Google's plain packets

// parseHeader reads the header at the start of b; false when it is none.
func parseHeader(b []byte) (h header, ok bool) {
	c := cursor{rest: b}
	first := c.u8()
	bounded := false
	switch {
	case c.short:
		return h, false
	case first&bitLong != 0:
		h.long = true
		if bounded, ok = h.parseLong(&c, first); !ok {
			return h, false
		}
	case first&bitFixed == 0:
		h.parsePublic(&c, first)
	}
	length := uint64(len(c.rest))
	if bounded {
		if length = c.varint(); length > uint64(len(c.rest)) {
			return h, false
		}
	}
	if c.short || length > math.MaxUint16 {
		return h, false
	}
	h.size, h.length = len(b)-len(c.rest), int(length)
	return h, true
}

// parseLong reads a long header (RFC 9000 section 17.2). bounded tells that the
// packet's length follows: others reach to the end of the datagram as far as
// they matter here.
func (h *header) parseLong(c *cursor, first byte) (bounded, ok bool) {
	h.version = version(c.u32())
	switch {
	case h.version == versionNegotiation:
		h.kind = kindVersionNegotiation
	case h.version.google() && h.version != versionQ046:
		switch first & 0x7f {
		case 0x7f:
			h.kind = kindInitial
		case 0x7e:
			h.kind = kindRetry
		case 0x7d:
			h.kind = kindHandshake
		case 0x7c:
			h.kind = kindZeroRTT
		default:
			return false, false
		}
	case h.version == version2: // RFC 9369 section 3.2
		h.kind = [4]kind{kindRetry, kindInitial, kindZeroRTT, kindHandshake}[first>>4&3]
	default:
		h.kind = [4]kind{kindInitial, kindZeroRTT, kindHandshake, kindRetry}[first>>4&3]
	}
	if h.version.google() {
		lengths := c.u8()
		h.dcid = c.take(idLength(lengths >> 4))
		c.take(idLength(lengths & 15))
		if h.kind == kindInitial {
			c.take(4 + macHash) // packet number
		}
		return false, true
	}
	h.dcid = c.take(uint64(c.u8()))
	c.take(uint64(c.u8()))
	if h.kind == kindInitial {
		c.take(c.varint()) // token
		return true, true
	}
	return false, true
}

// idLength is the length of a connection ID in Google's long headers.
func idLength(code byte) uint64 {
	if code == 0 {
		return 0
	}
	return uint64(code) + 3
}

// parsePublic reads the header of Google's versions up to Q043.
func (h *header) parsePublic(c *cursor, first byte) {
	if first&bitConnectionID != 0 {
		h.dcid = c.take(8)
	} else if first&bitNonce != 0 {
		c.take(32)
	}
	if first&bitVersion != 0 {
		h.version, h.kind = version(c.u32()), kindInitial
	}
	c.take(1 + uint64(first>>4&3)) // packet number
	if first&bitConnectionID != 0 {
		c.take(macHash)
	}
}
