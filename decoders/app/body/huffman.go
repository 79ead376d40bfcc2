package body

import "math/bits"

const (
	maxCodeBits = 15  // of a Huffman code in deflate (RFC 1951 section 3.2.7)
	endOfBlock  = 256 // symbol
	maxLiterals = 288 // symbols of the literal/length alphabet
	maxDistance = 32  // symbols of the distance alphabet

	// How many bits of a code the first look-up in a table resolves.
	literalBits  = 10
	distanceBits = 8
	// Entries of tables with all their parts for longer codes. Complete codes of
	// 288 and 32 symbols take 1,334 and 402 at most (zlib's program enough.c).
	literalRoom  = 2048
	distanceRoom = 512
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

// entry is what a table of a Huffman code says of the bits that come: the length
// of the code that they start with in its lowest four bits, what its symbol is,
// how many extra bits follow the code, and the symbol's value. 0 is no code.
//
//	31            16 15        8 7    4 3      0
//	│ value         │ extra bits│ kind │ length │
//
// Of codes longer than the first look-up's bits, the entry of these bits tells
// where a table for the rest begins and how many bits that resolves.
type entry uint32

const (
	kindLiteral entry = iota << 4
	kindLength        // value is the length without its extra bits; so for distances
	kindEnd           // of the block
	kindTable         // value is where the table begins, extra bits the bits it resolves
	kindNone          // a symbol that has no meaning
	kindMask    entry = 15 << 4
)

func newEntry(kind entry, value int, extra uint8) entry {
	return entry(value)<<16 | entry(extra)<<8 | kind
}

func (e entry) length() uint { return uint(e & 15) }
func (e entry) kind() entry  { return e & kindMask }
func (e entry) extra() uint  { return uint(e>>8) & 0xff }
func (e entry) value() int   { return int(e >> 16) }

// Entries by symbol, without the length of their code. A code length code has the
// first of the literals.
var literalSymbols, distanceSymbols = symbolEntries()

func symbolEntries() (literals [maxLiterals]entry, distances [maxDistance]entry) {
	for s := range literals {
		switch i := s - endOfBlock - 1; {
		case s < endOfBlock:
			literals[s] = newEntry(kindLiteral, s, 0)
		case s == endOfBlock:
			literals[s] = newEntry(kindEnd, 0, 0)
		case i < len(lengthBase):
			literals[s] = newEntry(kindLength, int(lengthBase[i]), lengthExtra[i])
		default:
			literals[s] = newEntry(kindNone, 0, 0)
		}
	}
	for s := range distances {
		if s < len(distanceBase) {
			distances[s] = newEntry(kindLength, int(distanceBase[s]), distanceExtra[s])
		} else {
			distances[s] = newEntry(kindNone, 0, 0)
		}
	}
	return literals, distances
}

// buildCode makes the table of the canonical code (RFC 1951 section 3.2.2) whose
// symbols have these lengths; 0 is a symbol without code. first is how many bits
// the first look-up resolves. An over-subscribed code is broken. An incomplete one
// is allowed where it has a single symbol, as encoders make of distances.
func buildCode(table, symbols []entry, first uint, lengths []uint8) bool {
	var count [maxCodeBits + 1]int
	for _, n := range lengths {
		count[n]++
	}
	used := len(lengths) - count[0]
	count[0] = 0
	left := 1
	var offset [maxCodeBits + 2]int
	for n := 1; n <= maxCodeBits; n++ {
		if left = left<<1 - count[n]; left < 0 {
			return false
		}
		offset[n+1] = offset[n] + count[n]
	}
	if left > 0 {
		if used > 1 {
			return false
		}
		clear(table)
	}
	var sorted [maxLiterals]uint16 // symbols in the order of their codes
	for s, n := range lengths {
		if n != 0 {
			sorted[offset[n]] = uint16(s)
			offset[n]++
		}
	}
	code, length := 0, uint(1)
	next := 1 << first         // where the next table for longer codes begins
	begun, rest := -1, uint(0) // its first bits, and the bits it resolves
	for _, s := range sorted[:used] {
		n := uint(lengths[s])
		code <<= n - length
		length = n
		e := symbols[s] | entry(n)
		reversed := int(bits.Reverse16(uint16(code)) >> (16 - n))
		code++
		if n <= first {
			for at := reversed; at < 1<<first; at += 1 << n {
				table[at] = e
			}
			count[n]--
			continue
		}
		if low := reversed & (1<<first - 1); low != begun {
			if begun >= 0 {
				next += 1 << rest
			}
			begun, rest = low, n-first
			for open := 1 << rest; first+rest < maxCodeBits; {
				if open -= count[first+rest]; open <= 0 {
					break
				}
				rest++
				open <<= 1
			}
			table[low] = newEntry(kindTable, next, uint8(rest))
		}
		for at := reversed >> first; at < 1<<rest; at += 1 << (n - first) {
			table[next+at] = e
		}
		count[n]--
	}
	return true
}

// known says how many of the bits that an entry was looked up with are its code's:
// 0 when the code is longer than the bits that are known, or may be; over
// maxCodeBits when no code starts like that.
func (e entry) known(have uint) uint {
	switch n := e.length(); {
	case n > have, n == 0 && have < maxCodeBits:
		return 0
	case n == 0:
		return maxCodeBits + 1
	default:
		return n
	}
}

// blockCodes are the codes of a block, and what is being read of them.
type blockCodes struct {
	literals               [literalRoom]entry
	distances              [distanceRoom]entry
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
	c.buildLiterals(c.lengths[:maxLiterals])
	for i := range maxDistance {
		c.lengths[i] = 5
	}
	c.buildDistances(c.lengths[:maxDistance])
}

func (c *blockCodes) buildLiterals(lengths []uint8) bool {
	return buildCode(c.literals[:], literalSymbols[:], literalBits, lengths)
}

func (c *blockCodes) buildDistances(lengths []uint8) bool {
	return buildCode(c.distances[:], distanceSymbols[:], distanceBits, lengths)
}

// literal finds the entry of the code that hold starts with.
func (c *blockCodes) literal(hold uint64) entry {
	e := c.literals[hold&(1<<literalBits-1)]
	if e.kind() == kindTable {
		e = c.literals[(e.value()+int(hold>>literalBits&(1<<e.extra()-1)))&(literalRoom-1)]
	}
	return e
}

// distance finds the entry of the code that hold starts with.
func (c *blockCodes) distance(hold uint64) entry {
	e := c.distances[hold&(1<<distanceBits-1)]
	if e.kind() == kindTable {
		e = c.distances[(e.value()+int(hold>>distanceBits&(1<<e.extra()-1)))&(distanceRoom-1)]
	}
	return e
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
		if !c.buildLiterals(c.lengths[:len(codeLengthOrder)]) {
			return errCorrupt
		}
	}
	total := c.nLiterals + c.nDistances
	for c.have < total {
		e := c.literal(d.hold)
		n := e.known(d.bits)
		if n == 0 {
			if !d.need(d.bits + 1) {
				return errStarved
			}
			continue
		}
		if n > maxCodeBits {
			return errCorrupt
		}
		symbol := e.value()
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
	if c.lengths[endOfBlock] == 0 || !c.buildLiterals(c.lengths[:c.nLiterals]) || !c.buildDistances(c.lengths[c.nLiterals:total]) {
		return errCorrupt
	}
	d.step = symbols
	return nil
}
