package http1

import (
	"strings"
	"testing"

	"spanwatch/decoders"
)

// TestFields has the ways to write header fields that servers and browsers
// understand differently.
func TestFields(t *testing.T) {
	for _, c := range []struct {
		name           string
		block          string // header block with its end
		client, server string // what each side's fields are; server empty: as the client's
		clientEvents   string
		serverEvents   string
	}{
		{name: "plain", block: "A: 1\r\nB:2\r\n\r\n", client: "[A=1][B=2]"},
		{name: "LF alone", block: "A: 1\nB:2\n\n", client: "[A=1][B=2]"},
		{name: "mixed line ends", block: "A: 1\r\nB:2\nC: 3\r\n\n", client: "[A=1][B=2][C=3]"},
		{name: "no fields", block: "\r\n", client: ""},
		{name: "blanks around values", block: "A: \t 1 \t\r\n\r\n", client: "[A=1]"},
		{name: "an empty value", block: "A:\r\nB: \r\n\r\n", client: "[A=][B=]"},
		{name: "folded", block: "A: 1\r\n 2\r\n\t3\r\n\r\n", client: "[A=1 2\t3]"},
		{name: "folded with NUL", block: "A: 1\r\n\x002\r\n\r\n", client: "[A=1\x002]"},
		{name: "folded at once", block: "A:\r\n 1\r\n\r\n", client: "[A=1]"},
		{name: "a fold that is a field, of a server", block: "A: 1\r\n B: 2\r\n\r\n", client: "[A=1 B: 2]", server: "[A=1][B=2]"},
		{name: "a blank line is a fold of nothing", block: "A: 1\r\n \r\nB: 2\r\n\r\n", client: "[A=1][B=2]"},
		{name: "a blank line with LF ends the block of an LF sender", block: "A: 1\n \n\n", client: "[A=1]"},
		{name: "repeated", block: "A: 1\r\nB: 2\r\na: 3\r\nA: 4\r\n\r\n", client: "[A=1, 3, 4][B=2]",
			clientEvents: "request_header_repetition", serverEvents: "response_header_repetition"},
		{name: "no colon", block: "A: 1\r\nnothing\r\n\r\n", client: "[A=1][=nothing]",
			clientEvents: "request_field_missing_colon", serverEvents: "response_field_missing_colon"},
		{name: "no name", block: ": 1\r\n\r\n", client: "[=1]",
			clientEvents: "request_field_missing_colon", serverEvents: "response_field_missing_colon"},
		{name: "a blank behind the name", block: "A : 1\r\n\r\n", client: "[A=1]",
			clientEvents: "request_invalid_lws_after_name", serverEvents: "response_invalid_lws_after_name"},
		{name: "a blank before the name", block: " A: 1\r\n\r\n", client: "[A=1]",
			clientEvents: "invalid_request_field_folding", serverEvents: "invalid_response_field_folding"},
		{name: "a name that is no token", block: "A(b): 1\r\n\r\n", client: "[A(b)=1]",
			clientEvents: "request_header_invalid", serverEvents: "response_header_name_not_token"},
		{name: "NUL in a value", block: "A: 1\x002\r\n\r\n", client: "[A=1\x002]"},
		{name: "CR alone is a line end of a server", block: "A: 1\rB: 2\r\n\r\n", client: "[A=1\rB: 2]", server: "[A=1][B=2]"},
		{name: "LF CR is one of a server", block: "A: 1\n\rB: 2\r\n\r\n", client: "[A=1][B=2]", server: "[A=1][B=2]", clientEvents: "request_header_invalid"},
		{name: "LF CR CR LF before an empty line", block: "A: 1\n\r\r\n\n", client: "[A=1]", serverEvents: "deformed_eol"},
		{name: "CR LF CR and a blank, of a server", block: "A: 1\r\n\r \nB: 2\r\n\r\n", client: "[A=1][=][B=2]", server: "[A=1][B=2]",
			clientEvents: "request_field_missing_colon", serverEvents: "deformed_eol"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.server == "" {
				c.server = c.client
			}
			s := newState()
			tx := talk(t, s, "GET / HTTP/1.0\r\n"+c.block)[0]
			if got := fields(tx, decoders.ToServer); got != c.client {
				t.Errorf("of a client %q, want %q", got, c.client)
			}
			if got := events(tx); !strings.HasPrefix(got, c.clientEvents) || c.clientEvents == "" && got != "" && got != "request_body_unexpected" {
				t.Errorf("events of a client %q, want %q", got, c.clientEvents)
			}
			tx = respond(t, "HTTP/1.0 200 OK\r\n"+c.block+"body")
			if got := fields(tx, decoders.ToClient); got != c.server {
				t.Errorf("of a server %q, want %q", got, c.server)
			}
			if got := events(tx); got != c.serverEvents {
				t.Errorf("events of a server %q, want %q", got, c.serverEvents)
			}
			if got := bodyOf(tx, decoders.ToClient); got != "body" {
				t.Errorf("the body behind is %q", got)
			}
		})
	}
}

func TestCRCRLFEndsTheBlockOfAServer(t *testing.T) {
	tx := respond(t, "HTTP/1.0 200 OK\r\nA: 1\r\r\nbody")
	if got := fields(tx, decoders.ToClient); got != "[A=1]" || bodyOf(tx, decoders.ToClient) != "body" {
		t.Errorf("%s, body %q", got, bodyOf(tx, decoders.ToClient))
	}
}

func TestFoldsAreBounded(t *testing.T) {
	tx := respond(t, "HTTP/1.0 200 OK\r\nA: 0"+strings.Repeat("\r\n x", 2*maxFolds)+"\r\n\r\n")
	got := fields(tx, decoders.ToClient)
	if n := strings.Count(got, "["); n < 2 || n > 4 {
		t.Errorf("%d fields of one that is folded too often: %.80q", n, got)
	}
}

func TestContentLengthIsTheFirst(t *testing.T) {
	tx := respond(t, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde")
	if got := fields(tx, decoders.ToClient); got != "[Content-Length=3]" {
		t.Error(got)
	}
	if got := events(tx); got != "duplicate_content_length_field_in_response response_header_repetition" {
		t.Error(got)
	}
	tx = respond(t, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 03\r\n\r\nabc")
	if got := events(tx); got != "response_header_repetition" {
		t.Errorf("the same length twice: %s", got)
	}
}
