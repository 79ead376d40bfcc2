package smtp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/file"
)

// talk makes messages of lines: "C: " is from the client, "S: " from the
// server; what does not end in "\" gets an end of line. Lines of one side in a
// row are one message.
func talk(lines ...string) []apptest.Message {
	var out []apptest.Message
	for _, l := range lines {
		side, text, ok := strings.Cut(l, ": ")
		if !ok || side != "C" && side != "S" {
			panic("no side in " + l)
		}
		dir := decoders.ToServer
		if side == "S" {
			dir = decoders.ToClient
		}
		if cut, ok := strings.CutSuffix(text, "\\"); ok {
			text = cut
		} else {
			text += "\r\n"
		}
		if n := len(out); n > 0 && out[n-1].Dir == dir {
			out[n-1].Data = append(out[n-1].Data, text...)
		} else {
			out = append(out, apptest.Message{Dir: dir, Data: []byte(text)})
		}
	}
	return out
}

var greeting = []string{"S: 220 mx.example.com ESMTP", "C: EHLO client.example.org", "S: 250-mx.example.com", "S: 250 PIPELINING"}

// mailTo is a conversation up to the text of a mail.
var mailTo = append(slices.Clip(greeting),
	"C: MAIL FROM:<a@example.org> SIZE=100", "S: 250 ok",
	"C: RCPT TO:<b@example.com>", "S: 250 ok",
	"C: DATA", "S: 354 go ahead")

var attachment = append(slices.Clip(mailTo),
	"C: Received: from a", "C: \tby b", "C: Received: from c by d",
	"C: From: A <a@example.org>", "C: To: \"B, C\" <b@example.com>, d@example.com", "C: Subject: hello", "C:  world",
	"C: X-Mailer: none", "C: Content-Type: multipart/mixed;", "C:  boundary=\"--xx\"", "C: ",
	"C: ----xx", "C: Content-Type: text/plain", "C: ", "C: see http://example.com/a?b=c and http://example.net/", "C: ..dot", "C: ",
	"C: ----xx", "C: Content-Type: application/octet-stream; name=\"a.bin\"", "C: Content-Transfer-Encoding: base64", "C: ",
	"C: SGVsbG8s", "C: IHdvcmxk", "C: ", "C: ----xx",
	"C: Content-Disposition: attachment; filename=b.txt", "C: Content-Transfer-Encoding: quoted-printable", "C: ",
	"C: a=3Db soft=", "C: break", "C: ----xx--", "C: .", "S: 250 queued", "C: QUIT", "S: 221 bye")

func TestConversations(t *testing.T) {
	apptest.Check(t, func() app.Parser { return NewParser() }, conversations())
}

func TestChunksAreDecodedWhenAskedFor(t *testing.T) {
	c := DefaultConfig()
	c.DecodeChunks = true
	apptest.Check(t, func() app.Parser { return NewParserWith(c) }, conversations())
	state := NewParserWith(c).New()
	apptest.Run(t, state, false, chunked)
	tx := state.Txs()[0].(*Tx)
	if got, _ := tx.Buffer(app.EmailSubject, 0); string(got) != "in pieces" {
		t.Errorf("subject %q", got)
	}
	if got, _ := tx.Buffer(app.EmailURL, 0); string(got) != "example.com/split" {
		t.Errorf("URL %q of a line in two chunks", got)
	}
}

func TestRawExtractionTakesTheMailAsAFile(t *testing.T) {
	c := DefaultConfig()
	c.RawExtraction = true
	apptest.Check(t, func() app.Parser { return NewParserWith(c) }, conversations())
	state := NewParserWith(c).New()
	apptest.Run(t, state, false, talk(append(slices.Clip(mailTo), "C: a", "C: ..b", "C: .", "S: 250 ok")...))
	tx := state.Txs()[0].(*Tx)
	p, ok := tx.Stream(app.FileData, 0)
	if !ok || string(p.Data) != "a\r\n.b\r\n" || !p.EOF || tx.Email() != nil {
		t.Errorf("piece %q, end %v, email %v", p.Data, p.EOF, tx.Email())
	}
}

var chunked = talk(append(slices.Clip(greeting),
	"C: MAIL FROM:<a@example.org>", "C: RCPT TO:<b@example.com>", "S: 250 ok", "S: 250 ok",
	"C: BDAT 33", "C: Subject: in pieces", "C: ", "C: http://exam\\", "S: 250 ok",
	"C: BDAT 15 LAST", "C: ple.com/split", "S: 250 ok", "C: QUIT", "S: 221 bye")...)

func conversations() []apptest.Conversation {
	login := append(slices.Clip(greeting), "C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: DATAdata", "S: 334 UGFzc3dvcmQ6", "C: RCPT TO", "S: 235 ok",
		"C: MAIL FROM:<a@b>", "S: 250 ok")
	long := append(slices.Clip(mailTo), "C: Subject: long", "C: ", "C: "+strings.Repeat("http://x/ ", 1200)+"\r", "C: .", "S: 250 ok")
	nested := append(slices.Clip(mailTo), "C: Content-Type: multipart/mixed; boundary=a", "C: ", "C: --a",
		"C: Content-Type: multipart/alternative; boundary=aB", "C: ", "C: --aB", "C: ", "C: http://in.example/", "C: --aB--", "C: --a",
		"C: Content-Type: message/rfc822", "C: ", "C: Subject: inner", "C: Content-Disposition: attachment; filename=in.exe", "C: ", "C: MZ",
		"C: --a--", "C: epilogue", "C: .", "S: 250 ok")
	two := append(slices.Clip(mailTo), "C: Subject: one", "C: ", "C: 1", "C: .", "S: 250 ok", "C: RSET", "S: 250 ok",
		"C: MAIL FROM:<c@d>", "C: RCPT TO:<e@f>", "C: RCPT TO:<g@h>", "C: DATA", "S: 250 ok", "S: 250 ok", "S: 250 ok", "S: 354 go",
		"C: Subject: two", "C: ", "C: 2", "C: .", "C: QUIT", "S: 250 ok", "S: 221 bye")
	return []apptest.Conversation{
		{Name: "a mail with attachments", Grows: true, Messages: talk(attachment...), Min: 1},
		{Name: "two mails", Grows: true, Messages: talk(two...), Min: 2},
		{Name: "a mail in chunks", Grows: true, Messages: chunked, Min: 1},
		{Name: "nested parts and an enclosed mail", Grows: true, Messages: talk(nested...), Min: 1},
		{Name: "a login", Grows: true, Messages: talk(login...), Min: 1},
		{Name: "a line of 12,000 bytes", Grows: true, Messages: talk(long...), Min: 1},
		{Name: "a long command", Grows: true, Messages: talk(append(slices.Clip(greeting), "C: "+strings.Repeat("MAIL FROM:", 900), "S: "+strings.Repeat("5", 9000))...), Min: 1},
		{Name: "STARTTLS", Grows: true, Messages: talk(append(slices.Clip(greeting), "C: STARTTLS", "S: 220 go", "C: \x16\x03\x01\\")...), Min: 1},
		{Name: "a refused mail", Grows: true, Messages: talk(append(slices.Clip(greeting), "C: DATA", "S: 503 no", "C: RSET", "S: 250 ok", "C: NOOP", "S: 250 ok")...), Min: 2},
	}
}

func run(t *testing.T, c Config, lines ...string) []*Tx {
	t.Helper()
	state := NewParserWith(c).New()
	apptest.Run(t, state, false, talk(lines...))
	var out []*Tx
	for _, tx := range state.Txs() {
		out = append(out, tx.(*Tx))
	}
	return out
}

func TestRecordOfAMail(t *testing.T) {
	txs := run(t, DefaultConfig(), attachment...)
	if len(txs) != 1 {
		t.Fatalf("%d transactions, want 1", len(txs))
	}
	got := fmt.Sprint(smtpOf(txs[0]), emailOf(txs[0]))
	want := fmt.Sprint(
		map[string]any{"helo": "client.example.org", "mail_from": "<a@example.org>", "rcpt_to": []string{"<b@example.com>"}},
		map[string]any{
			"status": "PARSE_DONE", "from": "A <a@example.org>", "to": []string{`"B, C" <b@example.com>`, "d@example.com"},
			"subject": "helloworld", "subject_md5": "fc5e038d38a57032085441e7fe7010b0", "x_mailer": "none",
			"received":   []string{"from aby b", "from c by d"},
			"attachment": []string{"a.bin", "b.txt"}, "url": []string{"example.net/", "example.com/a?b=c"},
		})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for i, content := range []string{"Hello, world", "a=b softbreak"} {
		p, ok := txs[0].Stream(app.FileData, i)
		if !ok || string(p.Data) != content || !p.EOF {
			t.Errorf("attachment %d: %q, end %v", i, p.Data, p.EOF)
		}
		if f := txs[0].Files()[i]; f.State != file.Closed || f.Size != uint64(len(content)) {
			t.Errorf("attachment %d: %v, %d bytes", i, f.State, f.Size)
		}
	}
}

func TestEvents(t *testing.T) {
	event := func(e ...app.Event) []app.Event { return e }
	mail := func(lines ...string) []string {
		return append(append(slices.Clip(mailTo), lines...), "C: .", "S: 250 ok")
	}
	file := func(encoding string, lines ...string) []string {
		return mail(append([]string{"C: Content-Disposition: attachment; filename=x", "C: Content-Transfer-Encoding: " + encoding, "C: "}, lines...)...)
	}
	long := strings.Repeat("x", 300)
	cases := []struct {
		name  string
		lines []string
		want  []app.Event
	}{
		{"an ordinary mail has none", attachment, nil},
		{"no greeting", []string{"C: EHLO a"}, event(app.EventSMTPNoServerWelcomeMessage)},
		{"a reply without code", append(slices.Clip(greeting), "C: NOOP", "S: what"), event(app.EventSMTPInvalidReply)},
		{"a reply of two bytes", append(slices.Clip(greeting), "S: 25"), event(app.EventSMTPInvalidReply)},
		{"a command behind DATA without waiting", append(slices.Clip(greeting), "C: STARTTLS", "C: NOOP"), event(app.EventSMTPInvalidPipelinedSequence)},
		{"more than the chunk announced", append(slices.Clip(greeting), "C: BDAT 3", "C: abc,", "C: more"), event(app.EventSMTPBDATChunkLenExceeded)},
		{"a chunk without size", append(slices.Clip(greeting), "C: BDAT x"), event(app.EventSMTPInvalidBDAT)},
		{"a chunk of more than 32 bits", append(slices.Clip(greeting), "C: BDAT 99999999999"), event(app.EventSMTPInvalidBDAT)},
		{"STARTTLS refused", append(slices.Clip(greeting), "C: STARTTLS", "S: 454 no"), event(app.EventSMTPTLSRejected)},
		{"DATA refused", append(slices.Clip(greeting), "C: DATA", "S: 503 no"), event(app.EventSMTPDataCommandRejected)},
		{"two senders", append(slices.Clip(greeting), "C: MAIL FROM:<a>", "C: MAIL FROM:<b>"), event(app.EventSMTPDuplicateFields)},
		{"two names", append(slices.Clip(greeting), "C: HELO b"), event(app.EventSMTPDuplicateFields)},
		{"a command line without end", append(slices.Clip(greeting), "C: "+strings.Repeat("x", 5000)), event(app.EventSMTPTruncatedLine)},
		{"base64 with other letters", file("base64", "C: SGVs!bG8="), event(app.EventSMTPMIMEInvalidBase64)},
		{"base64 that ends within a group", file("base64", "C: SGVsb"), event(app.EventSMTPMIMEInvalidBase64)},
		{"base64 in long lines", file("BASE64", "C: "+strings.Repeat("QUJD", 20)), event(app.EventSMTPMIMELongEncLine)},
		{"quoted-printable without digits", file("quoted-printable", "C: a=zz"), event(app.EventSMTPMIMEInvalidQP)},
		{"a line of a thousand bytes", mail("C: ", "C: "+strings.Repeat("x", 1000)), event(app.EventSMTPMIMELongLine)},
		{"a long header name", mail("C: " + long[:80] + ": x"), event(app.EventSMTPMIMELongHeaderName)},
		{"a long header value", mail("C: Subject: " + strings.Repeat("x", 2001)), event(app.EventSMTPMIMELongLine, app.EventSMTPMIMELongHeaderValue)},
		{"a long boundary", mail("C: Content-Type: multipart/mixed; boundary="+long, "C: "), event(app.EventSMTPMIMELongBoundary)},
		{"a long file name", mail("C: Content-Disposition: attachment; filename="+long, "C: "), event(app.EventSMTPMIMELongFilename)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			txs := run(t, DefaultConfig(), c.lines...)
			got := txs[len(txs)-1].AppendEvents(nil)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
}

func TestTooManyTransactionsEndTheFlow(t *testing.T) {
	state := NewParser().New()
	one := []byte("DATA\r\n.\r\n")
	var r app.Result
	n := 0
	for ; r.Status != app.StatusError && n < 2*maxLive; n++ {
		r = state.Parse(app.Input{Data: one})
	}
	if n != maxLive+1 || len(state.Txs()) != maxLive {
		t.Fatalf("gave up at mail %d with %d live, want %d live", n, len(state.Txs()), maxLive)
	}
	if !state.Txs()[maxLive-1].HasEvent(app.EventSMTPTooManyTransactions) {
		t.Error("no event")
	}
}

func TestUpgradeToTLS(t *testing.T) {
	state := NewParser().New()
	apptest.Run(t, state, false, talk(append(slices.Clip(greeting), "C: STARTTLS")...))
	if _, ok := state.(app.Upgrader).Upgraded(); ok {
		t.Error("upgraded before the server agreed")
	}
	reply := []byte("220 go\r\n\x16\x03")
	r := state.Parse(app.Input{Data: reply, Dir: decoders.ToClient})
	u, ok := state.(app.Upgrader).Upgraded()
	if !ok || u.To != app.ProtoTLS || r.Consumed != len(reply)-2 {
		t.Errorf("upgraded %v to %v after %d bytes", ok, u.To, r.Consumed)
	}
	if !state.Txs()[0].Complete(decoders.ToServer) {
		t.Error("the transaction is not complete")
	}
	state.Parse(app.Input{Data: []byte("MAIL FROM:<x>\r\n")})
	if len(state.Txs()) != 1 {
		t.Error("what follows the upgrade was read as SMTP")
	}
}

func TestGaps(t *testing.T) {
	parse := func(s app.State, dir decoders.Direction, gap uint32, data string) {
		s.Parse(app.Input{Data: []byte(data), Dir: dir, Gap: gap})
	}
	t.Run("in an attachment", func(t *testing.T) {
		s := NewParser().New()
		parse(s, 0, 0, "DATA\r\nContent-Disposition: attachment; filename=a\r\n\r\nabc\r\n")
		parse(s, 0, 100, "rest of a line\r\nxyz\r\n.\r\n")
		tx := s.Txs()[0].(*Tx)
		if f := tx.Files()[0]; f.State != file.Truncated || !f.Gaps || !tx.done {
			t.Errorf("file %v, gaps %v, done %v", f.State, f.Gaps, tx.done)
		}
		if p, _ := tx.Stream(app.FileData, 0); p.Offset < 100 {
			t.Errorf("the bytes behind the gap are at %d", p.Offset)
		}
	})
	t.Run("over the end of a mail", func(t *testing.T) {
		s := NewParser().New()
		parse(s, 1, 0, "220 hi\r\n")
		parse(s, 0, 0, "DATA\r\n")
		parse(s, 1, 0, "354 go\r\n")
		parse(s, 0, 0, "Subject: a\r\n\r\nabc\r\n")
		parse(s, 0, 100, "")
		parse(s, 1, 0, "250 queued\r\n")
		parse(s, 0, 0, "\r\nMAIL FROM:<next@example.com>\r\n")
		if n := len(s.Txs()); n != 2 {
			t.Fatalf("%d transactions, want 2", n)
		}
		if from, _ := s.Txs()[1].Buffer(app.SMTPMailFrom, 0); string(from) != "<next@example.com>" {
			t.Errorf("sender %q", from)
		}
	})
	t.Run("within a chunk", func(t *testing.T) {
		s := NewParser().New()
		parse(s, 0, 0, "BDAT 20 LAST\r\n12345")
		parse(s, 0, 10, "67890RSET\r\n")
		if n := len(s.Txs()); n != 1 || !s.Txs()[0].Complete(0) {
			t.Errorf("%d transactions", n)
		}
	})
	t.Run("over the end of a chunk", func(t *testing.T) {
		s := NewParser().New()
		parse(s, 0, 0, "BDAT 20\r\n12345")
		parse(s, 0, 40, "rest\r\nMAIL FROM:<a>\r\n")
		if from, ok := s.Txs()[0].Buffer(app.SMTPMailFrom, 0); !ok || string(from) != "<a>" {
			t.Errorf("sender %q", from)
		}
	})
}

func TestFilesAreInspectedAsTheyGrow(t *testing.T) {
	c := DefaultConfig()
	c.InspectMin, c.InspectWindow = 10, 4
	s := NewParserWith(c).New()
	feed := func(text string) { s.Parse(app.Input{Data: []byte(text)}) }
	due := func(want string, offset uint64, eof bool) {
		t.Helper()
		tx := s.Txs()[0].(*Tx)
		for range 2 { // asking again gives the same
			p, ok := tx.Stream(app.FileData, 0)
			if !ok || string(p.Data) != want || len(want) > 0 && p.Offset != offset || p.EOF != eof {
				t.Errorf("piece %q at %d, end %v, want %q at %d, %v", p.Data, p.Offset, p.EOF, want, offset, eof)
			}
		}
		tx.Inspected(decoders.ToServer)
	}
	feed("DATA\r\nContent-Disposition: attachment; filename=a\r\n\r\n")
	due("", 0, false)
	feed("0123\n")
	due("", 0, false)
	feed("567\n9abc\n")
	due("0123\n567\n9abc", 0, false)
	due("", 0, false)
	feed("z\n")
	due("9abc\nz", 9, false)
	feed(".\n")
	due("bc\nz", 11, true)
	due("", 0, true)
	if _, ok := s.Txs()[0].(*Tx).Stream(app.FileData, 1); ok {
		t.Error("a second file")
	}
}

func TestFilesThatNobodyInspectsStayWithinBounds(t *testing.T) {
	s := NewParser().New()
	s.Parse(app.Input{Data: []byte("DATA\r\nContent-Disposition: attachment; filename=a\r\n\r\n")})
	line := []byte(strings.Repeat("x", 900) + "\r\n")
	for range 1000 {
		s.Parse(app.Input{Data: line})
	}
	tx := s.Txs()[0].(*Tx)
	if n := len(tx.content[0].data); n > maxContent+len(line) || n < maxContent/2 {
		t.Errorf("%d bytes are kept, bound %d", n, maxContent)
	}
	if p, _ := tx.Stream(app.FileData, 0); p.Offset+uint64(len(p.Data)) != tx.Files()[0].Size {
		t.Errorf("the piece ends at %d of %d", p.Offset+uint64(len(p.Data)), tx.Files()[0].Size)
	}
	s.Reset()
	s.Parse(app.Input{Data: []byte("DATA\r\nContent-Disposition: attachment; filename=a\r\n\r\n" + strings.Repeat(string(line), 1000))})
	if p, _ := s.Txs()[0].(*Tx).Stream(app.FileData, 0); p.Offset != 0 || len(p.Data) != 1000*len(line)-2 {
		t.Errorf("of what one Parse brought, %d bytes from %d on are due", len(p.Data), p.Offset)
	}
}

func TestProbe(t *testing.T) {
	cases := []struct {
		name, data string
		eof        bool
		want       app.Answer
		dir        decoders.Direction
	}{
		{"a client", "EHLO x\r\n", false, app.Yes, 0},
		{"a client in lower case", "helo x\r\n", false, app.Yes, 0},
		{"another command with that start", "HELOX\r\n", false, app.No, 0},
		{"too little", "EHL", false, app.Maybe, 0},
		{"a server", "220 mx ESMTP Postfix\r\n", false, app.Yes, 1},
		{"a server in several lines", "220-mx Microsoft SMTP\r\n", false, app.Yes, 1},
		{"a server that does not say what it is", "220 mx.example.com ready\r\n", false, app.Maybe, 1},
		{"nothing else ever comes", "220 mx.example.com ready\r\n", true, app.No, 1},
		{"an FTP server", "220 (vsFTPd 3.0.2)\r\n", false, app.No, 1},
		{"another protocol", "GET / HTTP/1.1\r\n", false, app.No, 0},
	}
	p := NewParser()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := app.Input{Data: []byte(c.data), EOF: c.eof}
			if got := p.Probe(in); got != c.want {
				t.Errorf("answer %v, want %v", got, c.want)
			}
			if got := p.Direction(in); got != c.dir {
				t.Errorf("direction %v, want %v", got, c.dir)
			}
		})
	}
}

func TestWhatIsBeyondABoundIsCounted(t *testing.T) {
	p := NewParser()
	s := p.New()
	feed := func(text string) { s.Parse(app.Input{Data: []byte(text)}) }
	feed(strings.Repeat("RCPT TO:<a@b>\r\n", maxRecipients+2))
	feed(strings.Repeat("NOOP\r\n", maxUnread))
	feed("DATA\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n")
	feed(strings.Repeat("--b\r\nContent-Type: x; name=n\r\n\r\nhttp://a/\r\n", maxFiles+3))
	feed(strings.Repeat("--b\r\n\r\nhttp://a/\r\n", 200))
	tx := s.Txs()[0].(*Tx)
	if tx.Recipients() != maxRecipients || len(tx.Files()) != maxFiles {
		t.Errorf("%d recipients and %d files", tx.Recipients(), len(tx.Files()))
	}
	s.Reset()
	want := Stats{FilesBeyond: 3, RecipientsBeyond: 2, RepliesLost: 1, HeaderTextDropped: maxFiles + 3 + 200 - 256}
	if got := p.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPipelinedReset(t *testing.T) {
	txs := run(t, DefaultConfig(), append(slices.Clip(greeting), "C: MAIL FROM:<a@b>", "S: 250 ok",
		"C: RSET", "C: MAIL FROM:<c@d>", "C: RCPT TO:<e@f>", "C: DATA", "C: Subject: x", "C: ", "C: .",
		"S: 250 ok", "S: 250 ok", "S: 250 ok", "S: 354 go", "S: 250 ok")...)
	if len(txs) != 2 {
		t.Fatalf("%d transactions, want 2", len(txs))
	}
	if from, _ := txs[1].MailFrom(); string(from) != "<c@d>" || !txs[0].done || !txs[1].done {
		t.Errorf("sender of the second mail %q", from)
	}
}

func TestAMailThatIsAcceptedLate(t *testing.T) {
	txs := run(t, DefaultConfig(), append(slices.Clip(greeting), "C: DATA", "C: MAIL FROM:<a@b>", "C: DATA",
		"S: 503 no", "S: 250 ok", "S: 354 go", "C: Subject: late", "C: ", "C: .", "S: 250 ok")...)
	tx := txs[len(txs)-1]
	if subject, _ := tx.Buffer(app.EmailSubject, 0); string(subject) != "late" || !tx.done {
		t.Errorf("subject %q", subject)
	}
}

func TestTheEndOfTheStreamEndsTheMail(t *testing.T) {
	for cut := range 2 {
		s := NewParser().New()
		text := "DATA\r\nContent-Disposition: attachment; filename=a\r\n\r\nabc\r\n."
		s.Parse(app.Input{Data: []byte(text[:len(text)-cut]), EOF: true})
		tx := s.Txs()[0].(*Tx)
		if f := tx.Files()[0]; f.State != file.Truncated || f.Size != 3 || tx.done {
			t.Errorf("without %d bytes: file %v of %d bytes, done %v", cut, f.State, f.Size, tx.done)
		}
	}
}
