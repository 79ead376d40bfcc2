package mime

// HeaderDone reports that the mail's own header is complete; its fields do not
// change any more.
func (m *Message) HeaderDone() bool { return m.mainDone }

// Field returns occurrence i of a header field, unfolded: the space that a
// folded line starts with is taken off. Borrowed until Reset. An empty one is
// no occurrence.
func (m *Message) Field(f Field, i int) (value []byte, ok bool) {
	for _, k := range m.fields {
		if k.field != f || k.value.n == 0 {
			continue
		}
		if i == 0 {
			return k.value.of(m.text), true
		}
		i--
	}
	return nil, false
}

// Filename is the name of the attachment that was opened last, at most 255
// bytes, valid until the next Open or Reset.
func (m *Message) Filename() []byte { return m.filename.of(m.nameText) }

// Attachment returns the name of attachment i, of enclosed mails included.
func (m *Message) Attachment(i int) (name []byte, ok bool) {
	if i < 0 || i >= len(m.names) {
		return nil, false
	}
	return m.names[i].of(m.nameText), true
}

// URLs is the number of URLs found so far.
func (m *Message) URLs() int { return len(m.urls) }

// URL returns URL i in the order of the text. Suricata's events list the last
// first.
func (m *Message) URL(i int) (url []byte, ok bool) {
	if i < 0 || i >= len(m.urls) {
		return nil, false
	}
	return m.urls[i].of(m.urlText), true
}

// Oddities returns what was odd so far.
func (m *Message) Oddities() Oddity { return m.oddities }

// Dropped is the number of fields, pieces of fields, names and URLs that are
// missing because a bound was reached.
func (m *Message) Dropped() int { return m.dropped }

// BodyMD5 returns the hash of the body after End, when Config asks for it.
func (m *Message) BodyMD5() (digest [16]byte, ok bool) { return m.digest, m.hasDigest }
