package http1

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app/apptest"
)

// words are what conversations of this test are made of: the pieces of HTTP,
// and those that evasions put between them.
var words = []string{
	"GET / HTTP/1.1", "POST /a HTTP/1.0", "PUT /x", "HEAD /", "CONNECT h:1 HTTP/1.1", "FOO", "HTTP/1.1 200 OK", "HTTP/1.0 304 N", "HTTP/1.1 100 C",
	"HTTP/1.1 204", "http 20x", "HTTP/1.1 101 S", "HTTP/1.1 407 A", "\r\n", "\r\n", "\r\n", "\n", "\n", "\r", "\r\n\r\n", "\n\n", "\n\r\r\n", "\r\n\r \n",
	" ", "\t", "\x00", ":", ": ", "A: 1", "B:", "Content-Length: 3", "Content-Length: 0", "Content-Length: x", "Transfer-Encoding: chunked",
	"Transfer-Encoding: x", "Content-Encoding: gzip", "Content-Encoding: deflate, foo", "Host: h", "Host: [", "Expect: 100-continue", "Upgrade: h2c",
	"Content-Type: multipart/form-data; boundary=B", "--B", "--B--", "Content-Disposition: x; filename=f", "abc", "abcdefghij", "3", "0", "5;x", "zz",
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x4a\x06\x00", "\x78\x9c\x4b\x4c", "\xff\xfe",
}

// TestRandomConversationsDoNotDependOnPieces puts words together at random and
// cuts them in two ways.
func TestRandomConversationsDoNotDependOnPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	say := func(n int) []byte {
		var b strings.Builder
		for range n {
			b.WriteString(words[r.IntN(len(words))])
			if r.IntN(3) > 0 {
				b.WriteString("\r\n")
			}
		}
		return []byte(b.String())
	}
	compared := 0
	for range 10_000 {
		var messages []apptest.Message
		for i := range 1 + r.IntN(4) {
			messages = append(messages, apptest.Message{Dir: decoders.Direction(i % 2), Data: say(1 + r.IntN(12))})
		}
		s := newState()
		whole := apptest.Run(t, s, false, messages)
		checkBounds(t, s)
		if dependsOnPieces(s) {
			continue
		}
		p := newState()
		pieces := apptest.Run(t, p, false, bytewise(messages))
		if dependsOnPieces(p) {
			continue
		}
		compared++
		if !reflect.DeepEqual(pieces, whole) {
			t.Fatalf("%q\nbyte by byte\n%s\nat once\n%s", messages, strings.Join(pieces, "\n"), strings.Join(whole, "\n"))
		}
	}
	if compared < 1_500 {
		t.Errorf("only %d conversations were compared", compared)
	}
	t.Logf("%d conversations", compared)
}
