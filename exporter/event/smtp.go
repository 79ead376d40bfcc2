package event

// SMTP is one mail, or what a session said without one.
type SMTP struct {
	Envelope
	SMTPRecord
}

// SMTPRecord is the smtp object and, beside it, the email object; alerts carry
// both. Empty members are left out.
type SMTPRecord struct {
	Helo       []byte
	MailFrom   []byte
	Recipients [][]byte
	Email      *Email // nil when no mail was looked at
}

// Email is a mail's header and what its body holds.
type Email struct {
	Status                              string
	From, Subject, Date, MessageID      []byte
	Mailer                              []byte
	To, CC, Received, URLs, Attachments [][]byte
	BCC                                 [][]byte
	Fields                              []NamedText // further fields of the header, under EVE's names
	BodyMD5, SubjectMD5                 []byte      // hexadecimal
}

// AppendSMTP appends the event without its closing brace; see Finish.
func (e *Encoder) AppendSMTP(dst []byte, s *SMTP) []byte {
	dst = e.appendEnvelope(dst, &s.Envelope, TypeSMTP)
	return s.SMTPRecord.append(append(dst, ','))
}

// AppendSMTPMembers appends the members `"smtp":{…},"email":{…}` that alerts
// and file records carry.
func (e *Encoder) AppendSMTPMembers(dst []byte, s *SMTPRecord) []byte { return s.append(dst) }

func (s *SMTPRecord) append(dst []byte) []byte {
	dst = append(dst, `"smtp":{`...)
	start := len(dst)
	dst = appendOptionalText(dst, start, `"helo":`, s.Helo)
	dst = appendOptionalText(dst, start, `"mail_from":`, s.MailFrom)
	dst = appendTexts(dst, start, `"rcpt_to":[`, s.Recipients)
	dst = append(dst, '}')
	if s.Email != nil {
		dst = s.Email.append(append(dst, `,"email":{`...))
	}
	return dst
}

func (m *Email) append(dst []byte) []byte {
	start := len(dst)
	dst = appendStringMember(dst, `"status":`, m.Status)
	dst = appendOptionalText(dst, start, `"from":`, m.From)
	dst = appendTexts(dst, start, `"to":[`, m.To)
	dst = appendTexts(dst, start, `"cc":[`, m.CC)
	dst = appendOptionalText(dst, start, `"subject":`, m.Subject)
	dst = appendOptionalText(dst, start, `"date":`, m.Date)
	dst = appendOptionalText(dst, start, `"message_id":`, m.MessageID)
	dst = appendOptionalText(dst, start, `"x_mailer":`, m.Mailer)
	dst = appendTexts(dst, start, `"received":[`, m.Received)
	dst = appendTexts(dst, start, `"bcc":[`, m.BCC)
	for i := range m.Fields {
		f := &m.Fields[i]
		dst = append(append(append(appendComma(dst, start), '"'), f.Name...), `":`...)
		dst = AppendText(dst, f.Value)
	}
	dst = appendTexts(dst, start, `"url":[`, m.URLs)
	dst = appendTexts(dst, start, `"attachment":[`, m.Attachments)
	dst = appendOptionalText(dst, start, `"body_md5":`, m.BodyMD5)
	dst = appendOptionalText(dst, start, `"subject_md5":`, m.SubjectMD5)
	return append(dst, '}')
}
