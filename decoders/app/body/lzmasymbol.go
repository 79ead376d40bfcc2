package body

// bit decodes one bit of odds p.
func (z *lzmaDecoder) bit(in *[]byte, p *probability) uint32 {
	bound := z.width >> 11 * uint32(*p)
	var b uint32
	if z.code < bound {
		z.width = bound
		*p += (1<<11 - *p) >> 5
	} else {
		z.width -= bound
		z.code -= bound
		*p -= *p >> 5
		b = 1
	}
	z.normalize(in)
	return b
}

func (z *lzmaDecoder) normalize(in *[]byte) {
	if z.width >= 1<<24 {
		return
	}
	z.width <<= 8
	z.code <<= 8
	if len(*in) == 0 {
		z.starved = true
		return
	}
	z.code |= uint32((*in)[0])
	*in = (*in)[1:]
}

// direct decodes n bits of even odds that are not learnt.
func (z *lzmaDecoder) direct(in *[]byte, n uint32) uint32 {
	var v uint32
	for ; n > 0; n-- {
		z.width >>= 1
		b := uint32(1)
		if z.code < z.width {
			b = 0
		} else {
			z.code -= z.width
		}
		v = v<<1 | b
		z.normalize(in)
	}
	return v
}

// tree decodes n bits, the highest first.
func (z *lzmaDecoder) tree(in *[]byte, p []probability, n uint) uint32 {
	m := uint32(1)
	for range n {
		m = m<<1 | z.bit(in, &p[m])
	}
	return m - 1<<n
}

// reverse decodes n bits, the lowest first.
func (z *lzmaDecoder) reverse(in *[]byte, p []probability, n uint) uint32 {
	m, v := uint32(1), uint32(0)
	for i := range n {
		b := z.bit(in, &p[m])
		m = m<<1 | b
		v |= b << i
	}
	return v
}

func (z *lzmaDecoder) lengthOf(in *[]byte, c *lengthCoder, posState uint32) uint32 {
	if z.bit(in, &c.choice) == 0 {
		return z.tree(in, c.low[posState][:], 3)
	}
	if z.bit(in, &c.choice2) == 0 {
		return 8 + z.tree(in, c.mid[posState][:], 3)
	}
	return 16 + z.tree(in, c.high[:], 8)
}

// symbol decodes a literal or a match. done is the end of the data.
func (z *lzmaDecoder) symbol(in *[]byte, l *layer) (done bool, err error) {
	if !z.unknownSize && z.left == 0 {
		return true, nil
	}
	posState := z.total & (1<<z.pb - 1)
	if z.bit(in, &z.isMatch[z.state][posState]) == 0 {
		return false, z.literal(in, l)
	}
	var length uint32
	if z.bit(in, &z.isRep[z.state]) == 0 {
		z.rep[3], z.rep[2], z.rep[1] = z.rep[2], z.rep[1], z.rep[0]
		length = z.lengthOf(in, &z.matchLen, posState)
		z.rep[0] = z.distance(in, length)
		z.advance(7)
		if z.rep[0] == 1<<32-1 { // the end marker
			return true, nil
		}
	} else {
		if z.repeated(in, posState) {
			z.advance(9)
			return z.copyBack(1, l)
		}
		length = z.lengthOf(in, &z.repLen, posState)
		z.advance(8)
	}
	return z.copyBack(length+lzmaMinMatch, l)
}

// advance moves the state on after a match (7), a repeated one (8) or a
// repeated byte (9); three higher when a match came before that.
func (z *lzmaDecoder) advance(to uint32) {
	if z.state >= 7 {
		to = min(to+3, 11)
	}
	z.state = to
}

func (z *lzmaDecoder) copyBack(n uint32, l *layer) (bool, error) {
	if z.starved || !z.reaches(z.rep[0]) {
		return false, errCorrupt
	}
	for ; n > 0; n-- {
		if !z.unknownSize && z.left == 0 {
			return true, nil
		}
		if err := z.put(z.back(z.rep[0]), l); err != nil {
			return false, err
		}
	}
	return false, nil
}

// repeated chooses one of the last four distances. It reports whether a single
// byte is repeated.
func (z *lzmaDecoder) repeated(in *[]byte, posState uint32) (short bool) {
	if z.bit(in, &z.isRepG0[z.state]) == 0 {
		return z.bit(in, &z.isRep0Long[z.state][posState]) == 0
	}
	var d uint32
	switch {
	case z.bit(in, &z.isRepG1[z.state]) == 0:
		d = z.rep[1]
	case z.bit(in, &z.isRepG2[z.state]) == 0:
		d = z.rep[2]
		z.rep[2] = z.rep[1]
	default:
		d = z.rep[3]
		z.rep[3], z.rep[2] = z.rep[2], z.rep[1]
	}
	z.rep[1], z.rep[0] = z.rep[0], d
	return false
}

func (z *lzmaDecoder) literal(in *[]byte, l *layer) error {
	var before uint32
	if z.total > 0 || z.full {
		before = uint32(z.back(0))
	}
	context := (z.total&(1<<z.lp-1))<<z.lc + before>>(8-z.lc)
	p := z.literals[0x300*context:]
	m := uint32(1)
	if z.state >= 7 { // after a match: the byte that it would have gone on with is a hint
		hint := uint32(z.back(z.rep[0]))
		for m < 0x100 {
			hb := hint >> 7 & 1
			hint <<= 1
			b := z.bit(in, &p[(1+hb)<<8+m])
			m = m<<1 | b
			if hb != b {
				break
			}
		}
	}
	for m < 0x100 {
		m = m<<1 | z.bit(in, &p[m])
	}
	if z.starved {
		return errCorrupt
	}
	switch {
	case z.state < 4:
		z.state = 0
	case z.state < 10:
		z.state -= 3
	default:
		z.state -= 6
	}
	return z.put(byte(m), l)
}

// distance decodes how far back a match of a length (less lzmaMinMatch) is.
func (z *lzmaDecoder) distance(in *[]byte, length uint32) uint32 {
	slot := z.tree(in, z.slots[min(length, 3)][:], 6)
	if slot < 4 {
		return slot
	}
	n := slot>>1 - 1
	d := (2 | slot&1) << n
	if slot < 14 {
		return d + z.reverse(in, z.special[d-slot:], uint(n))
	}
	d += z.direct(in, n-4) << 4
	return d + z.reverse(in, z.align[:], 4)
}
