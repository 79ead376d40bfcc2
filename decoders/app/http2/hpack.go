package http2

import "golang.org/x/net/http2/hpack"

// decoder reads blocks of compressed fields of one direction (RFC 7541).
type decoder struct {
	table       table
	name, value buffer // memory of literals
}

// buffer is an io.Writer into memory that is used again.
type buffer struct{ b []byte }

func (w *buffer) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

const keptLiteral = 4 << 10

func (d *decoder) reset() {
	d.table.reset()
	for _, w := range []*buffer{&d.name, &d.value} {
		if cap(w.b) > keptLiteral {
			w.b = nil
		}
	}
}

// Oddities of a block.
type blockFault uint8

const (
	faultNone     blockFault = iota
	faultShort               // ends within a field
	faultHeader              // a field that is none: unknown index, bad Huffman code
	faultOverflow            // an integer that is too long
)

// step reads one field of a block. It returns the bytes taken, and the field,
// borrowed until the next step, or the new size of the table. A fault with n
// of 0 ends the block; another lets it go on behind the field.
func (d *decoder) step(b []byte) (n int, name, value []byte, size int64, fault blockFault) {
	first := b[0]
	switch {
	case first&0x80 != 0: // indexed
		index, n, fault := integer(b, 7)
		if fault != faultNone {
			return 0, nil, nil, -1, fault
		}
		name, value, ok := d.table.lookup(index)
		if !ok {
			return n, nil, nil, -1, faultHeader
		}
		return n, name, value, -1, faultNone
	case first&0xc0 == 0x40: // literal, to be indexed
		return d.literal(b, 6, true)
	case first&0xe0 == 0x20: // size of the table
		v, n, fault := integer(b, 5)
		if fault != faultNone {
			return 0, nil, nil, -1, fault
		}
		d.table.resize(int(min(v, maxTable)))
		return n, nil, nil, int64(v), faultNone
	}
	return d.literal(b, 4, false)
}

func (d *decoder) literal(b []byte, prefix int, indexed bool) (n int, name, value []byte, size int64, fault blockFault) {
	index, n, fault := integer(b, prefix)
	if fault != faultNone {
		return 0, nil, nil, -1, fault
	}
	bad := false
	if index > 0 {
		var ok bool
		name, _, ok = d.table.lookup(index)
		bad = !ok
	} else {
		taken, fault := text(b[n:], &d.name)
		if fault == faultHeader {
			bad = true
		} else if fault != faultNone {
			return 0, nil, nil, -1, fault
		}
		n += taken
		name = d.name.b
	}
	taken, fault := text(b[n:], &d.value)
	if fault == faultHeader {
		bad = true
	} else if fault != faultNone {
		return 0, nil, nil, -1, fault
	}
	n += taken
	if bad {
		return n, nil, nil, -1, faultHeader
	}
	if indexed {
		if index > 0 { // which may be given up by what is added
			d.name.b = append(d.name.b[:0], name...)
			name = d.name.b
		}
		d.table.add(name, d.value.b)
	}
	return n, name, d.value.b, -1, faultNone
}

// text reads a string literal (RFC 7541 section 5.2). faultHeader is of one
// whose length is known and whose Huffman code is bad.
func text(b []byte, to *buffer) (n int, fault blockFault) {
	if len(b) == 0 {
		return 0, faultShort
	}
	length, n, fault := integer(b, 7)
	if fault != faultNone {
		return 0, fault
	}
	if length > uint64(len(b)-n) {
		return 0, faultShort
	}
	raw := b[n : n+int(length)]
	to.b = to.b[:0]
	if b[0]&0x80 == 0 {
		to.b = append(to.b, raw...)
	} else if _, err := hpack.HuffmanDecode(to, raw); err != nil {
		fault = faultHeader
	}
	return n + int(length), fault
}

// integer reads an integer with a prefix of some bits (RFC 7541 section 5.1).
func integer(b []byte, prefix int) (v uint64, n int, fault blockFault) {
	mask := uint64(1)<<prefix - 1
	v = uint64(b[0]) & mask
	if v < mask {
		return v, 1, faultNone
	}
	for n = 1; n < len(b); n++ {
		shift := 7 * (n - 1)
		if shift > 56 {
			return 0, 0, faultOverflow
		}
		v += uint64(b[n]&0x7f) << shift
		if b[n]&0x80 == 0 {
			return v, n + 1, faultNone
		}
	}
	return 0, 0, faultShort
}
