package http1

import (
	"testing"

	"spanwatch/decoders/app"
)

// TestURIsAsRulesSeeThem has http.uri of request lines, as libhtp's IDS
// personality normalises them, but for the case that Suricata keeps.
func TestURIsAsRulesSeeThem(t *testing.T) {
	for _, c := range []struct{ name, uri, want string }{
		{"plain", "/index.html", "/index.html"},
		{"case is kept", "/Index.HTML", "/Index.HTML"},
		{"percent encoding", "/%61%2e%62", "/a.b"},
		{"of both cases", "/%6A%6a", "/jj"},
		{"once only", "/%2561", "/%61"},
		{"an encoded slash is one", "/a%2fb", "/a/b"},
		{"a backslash is a slash", `/a\b`, "/a/b"},
		{"an encoded backslash too", "/a%5cb", "/a/b"},
		{"slashes are compressed", "//a///b", "/a/b"},
		{"encoded ones as well", "/a/%2f%5c/b", "/a/b"},
		{"a dot segment", "/a/./b", "/a/b"},
		{"two dots", "/a/b/../c", "/a/c"},
		{"encoded dots", "/a/%2e%2e/b", "/b"},
		{"dots beyond the root", "/../../a", "/a"},
		{"a dot at the end takes its slash along", "/a/.", "/a"},
		{"two dots at the end", "/a/b/..", "/a"},
		{"dots in a name", "/a/..b/c.../d", "/a/..b/c.../d"},
		{"%u encoding", "/%u0061", "/a"},
		{"%U encoding", "/%U0062", "/b"},
		{"%u of full width", "/%uff0fetc%uff0e%uff0e", "/etc.."},
		{"%u without best fit", "/%u4e2d", "/?"},
		{"an invalid %u stays", "/%u00zz", "/%u00zz"},
		{"a cut %u stays", "/%u12", "/%u12"},
		{"invalid percent encoding stays", "/%zz%4", "/%zz%4"},
		{"a lone percent", "/100%", "/100%"},
		{"an encoded NUL is a NUL", "/a%00b", "/a\x00b"},
		{"UTF-8 is one byte", "/caf%c3%a9", "/caf\xe9"},
		{"UTF-8 by best fit", "/%c4%80", "/A"},
		{"overlong UTF-8", "/%c0%afetc", "//etc"},
		{"full width in UTF-8", "/%ef%bc%8f", "//"},
		{"broken UTF-8", "/%c3x%ff", "/?x?"},
		{"cut UTF-8", "/%e2%82", "/?"},
		{"plus is kept in paths", "/a+b", "/a+b"},
		{"the query is decoded", "/?a=%41&b=%u0042+c", "/?a=A&b=B+c"},
		{"and nothing else in it changes", `/?a=/../b\c//d`, `/?a=/../b\c//d`},
		{"an empty query", "/?", "/?"},
		{"a fragment", "/a#%62", "/a#b"},
		{"a question mark in the fragment", "/a#b?c", "/a#b?c"},
		{"an absolute URI without host", "http://Host.com/a/../b", "/b"},
		{"with port and user", "http://u:p@host.com:8080/a", "/a"},
		{"no path at all", "http://host.com", "<none>"},
		{"only a query behind the host", "http://host.com?x", "?x"},
		{"relative", "a/../b", "/b"},
		{"a colon makes a scheme", "a:b/c", "/c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := talk(t, newState(), "GET "+c.uri+" HTTP/1.1\r\nHost: h\r\n\r\n")[0]
			if got := buffer(tx, app.HTTPURI, 0); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if got := buffer(tx, app.HTTPURIRaw, 0); got != c.uri {
				t.Errorf("raw %q", got)
			}
			if n, ok := tx.Integer(app.HTTPURI, 0); ok && int(n) != len(c.want) {
				t.Errorf("length %d", n)
			}
			if n, ok := tx.Integer(app.HTTPURIRaw, 0); !ok || int(n) != len(c.uri) {
				t.Errorf("raw length %d", n)
			}
		})
	}
}

func TestDoubleDecodingIsASetting(t *testing.T) {
	c := DefaultConfig()
	c.DoubleDecodePath, c.DoubleDecodeQuery = true, true
	s := NewParserWith(c).New().(*State)
	tx := talk(t, s, "GET /%2561?%2562 HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx")[0]
	if got := buffer(tx, app.HTTPURI, 0); got != "/a?b" {
		t.Error(got)
	}
	if got := events(tx); got != "double_encoded_uri" {
		t.Error(got)
	}
	if got := string(tx.File(1, 0).Name()); got != "/%61" {
		t.Errorf("the file is named %s", got)
	}
}

func TestDotsAreResolvedAsInLibhtp(t *testing.T) {
	for in, want := range map[string]string{
		"/a/b/c/./../../g": "/a/g", "mid/content=5/../6": "mid/6", "./one": "one", "../one": "one", ".": "", "..": "",
		"one/.": "one", "one/..": "", "/": "/", "one/../": "", "/../../../images.gif": "/images.gif", "": "", "//": "//", "/a//": "/a//",
		"/.a": "/.a", "..a/b": "..a/b", "/a/..": "", "/...": "/...",
	} {
		if got := string(removeDots([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestBestFitIsOrdered(t *testing.T) {
	for i := 1; i < len(bestFits); i++ {
		if before := bestFits[i-1]; before.first+rune(len(before.bytes)) > bestFits[i].first {
			t.Errorf("%U comes behind %U", bestFits[i].first, before.first)
		}
	}
	for c, want := range map[rune]byte{0x0100: 'A', 0x017c: 'z', 0x2215: '/', 0x2216: '\\', 0xff0f: '/', 0xff1c: '<', 0x301b: ']', 0x4e2d: '?', 0x01ec: 'O', 0xffff: '?'} {
		if got := bestFit(c); got != want {
			t.Errorf("%U fits %q, want %q", c, got, want)
		}
	}
}
