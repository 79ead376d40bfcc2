package mime

import "bytes"

// headerLine takes a line of a header, or a piece of one.
func (m *Message) headerLine(text []byte, first bool) {
	if !first {
		m.extend(text)
		return
	}
	if len(text) == 0 {
		return // the mail is cut here
	}
	if text[0] == ' ' || text[0] == '\t' {
		m.extend(text[1:])
		return
	}
	colon := bytes.IndexByte(text, ':')
	if colon < 0 {
		return // not a field; a folded line behind it belongs to the one before
	}
	if colon > maxHeaderName {
		m.oddities |= LongHeaderName
	}
	value := text[colon+1:]
	for len(value) > 0 && isSpace(value[0]) {
		value = value[1:]
	}
	if len(value) > maxHeaderValue {
		m.oddities |= LongHeaderValue
	}
	m.current, m.keep = fieldByName(text[:colon]), false
	switch {
	case m.current == OtherField:
	case m.current > FieldCount:
		i := m.current - contentType
		// The first counts for the type and the disposition, the last for
		// the encoding.
		if m.keep = m.part[i].n == 0 || m.current == contentTransferEncoding; m.keep {
			m.part[i] = spanOf(len(m.partText), 0)
			m.extend(value)
		}
	case m.mainDone:
	case len(m.fields) == maxKept:
		m.dropped++
	default:
		m.keep = true
		m.fields = append(m.fields, keptField{m.current, spanOf(len(m.text), 0)})
		m.extend(value)
	}
}

// extend appends to the field that is being kept.
func (m *Message) extend(b []byte) {
	if !m.keep {
		return
	}
	s, text := &span{}, &m.text
	if m.current > FieldCount {
		s, text = &m.part[m.current-contentType], &m.partText
	} else {
		s = &m.fields[len(m.fields)-1].value
	}
	if n := min(maxField-int(s.n), maxText-len(*text)); len(b) > n {
		b = b[:max(n, 0)]
		m.dropped++
	}
	*text = append(*text, b...)
	s.n += uint32(len(b))
}

// endHeader takes the empty line between a header and its body.
func (m *Message) endHeader() Step {
	typ := m.part[0].of(m.partText)
	disposition := m.part[1].of(m.partText)
	switch enc := trimSpace(m.part[2].of(m.partText)); {
	case equalFold(enc, "base64"):
		m.encoding = base64
	case equalFold(enc, "quoted-printable"):
		m.encoding = quotedPrintable
	}
	kind := trimSpace(typ[:tokenEnd(typ)])
	multipart := hasPrefixFold(kind, "multipart/")
	switch {
	case len(kind) == 0, hasPrefixFold(kind, "text/plain"), hasPrefixFold(kind, "text/html"):
		m.body = textBody
	case equalFold(kind, "message/rfc822"):
		m.body = messageBody
	default:
		m.body = otherBody
	}
	m.findFilename(typ, disposition)
	if multipart || !m.mainDone {
		m.pushBoundary(typ)
	}
	m.mainDone = true
	if m.body == messageBody && m.enclosed == maxNesting {
		m.oddities |= Malformed
	} else if m.body == messageBody {
		// The enclosed mail may be a multipart itself and has names of its own.
		m.enclosed++
		m.startPart()
		return None
	}
	m.inBody = true
	if m.filename.n == 0 {
		return None
	}
	m.open = true
	return Open
}

// findFilename looks for the name of an attachment where mail programs do, in
// Suricata's order; the extended form comes last since Suricata ignores it.
func (m *Message) findFilename(typ, disposition []byte) {
	at := len(m.nameText)
	name, ok := appendParam(m.nameText, disposition, "filename")
	if !ok || len(name) == at {
		name, ok = appendParam(name[:at], typ, "name")
	}
	if !ok || len(name) == at {
		name, ok = appendExtendedParam(name[:at], disposition, "filename")
	}
	if !ok || len(name) == at {
		name, ok = appendExtendedParam(name[:at], typ, "name")
	}
	if !ok || len(name) == at {
		m.nameText = name[:at]
		return
	}
	if m.config.DecodeNames {
		name = decodeWordsFrom(name, at)
	}
	if len(name)-at > maxFilename {
		m.oddities |= LongFilename
		name = name[:at+maxFilename]
	}
	if len(m.names) == maxKept {
		// The attachment is followed all the same; it is missing in the list.
		m.dropped++
		m.names = m.names[:maxKept-1]
	}
	m.nameText = name
	m.filename = spanOf(at, len(name)-at)
	m.names = append(m.names, m.filename)
}

func (m *Message) pushBoundary(typ []byte) {
	at := len(m.boundText)
	text, ok := appendParam(m.boundText, typ, "boundary")
	n := len(text) - at
	switch {
	case !ok || n == 0:
		m.boundText = text[:at]
	case len(m.bounds) == maxNesting:
		m.oddities |= Malformed
		m.boundText = text[:at]
	default:
		if n > maxBoundary {
			m.oddities |= LongBoundary
		}
		m.boundText = text
		m.bounds = append(m.bounds, spanOf(at, n))
	}
}
