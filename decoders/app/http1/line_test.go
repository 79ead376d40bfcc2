package http1

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

func TestRequestLines(t *testing.T) {
	const unknown, noProtocol = "request_line_unknown_method", "request_line_missing_protocol"
	for _, c := range []struct {
		name                  string
		line                  string // with its end; a Host field follows
		method, uri, protocol string
		events                string
	}{
		{"as it should be", "GET / HTTP/1.1\r\n", "GET", "/", "HTTP/1.1", ""},
		{"LF alone ends a line", "GET / HTTP/1.1\n", "GET", "/", "HTTP/1.1", ""},
		{"empty lines before it", "\r\n\n\r\nGET / HTTP/1.1\r\n", "GET", "/", "HTTP/1.1", ""},
		{"white space before the method", " \tGET / HTTP/1.1\r\n", "GET", "/", "HTTP/1.1", "request_line_leading_whitespace"},
		{"several blanks", "GET   /   HTTP/1.1\r\n", "GET", "/", "HTTP/1.1", ""},
		{"a tab behind the method", "GET\t/ HTTP/1.1\r\n", "GET", "/", "HTTP/1.1", "method_delim_non_compliant"},
		{"tabs only", "GET\t/\tHTTP/1.1\r\n", "GET", "/", "HTTP/1.1", "method_delim_non_compliant uri_delim_non_compliant"},
		{"a blank in the URI is the end of it", "GET /a b HTTP/1.1\r\n", "GET", "/a", "b HTTP/1.1", ""},
		{"blanks at the end", "GET / HTTP/1.1 \r\n", "GET", "/", "HTTP/1.1", ""},
		{"NUL is part of the URI", "GET /a\x00b HTTP/1.1\r\n", "GET", "/a\x00b", "HTTP/1.1", ""},
		{"an unknown method", "FOO / HTTP/1.1\r\n", "FOO", "/", "HTTP/1.1", ""},
		{"case counts for methods", "get / HTTP/9.9\r\n", "get", "/", "HTTP/9.9", "request_line_unknown_method_invalid_protocol"},
		{"the version in lower case", "GET / http/1.1\r\n", "GET", "/", "http/1.1", ""},
		{"white space and zeros in the version are odd", "GET / HTTP/01.1\r\n", "GET", "/", "HTTP/01.1", "protocol_contains_extra_data"},
		{"no version, but fields", "GET /\r\n", "GET", "/", "", noProtocol},
		{"no version and no method", "FOO /x\r\n", "FOO", "/x", "", noProtocol + " request_line_unknown_method_no_protocol"},
		{"a word", "FOO\r\n", "FOO", "", "", noProtocol + " " + unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := talk(t, newState(), c.line+"Host: h\r\n\r\n")
			if len(txs) != 1 {
				t.Fatalf("%d transactions", len(txs))
			}
			r := txs[0].Record()
			if string(r.Method) != c.method || string(r.URL) != c.uri || string(r.Protocol) != c.protocol {
				t.Errorf("method %q, URI %q, protocol %q", r.Method, r.URL, r.Protocol)
			}
			if got := events(txs[0]); got != c.events {
				t.Errorf("events %q, want %q", got, c.events)
			}
			if string(r.Hostname) != "h" {
				t.Errorf("host %q", r.Hostname)
			}
		})
	}
}

func TestStatusLines(t *testing.T) {
	const badStatus, badProtocol = "response_line_invalid_response_status", "response_line_invalid_protocol"
	for _, c := range []struct {
		name             string
		line             string
		status           int
		text, reason     string
		protocol, events string
	}{
		{"as it should be", "HTTP/1.1 200 OK\r\n", 200, "", "OK", "HTTP/1.1", ""},
		{"CR alone ends a line", "HTTP/1.1 200 OK\rX: y\r\n", 200, "", "OK", "HTTP/1.1", ""},
		{"no reason", "HTTP/1.1 205\r\n", 205, "", "<none>", "HTTP/1.1", ""},
		{"white space before it", " HTTP/1.1  404  Not Found\r\n", 404, "", "Not Found", "HTTP/1.1", ""},
		{"NULs before it", "\x00HTTP/1.1 200 OK\r\n", 200, "", "OK", "HTTP/1.1", ""},
		{"letters in the status", "HTTP/1.1 20x OK\r\n", 0, "20x", "OK", "HTTP/1.1", badStatus},
		{"a status of four digits", "HTTP/1.1 2000 OK\r\n", 0, "2000", "OK", "HTTP/1.1", badStatus},
		{"no status", "HTTP/1.1\r\n", 0, "", "<none>", "HTTP/1.1", badStatus},
		{"an unknown version", "HTTP/3.7 200 OK\r\n", 200, "", "OK", "HTTP/3.7", badProtocol},
		{"no version", "HTTP 200 OK\r\n", 200, "", "OK", "HTTP", badProtocol},
		{"icy", "httpx 200 OK\r\n", 200, "", "OK", "httpx", badProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := respond(t, c.line+"Content-Length: 0\r\n\r\n")
			r := tx.Record()
			if r.Status != c.status || string(r.StatusText) != c.text {
				t.Errorf("status %d %q", r.Status, r.StatusText)
			}
			if got := buffer(tx, app.HTTPStatMsg, 0); got != c.reason {
				t.Errorf("reason %q, want %q", got, c.reason)
			}
			if got := buffer(tx, app.HTTPProtocol, decoders.ToClient); got != c.protocol {
				t.Errorf("protocol %q, want %q", got, c.protocol)
			}
			if got := events(tx); got != c.events {
				t.Errorf("events %q, want %q", got, c.events)
			}
			if !tx.Complete(decoders.ToClient) {
				t.Error("not complete")
			}
		})
	}
}

func TestAResponseWithoutStatusLineIsTheBody(t *testing.T) {
	for _, c := range []struct{ name, response, body string }{
		{"lines of text", "hello\r\nworld\r\n", "hello\r\nworld\r\n"},
		{"another protocol's greeting", "SSH-2.0-OpenSSH\r\n", "SSH-2.0-OpenSSH\r\n"},
		{"junk before the status line is skipped", "\x00\x01\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
		{"a line before a line with H is skipped", "some junk\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
		{"empty lines before the status line", "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := respond(t, c.response)
			if got := bodyOf(tx, decoders.ToClient); got != c.body {
				t.Errorf("body %q, want %q", got, c.body)
			}
			if !tx.Complete(decoders.ToClient) {
				t.Error("not complete")
			}
		})
	}
}
