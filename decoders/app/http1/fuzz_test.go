package http1

import (
	"reflect"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

// cut makes messages of data: a byte of ops gives direction and length of each.
func cut(data, ops []byte) []apptest.Message {
	var out []apptest.Message
	for i := 0; len(data) > 0; i++ {
		dir, n := decoders.Direction(i%2), len(data)
		if i < len(ops) {
			dir, n = decoders.Direction(ops[i]&1), min(int(ops[i]>>1)*4+1, n)
		}
		out = append(out, apptest.Message{Dir: dir, Data: data[:n]})
		data = data[n:]
	}
	return out
}

func bytewise(messages []apptest.Message) []apptest.Message {
	var out []apptest.Message
	for _, m := range messages {
		for i := range m.Data {
			out = append(out, apptest.Message{Dir: m.Dir, Data: m.Data[i : i+1]})
		}
	}
	return out
}

// dependsOnPieces reports whether something in the flow is taken differently
// when it comes in other pieces: see the package comment.
func dependsOnPieces(s *State) bool { return s.parser.stats.Extra > 0 }

// FuzzHTTP checks that the pieces do not matter, that memory keeps its bounds
// and comes back, and that what is due of streams is within them.
func FuzzHTTP(f *testing.F) {
	f.Add([]byte(simpleRequest+simpleResponse), []byte{byte(len(simpleRequest)/4) << 1})
	f.Add([]byte("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08"), []byte{36, 1})
	f.Add([]byte("HTTP/1.1 304 N\nContent-Length: 5\nA: 1\r\n 2\r\n\rHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZ"), []byte{255})
	f.Add([]byte("GET x\r\nCONNECT h:1 HTTP/1.1\r\n\r\nHTTP/1.1 200\r\n\r\nrest"), []byte{0, 15})
	f.Add([]byte("POST /u HTTP/1.1\r\nContent-Type: multipart/x; boundary=B\r\nContent-Length: 300\r\n\r\n"+form), []byte{254})
	f.Fuzz(func(t *testing.T, data, ops []byte) {
		messages := cut(data, ops)
		s := newState()
		whole := apptest.Run(t, s, false, messages)
		checkBounds(t, s)
		loose := dependsOnPieces(s)
		apptest.Run(t, s, false, []apptest.Message{})
		s.Parse(app.Input{Dir: decoders.ToServer, Gap: 7, Data: data})
		s.Parse(app.Input{Dir: decoders.ToClient, EOF: true})
		checkBounds(t, s)
		for _, tx := range txsOf(s) {
			*tx.State() = app.TxState{Logged: true, Done: [2]bool{true, true}}
		}
		s.Release()
		s.Reset()
		if n := len(s.Txs()); n != 0 {
			t.Fatalf("%d transactions after Reset", n)
		}
		again := apptest.Run(t, s, false, messages)
		if !reflect.DeepEqual(again, whole) {
			t.Fatalf("a state used again gives\n%s\nwant\n%s", strings.Join(again, "\n"), strings.Join(whole, "\n"))
		}
		s = newState()
		pieces := apptest.Run(t, s, false, bytewise(messages))
		if !loose && !dependsOnPieces(s) && !reflect.DeepEqual(pieces, whole) {
			t.Fatalf("byte by byte\n%s\nat once\n%s", strings.Join(pieces, "\n"), strings.Join(whole, "\n"))
		}
	})
}

func checkBounds(t *testing.T, s *State) {
	t.Helper()
	c := &s.parser.config
	if len(s.client.pending) > c.FieldLimit || len(s.server.pending) > c.FieldLimit {
		t.Fatalf("%d and %d bytes of a line are kept", len(s.client.pending), len(s.server.pending))
	}
	if len(s.txs) > c.MaxTransactions {
		t.Fatalf("%d transactions", len(s.txs))
	}
	for _, tx := range txsOf(s) {
		for _, m := range [2]*message{&tx.request, &tx.response} {
			if len(m.fields) > c.MaxHeaders+1 || len(m.files) > maxFiles || uint64(len(m.body.kept)) > m.limits().Limit {
				t.Fatalf("%d fields, %d files, %d bytes of body", len(m.fields), len(m.files), len(m.body.kept))
			}
			if m.body.base+uint64(len(m.body.kept)) != m.body.seen {
				t.Fatalf("the window ends at %d, the body at %d", m.body.base+uint64(len(m.body.kept)), m.body.seen)
			}
		}
		for _, b := range []app.Buffer{app.HTTPRequestBody, app.HTTPResponseBody, app.FileData, app.FileData.In(decoders.ToClient)} {
			for i := 0; ; i++ {
				if _, ok := tx.Stream(b, i); !ok {
					break
				}
			}
		}
		tx.Inspected(decoders.ToServer)
		tx.Inspected(decoders.ToClient)
		tx.Record()
	}
}

// FuzzURI checks that normalising only shortens, and does so in one go.
func FuzzURI(f *testing.F) {
	for _, uri := range []string{"/a/../b%2f?x=%u0041#f", "http://u:p@h:1/x", "/%c0%af%ef%bc%8f\\..", "*", "//", "a:b@c"} {
		f.Add([]byte(uri))
	}
	f.Fuzz(func(t *testing.T, uri []byte) {
		if len(uri) == 0 {
			return
		}
		out := appendPath(nil, uri)
		if len(out) > len(uri) {
			t.Fatalf("%q became %q", uri, out)
		}
		p := splitURI(uri, 0)
		m := message{head: uri}
		total := 0
		for _, r := range []ref{p.hostname, p.port, p.path, p.query, p.fragment} {
			b := m.get(r)
			total += len(b)
		}
		if total > len(uri) {
			t.Fatalf("the parts of %q have %d bytes", uri, total)
		}
	})
}

func BenchmarkExchange(b *testing.B) {
	s := newState()
	request, response := []byte(simpleRequest), []byte(simpleResponse)
	b.ReportAllocs()
	for b.Loop() {
		s.Parse(app.Input{Data: request})
		s.Parse(app.Input{Data: response, Dir: decoders.ToClient})
		for _, x := range s.Txs() {
			*x.State() = app.TxState{Logged: true, Done: [2]bool{true, true}}
		}
		s.Release()
	}
	if len(s.Txs()) != 0 {
		b.Fatal("transactions are left")
	}
}
