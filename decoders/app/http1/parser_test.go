package http1

import (
	"bytes"
	"compress/gzip"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

func newParser() app.Parser { return NewParser() }

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	simpleRequest  = "GET /a/../b%20c?x=%41 HTTP/1.1\r\nHost: Example.com:8080\r\nUser-Agent: test\r\nCookie: a=b\r\nAccept: */*\r\n\r\n"
	simpleResponse = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\nServer: s\r\n\r\nhello"
	form           = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nfirst file\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nno file\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"g\"; filename=\"b.bin\"\r\n\r\n\r\n--not the boundary\r\n--B--\r\n"
)

func exchange(parts ...string) (out []apptest.Message) {
	for i, p := range parts {
		if p != "" {
			out = append(out, apptest.Message{Dir: decoders.Direction(i % 2), Data: []byte(p)})
		}
	}
	return out
}

func TestParserKeepsTheContract(t *testing.T) {
	packed := string(gzipped(t, bytes.Repeat([]byte("compressed text "), 100)))
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "one exchange", Min: 1, Grows: true, Messages: exchange(simpleRequest, simpleResponse)},
		{Name: "pipelined", Min: 3, Grows: true, Messages: exchange(simpleRequest+simpleRequest+simpleRequest, simpleResponse+simpleResponse, "", simpleResponse)},
		{Name: "chunks with extension and trailer", Min: 2, Grows: true, Messages: exchange(
			"POST /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n000\r\nDigest: x\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\nDigest: y\r\n\r\n",
			simpleRequest, simpleResponse)},
		{Name: "gzip", Min: 1, Grows: true, Messages: exchange(simpleRequest, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "+itoa(len(packed))+"\r\n\r\n"+packed)},
		{Name: "a form with files", Min: 1, Grows: true, Messages: exchange(
			"POST /up HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: "+itoa(len(form))+"\r\n\r\n"+form,
			"HTTP/1.1 204 No Content\r\n\r\n")},
		{Name: "interim response", Min: 1, Grows: true, Messages: exchange(
			"PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n",
			"abc", "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")},
		{Name: "responses without body", Min: 3, Grows: true, Messages: exchange(
			"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
			simpleRequest, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
			simpleRequest, simpleResponse)},
		{Name: "folded, repeated and odd fields", Min: 1, Grows: true, Messages: exchange(
			"GET / HTTP/1.0\nHost: h\nA: 1\n 2\n\t3\nA: 4\nno colon\n: no name\nB : space\n\n",
			"HTTP/1.0 200 OK\r\nA: 1\rB: 2\r\n C: 3\n\rD: 4\r\n\r\nbody to the end of the stream")},
		{Name: "HTTP/0.9", Min: 1, Grows: true, Messages: exchange("GET /old\r\n", "just the body")},
		{Name: "no request seen", Min: 2, Grows: true, Messages: exchange("", simpleResponse, "", simpleResponse)},
	})
}

func TestProbe(t *testing.T) {
	p := NewParser()
	for _, c := range []struct {
		data string
		want app.Answer
		dir  decoders.Direction
	}{
		{"GET / HTTP/1.1\r\n", app.Yes, decoders.ToServer},
		{"\r\nPOST\t/", app.Yes, decoders.ToServer},
		{"get /", app.Yes, decoders.ToServer},
		{"HTTP/1.1 200 OK\r\n", app.Yes, decoders.ToClient},
		{"GE", app.Maybe, decoders.ToServer},
		{"GET", app.Maybe, decoders.ToServer},
		{"HTT", app.Maybe, decoders.ToServer},
		{"", app.Maybe, decoders.ToServer},
		{"GETX / HTTP/1.1", app.No, decoders.ToServer},
		{"SSH-2.0-x", app.No, decoders.ToServer},
	} {
		in := app.Input{Data: []byte(c.data)}
		if got := p.Probe(in); got != c.want {
			t.Errorf("probe of %q is %d, want %d", c.data, got, c.want)
		}
		if c.want == app.Yes {
			if got := p.Direction(in); got != c.dir {
				t.Errorf("%q runs %v", c.data, got)
			}
		}
	}
	if p.Probe(app.Input{Data: []byte("GET / HTTP/1.1\r\n"), Datagram: true}) != app.No {
		t.Error("HTTP/1 in a datagram")
	}
}

func TestPatternsFindBothSides(t *testing.T) {
	d, err := app.NewDetector([]app.Candidate{{Parser: NewParser()}})
	if err != nil {
		t.Fatal(err)
	}
	for data, reversed := range map[string]bool{"PROPFIND / HTTP/1.1\r\n": false, "options\t*": false, "HTTP/1.0 200 OK\r\n": true} {
		got := d.Detect(app.Input{Data: []byte(data)}, app.TCP, app.Ports{Src: 1, Dst: 2})
		if got.Answer != app.Yes || got.Proto != app.ProtoHTTP || got.Reversed != reversed {
			t.Errorf("%q: %+v", data, got)
		}
	}
}
