package http2

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Buffers that rules can look at, besides those that the versions of HTTP
// share: each of what the client sent, then of what the server did.
const (
	bufferFrameType = app.FirstPair + app.Buffer(app.ProtoHTTP2)*2*app.FieldsPerProtocol + 2*iota
	bufferErrorCode
	bufferPriority
	bufferWindow
	bufferSizeUpdate
	bufferSettings
	bufferHeaderName
)

var fields = []app.Field{
	{Name: "http2.frametype", Buffer: bufferFrameType, Dirs: app.Both, Bits: 8, Multi: true, Words: kindWords},
	{Name: "http2.errorcode", Buffer: bufferErrorCode, Dirs: app.Both, Bits: 32, Multi: true, Words: errorWords()},
	{Name: "http2.priority", Buffer: bufferPriority, Dirs: app.Both, Bits: 8, Multi: true},
	{Name: "http2.window", Buffer: bufferWindow, Dirs: app.Both, Bits: 32, Multi: true},
	{Name: "http2.size_update", Buffer: bufferSizeUpdate, Dirs: app.Both, Bits: 64, Multi: true},
	{Name: "http2.settings", Buffer: bufferSettings, Dirs: app.Both, Bits: 32, Multi: true, Keys: settingWords},
	{Name: "http2.header_name", Buffer: bufferHeaderName, Dirs: app.Both, Multi: true},
}

// Definition says what rules can look at. There is no port for HTTP/2: its
// preface tells it anywhere.
func (p *Parser) Definition() app.Definition {
	return app.Definition{Transports: decoders.LayerTCP, TCPPorts: []uint16{80}, Fields: fields, Files: true, FlowSides: true, Event: "http"}
}

// namedBuffers are the fields that have a buffer of their own, by their place in
// joinedNames.
var namedBuffers = map[app.Buffer]int{
	app.HTTPUserAgent: 0, app.HTTPReferer: 1, app.HTTPAccept: 2, app.HTTPAcceptLang: 3, app.HTTPAcceptEnc: 4,
	app.HTTPLocation: 8, app.HTTPServer: 9,
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if dir, ok := b.OfDNS(); ok {
		if m := t.dns[dir].message; m != nil {
			return m.Buffer(b, i)
		}
		return nil, false
	}
	for d := range t.bodies {
		if data, ok := t.bodies[d].Buffer(b, i); ok {
			return data, true
		}
	}
	if b >= app.FirstPair {
		if b&^1 == bufferHeaderName {
			s := &t.sides[b&1]
			if f := s.at(i); f != nil {
				return s.name(f), true
			}
		}
		return nil, false
	}
	request, response := t.visible(decoders.ToServer), t.visible(decoders.ToClient)
	switch b {
	case app.HTTPRequestHeader:
		if f := request.at(i); f != nil {
			return request.line(f), true
		}
		return nil, false
	case app.HTTPResponseHeader:
		if f := response.at(i); f != nil {
			return response.line(f), true
		}
		return nil, false
	}
	if i > 0 {
		return nil, false
	}
	switch b {
	case app.HTTPMethod:
		return request.first(":method")
	case app.HTTPURI, app.HTTPURIRaw:
		return request.first(":path")
	case app.HTTPHost:
		return request.host()
	case app.HTTPHostRaw:
		return request.authority()
	case app.HTTPRequestLine:
		return request.requestLine()
	case app.HTTPResponseLine:
		return response.statusLine()
	case app.HTTPStatCode:
		return response.first(":status")
	case app.HTTPStatMsg:
		return nil, response != &nothing // there is one, and it is empty
	}
	if which, ok := namedBuffers[b]; ok {
		s := request
		if b == app.HTTPLocation || b == app.HTTPServer {
			s = response
		}
		return s.joined(which)
	}
	return t.either(b)
}

// visible returns what a side sent once that is due for rules on HTTP: more
// fields may come before.
func (t *Tx) visible(dir decoders.Direction) *sent {
	if t.Progress(dir) == Started {
		return &nothing
	}
	return &t.sides[dir]
}

// nothing is a side that is not to be looked at yet. It is never written to:
// what is made of no fields is not there.
var nothing sent

// either returns a buffer that both sides have.
func (t *Tx) either(b app.Buffer) ([]byte, bool) {
	for d := range t.sides {
		dir := decoders.Direction(d)
		s := t.visible(dir)
		switch b {
		case app.HTTPHeader.In(dir):
			return s.header()
		case app.HTTPHeaderRaw.In(dir):
			return s.lines, len(s.lines) > 0
		case app.HTTPHeaderNames.In(dir):
			return s.names()
		case app.HTTPProtocol.In(dir):
			return protocol, s != &nothing
		case app.HTTPConnection.In(dir):
			return s.joined(5)
		case app.HTTPContentLen.In(dir):
			return s.joined(6)
		case app.HTTPContentType.In(dir):
			return s.joined(7)
		case app.HTTPCookie.In(dir):
			if dir == decoders.ToServer {
				return s.joined(10)
			}
			return s.joined(11)
		}
	}
	return nil, false
}

var protocol = []byte("HTTP/2")

// authority returns the host as it was sent.
func (s *sent) authority() ([]byte, bool) {
	if v, ok := s.first(":authority"); ok {
		return v, true
	}
	return s.first("host")
}

// host returns the host in lower case, without user and port.
func (s *sent) host() ([]byte, bool) {
	raw, ok := s.authority()
	if !ok {
		return nil, false
	}
	m := &s.made[madeHost]
	if !m.valid {
		raw = raw[bytes.IndexByte(raw, '@')+1:]
		if i := bytes.IndexByte(raw, ':'); i >= 0 && (len(raw) == 0 || raw[0] != '[') {
			raw = raw[:i]
		}
		m.text, m.valid = append(m.text[:0], raw...), true
		for i, c := range m.text {
			if 'A' <= c && c <= 'Z' {
				m.text[i] = c + 'a' - 'A'
			}
		}
	}
	return m.text, true
}

// requestLine puts a request line together. As in Suricata, frames that are no
// request have one too, without method and path.
func (s *sent) requestLine() ([]byte, bool) {
	if s == &nothing {
		return nil, false
	}
	method, _ := s.first(":method")
	path, _ := s.first(":path")
	m := &s.made[madeLine]
	if !m.valid {
		m.text, m.valid = append(append(m.text[:0], method...), ' '), true
		m.text = append(append(m.text, path...), " HTTP/2\r\n"...)
	}
	return m.text, true
}

// statusLine puts a status line together, see requestLine.
func (s *sent) statusLine() ([]byte, bool) {
	if s == &nothing {
		return nil, false
	}
	status, _ := s.first(":status")
	m := &s.made[madeLine]
	if !m.valid {
		m.text, m.valid = append(append(append(m.text[:0], "HTTP/2 "...), status...), "\r\n"...), true
	}
	return m.text, true
}

// Integer returns a number.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if dir, ok := b.OfDNS(); ok {
		if m := t.dns[dir].message; m != nil {
			return m.Integer(b, i)
		}
		return 0, false
	}
	if b >= app.FirstPair {
		return t.sides[b&1].number(b&^1, i)
	}
	for d := range t.bodies {
		if v, ok := t.bodies[d].Integer(b, i); ok {
			return v, true
		}
	}
	if i == 0 && (b == app.HTTPURI || b == app.HTTPURIRaw) {
		path, ok := t.visible(decoders.ToServer).first(":path")
		return uint64(len(path)), ok
	}
	return 0, false
}

// number returns number i of what a side's frames have.
func (s *sent) number(b app.Buffer, i int) (uint64, bool) {
	switch {
	case b == bufferFrameType && i < len(s.kinds):
		return uint64(s.kinds[i]), true
	case b == bufferErrorCode && i < len(s.errors):
		return uint64(s.errors[i].code), true
	case b == bufferPriority && i < len(s.priorities):
		return uint64(s.priorities[i]), true
	case b == bufferWindow && i < len(s.windows):
		return uint64(s.windows[i]), true
	case b == bufferSettings && i < len(s.settings):
		return uint64(s.settings[i].id)<<32 | uint64(s.settings[i].value), true
	case b == bufferSizeUpdate:
		return s.sizeAt(i)
	}
	return 0, false
}
