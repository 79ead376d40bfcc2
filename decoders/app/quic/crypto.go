package quic

import "slices"

const (
	maxCrypto = 65535 // bytes of the handshake that are put together; hellos are far shorter
	maxRanges = 64    // pieces apart from each other
)

// crypto puts the CRYPTO frames of a side together (RFC 9000 section 19.6).
// Of bytes that come twice the later ones count.
type crypto struct {
	data   []byte
	ranges []span // of data that has come, in order and apart
}

// span is a part of some bytes.
type span struct{ start, end uint32 }

// add takes a piece; false when it lies too far behind the start, or there are
// too many.
func (c *crypto) add(offset uint64, b []byte) bool {
	if offset > maxCrypto || offset+uint64(len(b)) > maxCrypto {
		return false
	}
	if len(b) == 0 {
		return true
	}
	r := span{uint32(offset), uint32(offset) + uint32(len(b))}
	at := 0
	for at < len(c.ranges) && c.ranges[at].end < r.start {
		at++
	}
	if at == len(c.ranges) || c.ranges[at].start > r.end {
		if len(c.ranges) == maxRanges {
			return false
		}
		c.ranges = slices.Insert(c.ranges, at, r)
	} else {
		last := at
		for last+1 < len(c.ranges) && c.ranges[last+1].start <= r.end {
			last++
		}
		c.ranges[at] = span{min(r.start, c.ranges[at].start), max(r.end, c.ranges[last].end)}
		c.ranges = slices.Delete(c.ranges, at+1, last+1)
	}
	if int(r.end) > len(c.data) {
		old := len(c.data)
		c.data = slices.Grow(c.data, int(r.end)-old)[:r.end]
		clear(c.data[old:])
	}
	copy(c.data[r.start:], b)
	return true
}

// start returns what has come without a gap.
func (c *crypto) start() []byte {
	if len(c.ranges) == 0 || c.ranges[0].start > 0 {
		return nil
	}
	return c.data[:c.ranges[0].end]
}

// reset forgets everything, keeping some memory.
func (c *crypto) reset() {
	const kept = 8 << 10
	if cap(c.data) > kept {
		c.data = nil
	}
	c.data, c.ranges = c.data[:0], c.ranges[:0]
}
