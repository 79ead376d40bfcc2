package body

// Flags of a gzip header (RFC 1952 section 2.3.1).
const (
	gzipHeaderCRC = 1 << 1
	gzipExtra     = 1 << 2
	gzipName      = 1 << 3
	gzipComment   = 1 << 4
)

// wrapperState is how far the header around deflated data was read.
type wrapperState struct {
	part  wrapperPart
	n     int // bytes read of the part
	flags byte
	extra int // length of the extra field
}

type wrapperPart uint8

const (
	wrapperFixed wrapperPart = iota
	wrapperExtraLength
	wrapperExtra
	wrapperName
	wrapperComment
	wrapperCRC
	wrapperDone
)

// strip cuts the header of wrapping e off p; false while it is not complete.
func (w *wrapperState) strip(e Encoding, p []byte) (rest []byte, ok bool, err error) {
	if e == Deflate {
		return p, true, nil
	}
	for w.part != wrapperDone {
		if !w.present(e) {
			w.next()
			continue
		}
		if len(p) == 0 {
			return nil, false, nil
		}
		c := p[0]
		p = p[1:]
		if e == Zlib {
			err = w.zlibByte(c)
		} else {
			err = w.gzipByte(c)
		}
		if err != nil {
			return nil, false, err
		}
	}
	return p, true, nil
}

func (w *wrapperState) next() { w.part, w.n = w.part+1, 0 }

// present reports whether the header has the part that comes next.
func (w *wrapperState) present(e Encoding) bool {
	switch w.part {
	case wrapperFixed:
		return true
	case wrapperExtraLength:
		return e == Gzip && w.flags&gzipExtra != 0
	case wrapperExtra:
		return w.extra > w.n
	case wrapperName:
		return w.flags&gzipName != 0
	case wrapperComment:
		return w.flags&gzipComment != 0
	default:
		return w.flags&gzipHeaderCRC != 0
	}
}

// zlibByte takes a byte of the header of RFC 1950 section 2.2; a preset
// dictionary is nothing that HTTP has.
func (w *wrapperState) zlibByte(c byte) error {
	if w.n == 0 {
		w.flags = c
		w.n++
		if c&15 != 8 || c>>4 > 7 {
			return errCorrupt
		}
		return nil
	}
	if (uint(w.flags)<<8|uint(c))%31 != 0 || c&0x20 != 0 {
		return errCorrupt
	}
	w.part = wrapperDone
	return nil
}

func (w *wrapperState) gzipByte(c byte) error {
	w.n++
	switch w.part {
	case wrapperFixed:
		const magic = "\x1f\x8b\x08"
		switch {
		case w.n <= len(magic) && c != magic[w.n-1]:
			return errCorrupt
		case w.n == 4:
			w.flags = c
		case w.n == 10:
			w.next()
		}
	case wrapperExtraLength:
		if w.n == 1 {
			w.extra = int(c)
			return nil
		}
		w.extra |= int(c) << 8
		w.next()
	case wrapperName, wrapperComment:
		if c == 0 {
			w.next()
		}
	case wrapperCRC:
		if w.n == 2 {
			w.next()
		}
	}
	return nil
}
