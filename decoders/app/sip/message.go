package sip

import "bytes"

const (
	maxLine = 8 << 10   // of a start line, as most servers have it
	maxHead = 64 << 10  // of start line and headers
	maxBody = 128 << 10 // of a body that is looked at
)

// startLine is the first line of a message; its fields point into it.
type startLine struct {
	method, uri  []byte // of a request
	code, reason []byte // of an answer
	version      []byte // SIP/2.0
}

// parseRequest reads `METHOD uri SIP/2.0` (RFC 3261 section 7.1).
func (l *startLine) parseRequest(line []byte) bool {
	method, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || !token(method) {
		return false
	}
	at := bytes.LastIndexByte(rest, ' ')
	if at <= 0 || !version(rest[at+1:]) {
		return false
	}
	*l = startLine{method: method, uri: rest[:at], version: rest[at+1:]}
	return true
}

// parseAnswer reads `SIP/2.0 200 OK` (section 7.2).
func (l *startLine) parseAnswer(line []byte) bool {
	v, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || !version(v) {
		return false
	}
	code, reason, _ := bytes.Cut(rest, []byte{' '})
	if !token(code) {
		return false
	}
	*l = startLine{version: v, code: code, reason: reason}
	return true
}

// version reports whether s is SIP/ and a number.
func version(s []byte) bool {
	number, ok := bytes.CutPrefix(s, []byte("SIP/"))
	if !ok || len(number) == 0 {
		return false
	}
	for _, c := range number {
		if c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// token reports whether s is a token of RFC 3261 section 25.1.
func token(s []byte) bool {
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case bytes.IndexByte([]byte("-.!%*_+`'~"), c) >= 0:
		default:
			return false
		}
	}
	return len(s) > 0
}

// header is a header field that rules can look at.
type header uint8

const (
	headerFrom header = iota
	headerTo
	headerVia
	headerUserAgent
	headerContentType
	headerContentLength
	headerOther
)

// headerNames are the full name and the compact form (section 7.3.3) of each.
var headerNames = [headerOther][2]string{
	headerFrom:          {"from", "f"},
	headerTo:            {"to", "t"},
	headerVia:           {"via", "v"},
	headerUserAgent:     {"user-agent", ""},
	headerContentType:   {"content-type", "c"},
	headerContentLength: {"content-length", "l"},
}

func headerByName(name []byte) header {
	for h := range headerOther {
		for _, known := range headerNames[h] {
			if len(name) == len(known) && len(known) > 0 && equalFold(name, known) {
				return h
			}
		}
	}
	return headerOther
}

// equalFold compares with a lower-case text of the same length.
func equalFold(s []byte, lower string) bool {
	for i, c := range s {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// field is one header field of a message.
type field struct {
	name  header
	value []byte
}

// nextField reads the header field at the start of head, with its
// continuation lines (section 7.3.1). rest is nil when it was the last; ok is
// false for a line that is no header field.
func nextField(head []byte) (f field, rest []byte, ok bool) {
	end := lineEnd(head)
	for end < len(head) && (head[end] == ' ' || head[end] == '\t') {
		end += lineEnd(head[end:])
	}
	name, value, ok := bytes.Cut(trimLine(head[:end]), []byte{':'})
	if !ok {
		return field{}, head[end:], false
	}
	return field{headerByName(bytes.TrimRight(name, " \t")), bytes.TrimSpace(value)}, head[end:], true
}

// lineEnd is the length of the first line of s with its line end.
func lineEnd(s []byte) int {
	if i := bytes.IndexByte(s, '\n'); i >= 0 {
		return i + 1
	}
	return len(s)
}

// trimLine cuts the line end off.
func trimLine(s []byte) []byte {
	s = bytes.TrimSuffix(s, []byte{'\n'})
	return bytes.TrimSuffix(s, []byte{'\r'})
}

// headLen is the length of the head of a message with the empty line that
// ends it; 0 when there is none yet.
func headLen(data []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(data[at:], '\n')
		if i < 0 {
			return 0
		}
		at += i + 1
		switch rest := data[at:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return at + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return at + 2
		}
	}
}

// contentLength reads the value of Content-Length; false when it is no number
// that a message can have.
func contentLength(value []byte) (n int, ok bool) {
	for _, c := range value {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, len(value) > 0
}
