package body

import "encoding/binary"

// Sizes of the LZMA format (LZMA specification, Igor Pavlov, public domain).
const (
	lzmaHeader    = 13 // properties, dictionary size, unpacked size
	lzmaStart     = 5  // bytes that prime the range decoder
	lzmaLookahead = 20 // most bytes that one symbol takes
	lzmaStates    = 12
	lzmaPosStates = 16 // at most
	lzmaMinMatch  = 2

	// maxDictionary is Suricata's lzma-memlimit. A stream that needs more
	// breaks off there.
	maxDictionary = 1 << 20
)

// probability of a bit being 0, of 2048.
type probability uint16

const evenOdds probability = 1 << 10

// lengthCoder has the probabilities of match lengths.
type lengthCoder struct {
	choice, choice2 probability
	low, mid        [lzmaPosStates][8]probability
	high            [256]probability
}

// lzmaDecoder is the "LZMA alone" format. A symbol is decoded once as many
// bytes are there as any symbol can take, or when nothing follows.
type lzmaDecoder struct {
	pending []byte // input not decoded yet
	started bool

	lc, lp, pb  uint
	unknownSize bool
	left        uint64 // output that is still to come, unless unknownSize

	code, width uint32
	starved     bool
	state       uint32
	rep         [4]uint32

	dictionary []byte // the output, round and round
	capacity   int    // of the dictionary
	exceeded   bool   // the stream's dictionary is larger than that
	at, sent   int
	full       bool
	total      uint32 // bytes put out; only the low bits matter

	literals   []probability
	isMatch    [lzmaStates][lzmaPosStates]probability
	isRep      [lzmaStates]probability
	isRepG0    [lzmaStates]probability
	isRepG1    [lzmaStates]probability
	isRepG2    [lzmaStates]probability
	isRep0Long [lzmaStates][lzmaPosStates]probability
	slots      [4][64]probability
	special    [128]probability // middle bits of distances
	align      [16]probability
	matchLen   lengthCoder
	repLen     lengthCoder
}

func (z *lzmaDecoder) reset() {
	z.pending = z.pending[:0]
	z.started = false
}

func (z *lzmaDecoder) write(p []byte, l *layer) (bool, error) {
	z.pending = append(z.pending, p...)
	return z.decode(l, lzmaLookahead)
}

func (z *lzmaDecoder) finish(l *layer) error {
	_, err := z.decode(l, 0)
	return err
}

// decode decodes symbols while at least ahead bytes of input are there; 0 goes on
// until a symbol wants input that is missing.
func (z *lzmaDecoder) decode(l *layer, ahead int) (done bool, err error) {
	if !z.started {
		if len(z.pending) < lzmaHeader+lzmaStart {
			return false, nil
		}
		if err := z.start(); err != nil {
			return false, err
		}
	}
	in := z.pending
	for !done && err == nil && len(in) >= ahead {
		done, err = z.symbol(&in, l)
	}
	if e := z.flush(l); e != nil {
		return false, e
	}
	z.pending = z.pending[:copy(z.pending, in)]
	return done, err
}

// start reads the header and makes all odds even.
func (z *lzmaDecoder) start() error {
	h := z.pending
	props := uint(h[0])
	if props >= 9*5*5 {
		return errCorrupt
	}
	z.lc, z.lp, z.pb = props%9, props/9%5, props/45
	size := binary.LittleEndian.Uint32(h[1:])
	z.left = binary.LittleEndian.Uint64(h[5:])
	z.unknownSize = z.left == 1<<64-1
	if h[lzmaHeader] != 0 {
		return errCorrupt
	}
	z.code, z.width = binary.BigEndian.Uint32(h[lzmaHeader+1:]), 1<<32-1
	z.pending = z.pending[:copy(z.pending, h[lzmaHeader+lzmaStart:])]
	z.capacity = int(min(max(size, 4<<10), maxDictionary))
	z.exceeded = size > maxDictionary
	z.dictionary = z.dictionary[:0]
	z.at, z.sent, z.full, z.total = 0, 0, false, 0
	z.state, z.rep, z.starved = 0, [4]uint32{}, false
	z.started = true

	if n := 0x300 << (z.lc + z.lp); cap(z.literals) >= n {
		z.literals = z.literals[:n]
	} else {
		z.literals = make([]probability, n)
	}
	even(z.literals)
	for i := range lzmaStates {
		even(z.isMatch[i][:])
		even(z.isRep0Long[i][:])
	}
	for _, p := range [][]probability{z.isRep[:], z.isRepG0[:], z.isRepG1[:], z.isRepG2[:], z.special[:], z.align[:]} {
		even(p)
	}
	for i := range z.slots {
		even(z.slots[i][:])
	}
	z.matchLen.reset()
	z.repLen.reset()
	return nil
}

func even(p []probability) {
	for i := range p {
		p[i] = evenOdds
	}
}

func (c *lengthCoder) reset() {
	c.choice, c.choice2 = evenOdds, evenOdds
	for i := range lzmaPosStates {
		even(c.low[i][:])
		even(c.mid[i][:])
	}
	even(c.high[:])
}

func (z *lzmaDecoder) flush(l *layer) error {
	p := z.dictionary[z.sent:z.at]
	z.sent = z.at
	return l.emit(p)
}

// put appends a byte to the output.
func (z *lzmaDecoder) put(c byte, l *layer) error {
	if z.at == z.capacity {
		if z.exceeded {
			return errCorrupt
		}
		if err := z.flush(l); err != nil {
			return err
		}
		z.at, z.sent, z.full = 0, 0, true
	}
	if z.at == len(z.dictionary) {
		z.dictionary = append(z.dictionary, c)
	} else {
		z.dictionary[z.at] = c
	}
	z.at++
	z.total++
	z.left--
	return nil
}

// back returns the byte that far back, 0 being the last.
func (z *lzmaDecoder) back(distance uint32) byte {
	i := z.at - 1 - int(distance)
	if i < 0 {
		i += z.capacity
	}
	if i < 0 || i >= len(z.dictionary) {
		return 0
	}
	return z.dictionary[i]
}

// reaches reports whether there is output that far back.
func (z *lzmaDecoder) reaches(distance uint32) bool {
	return int64(distance) < int64(z.at) || z.full && int64(distance) < int64(z.capacity)
}
