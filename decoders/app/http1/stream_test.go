package http1

import (
	"bytes"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// piece asks for what is due of a response's body.
func piece(t *testing.T, tx *Tx) app.Piece {
	t.Helper()
	p, ok := tx.Stream(app.HTTPResponseBody, 0)
	if !ok {
		t.Fatal("no body")
	}
	again, _ := tx.Stream(app.FileData.In(decoders.ToClient), 0)
	if !bytes.Equal(p.Data, again.Data) || p.Offset != again.Offset || p.EOF != again.EOF {
		t.Fatal("asking again gives something else")
	}
	return p
}

func TestASmallBodyIsInspectedWhenItIsOver(t *testing.T) {
	s := newState()
	tx := talk(t, s, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nhello")[0]
	if p := piece(t, tx); len(p.Data) != 0 {
		t.Errorf("%q is due before the end", p.Data)
	}
	tx.Inspected(decoders.ToClient)
	talk(t, s, "", "world")
	p := piece(t, tx)
	if string(p.Data) != "helloworld" || p.Offset != 0 || !p.EOF {
		t.Errorf("%q at %d, EOF %v", p.Data, p.Offset, p.EOF)
	}
	tx.Inspected(decoders.ToClient)
	if p := piece(t, tx); len(p.Data) != 0 {
		t.Errorf("%q is due twice", p.Data)
	}
}

// TestWindows follows a body of 100,000 bytes with the default windows: 40 KiB
// first, then 16 KiB at least.
func TestWindows(t *testing.T) {
	s := newState()
	body := make([]byte, 100_000)
	for i := range body {
		body[i] = byte(i * 7)
	}
	tx := talk(t, s, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n")[0]
	sent := 0
	send := func(n int) {
		s.Parse(app.Input{Data: body[sent : sent+n], Dir: decoders.ToClient})
		sent += n
	}
	for _, step := range []struct {
		send       int
		from, upto int // what is due then; nothing when upto is 0
		eof        bool
	}{
		{30_000, 0, 0, false},                             // under 40 KiB
		{11_000, 0, 41_000, false},                        // the first time
		{1_000, 41_000 - (16<<10 - 1_000), 42_000, false}, // a window in all
		{30_000, 42_000 - (16<<10)/4, 72_000, false},      // more than a window: a quarter back
		{28_000, 72_000 - (16<<10)/4, 100_000, true},      // the end
	} {
		send(step.send)
		p := piece(t, tx)
		if len(p.Data) > 0 || step.upto > 0 {
			if upto := int(p.Offset) + len(p.Data); int(p.Offset) != step.from || upto != step.upto || p.EOF != step.eof {
				t.Fatalf("after %d bytes: %d to %d, EOF %v; want %d to %d", sent, p.Offset, upto, p.EOF, step.from, step.upto)
			}
			if !bytes.Equal(p.Data, body[step.from:step.upto]) {
				t.Errorf("after %d bytes: the bytes are others", sent)
			}
		}
		tx.Inspected(decoders.ToClient)
		if p := piece(t, tx); len(p.Data) != 0 {
			t.Errorf("after %d bytes: %d bytes are due twice", sent, len(p.Data))
		}
	}
}

func TestABodyIsFollowedToItsLimit(t *testing.T) {
	p := NewParser()
	s := p.New().(*State)
	const size = 300_000
	tx := talk(t, s, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 300000\r\n\r\n")[0]
	for range size / 1000 {
		s.Parse(app.Input{Data: make([]byte, 1000), Dir: decoders.ToClient})
		piece(t, tx)
		tx.Inspected(decoders.ToClient)
	}
	if kept, offset := tx.Body(decoders.ToClient); offset+uint64(len(kept)) != 100<<10 || len(kept) > 64<<10 {
		t.Errorf("%d bytes kept at %d", len(kept), offset)
	}
	if r := tx.Record(); r.Length != size || !tx.Complete(1) || p.Stats().BodiesCut != 1 {
		t.Errorf("length %d, %d bodies cut", r.Length, p.Stats().BodiesCut)
	}
	if f := tx.File(1, 0); f.Size != 100<<10 || f.State.String() != "TRUNCATED" {
		t.Errorf("file of %d bytes, %v", f.Size, f.State)
	}
}

func TestUninspectedBodiesAreBoundedWithoutLimit(t *testing.T) {
	c := DefaultConfig()
	c.Response.Limit = 0
	s := NewParserWith(c).New().(*State)
	tx := talk(t, s, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n")[0]
	most := 0
	for range 5000 {
		s.Parse(app.Input{Data: make([]byte, 1000), Dir: decoders.ToClient})
		kept, _ := tx.Body(decoders.ToClient)
		most = max(most, len(kept))
	}
	if most > 1<<20 || tx.File(1, 0).Size != 5_000_000 {
		t.Errorf("%d bytes kept of %d", most, tx.File(1, 0).Size)
	}
}

func TestFilesOfRequests(t *testing.T) {
	post := func(kind, body string) *Tx {
		return talk(t, newState(), "POST /up/a.exe?q HTTP/1.1\r\nHost: h\r\n"+kind+"Content-Length: "+itoa(len(body))+"\r\n\r\n"+body)[0]
	}
	t.Run("the body of a POST is one", func(t *testing.T) {
		tx := post("", "MZ and so on")
		f := tx.File(decoders.ToServer, 0)
		if f == nil || string(f.Name()) != "/up/a.exe" || f.Size != 12 || buffer(tx, app.FileName, 0) != "/up/a.exe" || buffer(tx, app.FileMagic, 0) != "MS-DOS executable" {
			t.Errorf("%+v", f)
		}
		if p, ok := tx.Stream(app.FileData, 0); !ok || string(p.Data) != "MZ and so on" || !p.EOF {
			t.Errorf("%q %v", p.Data, ok)
		}
		if _, ok := tx.Stream(app.FileData, 1); ok {
			t.Error("a second file")
		}
	})
	t.Run("files of a form", func(t *testing.T) {
		tx := post("Content-Type: multipart/form-data; boundary=\"B\"\r\n", form)
		for i, want := range []struct{ name, data string }{{"a.txt", "first file"}, {"b.bin", "\r\n--not the boundary"}} {
			f := tx.File(decoders.ToServer, i)
			if f == nil || string(f.Name()) != want.name || f.State.String() != "CLOSED" || int(f.Size) != len(want.data) {
				t.Fatalf("file %d: %+v", i, f)
			}
			if p, ok := tx.Stream(app.FileData, i); !ok || string(p.Data) != want.data || !p.EOF {
				t.Errorf("file %d: %q", i, p.Data)
			}
			if n, ok := tx.Integer(app.FileSize, i); !ok || int(n) != len(want.data) {
				t.Errorf("file %d: size %d", i, n)
			}
			if n, ok := tx.Integer(app.FileClosed, i); !ok || n != 1 {
				t.Errorf("file %d: closed %d", i, n)
			}
		}
		if tx.File(decoders.ToServer, 2) != nil {
			t.Error("a third file")
		}
		if p, ok := tx.Stream(app.HTTPRequestBody, 0); !ok || string(p.Data) != form {
			t.Error("the body is not the form")
		}
	})
	t.Run("a GET has none", func(t *testing.T) {
		tx := talk(t, newState(), "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")[0]
		if tx.File(decoders.ToServer, 0) != nil {
			t.Error("a file")
		}
	})
}

func TestForms(t *testing.T) {
	for _, c := range []struct{ name, body, files, events string }{
		{"text before the first boundary", "preamble\r\n--B\r\nContent-Disposition: x; filename=f\r\n\r\ndata\r\n--B--\r\nepilogue", "[f=data CLOSED]", ""},
		{"LF alone in the head", "--B\nContent-Disposition: x; filename=f\n\ndata\r\n--B--", "[f=data CLOSED]", ""},
		{"a quoted name with quotes", "--B\r\nContent-Disposition: x; filename=\"a\\\"b\"\r\n\r\nd\r\n--B--", "[a\\\"b=d CLOSED]", ""},
		{"a name in capitals", "--B\r\nCONTENT-DISPOSITION: x; FILENAME=f\r\n\r\nd\r\n--B--", "[f=d CLOSED]", ""},
		{"no end", "--B\r\nContent-Disposition: x; filename=f\r\n\r\ndata\r\n--", "[f=data\r\n-- CLOSED]", ""},
		{"an empty file", "--B\r\nContent-Disposition: x; filename=f\r\n\r\n\r\n--B--", "[f= CLOSED]", "multipart_no_filedata"},
		{"a part without disposition", "--B\r\nA: b\r\n\r\ndata\r\n--B--", "", "multipart_invalid_header"},
		{"a head that never ends", "--B\r\n" + strings.Repeat("x", maxPartHead+10), "", "multipart_invalid_header"},
		{"no boundary", "data without any", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, pieces := range []int{1 << 20, 1, 5} {
				s := newState()
				s.Parse(app.Input{Data: []byte("POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: " + itoa(len(c.body)) + "\r\n\r\n")})
				for rest := c.body; rest != ""; rest = rest[min(pieces, len(rest)):] {
					s.Parse(app.Input{Data: []byte(rest[:min(pieces, len(rest))])})
				}
				tx := txsOf(s)[0]
				got := ""
				for i := 0; tx.File(0, i) != nil; i++ {
					p, _ := tx.Stream(app.FileData, i)
					got += "[" + string(tx.File(0, i).Name()) + "=" + string(p.Data) + " " + tx.File(0, i).State.String() + "]"
				}
				if got != c.files || events(tx) != c.events {
					t.Errorf("in pieces of %d: files %q, events %q", pieces, got, events(tx))
				}
			}
		})
	}
}

func TestFilesOfAFormAreBounded(t *testing.T) {
	p := NewParser()
	body := strings.Repeat("--B\r\nContent-Disposition: x; filename=f\r\n\r\nd\r\n", maxFiles+5) + "--B--"
	tx := talk(t, p.New().(*State), "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: "+itoa(len(body))+"\r\n\r\n"+body)[0]
	if tx.File(0, maxFiles-1) == nil || tx.File(0, maxFiles) != nil || p.Stats().FilesBeyond != 5 {
		t.Errorf("%d files beyond", p.Stats().FilesBeyond)
	}
}

func TestNamesOfFiles(t *testing.T) {
	for field, want := range map[string]string{
		"":                                      "/",
		"attachment; filename=\"a b.txt\"":      "a b.txt",
		"attachment; FileName=x.bin; size=3":    "x.bin",
		"attachment; filename=":                 "/",
		"attachment; filename=\"never closed":   "/",
		"inline; filename=\"\"; filename=other": "/",
	} {
		head := ""
		if field != "" {
			head = "Content-Disposition: " + field + "\r\n"
		}
		tx := respond(t, "HTTP/1.1 200 OK\r\n"+head+"Content-Length: 1\r\n\r\nx")
		if got := string(tx.File(decoders.ToClient, 0).Name()); got != want {
			t.Errorf("%q: %q, want %q", field, got, want)
		}
	}
}

func TestRanges(t *testing.T) {
	for value, want := range map[string]ContentRange{
		"bytes 500-1000/146515":          {Valid: true, Start: 500, End: 1000, Size: 146515},
		"bytes 0-0/*":                    {Valid: true},
		"bytes 5-4/10":                   {},
		"bytes */100":                    {},
		"bytes 1-2":                      {},
		"items 1-2/3":                    {},
		"bytes 1-99999999999999999999/3": {},
	} {
		tx := respond(t, "HTTP/1.1 206 P\r\nContent-Range: "+value+"\r\nContent-Length: 1\r\n\r\nx")
		r := tx.Record().Range
		if r == nil {
			t.Fatalf("%s: no range", value)
		}
		want.Raw = []byte(value)
		if string(r.Raw) != value || r.Valid != want.Valid || r.Start != want.Start || r.End != want.End || r.Size != want.Size {
			t.Errorf("%s: %+v", value, r)
		}
		if tx.HasEvent(app.EventHTTPRangeInvalid) == want.Valid {
			t.Errorf("%s: events %s", value, events(tx))
		}
		if f := tx.File(1, 0); (f.Range != nil) != want.Valid {
			t.Errorf("%s: the file's range is %+v", value, f.Range)
		}
	}
}

func TestContentEncodings(t *testing.T) {
	text := strings.Repeat("plain text ", 30)
	once := string(gzipped(t, []byte(text)))
	twice := string(gzipped(t, []byte(once)))
	for _, c := range []struct{ encoding, data, body, events string }{
		{"gzip", once, text, ""},
		{"X-GZIP", once, text, ""},
		{"g\x00zip", once, text, ""},
		{"gzip, gzip", twice, text, ""},
		{"gzip,gzip", twice, text, ""},
		{"gzip, gzip, gzip", twice, text, "too_many_encoding_layers"},
		{"identity", text, text, ""},
		{"identity, gzip", once, text, ""},
		{"deflate", once, text, ""},
		{"gzip;x", once, text, "abnormal_ce_header"},
		{"foo", text, text, "abnormal_ce_header"},
		{"lzma, lzma", text, text, "response_too_many_lzma_layers"},
		{"gzip", text, text, ""},
	} {
		tx := respond(t, "HTTP/1.1 200 OK\r\nContent-Encoding: "+c.encoding+"\r\nContent-Length: "+itoa(len(c.data))+"\r\n\r\n"+c.data)
		if got := bodyOf(tx, 1); got != c.body {
			t.Errorf("%q: body %.40q", c.encoding, got)
		}
		if got := events(tx); got != c.events {
			t.Errorf("%q: events %q, want %q", c.encoding, got, c.events)
		}
		if r := tx.Record(); int(r.Length) != len(c.data) {
			t.Errorf("%q: length %d", c.encoding, r.Length)
		}
	}
}

func TestABombIsStopped(t *testing.T) {
	c := DefaultConfig()
	c.Response.Limit = 0
	p := NewParserWith(c)
	s := p.New().(*State)
	bomb := gzipped(t, gzipped(t, make([]byte, 64<<20)))
	tx := talk(t, s, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: "+itoa(len(bomb))+"\r\n\r\n"+string(bomb))[0]
	if events(tx) != "compression_bomb" || p.Stats().BodiesBomb != 1 || tx.File(1, 0).Size > 2<<20 || !tx.Complete(1) {
		t.Errorf("%s, %d bytes", events(tx), tx.File(1, 0).Size)
	}
}
