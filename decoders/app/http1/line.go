package http1

import (
	"spanwatch/decoders/app"
)

// ignorable reports whether a line before a first line means nothing: an empty
// one.
func ignorable(line []byte) bool {
	switch string(line) {
	case "\r", "\n", "\r\n":
		return true
	}
	return false
}

// readRequestLine takes a request line apart, which starts at the given place
// of the head. The method may have white space before it; the URI ends at the
// first blank behind it, or other white space if there is none, and what
// follows is the version.
func (m *message) readRequestLine(at int) {
	t := m.tx
	b := m.head[at:]
	n := len(chomp(b))
	m.line = headRef(at, at+n)
	b = b[:n]

	start := skip(b, isSpace)
	if start > 0 {
		t.events.add(app.EventHTTPRequestLineLeadingWhitespace)
	}
	end := start + skip(b[start:], func(c byte) bool { return !isSpace(c) })
	m.method = headRef(at+start, at+end)
	m.methodName = methodOf(b[start:end])
	rest := end + skip(b[end:], isSpace)
	for _, c := range b[end:rest] {
		if c != ' ' {
			t.events.add(app.EventHTTPMethodDelimNonCompliant)
			break
		}
	}
	from, to := trimmed(b, rest, n)
	if rest == n {
		m.http09, m.version = true, Version09
		if m.methodName == MethodUnknown {
			t.events.add(app.EventHTTPRequestLineUnknownMethod)
		}
		return
	}
	// trimmed may leave nothing only if rest was nothing: rest starts with a
	// character that is no white space.
	split := func(is func(byte) bool) (uriEnd, protocol int) {
		uriEnd = from + skip(b[from:to], func(c byte) bool { return !is(c) })
		protocol = min(uriEnd+1, to)
		_, uriEnd = trimmed(b, from, uriEnd)
		protocol, _ = trimmed(b, protocol, to)
		return uriEnd, protocol
	}
	uriEnd, protocol := split(func(c byte) bool { return c == ' ' })
	for _, c := range b[from:uriEnd] {
		if isSpace(c) && c != ' ' {
			t.events.add(app.EventHTTPURIDelimNonCompliant)
			if uriEnd == to {
				uriEnd, protocol = split(isSpace)
			}
			break
		}
	}
	m.uri = headRef(at+from, at+uriEnd)
	if protocol == to {
		m.http09, m.version = true, Version09
		if m.methodName == MethodUnknown {
			t.events.add(app.EventHTTPRequestLineUnknownMethodNoProtocol)
		}
		return
	}
	m.protocol = headRef(at+protocol, at+to)
	m.version = m.readVersion(m.get(m.protocol))
	if m.methodName == MethodUnknown && m.version == VersionInvalid {
		t.events.add(app.EventHTTPRequestLineUnknownMethodInvalidProtocol)
	}
}

// readVersion reads "HTTP/1.1", with white space around the slash and zeros
// before the number.
func (m *message) readVersion(b []byte) Version {
	b = b[skip(b, isASCIISpace):]
	if len(b) < 4 || !equalFold(b[:4], "http") {
		return VersionInvalid
	}
	b = b[4:]
	before := skip(b, isASCIISpace)
	b = b[before:]
	if len(b) == 0 || b[0] != '/' {
		return VersionInvalid
	}
	b = b[1:]
	behind := skip(b, func(c byte) bool { return isASCIISpace(c) || c == '0' })
	b = b[behind:]
	v, n := VersionInvalid, 3
	switch {
	case hasPrefix(b, ".9"):
		v, n = Version09, 2
	case hasPrefix(b, "1.0"):
		v = Version10
	case hasPrefix(b, "1.1"):
		v = Version11
	default:
		return VersionInvalid
	}
	b = b[n:]
	if skip(b, isASCIISpace) < len(b) {
		return VersionInvalid
	}
	// The zero of 0.9 is one of those that are skipped.
	if before > 0 || behind > 0 {
		m.tx.events.add(app.EventHTTPProtocolContainsExtraData)
	}
	return v
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

// readStatusLine takes a status line apart, which starts at the given place of
// the head.
func (m *message) readStatusLine(at int) {
	t := m.tx
	b := m.head[at:]
	n := len(chomp(b))
	m.line = headRef(at, at+n)
	m.version, m.code = VersionInvalid, 0

	start := skip(b, func(c byte) bool { return isSpace(c) || c == 0 })
	end := start + skip(b[start:], func(c byte) bool { return !isSpace(c) })
	if end > start {
		m.protocol = headRef(at+start, at+end)
		m.version = m.readVersion(b[start:end])
	}
	status := end + skip(b[end:], isSpace)
	after := status + skip(b[status:], func(c byte) bool { return !isSpace(c) })
	if end > start && status > end && after > status {
		m.status = headRef(at+status, at+after)
		m.code = statusCode(b[status:after])
		if reason := after + skip(b[after:], isASCIISpace); reason > after {
			m.reason = headRef(at+reason, at+reason+len(chomp(b[reason:])))
		}
	}
	if m.version == VersionInvalid {
		t.events.add(app.EventHTTPResponseLineInvalidProtocol)
	}
	if m.code == 0 {
		t.events.add(app.EventHTTPResponseLineInvalidResponseStatus)
	}
}

// statusCode returns a status of three digits, 0 if it is none.
func statusCode(b []byte) int {
	n := 0
	for _, c := range b {
		if !isDigit(c) || n > 999 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	if n < 100 || n > 999 {
		return 0
	}
	return n
}

// looksLikeResponse reports whether a line is good enough for a status line to
// browsers: it starts with HTTP.
func looksLikeResponse(line []byte) bool {
	line = line[skip(line, func(c byte) bool { return isSpace(c) || c == 0 }):]
	return len(line) >= 4 && equalFold(line[:4], "http")
}
