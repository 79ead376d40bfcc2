package event

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// AppendString appends s as a JSON string with its quotes.
func AppendString(dst []byte, s string) []byte {
	return AppendText(dst, []byte(s)) // not copied: AppendText does not write to it
}

// AppendText appends bytes from the wire as a JSON string with its quotes.
// Valid UTF-8 stays as it is. If s is not valid UTF-8, each of its bytes from
// 0x80 up becomes the four characters \xNN, as Suricata writes it: readable,
// but not reversible, because the wire may carry these characters itself.
func AppendText(dst, s []byte) []byte {
	dst = append(dst, '"')
	n := plainPrefix(s)
	dst = append(dst, s[:n]...)
	if n < len(s) {
		dst = appendEscaped(dst, s[n:], utf8.Valid(s))
	}
	return append(dst, '"')
}

const hexDigits = "0123456789abcdef"

func appendEscaped(dst, s []byte, valid bool) []byte {
	for i := 0; i < len(s); {
		if n := plainPrefix(s[i:]); n > 0 {
			dst = append(dst, s[i:i+n]...)
			i += n
			continue
		}
		c := s[i]
		i++
		switch {
		case c >= utf8.RuneSelf && valid:
			dst = append(dst, c)
		case c >= utf8.RuneSelf:
			dst = append(dst, '\\', '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = appendEscape(dst, c)
		}
	}
	return dst
}

// appendEscape writes one ASCII byte that may not stand in a JSON string by
// itself (RFC 8259 section 7).
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\t':
		return append(dst, '\\', 't')
	case '\n':
		return append(dst, '\\', 'n')
	case '\f':
		return append(dst, '\\', 'f')
	case '\r':
		return append(dst, '\\', 'r')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// plainPrefix counts the leading bytes that JSON takes as they are: ASCII from
// 0x20 without quote and backslash. Eight at a time; a carry between the bytes
// of a word can only make a later byte look special, and the byte loop decides
// then.
func plainPrefix(s []byte) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	n := 0
	for ; n+8 <= len(s); n += 8 {
		w := binary.LittleEndian.Uint64(s[n:])
		quote := w ^ '"'*ones
		slash := w ^ '\\'*ones
		if (w|(w-' '*ones)|(quote-ones)|(slash-ones))&highs != 0 {
			break
		}
	}
	for n < len(s) && s[n] >= ' ' && s[n] < utf8.RuneSelf && s[n] != '"' && s[n] != '\\' {
		n++
	}
	return n
}

// appendPrintable appends a payload as payload_printable has it: printable
// ASCII, line feed and carriage return stay, every other byte becomes a dot.
func appendPrintable(dst, s []byte) []byte {
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\' || c == '\n' || c == '\r':
			dst = appendEscape(dst, c)
		case c < ' ' || c > '~':
			dst = append(dst, '.')
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// The member functions take the text from the comma to the value, for example
// `,"rev":`, so that it is one copy.

func appendUintMember(dst []byte, name string, v uint64) []byte {
	dst = append(dst, name...)
	return strconv.AppendUint(dst, v, 10)
}

func appendOptionalUint(dst []byte, name string, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return appendUintMember(dst, name, v)
}

func appendStringMember(dst []byte, name, s string) []byte {
	dst = append(dst, name...)
	return AppendString(dst, s)
}

func appendOptionalString(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return appendStringMember(dst, name, s)
}

func appendBoolMember(dst []byte, name string, v bool) []byte {
	dst = append(dst, name...)
	return strconv.AppendBool(dst, v)
}

// appendTrue writes a member that EVE leaves out when it is false.
func appendTrue(dst []byte, member string, v bool) []byte {
	if !v {
		return dst
	}
	return append(dst, member...)
}

// appendHexMember writes two hexadecimal digits and the closing quote; name
// ends in the opening one.
func appendHexMember(dst []byte, name string, v uint8) []byte {
	dst = append(dst, name...)
	return append(dst, hexDigits[v>>4], hexDigits[v&15], '"')
}

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, s)
	}
	return append(dst, ']')
}
