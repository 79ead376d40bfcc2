package mime

import "bytes"

// maxURLLine bounds a decoded line that is searched for URLs, in bytes; a
// longer one is searched in pieces. The value is Suricata's.
const maxURLLine = 8192

// scanText searches text for URLs line by line, since a line may come in
// pieces.
func (m *Message) scanText(text []byte) {
	if !m.config.ExtractURLs {
		return
	}
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n') + 1
		whole := end > 0
		if !whole {
			end = len(text)
		}
		if len(m.textLine) == 0 && whole {
			m.findURLs(text[:end])
		} else {
			end = min(end, maxURLLine-len(m.textLine))
			m.textLine = append(m.textLine, text[:end]...)
			if text[end-1] == '\n' || len(m.textLine) == maxURLLine {
				m.endTextLine()
			}
		}
		text = text[end:]
	}
}

func (m *Message) endTextLine() {
	m.findURLs(m.textLine)
	m.textLine = m.textLine[:0]
}

func (m *Message) findURLs(line []byte) {
	for at := 0; at < len(line); {
		colon := bytes.IndexByte(line[at:], ':')
		if colon < 0 {
			return
		}
		colon += at
		at = colon + 1
		for _, scheme := range m.config.URLSchemes {
			before := bytes.IndexByte(scheme, ':')
			start := colon - before
			if start < 0 || len(line)-start < len(scheme) || !equalScheme(line[start:], scheme) {
				continue
			}
			end := start + len(scheme)
			for end < len(line) && !endsURL(line[end]) {
				end++
			}
			if !m.config.KeepURLScheme {
				start += len(scheme)
			}
			m.keepURL(line[start:end])
			at = end
			break
		}
	}
}

func endsURL(c byte) bool {
	return c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == ']'
}

func (m *Message) keepURL(url []byte) {
	if len(url) == 0 {
		return
	}
	if len(m.urls) == maxKept || len(m.urlText)+len(url) > maxText {
		m.dropped++
		return
	}
	m.urls = append(m.urls, spanOf(len(m.urlText), len(url)))
	m.urlText = append(m.urlText, url...)
}

func equalScheme(b, scheme []byte) bool {
	for i, c := range scheme {
		if toLower(b[i]) != toLower(c) {
			return false
		}
	}
	return true
}
