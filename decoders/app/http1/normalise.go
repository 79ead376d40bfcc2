package http1

// appendPath appends the path as rules see it: percent encoding undone once,
// %uXXXX too, backslashes made slashes, runs of slashes one, UTF-8 made single
// bytes, and segments of . and .. resolved. Case is kept, as rules expect.
// Invalid encodings stay as they are.
func appendPath(dst, path []byte) []byte {
	start := len(dst)
	dst = appendDecodedPath(dst, path)
	dst = dst[:start+len(foldUTF8(dst[start:]))]
	return dst[:start+len(removeDots(dst[start:]))]
}

func appendDecodedPath(dst, path []byte) []byte {
	start := len(dst)
	for i := 0; i < len(path); {
		c, n := decodeAt(path, i)
		i += n
		if c == '\\' {
			c = '/'
		}
		if c == '/' && len(dst) > start && dst[len(dst)-1] == '/' {
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// decodeAt returns the byte that stands at i, encoded or not, and the length
// of what stands for it.
func decodeAt(b []byte, i int) (c byte, n int) {
	if b[i] != '%' {
		return b[i], 1
	}
	rest := b[i+1:]
	if len(rest) > 0 && lower(rest[0]) == 'u' {
		if v, ok := hexNumber(rest[1:], 4); ok {
			if v < 0x100 {
				return byte(v), 6
			}
			return bestFit(rune(v)), 6
		}
		return '%', 1
	}
	if v, ok := hexNumber(rest, 2); ok {
		return byte(v), 3
	}
	return '%', 1
}

// hexNumber reads exactly n hexadecimal digits.
func hexNumber(b []byte, n int) (v int, ok bool) {
	if len(b) < n {
		return 0, false
	}
	for _, c := range b[:n] {
		d := hexValue(c)
		if d < 0 {
			return 0, false
		}
		v = v<<4 | d
	}
	return v, true
}

// appendDecoded appends a query, fragment or host name with its encoding
// undone once. A plus sign stays one.
func appendDecoded(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		c, n := decodeAt(b, i)
		dst = append(dst, c)
		i += n
	}
	return dst
}

// foldUTF8 makes every UTF-8 sequence of b one byte, in place: overlong ones
// count, what is no UTF-8 becomes '?'.
func foldUTF8(b []byte) []byte {
	ascii := true
	for _, c := range b {
		if c >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return b
	}
	out := b[:0]
	for i := 0; i < len(b); {
		lead := b[i]
		size := 1
		var c rune
		switch {
		case lead < 0x80:
			out = append(out, lead)
			i++
			continue
		case lead >= 0xc0 && lead < 0xe0:
			size, c = 2, rune(lead&0x1f)
		case lead >= 0xe0 && lead < 0xf0:
			size, c = 3, rune(lead&0x0f)
		case lead >= 0xf0 && lead < 0xf5:
			size, c = 4, rune(lead&0x07)
		default:
			out = append(out, '?')
			i++
			continue
		}
		n := 1
		for n < size && i+n < len(b) && continues(lead, n, b[i+n]) {
			c = c<<6 | rune(b[i+n]&0x3f)
			n++
		}
		switch {
		case n == size && c < 0x100:
			out = append(out, byte(c))
		case n == size:
			out = append(out, bestFit(c))
		case i+n < len(b): // broken off by another character
			out = append(out, '?')
		default: // cut by the end: a mark for each byte but the last
			for range n - 1 {
				out = append(out, '?')
			}
		}
		i += n
	}
	return out
}

// continues reports whether c can be byte n of a sequence: surrogates and
// characters beyond U+10FFFF are none.
func continues(lead byte, n int, c byte) bool {
	if c < 0x80 || c > 0xbf {
		return false
	}
	return n != 1 || !(lead == 0xed && c > 0x9f || lead == 0xf4 && c > 0x8f)
}

// dotState is what was read and not yet written when dots are resolved.
type dotState uint8

const (
	atStart   dotState = iota
	startDot           // "." at the start of the path
	startDots          // ".." there
	inSegment          // everything was written
	atSlash            // "/"
	slashDot           // "/."
	slashDots          // "/.."
	afterDots          // the "/" behind a segment that was resolved
	dotStates          // number of states
)

// pending is what a state stands for when no dots follow after all.
var pending = [dotStates]string{startDot: ".", startDots: "..", atSlash: "/", slashDot: "/.", slashDots: "/..", afterDots: "/"}

// removeDots resolves the segments . and .. in place (RFC 3986 section 5.2.4),
// but writes a slash only together with the byte behind it, so that "/a/.."
// becomes nothing where the RFC says "/".
func removeDots(b []byte) []byte {
	out := b[:0]
	state := atStart
	for _, c := range b {
		switch {
		case c == '.' && state == atStart:
			state = startDot
		case c == '.' && state == startDot:
			state = startDots
		case c == '.' && (state == atSlash || state == afterDots):
			state = slashDot
		case c == '.' && state == slashDot:
			state = slashDots
		case c == '/' && (state == startDot || state == startDots):
			state = atStart
		case c == '/' && (state == atStart || state == inSegment):
			state = atSlash
		case c == '/' && state == slashDot:
			state = afterDots
		case c == '/' && state == slashDots:
			out = dropSegment(out)
			state = afterDots
		default:
			out = append(append(out, pending[state]...), c)
			state = inSegment
		}
	}
	switch state {
	case atSlash:
		out = append(out, '/')
	case slashDots:
		out = dropSegment(out)
	}
	return out
}

// dropSegment cuts the last segment off, and the slash before it.
func dropSegment(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] != '/' {
		b = b[:len(b)-1]
	}
	return b[:max(len(b)-1, 0)]
}
