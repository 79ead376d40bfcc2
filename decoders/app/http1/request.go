package http1

import (
	"bytes"

	"spanwatch/decoders/app"
)

// clientSide is what remains to be known of the request stream.
type clientSide struct {
	side
	blanks  int  // white space behind a request without version
	expects bool // a body of known length was announced and nothing of it came
	lost    bool // behind a gap, until a line starts like a request
}

// maxJunk is how much white space may follow a request of HTTP/0.9; libhtp's
// number.
const maxJunk = 16

// requestStep makes one step with what the client sent.
func (s *State) requestStep(data []byte, eof bool) ([]byte, verdict) {
	c := &s.client
	switch c.step {
	case stepIdle, stepLine:
		return s.requestLine(data, eof)
	case stepProtocol:
		return s.requestProtocol(data, eof)
	case stepFields:
		return s.requestFields(data, eof)
	case stepTunnelAnswer:
		s.parser.stats.Skipped += uint64(len(data))
		return nil, wait
	case stepBody:
		n := min(uint64(len(data)), c.left)
		if n == 0 {
			return data, wait
		}
		c.expects = false
		c.tx.request.addBody(data[:n])
		if c.left -= n; c.left > 0 {
			return nil, wait
		}
		s.endRequest()
		return data[n:], goOn
	case stepChunkSize:
		return s.requestChunkSize(data)
	case stepChunk:
		return takeChunk(&c.side, &c.tx.request, data)
	case stepChunkEnd:
		return takeChunkEnd(&c.side, &c.tx.request, data)
	case stepFinish:
		return s.requestFinish(data)
	default:
		s.parser.stats.Skipped += uint64(len(data))
		return nil, wait
	}
}

// requestLine reads the first line of a request. Empty lines before it are
// skipped.
func (s *State) requestLine(data []byte, eof bool) ([]byte, verdict) {
	c := &s.client
	end := behindLF(data)
	if end < 0 && eof && len(c.pending)+len(data) > 0 {
		end = len(data)
	}
	line, rest, tooLong := s.takeLine(&c.side, data, end)
	switch {
	case tooLong:
		if !s.startRequest() {
			return rest, fail
		}
		c.tx.events.add(app.EventHTTPRequestFieldTooLong)
		return rest, fail
	case line == nil:
		return nil, wait
	case ignorable(line):
		return rest, goOn
	case c.lost && !plausibleRequest(line):
		s.parser.stats.Skipped += uint64(len(line))
		return rest, goOn
	}
	c.lost = false
	if !s.startRequest() {
		return rest, fail
	}
	m := &c.tx.request
	m.head = append(m.head, line...)
	m.startFields()
	m.readRequestLine(0)
	m.readURI()
	c.step = stepProtocol
	c.blanks = 0
	return rest, goOn
}

// startRequest makes sure that there is a transaction for the request at hand.
func (s *State) startRequest() bool {
	c := &s.client
	if c.step == stepLine { // its response came before the end of its line
		c.step = stepIdle
		if c.tx != nil {
			return true
		}
	}
	t, ok := s.newTx()
	if !ok {
		return false
	}
	t.request.progress = InLine
	c.tx = t
	return true
}

// plausibleRequest reports whether a line looks like a request line.
func plausibleRequest(line []byte) bool {
	line = line[skip(line, isSpace):]
	n := skip(line, func(c byte) bool { return !isSpace(c) })
	return methodOf(line[:n]) != MethodUnknown
}

// requestProtocol decides about a request line without version: HTTP/0.9 when
// nothing follows, and otherwise one with fields all the same. The decision
// waits for more bytes, the response or the end.
func (s *State) requestProtocol(data []byte, eof bool) ([]byte, verdict) {
	c := &s.client
	m := &c.tx.request
	if !m.http09 {
		c.step = stepFields
		m.progress = InHeaders
		return data, goOn
	}
	blank := skip(data, isSpace)
	m.head = append(m.head, data[:blank]...)
	c.blanks += blank
	if blank < len(data) || c.blanks > maxJunk {
		m.http09 = false
		c.tx.events.add(app.EventHTTPRequestLineMissingProtocol)
		c.step = stepFields
		m.progress = InHeaders
		return data[blank:], goOn
	}
	if eof {
		s.endShortRequest()
	}
	return nil, wait
}

// endShortRequest ends a request of HTTP/0.9.
func (s *State) endShortRequest() {
	m := &s.client.tx.request
	m.head = m.head[:m.block]
	m.headRead = true
	s.endRequest()
	s.client.step = stepIgnore
}

func (s *State) requestFields(data []byte, eof bool) ([]byte, verdict) {
	c := &s.client
	m := &c.tx.request
	rest, done, v := s.readBlock(&c.side, m, data, eof)
	switch {
	case v == fail:
		return rest, fail
	case !done && !eof:
		return nil, wait
	case m.progress == InTrailer || !done:
		// At the end of the stream the fields are those that came.
		m.headRead = true
		s.endRequest()
		return rest, goOn
	}
	m.headRead = true
	s.judgeRequest()
	return rest, s.requestBody()
}

// requestBody decides how the body is sent.
func (s *State) requestBody() verdict {
	c := &s.client
	t := c.tx
	m := &t.request
	c.expects = false
	switch {
	case m.methodName == MethodCONNECT:
		c.step = stepTunnelAnswer
		return goOn
	case t.flags&(badTransferEncoding|badContentLength) != 0 && !m.chunked():
		t.reportRequest()
		return fail
	case m.chunked():
		m.progress = InBody
		c.step = stepChunkSize
	default:
		value, given := m.value("content-length")
		n := uint64(0)
		if given {
			n, _, _, _ = contentLength(value)
		}
		if n == 0 {
			s.endRequest()
			return goOn
		}
		m.progress = InBody
		c.step, c.left, c.expects = stepBody, n, true
	}
	m.startDecoding()
	return goOn
}

func (s *State) requestChunkSize(data []byte) ([]byte, verdict) {
	c := &s.client
	m := &c.tx.request
	if startsNoSize(c.pending, data) {
		m.tx.events.add(app.EventHTTPInvalidRequestChunkLen)
		return data, fail
	}
	line, rest, tooLong := s.takeLine(&c.side, data, behindLF(data))
	switch {
	case tooLong:
		m.tx.events.add(app.EventHTTPRequestFieldTooLong)
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
		m.tx.events.add(app.EventHTTPRequestChunkExtension)
	}
	switch {
	case ok != sizeRead:
		m.tx.events.add(app.EventHTTPInvalidRequestChunkLen)
		return rest, fail
	case n == 0:
		c.step = stepFields
		m.startTrailer()
	default:
		c.step, c.left = stepChunk, n
	}
	return rest, goOn
}

// endRequest completes the request. What follows in the same piece may still
// belong to it.
func (s *State) endRequest() {
	c := &s.client
	m := &c.tx.request
	m.endBody()
	m.progress = Completed
	c.tx.reportRequest()
	c.step = stepFinish
	s.ended = true
}

// requestFinish looks at what follows a request in the same piece: the next
// one, or bytes that belong to the body although they were not announced.
func (s *State) requestFinish(data []byte) ([]byte, verdict) {
	c := &s.client
	m := &c.tx.request
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n') + 1
		line := data
		if end > 0 {
			line = data[:end]
		}
		word := line[skip(line, isSpace):]
		n := skip(word, func(c byte) bool { return !isSpace(c) })
		if n > 0 {
			if n < len(word) && methodOf(word[:n]) != MethodUnknown || n == len(word) && startsMethod(word) {
				break
			}
			c.tx.events.add(app.EventHTTPRequestBodyUnexpected)
		}
		m.addExtra(line)
		data = data[len(line):]
	}
	c.tx = nil
	c.step = stepIdle
	if len(data) == 0 {
		return nil, wait
	}
	return data, goOn
}
