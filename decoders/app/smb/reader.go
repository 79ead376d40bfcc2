package smb

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// reader takes little-endian values off the front of rest; bad says that one
// was not there.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.bad, r.rest = true, nil
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) skip(n int) { r.take(n) }

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// part returns n bytes of data from at on, as many as are there.
func part(data []byte, at, n int) []byte {
	if at < 0 || n < 0 || at > len(data) {
		return nil
	}
	return data[at:min(len(data), at+n)]
}

// appendUTF16 appends little-endian UTF-16 as UTF-8.
func appendUTF16(dst, s []byte) []byte {
	for len(s) >= 2 {
		c := rune(binary.LittleEndian.Uint16(s))
		s = s[2:]
		if utf16.IsSurrogate(c) && len(s) >= 2 {
			if pair := utf16.DecodeRune(c, rune(binary.LittleEndian.Uint16(s))); pair != utf8.RuneError {
				c, s = pair, s[2:]
			}
		}
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

// text reads a text that ends with NUL, in UTF-16 or in an 8-bit code, and
// appends it to dst.
func (r *reader) text(dst []byte, unicode bool) []byte {
	if !unicode {
		for i, c := range r.rest {
			if c == 0 {
				dst = append(dst, r.rest[:i]...)
				r.rest = r.rest[i+1:]
				return dst
			}
		}
		dst = append(dst, r.rest...)
		r.rest = nil
		return dst
	}
	n := 0
	for n+1 < len(r.rest) && (r.rest[n] != 0 || r.rest[n+1] != 0) {
		n += 2
	}
	dst = appendUTF16(dst, r.rest[:n])
	r.rest = r.rest[min(len(r.rest), n+2):]
	return dst
}

// fileTime converts 100 ns since 1601 to seconds since 1970; times before that
// are 0.
func fileTime(t uint64) uint64 {
	const epoch = 11644473600
	if s := t / 1e7; s > epoch {
		return s - epoch
	}
	return 0
}

const hexDigits = "0123456789abcdef"

func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// appendGUID appends a GUID as EVE shows it: as numbers of 4, 2, 2, 2, 2 and 4
// bytes, all of them little-endian on the wire.
func appendGUID(dst, b []byte) []byte {
	if len(b) != 16 {
		return dst
	}
	for i, at := range [16]int{3, 2, 1, 0, 5, 4, 7, 6, 9, 8, 11, 10, 15, 14, 13, 12} {
		switch i {
		case 4, 6, 8, 10:
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[b[at]>>4], hexDigits[b[at]&15])
	}
	return dst
}

// list is some texts, one behind the other.
type list struct {
	text []byte
	ends []int
}

func (l *list) reset() { l.text, l.ends = l.text[:0], l.ends[:0] }

func (l *list) end() { l.ends = append(l.ends, len(l.text)) }

func (l *list) at(i int) []byte {
	start := 0
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.text[start:l.ends[i]]
}
