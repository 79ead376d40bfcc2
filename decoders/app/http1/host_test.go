package http1

import (
	"testing"

	"spanwatch/decoders/app"
)

func TestHosts(t *testing.T) {
	const invalid = "request_header_host_invalid"
	for _, c := range []struct {
		name, uri, field string // field: "" is none
		host, raw        string
		port             int
		events           string
	}{
		{"the Host field", "/", "Example.COM", "example.com", "Example.COM", 0, ""},
		{"with port", "/", "h:8080", "h", "h:8080", 8080, ""},
		{"the URI comes first", "http://Uri.com./x", "other", "uri.com", "uri.com", 0, "host_header_ambiguous"},
		{"and agrees", "http://h:81/", "h:81", "h", "h", 81, ""},
		{"another port", "http://h:81/", "h:82", "h", "h", 81, "host_header_ambiguous"},
		{"encoded in the URI", "http://%48ost/", "host", "host", "host", 0, ""},
		{"no host", "/", "", "<none>", "<none>", 0, "missing_host_header"},
		{"an IPv6 address", "/", "[2001:db8::1]:80", "[2001:db8::1]", "[2001:db8::1]:80", 80, ""},
		{"no IPv6 address", "/", "[zz]", "[zz]", "[zz]", 0, invalid},
		{"two dots", "/", "a..b", "a..b", "a..b", 0, invalid},
		{"an odd character", "/", "a b", "a b", "a b", 0, invalid},
		{"a port that is none", "/", "h:xyz", "h", "h:xyz", 0, invalid},
		{"port 0", "/", "h:0", "h", "h:0", 0, invalid},
		{"a host of the URI with odd characters", "http://a$b/", "h", "a$b", "a$b", 0, "host_header_ambiguous request_uri_host_invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request := "GET " + c.uri + " HTTP/1.1\r\n"
			if c.field != "" {
				request += "Host: " + c.field + "\r\n"
			}
			tx := talk(t, newState(), request+"\r\n")[0]
			if got := buffer(tx, app.HTTPHost, 0); got != c.host {
				t.Errorf("host %q, want %q", got, c.host)
			}
			if got := buffer(tx, app.HTTPHostRaw, 0); got != c.raw {
				t.Errorf("raw host %q, want %q", got, c.raw)
			}
			if r := tx.Record(); r.Port != c.port {
				t.Errorf("port %d, want %d", r.Port, c.port)
			}
			if got := events(tx); got != c.events {
				t.Errorf("events %q, want %q", got, c.events)
			}
		})
	}
}

func TestAuthorizationSchemes(t *testing.T) {
	for value, want := range map[string]string{"Basic dTpw": "", "digest username=\"u\"": "", "Bearer x": "", "NTLM abc": "request_auth_unrecognized"} {
		tx := talk(t, newState(), "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: "+value+"\r\n\r\n")[0]
		if got := events(tx); got != want {
			t.Errorf("%s: events %q, want %q", value, got, want)
		}
	}
}
