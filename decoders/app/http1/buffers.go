package http1

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// Buffers that are put together when they are first asked for.
const (
	builtHeader = iota
	builtNames
	builtStart
	builtCount
)

// fieldBuffers are the buffers that are the value of a field.
var fieldBuffers = [...]struct {
	buffer app.Buffer
	dir    decoders.Direction
	name   string // lower case
}{
	{app.HTTPUserAgent, decoders.ToServer, "user-agent"},
	{app.HTTPReferer, decoders.ToServer, "referer"},
	{app.HTTPAccept, decoders.ToServer, "accept"},
	{app.HTTPAcceptLang, decoders.ToServer, "accept-language"},
	{app.HTTPAcceptEnc, decoders.ToServer, "accept-encoding"},
	{app.HTTPLocation, decoders.ToClient, "location"},
	{app.HTTPServer, decoders.ToClient, "server"},
	{app.HTTPCookie.In(decoders.ToServer), decoders.ToServer, "cookie"},
	{app.HTTPCookie.In(decoders.ToClient), decoders.ToClient, "set-cookie"},
	{app.HTTPConnection.In(decoders.ToServer), decoders.ToServer, "connection"},
	{app.HTTPConnection.In(decoders.ToClient), decoders.ToClient, "connection"},
	{app.HTTPContentLen.In(decoders.ToServer), decoders.ToServer, "content-length"},
	{app.HTTPContentLen.In(decoders.ToClient), decoders.ToClient, "content-length"},
	{app.HTTPContentType.In(decoders.ToServer), decoders.ToServer, "content-type"},
	{app.HTTPContentType.In(decoders.ToClient), decoders.ToClient, "content-type"},
}

// Buffer returns instance i of a buffer. Those of a first line exist when it
// was read, those of fields when all fields were.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	switch {
	case i < 0:
		return nil, false
	case b >= app.FileName && b <= app.FileClosed.In(decoders.ToClient):
		return t.fileBuffer(b, i)
	case b == app.HTTPRequestHeader:
		return t.request.fieldLine(i)
	case b == app.HTTPResponseHeader:
		return t.response.fieldLine(i)
	case i > 0:
		return nil, false
	}
	q, r := &t.request, &t.response
	switch b {
	case app.HTTPMethod:
		return q.present(q.method)
	case app.HTTPURI:
		return q.present(q.normalised)
	case app.HTTPURIRaw:
		return q.present(q.uri)
	case app.HTTPRequestLine:
		return q.present(q.line)
	case app.HTTPProtocol.In(decoders.ToServer):
		return q.present(q.protocol)
	case app.HTTPResponseLine:
		return r.present(r.line)
	case app.HTTPProtocol.In(decoders.ToClient):
		return r.present(r.protocol)
	case app.HTTPStatCode:
		return r.present(r.status)
	case app.HTTPStatMsg:
		return r.present(r.reason)
	}
	return t.headBuffer(b)
}

// headBuffer returns a buffer that needs the fields.
func (t *Tx) headBuffer(b app.Buffer) ([]byte, bool) {
	q := &t.request
	switch b {
	case app.HTTPHost:
		if !q.headRead {
			return nil, false
		}
		return q.present(q.host)
	case app.HTTPHostRaw:
		return q.hostRaw()
	}
	for dir := decoders.ToServer; dir <= decoders.ToClient; dir++ {
		m := t.side(dir)
		switch b {
		case app.HTTPHeader.In(dir):
			return m.build(builtHeader)
		case app.HTTPHeaderNames.In(dir):
			return m.build(builtNames)
		case app.HTTPStart.In(dir):
			return m.build(builtStart)
		case app.HTTPHeaderRaw.In(dir):
			if !m.headRead || m.at <= m.fieldsAt {
				return nil, false
			}
			return m.head[m.fieldsAt:m.at:m.at], true
		}
	}
	for i := range fieldBuffers {
		if f := &fieldBuffers[i]; f.buffer == b {
			if m := t.side(f.dir); m.headRead {
				return m.value(f.name)
			}
			return nil, false
		}
	}
	return nil, false
}

// present returns a run of bytes unless it is empty: rules see no empty buffer
// of these.
func (m *message) present(r ref) ([]byte, bool) {
	b, ok := m.bytes(r)
	return b, ok && len(b) > 0
}

// hostRaw is the host of the URI, else the Host field as it was sent.
func (m *message) hostRaw() ([]byte, bool) {
	if !m.headRead {
		return nil, false
	}
	if m.parts.hostname.of != nothing || m.methodName == MethodCONNECT {
		return m.present(m.host)
	}
	return m.value("host")
}

// fieldLine returns a field as "Name: value".
func (m *message) fieldLine(i int) ([]byte, bool) {
	if !m.headRead || i >= len(m.fields) {
		return nil, false
	}
	f := &m.fields[i]
	if f.line.of == nothing {
		value := m.valueOf(f)
		start := len(m.text)
		m.text = append(append(append(m.text, m.get(f.name)...), ": "...), value...)
		f.line = m.since(start)
	}
	return m.get(f.line), true
}

// build puts a buffer together out of the fields.
func (m *message) build(which int) ([]byte, bool) {
	if !m.headRead || m.line.of == nothing {
		return nil, false
	}
	if m.built[which].of == nothing {
		for i := range m.fields { // joining writes text; do it before the buffer is begun
			m.valueOf(&m.fields[i])
		}
		start := len(m.text)
		switch which {
		case builtHeader:
			m.appendHeader()
		case builtNames:
			m.text = append(m.text, "\r\n"...)
			for i := range m.fields {
				m.text = append(append(m.text, m.get(m.fields[i].name)...), "\r\n"...)
			}
			m.text = append(m.text, "\r\n"...)
		default:
			m.text = append(append(m.text, m.get(m.line)...), "\r\n"...)
			for i := range m.fields {
				m.appendField(&m.fields[i])
			}
			m.text = append(m.text, "\r\n"...)
		}
		m.built[which] = m.since(start)
	}
	return m.present(m.built[which])
}

// appendHeader writes all fields but the cookies.
func (m *message) appendHeader() {
	cookie := "cookie"
	if m.dir == decoders.ToClient {
		cookie = "set-cookie"
	}
	for i := range m.fields {
		if f := &m.fields[i]; !equalFold(m.get(f.name), cookie) {
			m.appendField(f)
		}
	}
}

func (m *message) appendField(f *field) {
	m.text = append(append(m.text, m.get(f.name)...), ": "...)
	m.text = append(append(m.text, m.get(f.value)...), "\r\n"...)
}

// fileBuffer returns a property of file i of a side.
func (t *Tx) fileBuffer(b app.Buffer, i int) ([]byte, bool) {
	f := t.fileOf(b, i)
	if f == nil {
		return nil, false
	}
	switch b {
	case app.FileName.In(decoders.ToServer), app.FileName.In(decoders.ToClient):
		return f.Name(), len(f.Name()) > 0
	case app.FileMagic.In(decoders.ToServer), app.FileMagic.In(decoders.ToClient):
		return f.MagicText(), true
	case app.FileMD5.In(decoders.ToServer), app.FileMD5.In(decoders.ToClient):
		return f.Hash(file.MD5)
	case app.FileSHA1.In(decoders.ToServer), app.FileSHA1.In(decoders.ToClient):
		return f.Hash(file.SHA1)
	case app.FileSHA256.In(decoders.ToServer), app.FileSHA256.In(decoders.ToClient):
		return f.Hash(file.SHA256)
	}
	return nil, false
}

// fileOf returns file i of the side that a buffer belongs to.
func (t *Tx) fileOf(b app.Buffer, i int) *file.File {
	dir := decoders.ToServer
	if b != b.In(dir) {
		dir = decoders.ToClient
	}
	if m := t.side(dir); i < len(m.files) {
		return m.files[i].file
	}
	return nil
}

// Integer returns a number: lengths of the URI, sizes of files.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if i < 0 {
		return 0, false
	}
	switch b {
	case app.HTTPURI:
		uri, ok := t.request.present(t.request.normalised)
		return uint64(len(uri)), ok && i == 0
	case app.HTTPURIRaw:
		uri, ok := t.request.present(t.request.uri)
		return uint64(len(uri)), ok && i == 0
	case app.FileSize.In(decoders.ToServer), app.FileSize.In(decoders.ToClient):
		if f := t.fileOf(b, i); f != nil {
			return f.Size, true
		}
	case app.FileClosed.In(decoders.ToServer), app.FileClosed.In(decoders.ToClient):
		if f := t.fileOf(b, i); f != nil {
			if f.State == file.Closed {
				return 1, true
			}
			return 0, true
		}
	}
	return 0, false
}
