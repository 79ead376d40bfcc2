package http1

import (
	"bytes"

	"spanwatch/decoders/app"
)

// serverSide is what remains to be known of the response stream.
type serverSide struct {
	side
	doubtful bool // a body follows a status that has none: is it the next response?
	resync   bool // skip what is no response: bytes are missing
	tunnel   bool // the response opens a tunnel
}

// responseStep makes one step with what the server sent.
func (s *State) responseStep(data []byte, eof bool) ([]byte, verdict) {
	r := &s.server
	if r.resync && (r.step == stepIdle || r.step == stepLine) {
		data = s.skipToResponse(data)
	}
	switch r.step {
	case stepIdle:
		if len(data) == 0 {
			return nil, wait
		}
		return s.startResponse(data)
	case stepLine:
		return s.responseLine(data, eof)
	case stepFields:
		return s.responseFields(data, eof)
	case stepBody:
		return s.responseBody(data, eof)
	case stepBodyToEnd:
		if len(data) > 0 {
			r.tx.response.addBody(data)
		}
		if eof {
			return nil, s.endResponse()
		}
		return nil, wait
	case stepChunkSize:
		return s.responseChunkSize(data)
	case stepChunk:
		if eof && len(data) == 0 {
			return nil, s.endResponse()
		}
		return takeChunk(&r.side, &r.tx.response, data)
	case stepChunkEnd:
		return takeChunkEnd(&r.side, &r.tx.response, data)
	case stepFinish:
		return s.responseFinish(data)
	default:
		s.parser.stats.Skipped += uint64(len(data))
		return nil, wait
	}
}

// startResponse finds the request that the response is to.
func (s *State) startResponse(data []byte) ([]byte, verdict) {
	r := &s.server
	t := s.waiting()
	if t == nil {
		partial := len(s.client.pending) > 0
		var ok bool
		if t, ok = s.newTx(); !ok {
			return data, fail
		}
		if partial { // of its request, a part of the first line came
			t.events.add(app.EventHTTPRequestLineIncomplete)
			t.request.progress = InLine
			s.client.tx = t
			s.client.step = stepLine
		} else {
			t.events.add(app.EventHTTPUnableToMatchResponseToRequest)
			t.unseen = true
			t.request.uri = t.request.write(unseenURI)
			t.request.path, t.request.normalised = t.request.uri, t.request.uri
			t.request.headRead = true
			t.request.progress = Completed
		}
	}
	if s.client.tx == t && s.client.step == stepProtocol {
		s.endShortRequest()
	}
	r.tx = t
	m := &t.response
	if t.request.http09 {
		m.progress = InBody
		m.headRead = true
		r.step = stepBodyToEnd
	} else {
		m.progress = InLine
		r.step = stepLine
	}
	return data, goOn
}

var unseenURI = []byte(UnseenURI)

// responseLine reads the status line. What is no status line at all is shown by
// browsers, so it is the body.
func (s *State) responseLine(data []byte, eof bool) ([]byte, verdict) {
	r := &s.server
	m := &r.tx.response
	end := -1
	if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
		switch {
		case data[i] == '\n':
			end = i + 1
		case i+1 < len(data) && data[i+1] == '\n':
			end = i + 2
		case i+1 < len(data):
			end = i + 1
		}
	}
	if len(r.pending) > 0 && r.pending[len(r.pending)-1] == '\r' && len(data) > 0 {
		end = 0 // CR alone ends a line as well; only now is it known to be alone
		if data[0] == '\n' {
			end = 1
		}
	}
	if end < 0 && eof {
		if len(r.pending)+len(data) == 0 {
			return nil, wait
		}
		end = len(data)
	}
	line, rest, tooLong := s.takeLine(&r.side, data, end)
	switch {
	case tooLong:
		m.tx.events.add(app.EventHTTPResponseFieldTooLong)
		return rest, fail
	case line == nil:
		return nil, wait
	case ignorable(line):
		if eof && len(rest) == 0 {
			return rest, s.endResponse()
		}
		return rest, goOn
	case looksLikeResponse(line):
		m.head = append(m.head[:0], line...)
		m.startFields()
		m.readStatusLine(0)
		m.progress = InHeaders
		r.step = stepFields
		return rest, goOn
	case len(rest) > 1 && (rest[0] == 'H' || len(chomp(line)) <= 2):
		s.parser.stats.Skipped += uint64(len(line))
		return rest, goOn
	}
	s.parser.stats.Extra += uint64(len(line))
	m.addBody(line)
	if len(rest) == 0 {
		m.progress = InBody
		m.headRead = true
		return rest, s.endResponse()
	}
	return rest, goOn
}

func (s *State) responseFields(data []byte, eof bool) ([]byte, verdict) {
	r := &s.server
	m := &r.tx.response
	rest, done, v := s.readBlock(&r.side, m, data, eof)
	switch {
	case v == fail:
		return rest, fail
	case !done && !eof:
		return nil, wait
	case m.progress == InTrailer || !done:
		m.headRead = true
		return rest, s.endResponse()
	}
	m.headRead = true
	return rest, s.responseBodyKind()
}

// responseBodyKind decides how the body is sent, and what else the response
// means for the flow.
func (s *State) responseBodyKind() verdict {
	r := &s.server
	t := r.tx
	m := &t.response
	_, hasTE := m.value("transfer-encoding")
	length, hasLength := m.value("content-length")
	framed := hasTE || hasLength

	switch {
	case t.request.methodName == MethodCONNECT && m.code/100 == 2:
		r.tunnel = true
		m.startDecoding()
		return s.endResponse()
	case t.request.methodName == MethodCONNECT:
		if s.client.step == stepTunnelAnswer && s.client.tx == t {
			s.endRequest()
			s.client.tx, s.client.step = nil, stepIdle
		}
	}
	switch {
	case m.code == 101 && !framed:
		r.tunnel = true
		m.startDecoding()
		return s.endResponse()
	case m.code == 101:
		t.events.add(app.EventHTTPSwitchingProtoWithContentLength)
	case m.code == 100 && !hasTE:
		if n, ok, _, _ := contentLength(length); !ok || n == 0 {
			if t.interim {
				t.events.add(app.EventHTTPContinueAlreadySeen)
			}
			t.interim = true
			m.forgetHead()
			r.step = stepLine
			return goOn
		}
	case m.code/100 == 4 && s.client.tx == t && s.client.step == stepBody && s.client.expects:
		// The client was told not to send the body that it announced.
		if expect, ok := t.request.value("expect"); ok && string(expect) == "100-continue" {
			s.endRequest()
			s.client.tx, s.client.step = nil, stepIdle
		}
	}

	switch {
	case t.request.methodName == MethodHEAD:
		return s.endResponse()
	case m.code/100 == 1 || m.code == 204 || m.code == 304:
		if !framed {
			return s.endResponse()
		}
		// Browsers show a body that is announced here; but 304 also announces
		// one that it does not send.
		t.events.add(app.EventHTTPResponseBodyUnexpected)
		r.doubtful = true
	}
	return s.responseLength(length, hasLength)
}

// responseLength decides how the end of the body is found.
func (s *State) responseLength(length []byte, hasLength bool) verdict {
	r := &s.server
	t := r.tx
	m := &t.response
	te, _ := m.value("transfer-encoding")
	switch {
	case m.chunked():
		if !equalFold(te, "chunked") {
			t.events.add(app.EventHTTPResponseAbnormalTransferEncoding)
		}
		if m.version < Version11 {
			t.events.add(app.EventHTTPResponseChunkedOldProto)
		}
		r.step = stepChunkSize
	case hasLength:
		n, ok, before, behind := contentLength(length)
		if before {
			t.events.add(app.EventHTTPContentLengthExtraDataStart)
		}
		if behind {
			t.events.add(app.EventHTTPContentLengthExtraDataEnd)
		}
		if !ok {
			t.events.add(app.EventHTTPInvalidContentLengthFieldInResponse)
			return fail
		}
		if n == 0 {
			m.startDecoding()
			return s.endResponse()
		}
		r.step, r.left = stepBody, n
	default:
		if kind, _ := m.value("content-type"); containsLoose(mediaType(kind), "multipart/byteranges") {
			t.events.add(app.EventHTTPResponseMultipartByteranges)
			return fail
		}
		r.step = stepBodyToEnd
	}
	m.progress = InBody
	m.startDecoding()
	return goOn
}

// responseBody takes a body of known length.
func (s *State) responseBody(data []byte, eof bool) ([]byte, verdict) {
	r := &s.server
	m := &r.tx.response
	if r.doubtful && len(data) > 0 {
		const version = "HTTP/1."
		data = s.unpend(data)
		n := min(len(data), len(version))
		switch {
		case string(data[:n]) != version[:n]:
			r.doubtful = false
		case n < len(version) && !eof:
			r.pending = append(r.pending, data...)
			return nil, wait
		default:
			r.doubtful = false
			return data, s.endResponse()
		}
	}
	n := min(uint64(len(data)), r.left)
	if n > 0 {
		m.addBody(data[:n])
		r.left -= n
	}
	if r.left == 0 || eof {
		return data[n:], s.endResponse()
	}
	return nil, wait
}

// unpend returns data with the bytes before it that were kept.
func (s *State) unpend(data []byte) []byte {
	r := &s.server
	if len(r.pending) == 0 {
		return data
	}
	data = append(r.pending, data...)
	r.pending = nil // data has its memory now
	return data
}

func (s *State) responseChunkSize(data []byte) ([]byte, verdict) {
	r := &s.server
	m := &r.tx.response
	if startsNoSize(r.pending, data) {
		v := s.notChunked()
		m.addBody(r.pending)
		r.pending = r.pending[:0]
		return data, v
	}
	line, rest, tooLong := s.takeLine(&r.side, data, behindLF(data))
	switch {
	case tooLong:
		m.tx.events.add(app.EventHTTPResponseFieldTooLong)
		return rest, fail
	case line == nil:
		return nil, wait
	}
	m.wire += uint64(len(line))
	if skip(line, isChunkSpace) == len(line) {
		return rest, goOn
	}
	n, extension, ok := readChunkSize(line)
	if extension {
		m.tx.events.add(app.EventHTTPResponseChunkExtension)
	}
	switch {
	case ok == sizeInvalid:
		m.wire -= uint64(len(line))
		v := s.notChunked()
		m.addBody(line)
		return rest, v
	case ok == sizeNone:
		return rest, goOn
	case n == 0:
		r.step = stepFields
		m.startTrailer()
	default:
		r.step, r.left = stepChunk, n
	}
	return rest, goOn
}

// notChunked takes what follows as the body, as it is: it is not in chunks
// although it was said to be.
func (s *State) notChunked() verdict {
	s.server.tx.events.add(app.EventHTTPInvalidResponseChunkLen)
	s.server.step = stepBodyToEnd
	return goOn
}

// endResponse completes the response. What follows in the same piece may still
// belong to it.
func (s *State) endResponse() verdict {
	r := &s.server
	m := &r.tx.response
	m.endBody()
	m.headRead = true
	m.progress = Completed
	r.pending = r.pending[:0]
	r.step = stepFinish
	s.ended = true
	if r.tunnel {
		return s.openTunnel()
	}
	return goOn
}

// responseFinish looks at what follows a response in the same piece: the next
// one, or bytes that belong to the body although they were not announced.
func (s *State) responseFinish(data []byte) ([]byte, verdict) {
	r := &s.server
	t := r.tx
	for len(data) > 0 {
		line := data
		if end := behindLF(data); end > 0 && data[0] != '\n' {
			line = data[:end]
		}
		if looksLikeResponse(line) || mayStartResponse(line) {
			break
		}
		if line[len(line)-1] == '\n' { // Suricata sees a line without end when it is too late for an event
			t.events.add(app.EventHTTPResponseBodyUnexpected)
		}
		t.response.addExtra(line)
		data = data[len(line):]
	}
	s.responses++
	r.tx = nil
	r.step = stepIdle
	if len(data) == 0 {
		return nil, wait
	}
	return data, goOn
}

// mayStartResponse reports whether b, without a line end, is the start of a
// status line that is cut by the end of the piece.
func mayStartResponse(b []byte) bool {
	b = b[skip(b, func(c byte) bool { return isSpace(c) || c == 0 }):]
	return len(b) > 0 && len(b) < 4 && startsAs(b, "http") != app.No
}

// openTunnel hands the flow over to another protocol.
func (s *State) openTunnel() verdict {
	t := s.server.tx
	if t.request.progress != Completed { // without its events, which need the end of the request
		t.request.endBody()
		t.request.progress = Completed
	}
	s.upgraded = true
	s.upgrade = app.Upgrade{Request: t}
	if t.request.methodName == MethodCONNECT {
		s.upgrade.Port = uint16(t.request.port)
	} else if to, ok := t.response.value("upgrade"); ok {
		switch {
		case containsLoose(to, "h2c"):
			s.upgrade.To = app.ProtoHTTP2
		case containsLoose(to, "websocket"):
			s.upgrade.To = app.ProtoWebSocket
		}
	}
	s.responses++
	s.client.tx, s.client.step = nil, stepIgnore
	s.server.tx, s.server.step = nil, stepIgnore
	return yield
}
