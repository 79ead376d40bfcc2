package quic

import "encoding/binary"

// cursor reads fields. Behind the end of its bytes it reads zeros and says so.
type cursor struct {
	rest  []byte
	short bool
}

// take cuts n bytes off; nil when there are not so many.
func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.rest, c.short = nil, true
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) u8() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// varint reads a variable-length integer (RFC 9000 section 16).
func (c *cursor) varint() uint64 {
	if len(c.rest) == 0 {
		c.short = true
		return 0
	}
	b := c.take(1 << (c.rest[0] >> 6))
	if b == nil {
		return 0
	}
	n := uint64(b[0] & 0x3f)
	for _, next := range b[1:] {
		n = n<<8 | uint64(next)
	}
	return n
}
