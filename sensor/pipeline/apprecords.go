package pipeline

import (
	"crypto/md5"
	"encoding/hex"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/ftp"
	"spanwatch/decoders/app/mime"
	"spanwatch/decoders/app/smtp"
	"spanwatch/decoders/app/ssh"
	"spanwatch/decoders/app/tls"
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
)

// This file turns the records of the protocols with a few members into the
// exporter's, which share their bytes.

// appRecords is memory for them that is reused.
type appRecords struct {
	tls     event.TLS
	ssh     event.SSH
	smtp    event.SMTP
	email   event.Email
	ftp     event.FTP
	ftpData event.FTPData
	version []byte
	lists   [][]byte // of one record, end to end
	fields  []event.NamedText
	hash    [2 * md5.Size]byte
}

// session begins an event about a flow, from client to server.
func (w *worker) session(v *event.Envelope, tx uint64, p *decoders.Packet, f *flow.Flow) {
	w.events.begin(v)
	w.events.ofFlowSides(v, f, p, decoders.ToServer)
	v.HasTx, v.TxID = true, tx
}

// ofTLS fills in the tls object; former is the protocol that gave way to TLS.
func (m *appRecords) ofTLS(tx *tls.Tx, r *tls.Record, former app.Proto) {
	m.version = r.Version.AppendText(m.version[:0])
	m.tls.TLSRecord = event.TLSRecord{
		Server: certificate(&r.Server), Client: certificate(&r.Client), AltNames: r.Server.AltNames,
		SNI: r.SNI, Version: m.version, Resumed: r.Resumed, JA4: tx.JA4(),
		ClientProtocols: r.ClientProtocols, ServerProtocols: r.ServerProtocols,
	}
	t := &m.tls.TLSRecord
	if former != app.ProtoUnknown {
		t.FromProto = former.String()
	}
	if hash, text, ok := tx.JA3(); ok {
		t.JA3 = event.TLSFingerprint{Hash: hash, Text: text}
	}
	if hash, text, ok := tx.JA3S(); ok {
		t.JA3S = event.TLSFingerprint{Hash: hash, Text: text}
	}
}

func certificate(c *tls.Certificate) event.TLSCertificate {
	return event.TLSCertificate{
		Subject: c.Subject, Issuer: c.Issuer, Serial: c.Serial, Fingerprint: c.Fingerprint, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
	}
}

func (w *worker) tlsRecord(tx *tls.Tx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	r := tx.Record() // nil when too little was seen of the session
	if r == nil || !m.wanted[event.TypeTLS] {
		return
	}
	m.app.ofTLS(tx, r, f.Former)
	e := &m.app.tls
	w.session(&e.Envelope, tx.ID(), p, f)
	e.HasTx = false // a session is one transaction
	start := len(w.out.text)
	w.out.text = m.enc.AppendTLS(w.out.text, e)
	w.done(event.TypeTLS, &e.Envelope, start, 0, 0)
}

// ofSSH fills in the ssh object; false when neither side sent a banner.
func (m *appRecords) ofSSH(tx *ssh.Tx) bool {
	r := tx.Record()
	if r == nil {
		return false
	}
	m.ssh.SSHRecord = event.SSHRecord{Client: sshSide(&r.Client), Server: sshSide(&r.Server)}
	return true
}

func sshSide(s *ssh.Side) event.SSHSide {
	return event.SSHSide{Proto: s.Proto, Software: s.Software, Hassh: event.TLSFingerprint{Hash: s.Hassh, Text: s.HasshText}}
}

func (w *worker) sshRecord(tx *ssh.Tx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	if !m.wanted[event.TypeSSH] || !m.app.ofSSH(tx) {
		return
	}
	e := &m.app.ssh
	w.session(&e.Envelope, tx.ID(), p, f)
	e.HasTx = false // a connection is one transaction
	start := len(w.out.text)
	w.out.text = m.enc.AppendSSH(w.out.text, e)
	w.done(event.TypeSSH, &e.Envelope, start, 0, 0)
}

// ofFTP fills in the ftp object.
func (m *appRecords) ofFTP(tx *ftp.Tx) {
	r := tx.Record()
	m.ftp.FTPRecord = event.FTPRecord{
		Command: r.Command.String(), Data: r.Data, CommandCut: r.DataCut, Codes: r.Codes, Replies: r.Replies,
		Port: r.Port, Answered: r.WasAnswered, ReplyCut: r.ReplyCut,
	}
	if r.Negotiates {
		m.ftp.Mode = "passive"
		if r.Active {
			m.ftp.Mode = "active"
		}
	}
}

func (w *worker) ftpRecord(tx *ftp.Tx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	if !m.wanted[event.TypeFTP] {
		return
	}
	m.app.ofFTP(tx)
	e := &m.app.ftp
	w.session(&e.Envelope, tx.ID(), p, f)
	e.HasTx = false // EVE does not number FTP commands
	start := len(w.out.text)
	w.out.text = m.enc.AppendFTP(w.out.text, e)
	w.done(event.TypeFTP, &e.Envelope, start, 0, 0)
}

// ofFTPData fills in the ftp_data object.
func (m *appRecords) ofFTPData(tx *ftp.DataTx) {
	r := &m.ftpData.FTPDataRecord
	*r = event.FTPDataRecord{Command: tx.Command().String()}
	if file := tx.File(); file != nil {
		r.Filename = file.Name()
	}
}

func (w *worker) ftpDataRecord(tx *ftp.DataTx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	if !m.wanted[event.TypeFTPData] {
		return
	}
	m.app.ofFTPData(tx)
	e := &m.app.ftpData
	w.session(&e.Envelope, tx.ID(), p, f)
	e.HasTx = false // a connection is one transfer
	start := len(w.out.text)
	w.out.text = m.enc.AppendFTPData(w.out.text, e)
	w.done(event.TypeFTPData, &e.Envelope, start, 0, 0)
}

// ofSMTP fills in the smtp and email objects.
func (m *appRecords) ofSMTP(tx *smtp.Tx) {
	m.lists = m.lists[:0]
	r := &m.smtp.SMTPRecord
	*r = event.SMTPRecord{Helo: tx.Helo()}
	r.MailFrom, _ = tx.MailFrom()
	r.Recipients = m.list(func(i int) ([]byte, bool) {
		if i == tx.Recipients() {
			return nil, false
		}
		return tx.Recipient(i), true
	})
	mail := tx.Email()
	if mail == nil {
		return
	}
	// Suricata's word for every mail that it has looked at.
	m.email = event.Email{Status: "PARSE_DONE"}
	r.Email = &m.email
	e := r.Email
	m.header(e, mail)
	e.Attachments = m.list(mail.Attachment)
	if n := mail.URLs(); n > 0 { // EVE has the last one first
		e.URLs = m.list(func(i int) ([]byte, bool) { return mail.URL(n - 1 - i) })
	}
}

// furtherFields are header fields of a mail that EVE has under these names.
var furtherFields = [...]struct {
	field mime.Field
	name  string
}{
	{mime.ReplyTo, "reply_to"}, {mime.UserAgent, "user_agent"}, {mime.XOriginatingIP, "x_originating_ip"}, {mime.InReplyTo, "in_reply_to"},
	{mime.References, "references"}, {mime.Importance, "importance"}, {mime.Priority, "priority"}, {mime.Sensitivity, "sensitivity"},
	{mime.Organization, "organization"}, {mime.ContentMD5, "content_md5"},
}

func (m *appRecords) header(e *event.Email, mail *mime.Message) {
	if !mail.HeaderDone() {
		return
	}
	e.From, _ = mail.Field(mime.From, 0)
	e.Subject, _ = mail.Field(mime.Subject, 0)
	e.Date, _ = mail.Field(mime.Date, 0)
	e.MessageID, _ = mail.Field(mime.MessageID, 0)
	e.Mailer, _ = mail.Field(mime.XMailer, 0)
	e.Received = m.list(func(i int) ([]byte, bool) { return mail.Field(mime.Received, i) })
	e.To, e.CC, e.BCC = m.addresses(mail, mime.To), m.addresses(mail, mime.Cc), m.addresses(mail, mime.Bcc)
	m.fields = m.fields[:0]
	for _, f := range furtherFields {
		if value, ok := mail.Field(f.field, 0); ok {
			m.fields = append(m.fields, event.NamedText{Name: f.name, Value: value})
		}
	}
	e.Fields = m.fields
	if len(e.Subject) > 0 {
		sum := md5.Sum(e.Subject)
		hex.Encode(m.hash[:], sum[:])
		e.SubjectMD5 = m.hash[:]
	}
}

// list gathers values until there are no more.
func (m *appRecords) list(next func(i int) ([]byte, bool)) [][]byte {
	start := len(m.lists)
	for i := 0; ; i++ {
		value, ok := next(i)
		if !ok {
			return m.lists[start:len(m.lists):len(m.lists)]
		}
		m.lists = append(m.lists, value)
	}
}

// addresses gathers the addresses of a header field.
func (m *appRecords) addresses(mail *mime.Message, field mime.Field) [][]byte {
	rest, _ := mail.Field(field, 0)
	return m.list(func(int) (address []byte, ok bool) {
		address, rest, ok = mime.NextAddress(rest)
		return address, ok
	})
}

func (w *worker) smtpRecord(tx *smtp.Tx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	if !m.wanted[event.TypeSMTP] {
		return
	}
	m.app.ofSMTP(tx)
	e := &m.app.smtp
	w.session(&e.Envelope, tx.ID(), p, f)
	start := len(w.out.text)
	w.out.text = m.enc.AppendSMTP(w.out.text, e)
	w.done(event.TypeSMTP, &e.Envelope, start, 0, 0)
}
