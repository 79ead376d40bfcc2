package http1

import (
	"bytes"

	"spanwatch/decoders/app"
)

// readURI takes the URI of a request apart and normalises its host.
func (m *message) readURI() {
	uri, ok := m.bytes(m.uri)
	if !ok {
		return
	}
	if m.methodName == MethodCONNECT {
		host, port, valid, ok := hostAndPort(uri)
		if !ok {
			return
		}
		if !valid {
			m.tx.flags |= hostOfURIInvalid
		}
		m.port = portNumber(port)
		m.host = m.writeHost(host)
		return
	}
	m.parts = splitURI(uri, int(m.uri.start))
	if host, ok := m.bytes(m.parts.hostname); ok {
		m.host = m.writeHost(host)
		if !validHost(m.get(m.host)) {
			m.tx.flags |= hostOfURIInvalid
		}
	}
	if port, ok := m.bytes(m.parts.port); ok {
		if m.port = portNumber(port); m.port == 0 {
			m.tx.flags |= hostOfURIInvalid
		}
	}
	m.normaliseURI()
}

// writeHost writes a host name of a URI as rules see it: decoded, in lower
// case and without dots at its end.
func (m *message) writeHost(host []byte) ref {
	start := len(m.text)
	m.text = appendDecoded(m.text, host)
	for i := start; i < len(m.text); i++ {
		m.text[i] = lower(m.text[i])
	}
	for len(m.text) > start && m.text[len(m.text)-1] == '.' {
		m.text = m.text[:len(m.text)-1]
	}
	return m.since(start)
}

// normaliseURI writes path, query and fragment as rules see them.
func (m *message) normaliseURI() {
	c := &m.tx.parser.config
	start := len(m.text)
	if path, ok := m.bytes(m.parts.path); ok {
		m.text = appendPath(m.text, path)
		m.path = m.since(start)
		if c.DoubleDecodePath {
			start = len(m.text)
			m.text = append(m.text, m.get(m.path)...)
			m.decodeAgain(start)
		}
	}
	if query, ok := m.bytes(m.parts.query); ok {
		m.text = append(m.text, '?')
		at := len(m.text)
		m.text = appendDecoded(m.text, query)
		if c.DoubleDecodeQuery {
			m.decodeAgain(at)
		}
	}
	if fragment, ok := m.bytes(m.parts.fragment); ok {
		m.text = append(m.text, '#')
		m.text = appendDecoded(m.text, fragment)
	}
	if len(m.text) > start {
		m.normalised = m.since(start)
	}
}

// decodeAgain decodes the end of text once more, in place.
func (m *message) decodeAgain(start int) {
	once := m.text[start:]
	twice := appendDecoded(once[:0], once)
	if len(twice) < len(once) {
		m.tx.events.add(app.EventHTTPDoubleEncodedURI)
	}
	m.text = m.text[:start+len(twice)]
}

// judgeRequest looks at the fields of a request once all are read.
func (s *State) judgeRequest() {
	t := s.client.tx
	m := &t.request
	if te, ok := m.value("transfer-encoding"); ok {
		if !containsLoose(te, "chunked") || m.version < Version11 {
			t.flags |= badTransferEncoding
		}
	} else if value, ok := m.value("content-length"); ok {
		_, valid, before, behind := contentLength(value)
		if before {
			t.events.add(app.EventHTTPContentLengthExtraDataStart)
		}
		if behind {
			t.events.add(app.EventHTTPContentLengthExtraDataEnd)
		}
		if !valid {
			t.flags |= badContentLength
		}
	}
	m.judgeHost()
	if auth, ok := m.value("authorization"); ok && !knownAuthorization(auth) {
		t.flags |= authUnrecognized
	}
}

// chunked reports whether a body is sent in chunks.
func (m *message) chunked() bool {
	te, ok := m.value("transfer-encoding")
	return ok && containsLoose(te, "chunked")
}

// judgeHost finds the host of a request: that of the URI, else of the Host
// field.
func (m *message) judgeHost() {
	t := m.tx
	field, ok := m.value("host")
	if !ok {
		if m.version >= Version11 {
			t.flags |= hostMissing
		}
		return
	}
	host, port, valid, ok := hostAndPort(field)
	known, hasHost := m.bytes(m.host)
	if !ok {
		if hasHost {
			t.flags |= hostAmbiguous
		}
		return
	}
	if !valid {
		t.flags |= hostOfFieldInvalid
	}
	if !hasHost {
		start := len(m.text)
		m.text = append(m.text, host...)
		for i := start; i < len(m.text); i++ {
			m.text[i] = lower(m.text[i])
		}
		m.host = m.since(start)
		m.port = portNumber(port)
		return
	}
	if !sameFold(known, host) || port != nil && m.port != 0 && m.port != portNumber(port) {
		t.flags |= hostAmbiguous
	}
}

// knownAuthorization reports whether the scheme of an Authorization field is
// one that libhtp knows.
func knownAuthorization(value []byte) bool {
	for _, scheme := range [...]string{"basic", "digest", "bearer"} {
		if len(value) >= len(scheme) && equalFold(value[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// mediaType is a Content-Type without its parameters.
func mediaType(value []byte) []byte {
	if i := bytes.IndexAny(value, "; \t"); i >= 0 {
		return value[:i]
	}
	return value
}
