package mime

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// part is an attachment as it was reported.
type part struct {
	name, data string
	closed     bool
}

// read feeds a mail line by line and checks that steps come in order.
func read(t testing.TB, c *Config, mail string) (*Message, []part) {
	t.Helper()
	m := &Message{}
	m.Reset(c)
	return m, feed(t, m, mail)
}

func feed(t testing.TB, m *Message, mail string) []part {
	t.Helper()
	var parts []part
	open := false
	take := func(step Step, data []byte) {
		if open != (step == Data || step == Close) && step != None || len(data) > 0 && step != Data {
			t.Fatalf("step %d with %d bytes, open is %v", step, len(data), open)
		}
		switch step {
		case Open:
			open = true
			parts = append(parts, part{name: string(m.Filename())})
		case Data:
			parts[len(parts)-1].data += string(data)
		case Close:
			open = false
			parts[len(parts)-1].closed = true
		}
	}
	for _, line := range strings.SplitAfter(mail, "\n") {
		if line == "" {
			break
		}
		text := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		step, data := m.Line([]byte(text), []byte(line[len(text):]))
		take(step, data)
	}
	take(m.End(), nil)
	return parts
}

func defaults() *Config {
	c := DefaultConfig()
	return &c
}

func lines(s ...string) string { return strings.Join(s, "\r\n") + "\r\n" }

func TestAttachments(t *testing.T) {
	multi := []string{"Content-Type: multipart/mixed; boundary=B", "", "--B"}
	cases := []struct {
		name  string
		lines []string
		want  []part
	}{
		{"the mail itself", []string{"Content-Disposition: attachment; filename=\"a b.txt\"", "", "x", "y"}, []part{{"a b.txt", "x\r\ny", true}}},
		{"a name in the type", append(multi, "Content-Type: x/y; name=a", "", "1", "--B--"), []part{{"a", "1", true}}},
		{"the disposition comes first", append(multi, "Content-Type: x/y; name=a", "Content-Disposition: attachment; filename=b", "", "1", "--B--"), []part{{"b", "1", true}}},
		{"no name", append(multi, "Content-Disposition: attachment", "", "1", "--B--"), nil},
		{"an empty body", append(multi, "Content-Type: x/y; name=a", "", "--B--"), []part{{"a", "", true}}},
		{"a boundary in the header", append(multi, "Content-Type: x/y; name=a", "--B", "Content-Type: x/y; name=b", "", "2", "--B--"), []part{{"b", "2", true}}},
		{"a missing end", append(multi, "Content-Type: x/y; name=a", "", "1"), []part{{"a", "1", true}}},
		{"spaces behind a boundary", append(multi, "Content-Type: x/y; name=a", "", "1", "--B  ", "Content-Type: x/y; name=b", "", "2"), []part{{"a", "1", true}, {"b", "2", true}}},
		{"a boundary with something behind it", append(multi, "Content-Type: x/y; name=a", "", "1", "--Bxyz"), []part{{"a", "1", true}}},
		{"what looks like a boundary and is none", append(multi, "Content-Type: x/y; name=a", "", "1", "--C", "--B--"), []part{{"a", "1\r\n--C", true}}},
		{"base64 with spaces and over lines", append(multi, "Content-Type: x/y; name=a", "Content-Transfer-Encoding: Base64", "", "aG Vs", "bG8=", "--B--"), []part{{"a", "hello", true}}},
		{"base64 in two groups with padding", append(multi, "Content-Type: x/y; name=a", "Content-Transfer-Encoding: base64", "", "NA=", "=Mg", "==", "--B--"), []part{{"a", "42", true}}},
		{"quoted-printable", append(multi, "Content-Type: x/y; name=a", "Content-Transfer-Encoding: quoted-printable", "", "a=3D=", "b=zz=4", "c", "--B--"), []part{{"a", "a=b=zz=4\r\nc", true}}},
		{"an unknown encoding", append(multi, "Content-Type: x/y; name=a", "Content-Transfer-Encoding: x-uuencode", "", "abc", "--B--"), []part{{"a", "abc", true}}},
		{"the last encoding counts", append(multi, "Content-Type: x/y; name=a", "Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: base64", "", "YQ==", "--B--"), []part{{"a", "a", true}}},
		{"an enclosed mail", append(multi, "Content-Type: message/rfc822; name=mail.eml", "", "Subject: inner", "Content-Type: x/y; name=in", "", "1", "--B--"), []part{{"in", "1", true}}},
		{"an enclosed multipart", append(multi, "Content-Type: message/rfc822", "", "Content-Type: multipart/mixed; boundary=C", "", "--C", "Content-Type: x/y; name=in", "", "1", "--C--", "--B", "Content-Type: x/y; name=out", "", "2", "--B--"), []part{{"in", "1", true}, {"out", "2", true}}},
		{"an inner boundary that starts like the outer", append(multi, "Content-Type: multipart/mixed; boundary=BB", "", "--BB", "Content-Type: x/y; name=a", "", "1", "--BB--", "--B", "Content-Type: x/y; name=b", "", "2"), []part{{"a", "1", true}, {"b", "2", true}}},
		{"an inner multipart without its end", append(multi, "Content-Type: multipart/mixed; boundary=C", "", "--C", "Content-Type: x/y; name=a", "", "1", "--B", "Content-Type: x/y; name=b", "", "2"), []part{{"a", "1", true}, {"b", "2", true}}},
		{"an epilogue", append(multi, "Content-Type: x/y; name=a", "", "1", "--B--", "Content-Type: x/y; name=b", "", "2"), []part{{"a", "1", true}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, got := read(t, defaults(), lines(c.lines...))
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestBareLineFeedsEndLines(t *testing.T) {
	_, got := read(t, defaults(), "Content-Disposition: attachment; filename=a\n\nx\ny\n")
	if want := []part{{"a", "x\ny", true}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNames(t *testing.T) {
	cases := []struct{ name, field, want string }{
		{"bare", "attachment; filename=a.txt", "a.txt"},
		{"quoted, with a semicolon", `attachment; filename="a;b.txt"`, "a;b.txt"},
		{"escapes", `attachment; filename="a\"b\\c"`, `a"b\c`},
		{"in any case", "attachment; FileName=a", "a"},
		{"spaces around", "attachment ;  filename = a ; size=3", "a"},
		{"the last of two", "attachment; filename=a; filename=b", "b"},
		{"in pieces", "attachment; filename*0=a; filename*1=\"b \"; filename*2=c", "ab c"},
		{"pieces in any order", "attachment; filename*1=b; filename*0=a", "ab"},
		{"a piece is missing", "attachment; filename*0=a; filename*2=c", "a"},
		{"pieces that are encoded", "attachment; filename*0*=utf-8''a%20; filename*1=b%20", "a b%20"},
		{"extended", "attachment; filename*=UTF-8'en'%e2%82%ac%20rates.exe", "€ rates.exe"},
		{"extended without quotes", "attachment; filename*=a%2Eexe", "a.exe"},
		{"the plain one wins over the extended", "attachment; filename*=UTF-8''b; filename=a", "a"},
		{"a quote that is not closed", `attachment; filename="a; size=3`, `a`},
		{"another parameter that ends so", "attachment; xfilename=a", ""},
		{"no value", "attachment; filename=", ""},
		{"encoded words stay", "attachment; filename=\"=?utf-8?B?YS5leGU=?=\"", "=?utf-8?B?YS5leGU=?="},
		{"nothing", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, _ := read(t, defaults(), lines("Content-Disposition: "+c.field, "", ""))
			if got, ok := m.Attachment(0); string(got) != c.want || ok != (c.want != "") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDecodedNames(t *testing.T) {
	c := defaults()
	c.DecodeNames = true
	m, _ := read(t, c, lines(`Content-Disposition: attachment; filename="=?utf-8?B?YS5leGU=?="`, "", ""))
	if got, _ := m.Attachment(0); string(got) != "a.exe" {
		t.Errorf("got %q", got)
	}
}

func TestEncodedWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		"plain":                                 "plain",
		"=?us-ascii?q?a_b=3D?= c":               "a b= c",
		"x =?utf-8?B?aGVs?= =?utf-8?b?bG8=?= y": "x hello y",
		"=?utf-8?Q?a?= b =?utf-8?Q?c?=":         "a b c",
		"=?utf-8?X?a?=":                         "=?utf-8?X?a?=",
		"=?utf-8?Q?a b?=":                       "=?utf-8?Q?a b?=",
		"=?utf-8?Q?a":                           "=?utf-8?Q?a",
		"=?=?=?":                                "=?=?=?",
	} {
		if got := AppendDecodedWords(nil, []byte(text)); string(got) != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestURLs(t *testing.T) {
	body := func(s string) string { return lines("Content-Type: text/plain", "", s) }
	https := defaults()
	https.URLSchemes = [][]byte{[]byte("https://"), []byte("http://"), []byte("mailto:")}
	https.KeepURLScheme = true
	off := defaults()
	off.ExtractURLs = false
	cases := []struct {
		name   string
		config *Config
		mail   string
		want   []string
	}{
		{"in a line", defaults(), body("see http://a.example/x?y=z. and HTTP://b <a href='http://c/'>"), []string{"a.example/x?y=z.", "b", "c/"}},
		{"other schemes are not asked for", defaults(), body("https://a ftp://b xhttp:/c"), nil},
		{"schemes that are asked for", https, body("https://a http://b mailto:c@d"), []string{"https://a", "http://b", "mailto:c@d"}},
		{"nothing behind the scheme", defaults(), body("http:// x"), nil},
		{"two in one word", defaults(), body("http://ahttp://b"), []string{"ahttp://b"}},
		{"in html", defaults(), lines("Content-Type: text/html; charset=x", "", `<a href="http://a">`), []string{"a"}},
		{"without a type", defaults(), lines("Subject: x", "", "http://a"), []string{"a"}},
		{"not in other types", defaults(), lines("Content-Type: image/png", "", "http://a"), nil},
		{"in base64", defaults(), lines("Content-Transfer-Encoding: base64", "", "aHR0cDov", "L2Eg"), []string{"a"}},
		{"over a soft line break", defaults(), lines("Content-Transfer-Encoding: quoted-printable", "", "http://a/=", "b=3Dc"), []string{"a/b=c"}},
		{"in an attachment", defaults(), lines("Content-Type: x/y; name=n", "", "http://a"), []string{"a"}},
		{"not when switched off", off, body("http://a"), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, _ := read(t, c.config, c.mail)
			var got []string
			for i := range m.URLs() {
				url, _ := m.URL(i)
				got = append(got, string(url))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFields(t *testing.T) {
	m, _ := read(t, defaults(), lines(
		"garbage", "SUBJECT:  a", "\tb", " c", "X-Unknown: x", " folded", "Subject: second", "no colon", "  tail",
		"To:", "Received: one", "Received: two", "", "Subject: of the body"))
	for i, want := range []string{"abc", "second tail"} {
		if got, _ := m.Field(Subject, i); string(got) != want {
			t.Errorf("subject %d is %q, want %q", i, got, want)
		}
	}
	if _, ok := m.Field(Subject, 2); ok {
		t.Error("a third subject")
	}
	if _, ok := m.Field(To, 0); ok {
		t.Error("an empty field counts")
	}
	if got, _ := m.Field(Received, 1); string(got) != "two" {
		t.Errorf("received %q", got)
	}
}

func TestAddresses(t *testing.T) {
	for list, want := range map[string][]string{
		"":                        nil,
		" , ,":                    nil,
		"a@b":                     {"a@b"},
		"a@b, c <d@e>,":           {"a@b", "c <d@e>"},
		`"x, y" <a@b>,c@d`:        {`"x, y" <a@b>`, "c@d"},
		`"x\", y" <a@b>, "z, <q>`: {`"x\", y" <a@b>`, `"z, <q>`},
	} {
		var got []string
		for a, rest, ok := NextAddress([]byte(list)); ok; a, rest, ok = NextAddress(rest) {
			got = append(got, string(a))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", list, got, want)
		}
	}
}

func TestBoundsAreKeptAndCounted(t *testing.T) {
	nested := func(n int, typ string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: %s; boundary=b%d\r\n\r\n", typ, i)
			if strings.HasPrefix(typ, "multipart") {
				fmt.Fprintf(&b, "--b%d\r\n", i)
			}
		}
		return b.String()
	}
	cases := []struct {
		name    string
		mail    string
		oddity  Oddity
		dropped bool
	}{
		{"multiparts", nested(maxNesting+1, "multipart/mixed"), Malformed, false},
		{"as many multiparts as are followed", nested(maxNesting, "multipart/mixed"), 0, false},
		{"enclosed mails", nested(maxNesting+1, "message/rfc822"), Malformed, false},
		{"fields", strings.Repeat("Received: x\r\n", maxKept+1) + "\r\n", 0, true},
		{"bytes of a field", "Subject: x\r\n" + strings.Repeat(" "+strings.Repeat("x", 900)+"\r\n", 10), 0, true},
		{"bytes of fields", strings.Repeat("Subject: "+strings.Repeat("x", 900)+"\r\n", 80), 0, true},
		{"URLs", "\r\n" + strings.Repeat("http://x\r\n", maxKept+1), 0, true},
		{"names", "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: x; name=n\r\n\r\n", maxKept+1), 0, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, _ := read(t, defaults(), c.mail)
			if m.Oddities() != c.oddity || m.Dropped() > 0 != c.dropped {
				t.Errorf("oddities %b, dropped %d", m.Oddities(), m.Dropped())
			}
			checkBounds(t, m)
		})
	}
}

func TestBodyMD5(t *testing.T) {
	c := defaults()
	c.BodyMD5 = true
	m, _ := read(t, c, "Subject: x\r\n\r\nabc")
	got, ok := m.BodyMD5()
	if want := "900150983cd24fb0d6963f7d28e17f72"; !ok || fmt.Sprintf("%x", got) != want { // RFC 1321, of "abc"
		t.Errorf("got %x, want %s", got, want)
	}
	if m, _ := read(t, defaults(), "\r\nabc"); m.hasDigest {
		t.Error("a hash that nobody asked for")
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	c := defaults()
	c.BodyMD5 = true
	mail := bytes.SplitAfter([]byte(sample), []byte("\n"))
	m := &Message{}
	once := func() {
		m.Reset(c)
		for _, l := range mail {
			text := bytes.TrimRight(l, "\r\n")
			m.Line(text, l[len(text):])
		}
		m.End()
	}
	once()
	if n := testing.AllocsPerRun(50, once); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	if m.URLs() != 1 || len(m.names) != 1 {
		t.Errorf("%d URLs and %d names, the sample shows nothing", m.URLs(), len(m.names))
	}
}

const sample = "Received: a\r\n\tby b\r\nFrom: a@b\r\nTo: c@d\r\nSubject: hello\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n" +
	"--B\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<a href=3D\"http://x/=\r\ny\">\r\n" +
	"--B\r\nContent-Disposition: attachment; filename*0=a; filename*1=.exe\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAAMA\r\n--B--\r\n"

func checkBounds(t testing.TB, m *Message) {
	t.Helper()
	if len(m.text) > maxText || len(m.urlText) > maxText || len(m.fields) > maxKept || len(m.urls) > maxKept ||
		len(m.names) > maxKept || len(m.bounds) > maxNesting || len(m.partText) > 3*maxField || len(m.textLine) > maxURLLine {
		t.Errorf("bounds are exceeded")
	}
	for i := range m.names {
		if name, ok := m.Attachment(i); !ok || len(name) == 0 || len(name) > maxFilename {
			t.Errorf("name %d has %d bytes", i, len(name))
		}
	}
	for f := From; f < FieldCount; f++ {
		for i := 0; ; i++ {
			value, ok := m.Field(f, i)
			if !ok {
				break
			}
			if len(value) == 0 || len(value) > maxField {
				t.Errorf("%v %d has %d bytes", f, i, len(value))
			}
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(sample)
	f.Add("Content-Type: message/rfc822\r\n\r\nContent-Disposition: a; filename*0*=x'y'%41\r\n\r\n=4\r\n")
	f.Fuzz(func(t *testing.T, mail string) {
		c := defaults()
		c.DecodeNames = true
		m, parts := read(t, c, mail)
		checkBounds(t, m)
		total := 0
		for _, p := range parts {
			if !p.closed {
				t.Errorf("%q was not closed", p.name)
			}
			total += len(p.data)
		}
		// No transfer encoding makes a body longer.
		if total > len(mail) {
			t.Errorf("%d bytes of attachments in %d of mail", total, len(mail))
		}
		m.Reset(c)
		if again := feed(t, m, mail); !slices.Equal(again, parts) {
			t.Errorf("the second time %+v, the first time %+v", again, parts)
		}
	})
}
