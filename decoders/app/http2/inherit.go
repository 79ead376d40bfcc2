package http2

import (
	"bytes"
	"encoding/base64"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

var _ app.Heir = (*State)(nil)

// Inherit takes the request of HTTP/1 by which the connection became one of
// HTTP/2 for that of stream 1, and its settings for the client's.
func (s *State) Inherit(request app.Tx) {
	method, ok := request.Buffer(app.HTTPMethod, 0)
	if !ok {
		return
	}
	t := s.begin(1)
	t.phase = phaseHalfClosedClient
	t.frame(decoders.ToServer, typeHeaders)
	f := &t.sides[decoders.ToServer]
	f.add([]byte(":method"), method)
	if uri, ok := request.Buffer(app.HTTPURIRaw, 0); ok {
		f.add([]byte(":path"), uri)
	}
	for i := range maxCount {
		line, ok := request.Buffer(app.HTTPRequestHeader, i)
		if !ok {
			return
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case equalFold(name, "host"):
			name = []byte(":authority")
		case equalFold(name, "http2-settings"):
			s.inheritSettings(t, value)
			continue
		}
		if !f.add(name, value) {
			t.events.Add(EventReassemblyLimitReached)
			return
		}
	}
}

// inheritSettings reads the field HTTP2-Settings: what a SETTINGS frame would
// have, in base64url.
func (s *State) inheritSettings(t *Tx, value []byte) {
	value = bytes.TrimRight(value, "=")
	encoding := base64.RawURLEncoding
	if bytes.ContainsAny(value, "+/") {
		encoding = base64.RawStdEncoding
	}
	content, err := encoding.AppendDecode(nil, value)
	if err != nil || len(content)%6 != 0 {
		t.events.Add(EventInvalidHTTP1Settings)
	}
	if err != nil {
		return
	}
	settings := s.begin(0)
	settings.frame(decoders.ToServer, typeSettings)
	s.settings(settings, content, decoders.ToServer)
}
