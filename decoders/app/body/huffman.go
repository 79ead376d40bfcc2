package body

import "math/bits"

const (
	maxCodeBits = 15  // of a Huffman code in deflate (RFC 1951 section 3.2.7)
	endOfBlock  = 256 // symbol
	maxLiterals = 288 // symbols of the literal/length alphabet
	maxDistance = 32  // symbols of the distance alphabet
	quickBits   = 9   // of codes that one look-up resolves
)

// Lengths and distances of matches by symbol (RFC 1951 section 3.2.5).
var (
	lengthBase = [29]uint16{
		3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
	}
	lengthExtra  = [29]uint8{8: 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase = [30]uint16{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
		4097, 6145, 8193, 12289, 16385, 24577,
	}
	distanceExtra = [30]uint8{4: 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// huffman is a canonical code (RFC 1951 section 3.2.2): codes of up to
// quickBits by table, longer ones by counting.
type huffman struct {
	quick  [1 << quickBits]uint16 // symbol<<4 | length; 0 is a longer code
	count  [maxCodeBits + 1]uint16
	symbol [maxLiterals]uint16 // in the order of their codes
}

// build makes the code of symbols with these lengths; 0 is a symbol without
// code. An over-subscribed code is broken. An incomplete one is allowed where
// it has a single symbol, as encoders make of distances.
func (h *huffman) build(lengths []uint8) bool {
	h.count = [maxCodeBits + 1]uint16{}
	for _, n := range lengths {
		h.count[n]++
	}
	used := len(lengths) - int(h.count[0])
	h.count[0] = 0
	left := 1
	var first, offset [maxCodeBits + 2]uint16
	code := uint16(0)
	for n := 1; n <= maxCodeBits; n++ {
		left = left<<1 - int(h.count[n])
		if left < 0 {
			return false
		}
		code = (code + h.count[n-1]) << 1
		first[n] = code
		offset[n+1] = offset[n] + h.count[n]
	}
	if left > 0 && used > 1 {
		return false
	}
	h.quick = [1 << quickBits]uint16{}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		h.symbol[offset[n]] = uint16(s)
		offset[n]++
		if n <= quickBits {
			reversed := bits.Reverse16(first[n]) >> (16 - n)
			for c := int(reversed); c < len(h.quick); c += 1 << n {
				h.quick[c] = uint16(s)<<4 | uint16(n)
			}
		}
		first[n]++
	}
	return true
}

// decode finds the symbol whose code hold starts with, of which the lowest
// have bits are known. The length is 0 when more bits are needed, and over
// maxCodeBits when no code starts like that.
func (h *huffman) decode(hold uint64, have uint) (symbol int, length uint) {
	if e := h.quick[hold&(1<<quickBits-1)]; e != 0 {
		if n := uint(e & 15); n <= have {
			return int(e >> 4), n
		}
		return 0, 0
	}
	code, first, index := 0, 0, 0
	for n := uint(1); n <= maxCodeBits; n++ {
		if n > have {
			return 0, 0
		}
		code |= int(hold & 1)
		hold >>= 1
		count := int(h.count[n])
		if code < first+count {
			return int(h.symbol[index+code-first]), n
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, maxCodeBits + 1
}

// blockCodes are the codes of a block, and what is being read of them.
type blockCodes struct {
	literals, distances    huffman
	nLiterals, nDistances  int
	lengths                [maxLiterals + maxDistance]uint8
	have                   int // lengths read
	codeLengths, codesRead int
}

// codeLengthOrder is the order in which a dynamic block gives the lengths of
// the code length code (RFC 1951 section 3.2.7).
var codeLengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// useFixed sets the codes of RFC 1951 section 3.2.6.
func (c *blockCodes) useFixed() {
	for i := range maxLiterals {
		n := uint8(8)
		switch {
		case i >= 144 && i < 256:
			n = 9
		case i >= 256 && i < 280:
			n = 7
		}
		c.lengths[i] = n
	}
	c.literals.build(c.lengths[:maxLiterals])
	for i := range maxDistance {
		c.lengths[i] = 5
	}
	c.distances.build(c.lengths[:maxDistance])
}

func (d *deflate) readDynamicHeader() error {
	c := &d.codes
	if !d.need(14) {
		return errStarved
	}
	// The lengths of the code length code follow, 3 bits each: at most 57 bits,
	// which hold can not take at once, so they are read one by one.
	c.nLiterals = int(d.take(5)) + 257
	c.nDistances = int(d.take(5)) + 1
	c.codeLengths = int(d.take(4)) + 4
	if c.nLiterals > 286 || c.nDistances > 30 {
		return errCorrupt
	}
	c.codesRead, c.have = 0, 0
	clear(c.lengths[:len(codeLengthOrder)])
	d.step = dynamicLengths
	return nil
}

func (d *deflate) readDynamicLengths() error {
	c := &d.codes
	if c.codesRead < c.codeLengths {
		for ; c.codesRead < c.codeLengths; c.codesRead++ {
			if !d.need(3) {
				return errStarved
			}
			c.lengths[codeLengthOrder[c.codesRead]] = uint8(d.take(3))
		}
		// The code of the lengths uses the room of the literals' until these
		// are known.
		if !c.literals.build(c.lengths[:len(codeLengthOrder)]) {
			return errCorrupt
		}
	}
	total := c.nLiterals + c.nDistances
	for c.have < total {
		symbol, n := c.literals.decode(d.hold, d.bits)
		if n == 0 {
			if !d.need(d.bits + 1) {
				return errStarved
			}
			continue
		}
		if n > maxCodeBits {
			return errCorrupt
		}
		if symbol < 16 {
			d.take(n)
			c.lengths[c.have] = uint8(symbol)
			c.have++
			continue
		}
		value, extra, base := uint8(0), uint(7), 11
		switch symbol {
		case 16:
			if c.have == 0 {
				return errCorrupt
			}
			value, extra, base = c.lengths[c.have-1], 2, 3
		case 17:
			extra, base = 3, 3
		}
		if !d.need(n + extra) {
			return errStarved
		}
		d.take(n)
		repeat := base + int(d.take(extra))
		if c.have+repeat > total {
			return errCorrupt
		}
		for range repeat {
			c.lengths[c.have] = value
			c.have++
		}
	}
	if c.lengths[endOfBlock] == 0 || !c.literals.build(c.lengths[:c.nLiterals]) || !c.distances.build(c.lengths[c.nLiterals:total]) {
		return errCorrupt
	}
	d.step = symbols
	return nil
}
