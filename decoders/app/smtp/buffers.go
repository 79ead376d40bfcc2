package smtp

import (
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
	"spanwatch/decoders/app/mime"
)

// Buffer returns instance i of a buffer. Those of the mail's header exist once
// the header is complete.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if i < 0 {
		return nil, false
	}
	switch b {
	case app.SMTPHelo:
		return t.flow.helo, i == 0 && len(t.flow.helo) > 0
	case app.SMTPMailFrom:
		return t.mailFrom, i == 0 && t.hasFrom
	case app.SMTPRcptTo:
		return t.recipient(i)
	case app.EmailFrom:
		return t.single(mime.From, i)
	case app.EmailTo:
		return t.single(mime.To, i)
	case app.EmailCc:
		return t.single(mime.Cc, i)
	case app.EmailSubject:
		return t.single(mime.Subject, i)
	case app.EmailDate:
		return t.single(mime.Date, i)
	case app.EmailMessageID:
		return t.single(mime.MessageID, i)
	case app.EmailXMailer:
		return t.single(mime.XMailer, i)
	case app.EmailReceived:
		if t.hasMail && t.mail.HeaderDone() {
			return t.mail.Field(mime.Received, i)
		}
	case app.EmailURL:
		if t.hasMail {
			return t.mail.URL(i)
		}
	case app.FileName:
		if i < len(t.files) {
			return t.files[i].Name(), true
		}
	case app.FileMagic:
		return t.magic(i)
	case app.FileMD5:
		return t.hash(file.MD5, i)
	case app.FileSHA1:
		return t.hash(file.SHA1, i)
	case app.FileSHA256:
		return t.hash(file.SHA256, i)
	}
	return nil, false
}

func (t *Tx) single(f mime.Field, i int) ([]byte, bool) {
	if i != 0 || !t.hasMail || !t.mail.HeaderDone() {
		return nil, false
	}
	return t.mail.Field(f, 0)
}

func (t *Tx) recipient(i int) ([]byte, bool) {
	if i >= len(t.ends) {
		return nil, false
	}
	start := 0
	if i > 0 {
		start = t.ends[i-1]
	}
	return t.recipients[start:t.ends[i]], true
}

func (t *Tx) hash(h file.Hashes, i int) ([]byte, bool) {
	if i >= len(t.files) {
		return nil, false
	}
	return t.files[i].Hash(h)
}

// magic waits for the bytes that tell the type.
func (t *Tx) magic(i int) ([]byte, bool) {
	if i >= len(t.files) || t.files[i].State == file.Open && t.files[i].Size < file.HeadLen {
		return nil, false
	}
	c := &t.content[i]
	c.magic = append(c.magic[:0], t.files[i].Magic()...)
	return c.magic, true
}

// Integer returns the size of attachment i and whether it is complete.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if i < 0 || i >= len(t.files) {
		return 0, false
	}
	switch b {
	case app.FileSize:
		return t.files[i].Size, true
	case app.FileClosed:
		if t.files[i].State == file.Closed {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
