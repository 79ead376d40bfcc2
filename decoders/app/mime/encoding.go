package mime

// encoding is a Content-Transfer-Encoding.
type encoding uint8

const (
	plain encoding = iota // 7bit, 8bit, binary and all that is unknown
	base64
	quotedPrintable
)

// base64Values has the value of each letter of the alphabet, 0x40 for '=' and
// 0xff for all others.
var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(alphabet) {
		t[alphabet[i]] = byte(i)
	}
	t['='] = 0x40
	return t
}()

// decoder takes a transfer encoding off, however the body is cut into pieces.
type decoder struct {
	held  [4]byte // base64: values of the group that is not complete
	n     uint8
	state qpState
	high  byte    // quoted-printable: first digit behind '='
	eol   [2]byte // end of the last line, held back
	eolN  uint8
}

type qpState uint8

const (
	qpText qpState = iota
	qpEqual
	qpDigit
)

// appendBase64 decodes text. Letters outside of the alphabet are passed over
// (RFC 2045 section 6.8); ok is false when there were any but spaces.
func (d *decoder) appendBase64(dst, text []byte) (_ []byte, ok bool) {
	ok = true
	for i := 0; i < len(text); i++ {
		if d.n == 0 {
			var n int
			if dst, n = appendGroups(dst, text[i:]); n > 0 {
				i += n - 1
				continue
			}
		}
		c := text[i]
		v := base64Values[c]
		if v >= 0x40 {
			if v == 0xff || d.n < 2 {
				ok = ok && isSpace(c)
				continue
			}
		} else if d.n == 3 && d.held[2] == 0x40 {
			ok = false // a letter behind padding: Suricata ends the group here
		}
		d.held[d.n] = v
		if d.n++; d.n < 4 {
			continue
		}
		d.n = 0
		h := &d.held
		switch {
		case h[2] == 0x40:
			dst = append(dst, h[0]<<2|h[1]>>4)
		case h[3] == 0x40:
			dst = append(dst, h[0]<<2|h[1]>>4, h[1]<<4|h[2]>>2)
		default:
			dst = append(dst, h[0]<<2|h[1]>>4, h[1]<<4|h[2]>>2, h[2]<<6|h[3])
		}
	}
	return dst, ok
}

// appendGroups decodes the whole groups of four letters that text starts with
// and returns how many bytes those are.
func appendGroups(dst, text []byte) (_ []byte, n int) {
	for ; len(text)-n >= 4; n += 4 {
		g := text[n : n+4]
		a, b, c, e := base64Values[g[0]], base64Values[g[1]], base64Values[g[2]], base64Values[g[3]]
		if a|b|c|e >= 0x40 {
			break
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|e)
	}
	return dst, n
}

const hexDigits = "0123456789ABCDEF"

// appendQuotedPrintable decodes a piece of a line and its end, if it has come.
// What is no escape stays as it is, as RFC 2045 section 6.7 recommends; ok is
// false then. The end of the line is held back as in appendPlain.
func (d *decoder) appendQuotedPrintable(dst, text, eol []byte) (_ []byte, ok bool) {
	ok = true
	dst = append(dst, d.eol[:d.eolN]...)
	d.eolN = 0
	for _, c := range text {
		switch d.state {
		case qpText:
			if c == '=' {
				d.state = qpEqual
			} else {
				dst = append(dst, c)
			}
		case qpEqual:
			v, isHex := hexValue(c)
			if !isHex {
				dst, ok = append(dst, '=', c), false
				d.state = qpText
				continue
			}
			ok = ok && c < 'a' // lower-case digits are not allowed, but clear
			d.high, d.state = v, qpDigit
		case qpDigit:
			d.state = qpText
			v, isHex := hexValue(c)
			if !isHex {
				dst, ok = append(dst, '=', hexDigits[d.high], c), false
				continue
			}
			ok = ok && c < 'a'
			dst = append(dst, d.high<<4|v)
		}
	}
	if len(eol) == 0 {
		return dst, ok
	}
	if d.state == qpDigit { // "=4" at the end of the line
		dst, ok = append(dst, '=', hexDigits[d.high]), false
	}
	if d.state != qpEqual {
		d.eolN = uint8(copy(d.eol[:], eol))
	}
	d.state = qpText
	return dst, ok
}

// appendPlain holds the end of each line back until the next: the one before a
// boundary belongs to the boundary (RFC 2046 section 5.1.1).
func (d *decoder) appendPlain(dst, text, eol []byte) []byte {
	dst = append(dst, d.eol[:d.eolN]...)
	dst = append(dst, text...)
	d.eolN = uint8(copy(d.eol[:], eol))
	return dst
}
