package http1

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

func itoa(n int) string { return strconv.Itoa(n) }

// talk feeds a state with what the two sides say in turn, the client first, in
// one piece each, and returns the transactions. It fails the test when the
// parser gives up.
func talk(t testing.TB, s *State, parts ...string) []*Tx {
	t.Helper()
	for i, p := range parts {
		if p == "" {
			continue
		}
		if r := s.Parse(app.Input{Data: []byte(p), Dir: decoders.Direction(i % 2)}); r.Status == app.StatusError {
			t.Fatalf("the parser gave up at %.60q", p)
		}
	}
	return txsOf(s)
}

func txsOf(s *State) []*Tx {
	var out []*Tx
	for _, x := range s.Txs() {
		out = append(out, x.(*Tx))
	}
	return out
}

func newState() *State { return NewParser().New().(*State) }

// events are the names of a transaction's oddities.
func events(t *Tx) string {
	var out []string
	for _, e := range t.AppendEvents(nil) {
		out = append(out, e.String())
	}
	return strings.Join(out, " ")
}

// fields renders the fields of a side.
func fields(t *Tx, dir decoders.Direction) string {
	var b strings.Builder
	for i := 0; ; i++ {
		n, v, ok := t.Header(dir, i)
		if !ok {
			return b.String()
		}
		fmt.Fprintf(&b, "[%s=%s]", n, v)
	}
}

func buffer(t *Tx, b app.Buffer, dir decoders.Direction) string {
	data, ok := t.Buffer(b.In(dir), 0)
	if !ok {
		return "<none>"
	}
	return string(data)
}

func bodyOf(t *Tx, dir decoders.Direction) string {
	b, _ := t.Body(dir)
	return string(b)
}

// respond makes the response with the given head and body to a simple request.
func respond(t testing.TB, response string) *Tx {
	t.Helper()
	return talk(t, newState(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n", response)[0]
}

// sorted puts the words of a list in order.
func sorted(list string) string {
	words := strings.Fields(list)
	slices.Sort(words)
	return strings.Join(words, " ")
}
