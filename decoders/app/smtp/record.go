package smtp

import (
	"spanwatch/decoders/app/file"
	"spanwatch/decoders/app/mime"
)

// Helo is what the client called itself in its first HELO or EHLO; nil when it
// did not. Borrowed, as all of the record, until Release or Reset.
func (t *Tx) Helo() []byte { return t.flow.helo }

// MailFrom is the sender's address as in MAIL FROM, in its brackets; false
// when there was none.
func (t *Tx) MailFrom() ([]byte, bool) { return t.mailFrom, t.hasFrom }

// Recipients is the number of RCPT TO, Recipient the address of one.
func (t *Tx) Recipients() int { return len(t.ends) }

// Recipient returns the address of RCPT TO number i as sent, in its brackets.
func (t *Tx) Recipient(i int) []byte {
	to, _ := t.recipient(i)
	return to
}

// Email returns the mail; nil when none was looked at, as with BDAT or raw
// extraction. When DATA was rejected it is there and empty, as in Suricata.
// Fields of a header that never ended are not to be reported: see
// mime.Message.HeaderDone.
func (t *Tx) Email() *mime.Message {
	if !t.hasMail {
		return nil
	}
	return &t.mail
}

// Files returns the attachments so far. The slice is valid until the next
// Parse.
func (t *Tx) Files() []*file.File { return t.files }
