package mime

import "bytes"

// AppendDecodedWords appends text with its encoded words decoded, as bytes of
// the character set that they name (RFC 2047). Space between two encoded words
// is not text.
func AppendDecodedWords(dst, text []byte) []byte {
	afterWord := false
	for len(text) > 0 {
		start := bytes.Index(text, []byte("=?"))
		if start < 0 {
			break
		}
		enc, body, n := cutWord(text[start:])
		if n == 0 {
			dst = append(dst, text[:start+2]...)
			text, afterWord = text[start+2:], false
			continue
		}
		if !afterWord || len(trimSpace(text[:start])) > 0 {
			dst = append(dst, text[:start]...)
		}
		dst = appendWord(dst, enc, body)
		text, afterWord = text[start+n:], true
	}
	return append(dst, text...)
}

// cutWord takes =?charset?encoding?body?= apart; n is its length, 0 when text
// does not start with one.
func cutWord(text []byte) (enc byte, body []byte, n int) {
	rest := text[2:]
	charset := bytes.IndexByte(rest, '?')
	if charset < 1 || len(rest) < charset+3 || rest[charset+2] != '?' {
		return 0, nil, 0
	}
	enc = toLower(rest[charset+1])
	if enc != 'b' && enc != 'q' {
		return 0, nil, 0
	}
	body = rest[charset+3:]
	end := bytes.Index(body, []byte("?="))
	if end < 0 || bytes.ContainsAny(body[:end], " \t") {
		return 0, nil, 0
	}
	return enc, body[:end], 2 + charset + 3 + end + 2
}

func appendWord(dst []byte, enc byte, body []byte) []byte {
	var d decoder
	if enc == 'b' {
		dst, _ = d.appendBase64(dst, body)
		return dst
	}
	at := len(dst)
	dst, _ = d.appendQuotedPrintable(dst, body, nil)
	for i := at; i < len(dst); i++ {
		if dst[i] == '_' {
			dst[i] = ' '
		}
	}
	return dst
}

// decodeWordsFrom decodes the encoded words of b[at:] in its place; decoding
// never makes text longer.
func decodeWordsFrom(b []byte, at int) []byte {
	var scratch [4 * maxFilename]byte
	text := append(scratch[:0], b[at:min(len(b), at+len(scratch))]...)
	return AppendDecodedWords(b[:at], text)
}
