package http1

import "bytes"

// isSpace is white space as libhtp takes it: blank, tab, CR, LF, VT, FF.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// isBlank is the white space inside a line: blank and tab.
func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isASCIISpace is isSpace without the vertical tab, which the HTML standard
// does not count.
func isASCIISpace(c byte) bool { return isSpace(c) && c != '\v' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// hexValue is the value of a hexadecimal digit, negative if c is none.
func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// isToken is a character of a field name (RFC 2616 section 2.2; ~ counts).
func isToken(c byte) bool {
	if c <= ' ' || c > '~' {
		return false
	}
	switch c {
	case '(', ')', '<', '>', '@', ',', ';', ':', '\\', '"', '/', '[', ']', '?', '=', '{', '}':
		return false
	}
	return true
}

// equalFold compares without regard to case.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if lower(b[i]) != lower(s[i]) {
			return false
		}
	}
	return true
}

// equalLoose compares with a lower-case word, without regard to case and NUL
// bytes, which some clients and servers drop.
func equalLoose(b []byte, word string) bool {
	n := 0
	for _, c := range b {
		if c == 0 {
			continue
		}
		if n == len(word) || lower(c) != word[n] {
			return false
		}
		n++
	}
	return n == len(word)
}

// containsLoose looks for a lower-case word, without regard to case and NULs.
func containsLoose(b []byte, word string) bool {
	for at := range b {
		if lower(b[at]) != word[0] {
			continue // also keeps runs of NULs from being gone through for each of them
		}
		n := 0
		for i := at; i < len(b) && n < len(word); i++ {
			if b[i] == 0 {
				continue
			}
			if lower(b[i]) != word[n] {
				break
			}
			n++
		}
		if n == len(word) {
			return true
		}
	}
	return false
}

// trim cuts white space off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// chomp cuts line ends off.
func chomp(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// skip returns the number of bytes at the start of b for which is holds.
func skip(b []byte, is func(byte) bool) int {
	for i, c := range b {
		if !is(c) {
			return i
		}
	}
	return len(b)
}

// behindLF returns the place behind the first LF of b, -1 if there is none.
func behindLF(b []byte) int {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return i + 1
	}
	return -1
}
