package sip

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Buffers that rules can look at. Those from bufferFrom on have an instance
// for each header field, those of SDP one for each line.
const (
	bufferMethod = app.FirstField + app.Buffer(app.ProtoSIP)*app.FieldsPerProtocol + iota
	bufferURI
	bufferRequestLine
	bufferStatCode
	bufferStatMsg
	bufferResponseLine
	bufferProtocol
	bufferFrom
	bufferTo
	bufferVia
	bufferUserAgent
	bufferContentType
	bufferContentLength
	bufferSession // SDP, see sessionKinds
)

// sessionKinds are the lines of SDP that belong to the session, mediaKinds
// those of media descriptions, as buffers from bufferSession on.
const (
	sessionKinds = "siouepcbtrzka"
	mediaKinds   = "mick"
	bufferMedia  = bufferSession + app.Buffer(len(sessionKinds))
)

// Definition says what rules can look at and where SIP is expected.
func (p *Parser) Definition() app.Definition {
	d := app.Definition{
		Transports: decoders.LayerUDP | decoders.LayerTCP,
		TCPPorts:   []uint16{5060, 5061}, UDPPorts: []uint16{5060, 5061},
	}
	for i, f := range [...]struct {
		name string
		dirs app.Dirs
	}{
		{"sip.method", app.ToServer}, {"sip.uri", app.ToServer}, {"sip.request_line", app.ToServer},
		{"sip.stat_code", app.ToClient}, {"sip.stat_msg", app.ToClient}, {"sip.response_line", app.ToClient},
		{"sip.protocol", app.Both},
		{"sip.from", app.Both}, {"sip.to", app.Both}, {"sip.via", app.Both}, {"sip.user_agent", app.Both},
		{"sip.content_type", app.Both}, {"sip.content_length", app.Both},
		{"sdp.session_name", app.Both}, {"sdp.session_info", app.Both}, {"sdp.origin", app.Both}, {"sdp.uri", app.Both},
		{"sdp.email", app.Both}, {"sdp.phone_number", app.Both}, {"sdp.connection_data", app.Both}, {"sdp.bandwidth", app.Both},
		{"sdp.time", app.Both}, {"sdp.repeat_time", app.Both}, {"sdp.timezone", app.Both}, {"sdp.encryption_key", app.Both},
		{"sdp.attribute", app.Both},
		{"sdp.media.media", app.Both}, {"sdp.media.media_info", app.Both}, {"sdp.media.connection_data", app.Both},
		{"sdp.media.encryption_key", app.Both},
	} {
		b := bufferMethod + app.Buffer(i)
		d.Fields = append(d.Fields, app.Field{Name: f.name, Buffer: b, Dirs: f.dirs, Multi: b >= bufferFrom})
	}
	return d
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	switch {
	case b < bufferMethod:
		return nil, false
	case b >= bufferMedia+app.Buffer(len(mediaKinds)):
		return nil, false
	case b >= bufferMedia:
		return t.sdp.ofMedia(mediaKinds[b-bufferMedia], i)
	case b >= bufferSession:
		return t.sdp.session(sessionKinds[b-bufferSession], i)
	case b >= bufferFrom:
		return t.field(header(b-bufferFrom), i)
	case i > 0:
		return nil, false
	}
	var data []byte
	switch b {
	case bufferMethod:
		data = t.start.method
	case bufferURI:
		data = t.start.uri
	case bufferStatCode:
		data = t.start.code
	case bufferStatMsg:
		data = t.start.reason
	case bufferProtocol:
		data = t.start.version
	case bufferRequestLine:
		if t.Direction() == decoders.ToServer {
			data = t.line
		}
	case bufferResponseLine:
		if t.Direction() == decoders.ToClient {
			data = t.line
		}
	}
	return data, data != nil
}

// Integer finds nothing: SIP has no numbers for rules.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }
