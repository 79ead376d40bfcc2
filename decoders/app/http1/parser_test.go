package http1

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

func newParser() app.Parser { return NewParser() }

func TestParserKeepsTheContract(t *testing.T) {
	const get = "GET /a/../b%20c?x=%41 HTTP/1.1\r\nHost: Example.com:8080\r\nUser-Agent: test\r\nCookie: a=b\r\nAccept: */*\r\n\r\n"
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\nServer: s\r\n\r\nhello"
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "one exchange", Min: 1, Grows: true, Messages: []apptest.Message{
			{Dir: decoders.ToServer, Data: []byte(get)},
			{Dir: decoders.ToClient, Data: []byte(ok)},
		}},
		{Name: "pipelined", Min: 3, Grows: true, Messages: []apptest.Message{
			{Dir: decoders.ToServer, Data: []byte(get + get + get)},
			{Dir: decoders.ToClient, Data: []byte(ok + ok)},
			{Dir: decoders.ToClient, Data: []byte(ok)},
		}},
	})
}
