package http1

import (
	"bytes"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

func TestBodies(t *testing.T) {
	const abnormal, old, badChunk = "response_abnormal_transfer_encoding", "response_chunked_old_proto", "invalid_response_chunk_len"
	for _, c := range []struct {
		name     string
		response string
		body     string
		wire     int // bytes of it as sent
		events   string
		complete bool
	}{
		{"of known length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 5, "", true},
		{"of length 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 0, "", true},
		{"to the end", "HTTP/1.1 200 OK\r\n\r\nhello", "hello", 5, "", false},
		{"in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello", 18, "", true},
		{"chunks win over a length", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello", 13, "", true},
		{"sizes with zeros, blanks and an extension", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n \t0005 ;a=b\r\nhello\r\n0\r\n\r\n", "hello", 23, "response_chunk_extension", true},
		{"sizes in either case", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", 33, "", true},
		{"LF alone", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n", "hello", 10, "", true},
		{"empty lines between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n5\r\nhello\r\n\r\n0\r\n\r\n", "hello", 17, "", true},
		{"something behind a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX\r\n0\r\n\r\n", "hello", 15, "", true},
		{"no chunks although announced", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nX5O!P", "X5O!P", 5, badChunk, false},
		{"no chunks, with lines", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nline\r\nline\r\n", "line\r\nline\r\n", 12, badChunk, false},
		{"no chunks any more", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", "hellozz\r\n", 14, badChunk, false},
		{"an unbelievable size is passed over", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80000000\r\n5\r\nhello\r\n0\r\n\r\n", "hello", 23, "", true},
		{"a size beyond 64 bits is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11112222333344445\r\nx", "11112222333344445\r\nx", 20, badChunk, false},
		{"chunked among others", "HTTP/1.1 200 OK\r\nTransfer-Encoding: x-chunked-y\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello", 13, abnormal, true},
		{"chunked with NUL", "HTTP/1.1 200 OK\r\nTransfer\x00-Encoding: chu\x00nked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello", 13, abnormal + " response_header_name_not_token", true},
		{"chunked of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello", 13, old, true},
		{"another transfer encoding is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\nContent-Length: 5\r\n\r\nhello", "hello", 5, "", true},
		{"a length with text around it", "HTTP/1.1 200 OK\r\nContent-Length: a5b\r\n\r\nhello", "hello", 5, "content_length_extra_data_end content_length_extra_data_start", true},
		{"more than announced, with a line end", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello more\r\n", "hello more\r\n", 12, "response_body_unexpected", true},
		{"204 with a body announced", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", "hello", 5, "response_body_unexpected", true},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", "", 0, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := respond(t, c.response)
			if got := bodyOf(tx, decoders.ToClient); got != c.body {
				t.Errorf("body %q, want %q", got, c.body)
			}
			if got := int(tx.Record().Length); got != c.wire {
				t.Errorf("length %d, want %d", got, c.wire)
			}
			if got, want := events(tx), sorted(c.events); sorted(got) != want {
				t.Errorf("events %q, want %q", got, want)
			}
			if tx.Complete(decoders.ToClient) != c.complete {
				t.Errorf("complete: %v", !c.complete)
			}
		})
	}
}

func TestRequestBodies(t *testing.T) {
	const post = "POST /p HTTP/1.1\r\nHost: h\r\n"
	for _, c := range []struct{ name, request, body, events string }{
		{"of known length", post + "Content-Length: 5\r\n\r\nhello", "hello", ""},
		{"in chunks", post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello", ""},
		{"with an extension", post + "Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n", "hello", "request_chunk_extension"},
		{"a line end behind it belongs to it", post + "Content-Length: 5\r\n\r\nhello\r\n", "hello\r\n", ""},
		{"not announced", post + "\r\nlogin=foo\r\n", "login=foo\r\n", "request_body_unexpected"},
		{"chunked of HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "x", "invalid_transfer_encoding_value_in_request"},
		{"a length with text behind it", post + "Content-Length: 1x\r\n\r\nh", "h", "content_length_extra_data_end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := talk(t, newState(), c.request)[0]
			if got := bodyOf(tx, decoders.ToServer); got != c.body {
				t.Errorf("body %q, want %q", got, c.body)
			}
			if got := events(tx); got != c.events {
				t.Errorf("events %q, want %q", got, c.events)
			}
			if !tx.Complete(decoders.ToServer) {
				t.Error("not complete")
			}
		})
	}
}

func TestWhatEndsTheParsing(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	for _, c := range []struct {
		name     string
		messages []string
		events   string
	}{
		{"a request line too long", []string{"GET /" + long + " HTTP/1.1\r\n\r\n"}, "request_field_too_long"},
		{"a request line without end", []string{"GET /" + long}, "request_field_too_long"},
		{"a field too long", []string{"GET / HTTP/1.1\r\nA: " + long + "\r\n\r\n"}, "request_field_too_long"},
		{"a field without end", []string{"GET / HTTP/1.1\r\nA: " + long}, "request_field_too_long"},
		{"a head too long", []string{"GET / HTTP/1.1\r\n" + strings.Repeat("A: "+long[:10_000]+"\r\n", 30)}, "request_field_too_long request_header_repetition"},
		{"too many fields", []string{"GET / HTTP/1.1\r\n" + manyFields(1026) + "\r\n"}, "request_too_many_headers"},
		{"an unknown transfer encoding", []string{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: foo\r\n\r\n"}, "invalid_transfer_encoding_value_in_request"},
		{"no length", []string{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n"}, "invalid_content_length_field_in_request"},
		{"no chunk", []string{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n"}, "invalid_request_chunk_len"},
		{"a status line too long", []string{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 " + long}, "response_field_too_long"},
		{"a field of a response too long", []string{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nA: " + long}, "response_field_too_long"},
		{"too many fields of a response", []string{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n" + manyFields(1026) + "\r\n"}, "response_too_many_headers"},
		{"a chunk size too long", []string{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + long + "\r\n"}, "response_field_too_long"},
		{"a response without length", []string{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}, "invalid_content_length_field_in_response"},
		{"byte ranges", []string{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 206 P\r\nContent-Type: multipart/byteranges; boundary=x\r\n\r\n"}, "response_multipart_byteranges"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewParser()
			s := p.New().(*State)
			var r app.Result
			for i, m := range c.messages {
				r = s.Parse(app.Input{Data: []byte(m), Dir: decoders.Direction(i)})
			}
			if r.Status != app.StatusError || p.Stats().GivenUp != 1 {
				t.Errorf("status %d, %d flows given up", r.Status, p.Stats().GivenUp)
			}
			if got := events(txsOf(s)[0]); got != c.events {
				t.Errorf("events %q, want %q", got, c.events)
			}
		})
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("F" + itoa(i) + ": v\r\n")
	}
	return b.String()
}

func TestTransactionsAreBounded(t *testing.T) {
	s := newState()
	const request = "GET / HTTP/1.0\r\n\r\n"
	limit := DefaultConfig().MaxTransactions
	if r := s.Parse(app.Input{Data: bytes.Repeat([]byte(request), limit)}); r.Status != app.StatusOK || len(s.Txs()) != limit {
		t.Fatalf("status %d with %d transactions", r.Status, len(s.Txs()))
	}
	if r := s.Parse(app.Input{Data: []byte(request)}); r.Status != app.StatusError || len(s.Txs()) != limit {
		t.Errorf("status %d with %d transactions", r.Status, len(s.Txs()))
	}
}

func TestRequestsAndResponsesArePaired(t *testing.T) {
	s := newState()
	txs := talk(t, s, "GET /1 HTTP/1.0\r\n\r\nHEAD /2 HTTP/1.0\r\n\r\nGET /3 HTTP/1.0\r\n\r\n",
		"HTTP/1.0 201 A\r\nContent-Length: 1\r\n\r\naHTTP/1.0 202 B\r\nContent-Length: 5\r\n\r\nHTTP/1.0 203 C\r\nContent-Length: 1\r\n\r\nc")
	if len(txs) != 3 {
		t.Fatalf("%d transactions", len(txs))
	}
	for i, tx := range txs {
		r := tx.Record()
		if tx.ID() != uint64(i) || string(r.URL) != "/"+itoa(i+1) || r.Status != 201+i || !tx.Complete(0) || !tx.Complete(1) {
			t.Errorf("transaction %d: %s %d", tx.ID(), r.URL, r.Status)
		}
	}
}

func TestAResponseWithoutRequest(t *testing.T) {
	s := newState()
	txs := talk(t, s, "", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "GET /x HTTP/1.0\r\n\r\n", "HTTP/1.0 404 No\r\nContent-Length: 1\r\n\r\nb")
	if len(txs) != 2 || events(txs[0]) != "unable_to_match_response_to_request" || string(txs[0].Record().URL) != UnseenURI ||
		txs[0].Record().Method != nil || buffer(txs[0], app.HTTPURI, 0) != UnseenURI || !txs[0].Complete(decoders.ToServer) {
		t.Errorf("%d transactions, first %+v", len(txs), txs[0].Record())
	}
	if r := txs[1].Record(); string(r.URL) != "/x" || r.Status != 404 || events(txs[1]) != "" {
		t.Errorf("second %+v", r)
	}
	if f := txs[0].File(decoders.ToClient, 0); f == nil || string(f.Name()) != UnseenURI {
		t.Error("the file has no name")
	}
}

func TestAResponseBeforeTheEndOfItsRequest(t *testing.T) {
	s := newState()
	txs := talk(t, s, "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345", "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", "67890")
	if len(txs) != 1 || !txs[0].Complete(0) || !txs[0].Complete(1) || bodyOf(txs[0], 0) != "1234567890" {
		t.Errorf("%d transactions, body %q", len(txs), bodyOf(txs[0], 0))
	}
	s = newState()
	txs = talk(t, s, "GET /part", "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", "ial HTTP/1.0\r\n\r\n")
	if len(txs) != 1 || events(txs[0]) != "request_line_incomplete" || string(txs[0].Record().URL) != "/partial" || txs[0].Record().Status != 400 {
		t.Errorf("%d transactions, %s, %+v", len(txs), events(txs[0]), txs[0].Record())
	}
}

func TestInterimResponses(t *testing.T) {
	s := newState()
	tx := talk(t, s, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 100 Again\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "ab")[0]
	if r := tx.Record(); r.Status != 200 || fields(tx, 1) != "[Content-Length=1]" || events(tx) != "continue_already_seen" || !tx.Complete(1) || !tx.Complete(0) {
		t.Errorf("%+v %s %s", r, fields(tx, 1), events(tx))
	}
	if got := buffer(tx, app.HTTPStatMsg, 0); got != "OK" {
		t.Errorf("reason %q", got)
	}
	// The server does not want the body: the client sends the next request.
	txs := talk(t, newState(), "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", "GET /next HTTP/1.0\r\n\r\n")
	if len(txs) != 2 || string(txs[1].Record().URL) != "/next" {
		t.Errorf("%d transactions", len(txs))
	}
}

func TestNotModifiedAnnouncesABodyThatDoesNotCome(t *testing.T) {
	txs := talk(t, newState(), "GET /1 HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", "", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
	if len(txs) != 2 || txs[0].Record().Status != 304 || txs[1].Record().Status != 200 || !txs[1].Complete(1) {
		t.Errorf("%d transactions, %+v", len(txs), txs[len(txs)-1].Record())
	}
}

func TestHTTP09(t *testing.T) {
	s := newState()
	tx := talk(t, s, "GET /old\r\n", "<html>", "late", "</html>")[0]
	if r := tx.Record(); string(r.URL) != "/old" || r.Protocol != nil || bodyOf(tx, 1) != "<html></html>" || events(tx) != "" || !tx.Complete(0) {
		t.Errorf("%+v %q %s", r, bodyOf(tx, 1), events(tx))
	}
	if len(s.Txs()) != 1 || s.parser.Stats().Skipped != 4 {
		t.Errorf("%d transactions, %d bytes skipped", len(s.Txs()), s.parser.Stats().Skipped)
	}
	// At the end of the stream the request is what it is.
	s = newState()
	s.Parse(app.Input{Data: []byte("GET /old\r\n")})
	if txsOf(s)[0].Complete(0) {
		t.Error("complete before anybody knows")
	}
	s.Parse(app.Input{EOF: true})
	if !txsOf(s)[0].Complete(0) {
		t.Error("not complete at the end")
	}
}

func TestTunnels(t *testing.T) {
	s := newState()
	tx := talk(t, s, "CONNECT Host.example:443 HTTP/1.1\r\nHost: other\r\n\r\n", "HTTP/1.1 200 Established\r\n\r\n")[0]
	if u, ok := s.Upgraded(); !ok || u.To != app.ProtoUnknown || u.Port != 443 {
		t.Errorf("upgrade %+v %v", u, ok)
	}
	if r := tx.Record(); string(r.Hostname) != "host.example" || r.Port != 443 || !tx.Complete(0) || !tx.Complete(1) || buffer(tx, app.HTTPURI, 0) != "<none>" {
		t.Errorf("%+v", r)
	}
	if r := s.Parse(app.Input{Data: []byte("\x16\x03\x01")}); r.Status != app.StatusIncomplete || r.Consumed != 0 {
		t.Errorf("%+v for the tunnel's bytes", r)
	}

	s = newState()
	txs := talk(t, s, "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", simpleResponse)
	if _, ok := s.Upgraded(); ok || len(txs) != 2 || !txs[1].Complete(1) {
		t.Errorf("a refused tunnel: %d transactions, upgraded %v", len(txs), ok)
	}

	for value, want := range map[string]app.Proto{"websocket": app.ProtoWebSocket, "h2c": app.ProtoHTTP2, "foo": app.ProtoUnknown} {
		s = newState()
		talk(t, s, "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\n\r\n")
		const head = "HTTP/1.1 101 Switching\r\nUpgrade: "
		data := head + value + "\r\n\r\nframes"
		r := s.Parse(app.Input{Data: []byte(data), Dir: decoders.ToClient})
		u, ok := s.Upgraded()
		if uri, _ := u.Request.Buffer(app.HTTPURIRaw, 0); string(uri) != "/ws" {
			t.Errorf("upgrade to %s was asked for by %q", value, uri)
		}
		if !ok || u.To != want || r.Status != app.StatusIncomplete || data[r.Consumed:] != "frames" {
			t.Errorf("upgrade to %s: %+v %v, %+v", value, u, ok, r)
		}
	}
}

func TestGaps(t *testing.T) {
	request := []byte("GET /g HTTP/1.0\r\n\r\n")
	toClient := func(s *State, gap uint32, data string) {
		t.Helper()
		if r := s.Parse(app.Input{Data: []byte(data), Dir: decoders.ToClient, Gap: gap}); r.Status != app.StatusOK {
			t.Errorf("status %d", r.Status)
		}
	}
	t.Run("in a body of known length", func(t *testing.T) {
		s := newState()
		s.Parse(app.Input{Data: request})
		toClient(s, 0, "HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nabc")
		toClient(s, 4, "hijHTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
		txs := txsOf(s)
		f := txs[0].File(decoders.ToClient, 0)
		if len(txs) != 2 || !txs[0].Complete(1) || txs[0].Record().Length != 10 || f == nil || !f.Gaps || f.Size != 10 || f.State != file.Truncated {
			t.Errorf("%d transactions, %+v", len(txs), f)
		}
		if b, offset := txs[0].Body(1); string(b) != "hij" || offset != 7 {
			t.Errorf("body %q at %d", b, offset)
		}
	})
	t.Run("behind a body", func(t *testing.T) {
		s := newState()
		s.Parse(app.Input{Data: append(request, request...)})
		toClient(s, 0, "HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nabc")
		toClient(s, 50, "lost\r\nHTTP/1.0 201 OK\r\nContent-Length: 0\r\n\r\n")
		txs := txsOf(s)
		if len(txs) != 2 || !txs[0].Complete(1) || txs[1].Record().Status != 201 || s.parser.Stats().Skipped != 6 {
			t.Errorf("%d transactions, %+v, %d skipped", len(txs), txs[1].Record(), s.parser.Stats().Skipped)
		}
	})
	t.Run("in a chunk", func(t *testing.T) {
		s := newState()
		s.Parse(app.Input{Data: request})
		toClient(s, 0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab")
		toClient(s, 6, "\r\n1\r\nx\r\n0\r\n\r\n")
		if tx := txsOf(s)[0]; !tx.Complete(1) || bodyOf(tx, 1) != "x" {
			t.Errorf("body %q", bodyOf(tx, 1))
		}
	})
	t.Run("in a head", func(t *testing.T) {
		s := newState()
		s.Parse(app.Input{Data: request})
		toClient(s, 0, "HTTP/1.1 200 OK\r\nA: ")
		toClient(s, 100, "xxx\r\n\r\n")
		if tx := txsOf(s)[0]; !tx.Complete(1) || tx.Record().Status != 200 {
			t.Error("the response is not given up")
		}
	})
	t.Run("between requests", func(t *testing.T) {
		s := newState()
		s.Parse(app.Input{Data: request})
		s.Parse(app.Input{Data: []byte("tail of something\r\nX: y\r\nGET /next HTTP/1.0\r\n\r\n"), Gap: 9})
		if txs := txsOf(s); len(txs) != 2 || string(txs[1].Record().URL) != "/next" {
			t.Errorf("%d transactions", len(txs))
		}
	})
	t.Run("of encoded data ends its decoding", func(t *testing.T) {
		s := newState()
		s.Parse(app.Input{Data: request})
		packed := gzipped(t, bytes.Repeat([]byte("0123456789abcdef"), 5000))
		toClient(s, 0, "HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "+itoa(len(packed))+"\r\n\r\n"+string(packed[:100]))
		before := len(bodyOf(txsOf(s)[0], 1))
		toClient(s, 10, string(packed[110:]))
		if tx := txsOf(s)[0]; !tx.Complete(1) || before == 0 || len(bodyOf(tx, 1)) != before || tx.File(1, 0).State != file.Truncated {
			t.Errorf("%d bytes, then %d", before, len(bodyOf(tx, 1)))
		}
	})
}

func TestTheEndOfTheStream(t *testing.T) {
	for _, c := range []struct {
		name, response, body string
		complete             bool
		state                file.State
	}{
		{"ends a body without length", "HTTP/1.0 200 OK\r\n\r\nabc", "abc", true, file.Closed},
		{"cuts a body of known length", "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nabc", "abc", true, file.Closed},
		{"cuts a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "abc", true, file.Closed},
		{"leaves out the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "abc", false, file.Truncated},
		{"cuts a status line that is none", "abc", "abc", true, file.Closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newState()
			tx := talk(t, s, "GET /x HTTP/1.0\r\n\r\n", c.response)[0]
			s.Parse(app.Input{Dir: decoders.ToClient, EOF: true})
			f := tx.File(decoders.ToClient, 0)
			if bodyOf(tx, 1) != c.body || tx.Complete(1) != c.complete || f == nil || f.State != c.state {
				t.Errorf("body %q, complete %v, file %+v", bodyOf(tx, 1), tx.Complete(1), f)
			}
		})
	}
	t.Run("shows the fields that came", func(t *testing.T) {
		s := newState()
		s.Parse(app.Input{Data: []byte("POST /x HTTP/1.0\r\nHost: h\r\nUser-Agent: Mozilla/1.0\r\nCut: sho"), EOF: true})
		tx := txsOf(s)[0]
		if !tx.Complete(0) || fields(tx, 0) != "[Host=h][User-Agent=Mozilla/1.0]" || buffer(tx, app.HTTPUserAgent, 0) != "Mozilla/1.0" || tx.Record().Hostname != nil {
			t.Errorf("%v %s", tx.Complete(0), fields(tx, 0))
		}
	})
	t.Run("ends a request line", func(t *testing.T) {
		s := newState()
		s.Parse(app.Input{Data: []byte("GET /x HTTP/1.0"), EOF: true})
		if txs := txsOf(s); len(txs) != 1 || string(txs[0].Record().URL) != "/x" || !txs[0].Complete(0) {
			t.Errorf("%d transactions", len(txs))
		}
	})
}

func TestReleaseWaitsForBothSides(t *testing.T) {
	s := newState()
	tx := talk(t, s, "GET / HTTP/1.0\r\n\r\n")[0]
	*tx.State() = app.TxState{Logged: true, Done: [2]bool{true, true}}
	s.Release()
	if len(s.Txs()) != 1 {
		t.Fatal("released before its response")
	}
	talk(t, s, "", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
	s.Release()
	if len(s.Txs()) != 0 {
		t.Fatal("not released")
	}
	if txs := talk(t, s, "GET /2 HTTP/1.0\r\n\r\n", simpleResponse); len(txs) != 1 || txs[0].ID() != 1 || txs[0].Record().Status != 200 {
		t.Errorf("%d transactions behind", len(txs))
	}
}
