package body

import "encoding/binary"

// windowSize is how far back a match may reach (RFC 1951 section 2).
const windowSize = 32 << 10

// deflate is RFC 1951, in the wrapping of gzip (RFC 1952), zlib (RFC 1950) or
// none. The standard library's inflater pulls its input and is lost when that
// runs dry; this one is given its input and stops at any bit.
type deflate struct {
	wrapping Encoding
	header   wrapperState
	in       []byte // input at hand
	hold     uint64 // bits taken from in and not used, lowest first
	bits     uint

	step  deflateStep
	last  bool // of the blocks
	left  int  // bytes of a stored block
	codes blockCodes

	// A match that is being copied or read.
	length, distance int

	window  [windowSize]byte // the output, round and round
	at      int              // next place in the window
	sent    int              // output before this place was passed on
	wrapped bool             // the window is full
}

type deflateStep uint8

const (
	blockHeader deflateStep = iota
	storedHeader
	storedBytes
	dynamicHeader
	dynamicLengths
	symbols
	matchDistance
	matchCopy
	ended
)

func (d *deflate) reset() {
	d.header = wrapperState{}
	d.in, d.hold, d.bits = nil, 0, 0
	d.step, d.last = blockHeader, false
	d.at, d.sent, d.wrapped = 0, 0, false
}

func (d *deflate) write(p []byte, l *layer) (bool, error) {
	p, ok, err := d.header.strip(d.wrapping, p)
	if !ok {
		return false, err
	}
	d.in = p
	err = d.inflate(l)
	d.in = nil
	if e := d.flush(l); e != nil {
		return false, e
	}
	if err == errStarved {
		err = nil
	}
	return d.step == ended, err
}

// finish has nothing to add: all that could be decoded was passed on.
func (d *deflate) finish(*layer) error { return nil }

// flush passes on the output since the last time.
func (d *deflate) flush(l *layer) error {
	p := d.window[d.sent:d.at]
	d.sent = d.at
	if d.at == windowSize {
		d.at, d.sent, d.wrapped = 0, 0, true
	}
	return l.emit(p)
}

// need makes n bits available in hold, at most 48; false when the input ends.
func (d *deflate) need(n uint) bool {
	for d.bits < n {
		if len(d.in) == 0 {
			return false
		}
		d.hold |= uint64(d.in[0]) << d.bits
		d.in = d.in[1:]
		d.bits += 8
	}
	return true
}

func (d *deflate) take(n uint) uint32 {
	v := uint32(d.hold & (1<<n - 1))
	d.hold >>= n
	d.bits -= n
	return v
}

// inflate decodes until the input is used up (errStarved), the data ends, or
// is found to be broken.
func (d *deflate) inflate(l *layer) error {
	for {
		var err error
		switch d.step {
		case blockHeader:
			err = d.readBlockHeader()
		case storedHeader:
			err = d.readStoredHeader()
		case storedBytes:
			err = d.copyStored(l)
		case dynamicHeader:
			err = d.readDynamicHeader()
		case dynamicLengths:
			err = d.readDynamicLengths()
		case symbols:
			err = d.readSymbols(l)
		case matchDistance:
			err = d.readDistance()
		case matchCopy:
			err = d.copyMatch(l)
		case ended:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (d *deflate) readBlockHeader() error {
	if d.last {
		d.step = ended
		return nil
	}
	if !d.need(3) {
		return errStarved
	}
	d.last = d.take(1) == 1
	switch d.take(2) {
	case 0:
		d.take(d.bits & 7) // to the byte
		d.step = storedHeader
	case 1:
		d.codes.useFixed()
		d.step = symbols
	case 2:
		d.step = dynamicHeader
	default:
		return errCorrupt
	}
	return nil
}

func (d *deflate) readStoredHeader() error {
	if !d.need(32) {
		return errStarved
	}
	length, check := d.take(16), d.take(16)
	if length != check^0xffff {
		return errCorrupt
	}
	d.left = int(length)
	d.step = storedBytes
	return nil
}

func (d *deflate) copyStored(l *layer) error {
	for d.left > 0 {
		if d.bits >= 8 { // bytes that were taken to read the header
			d.window[d.at] = byte(d.take(8))
			d.at++
			d.left--
		} else {
			if len(d.in) == 0 {
				return errStarved
			}
			n := copy(d.window[d.at:], d.in[:min(d.left, len(d.in))])
			d.in = d.in[n:]
			d.at += n
			d.left -= n
		}
		if d.at == windowSize {
			if err := d.flush(l); err != nil {
				return err
			}
		}
	}
	d.step = blockHeader
	return nil
}

// maxMatch is the longest match (RFC 1951 section 3.2.5).
const maxMatch = 258

// readQuickly reads symbols while there is so much input and room in the
// window that none of them can run out of either. done says that the block
// ended.
func (d *deflate) readQuickly() (done bool, err error) {
	const mostOfSymbol = 48 // bits: length code 15 and 5, distance code 15 and 13
	in, hold, bits, at := d.in, d.hold, d.bits, d.at
	codes, window := &d.codes, &d.window
	for len(in) >= 8 && at <= windowSize-maxMatch {
		if bits < mostOfSymbol {
			// Whole bytes are taken as far as there is room; the bits of the
			// next one that come along are the same when it is taken.
			hold |= binary.LittleEndian.Uint64(in) << bits
			n := (63 - bits) >> 3
			in = in[n:]
			bits += n << 3
		}
		e := codes.literal(hold)
		n := e.length()
		hold >>= n & 63
		bits -= n
		if e.kind() == kindLiteral && n > 0 {
			window[at&(windowSize-1)] = byte(e.value())
			at++
			continue
		}
		if e.kind() != kindLength {
			if e.kind() == kindEnd {
				d.step, done = blockHeader, true
			} else {
				err = errCorrupt
			}
			break
		}
		length := e.value() + int(hold&(1<<(e.extra()&63)-1))
		hold >>= e.extra() & 63
		bits -= e.extra()
		if e = codes.distance(hold); e.kind() != kindLength {
			err = errCorrupt
			break
		}
		n = e.length()
		hold >>= n & 63
		distance := e.value() + int(hold&(1<<(e.extra()&63)-1))
		hold >>= e.extra() & 63
		bits -= n + e.extra()
		from := at - distance
		if from < 0 {
			if !d.wrapped {
				err = errCorrupt
				break
			}
			from += windowSize
		}
		if distance >= 8 && distance <= windowSize-8 && length >= 8 && from <= windowSize-maxMatch {
			// By words; the last one overlaps the one before it. Source and target
			// are a word apart at least, whichever comes first in the window.
			to, last := at, length-8
			at += length
			for i := 0; i < last; i += 8 {
				*(*[8]byte)(window[to+i:]) = *(*[8]byte)(window[from+i:])
			}
			*(*[8]byte)(window[to+last:]) = *(*[8]byte)(window[from+last:])
			continue
		}
		for range length {
			window[at&(windowSize-1)] = window[from&(windowSize-1)]
			at++
			from++
		}
	}
	d.in, d.hold, d.bits, d.at = in, hold&(1<<bits-1), bits, at
	return done, err
}

// readSymbols is the inner loop: literals until a match or the end of block.
func (d *deflate) readSymbols(l *layer) error {
	for {
		if done, err := d.readQuickly(); done || err != nil {
			return err
		}
		d.need(maxCodeBits)
		e := d.codes.literal(d.hold)
		n := e.known(d.bits)
		switch {
		case n == 0:
			return errStarved
		case n > maxCodeBits:
			return errCorrupt
		}
		switch e.kind() {
		case kindLiteral:
			d.take(n)
			d.window[d.at] = byte(e.value())
			if d.at++; d.at == windowSize {
				if err := d.flush(l); err != nil {
					return err
				}
			}
		case kindEnd:
			d.take(n)
			d.step = blockHeader
			return nil
		case kindLength:
			if !d.need(n + e.extra()) {
				return errStarved
			}
			d.take(n)
			d.length = e.value() + int(d.take(e.extra()))
			d.step = matchDistance
			return nil
		default:
			return errCorrupt
		}
	}
}

func (d *deflate) readDistance() error {
	e := d.codes.distance(d.hold)
	n := e.known(d.bits)
	for n == 0 {
		if !d.need(d.bits + 1) {
			return errStarved
		}
		e = d.codes.distance(d.hold)
		n = e.known(d.bits)
	}
	if n > maxCodeBits || e.kind() != kindLength {
		return errCorrupt
	}
	if !d.need(n + e.extra()) {
		return errStarved
	}
	d.take(n)
	d.distance = e.value() + int(d.take(e.extra()))
	if d.distance > d.at && !d.wrapped {
		return errCorrupt
	}
	d.step = matchCopy
	return nil
}

func (d *deflate) copyMatch(l *layer) error {
	for d.length > 0 {
		from := d.at - d.distance
		if from < 0 {
			from += windowSize
		}
		// Source and target may overlap: copy no more than the distance, which
		// then repeats.
		n := min(d.length, d.distance, windowSize-d.at, windowSize-from)
		copy(d.window[d.at:d.at+n], d.window[from:from+n])
		d.at += n
		d.length -= n
		if d.at == windowSize {
			if err := d.flush(l); err != nil {
				return err
			}
		}
	}
	d.step = symbols
	return nil
}
