package pop3

import (
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

func up(lines ...string) apptest.Message {
	return apptest.Message{Dir: toServer, Data: []byte(strings.Join(lines, "\r\n") + "\r\n")}
}
func down(lines ...string) apptest.Message {
	return apptest.Message{Dir: toClient, Data: []byte(strings.Join(lines, "\r\n") + "\r\n")}
}

var session = []apptest.Message{
	down("+OK ready <1@x>"),
	up("CAPA"), down("+OK list follows", "TOP", "SASL PLAIN", "."),
	up("AUTH PLAIN"), down("+ "), up("AG1lAHNlY3JldA=="), down("-ERR no"),
	up("user me", "PASS  secret"), down("+OK", "+OK 2 messages"),
	up("LIST"), down("+OK", "1 16", "..2", "", "."), up("LIST 1"), down("+OK 1 16"),
	up("RETR 1"), down("+OK 16 octets", "Subject: x", "", "+OK no status", "."),
	up("TOP 9 0"), down("-ERR no such message"),
	up("XTND x"), down("-ERR what"),
	up("QUIT"), down("+OK bye"),
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "session", Messages: session, Min: 12, Grows: true}})
}

func FuzzConversation(f *testing.F) {
	var all, ops []byte
	for _, m := range session {
		all, ops = append(all, m.Data...), append(ops, byte(min(len(m.Data)-1, 126)<<1)|byte(m.Dir))
	}
	f.Add(all, ops)
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed(messages ...apptest.Message) *State {
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
	}
	return s.(*State)
}

func records(s *State) (out []string) {
	for _, tx := range s.Txs() {
		out = append(out, apptest.RecordText(tx.(*Tx)))
	}
	return out
}

func request(command string, arguments ...string) string {
	for i, a := range arguments {
		arguments[i] = `"` + a + `"`
	}
	return `request: {command: "` + command + `", args: [` + strings.Join(arguments, ", ") + `]}`
}

func success(header string, data ...string) string {
	for i, d := range data {
		data[i] = `"` + d + `"`
	}
	return `response: {success: true, status: "OK", header: "` + header + `", data: [` + strings.Join(data, ", ") + `]}`
}

func failed(header string) string {
	return `response: {success: false, status: "ERR", header: "` + header + `", data: []}`
}

func TestCommandsAreToldOf(t *testing.T) {
	want := []string{
		success("ready <1@x>"),
		request("CAPA") + ", " + success("list follows", "TOP", "SASL PLAIN"),
		request("AUTH", "PLAIN") + ", " + success(""),
		request("<SASL DATA>") + ", " + failed("no"),
		request("user", "me") + ", " + success(""),
		request("PASS", "secret") + ", " + success("2 messages"),
		request("LIST") + ", " + success("", "1 16", ".2", ""),
		request("LIST", "1") + ", " + success("1 16"),
		request("RETR", "1") + ", " + success("16 octets"),
		request("TOP", "9", "0") + ", " + failed("no such message"),
		request("XTND", "x") + ", " + failed("what"),
		request("QUIT") + ", " + success("bye"),
	}
	s := parsed(session...)
	got := records(s)
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if got[i] != "{"+want[i]+"}" {
			t.Errorf("record %d\n%s\nwant\n{%s}", i, got[i], want[i])
		}
		if tx := s.Txs()[i]; !tx.Complete(toServer) || !tx.Complete(toClient) {
			t.Errorf("transaction %d is not complete", i)
		}
		if unknown := s.Txs()[i].HasEvent(EventUnknownCommand); unknown != (i == 10) {
			t.Errorf("command %d is unknown: %v", i, unknown)
		}
	}
}

func TestTheLengthOfAResponse(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []string
	}{
		{"ways of AUTH", []apptest.Message{up("AUTH"), down("+OK", "PLAIN", "."), up("NOOP"), down("+OK")},
			[]string{request("AUTH") + ", " + success("", "PLAIN"), request("NOOP") + ", " + success("")}},
		{"a dialogue of SASL", []apptest.Message{up("AUTH CRAM-MD5"), down("+ PDE+"), up("bWU="), down("+OK in"), up("NOOP"), down("+OK")},
			[]string{request("AUTH", "CRAM-MD5") + ", " + success("PDE+"), request("<SASL DATA>") + ", " + success("in"), request("NOOP") + ", " + success("")}},
		{"credentials with AUTH", []apptest.Message{up("AUTH PLAIN AG1l"), down("+OK in"), up("STAT"), down("+OK 0 0")},
			[]string{request("AUTH", "PLAIN", "AG1l") + ", " + success("in"), request("STAT") + ", " + success("0 0")}},
		{"lines that no response is known to have", []apptest.Message{up("XYZ"), down("+OK", "more", "."), up("NOOP"), down("+OK")},
			[]string{request("XYZ") + ", " + success(""), request("NOOP") + ", " + success("")}},
		{"mail that goes on", []apptest.Message{up("RETR 1"), down("+OK 9 octets", "abc")}, []string{request("RETR", "1") + ", " + success("9 octets")}},
		{"a command without answer", []apptest.Message{up("STAT")}, []string{request("STAT")}},
		{"line feeds alone", []apptest.Message{{Dir: toServer, Data: []byte("NOOP\n\n")}, {Dir: toClient, Data: []byte("+OK\n")}}, []string{request("NOOP") + ", " + success("")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := records(parsed(c.messages...))
			for i := range c.want {
				c.want[i] = "{" + c.want[i] + "}"
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("records\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestSTLSGivesWay(t *testing.T) {
	refused := parsed(up("STLS"), down("-ERR no"))
	if _, ok := refused.Upgraded(); ok {
		t.Error("TLS follows a refusal")
	}
	s := parsed(up("stls"))
	yes := down("+OK begin")
	r := s.Parse(app.Input{Data: append(yes.Data, "\x16\x03\x01"...), Dir: toClient})
	if u, ok := s.Upgraded(); !ok || u.To != app.ProtoTLS || r.Consumed != len(yes.Data) {
		t.Errorf("upgraded %v to %v after %d bytes", ok, u.To, r.Consumed)
	}
}

func TestOddLines(t *testing.T) {
	for _, c := range []struct {
		name    string
		message apptest.Message
		want    []app.Event
	}{
		{"a command of 255 bytes", up("USER " + strings.Repeat("a", 248)), nil},
		{"a command of 256 bytes", up("USER " + strings.Repeat("a", 249)), []app.Event{EventRequestTooLong}},
		{"a command without end", apptest.Message{Dir: toServer, Data: []byte("USER " + strings.Repeat("a", 3*maxLine))}, []app.Event{EventRequestTooLong}},
		{"too few arguments", up("RETR"), []app.Event{EventIncorrectArgumentCount}},
		{"too many arguments", up("NOOP 1"), []app.Event{EventIncorrectArgumentCount}},
		{"a command that there is not", up("HELO x"), []app.Event{EventUnknownCommand}},
		{"a response of 512 bytes", down("+OK " + strings.Repeat("a", 506)), nil},
		{"a response of 513 bytes", down("+OK " + strings.Repeat("a", 507)), []app.Event{EventResponseTooLong}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parsed(c.message)
			if len(s.Txs()) != 1 || !slices.Equal(s.Txs()[0].AppendEvents(nil), c.want) {
				t.Errorf("%d transactions, events %v; want %v", len(s.Txs()), s.Txs()[0].AppendEvents(nil), c.want)
			}
		})
	}
	if r := newParser().New().Parse(app.Input{Data: []byte("\x16\x03\x01\r\n")}); r.Status != app.StatusError {
		t.Error("what is no command is one")
	}
	if r := newParser().New().Parse(app.Input{Data: []byte("QUIT\r\n"), Datagram: true}); r.Status != app.StatusError {
		t.Error("a datagram is read")
	}
}

func TestBoundsHold(t *testing.T) {
	s := newParser().New()
	var status app.Status
	for range maxTxs + 1 {
		status = s.Parse(app.Input{Data: []byte("NOOP\r\n"), Dir: toServer}).Status
	}
	if first := s.Txs()[0]; len(s.Txs()) != maxTxs || status != app.StatusError || !first.HasEvent(EventTooManyTransactions) || !first.Complete(toClient) {
		t.Errorf("%d transactions, status %d", len(s.Txs()), status)
	}
	many := parsed(up("UIDL"), down("+OK"), down(slices.Repeat([]string{"1 x"}, 2*maxLines)...), down("."))
	if tx := many.Txs()[0].(*Tx); len(tx.ends) != maxLines || !tx.Complete(toClient) {
		t.Errorf("%d lines are kept", len(tx.ends))
	}
	long := parsed(up("UIDL"), down("+OK"), down(strings.Repeat("x", 10*maxLine)), down(strings.Repeat("y", 100)), down("."))
	if tx := long.Txs()[0].(*Tx); len(tx.data) != maxLine+100 || !tx.Complete(toClient) {
		t.Errorf("%d bytes of long lines are kept", len(tx.data))
	}
}

func TestMissingBytes(t *testing.T) {
	s := newParser().New()
	feed := func(dir decoders.Direction, gap uint32, data string) {
		if r := s.Parse(app.Input{Data: []byte(data), Dir: dir, Gap: gap}); r.Status != app.StatusOK {
			t.Fatalf("%q: status %d", data, r.Status)
		}
	}
	feed(toServer, 0, "RETR 1\r\n")
	feed(toClient, 0, "+OK\r\nSubject: x\r\n")
	feed(toServer, 9, "T 2\r\nhalf a line\r\nSTAT\r\n")
	feed(toClient, 9, "end of a line\r\nmail\r\n+OK 1 1\r\n")
	want := []string{"{" + request("RETR", "1") + ", " + success("") + "}", "{" + request("STAT") + ", " + success("1 1") + "}"}
	if got := records(s.(*State)); !slices.Equal(got, want) {
		t.Errorf("records\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, tx := range s.Txs() {
		if !tx.Complete(toClient) || len(tx.AppendEvents(nil)) > 0 {
			t.Errorf("transaction %d is not complete, or odd", tx.ID())
		}
	}
}

func TestTheStartOfAFlowTells(t *testing.T) {
	for _, c := range []struct {
		data string
		want app.Answer
		dir  decoders.Direction
	}{
		{"+OK ready\r\n", app.Yes, toClient}, {"+OK\r\n", app.Yes, toClient}, {"-ERR busy\r\n", app.Yes, toClient}, {"user bob\r\n", app.Yes, toServer},
		{"CAPA\r\n", app.Yes, toServer}, {"TOP 1 1\r\n", app.Yes, toServer}, {"CA", app.Maybe, toServer}, {"+OK", app.Maybe, toServer}, {"", app.Maybe, toServer},
		{"220 ready\r\n", app.No, toServer}, {"+OKAY \r\n", app.No, toServer}, {"XTND x\r\n", app.Yes, toServer}, {"XTND x", app.Maybe, toServer},
		{"XTND x\n", app.No, toServer}, {"X1ND x\r\n", app.No, toServer}, {"XTND " + strings.Repeat("x", maxRequest), app.No, toServer},
		{"USERNAME x\r\n", app.No, toServer},
	} {
		in := app.Input{Data: []byte(c.data), Dir: toServer}
		if got := NewParser().Probe(in); got != c.want {
			t.Errorf("%q: answer %d, want %d", c.data, got, c.want)
		} else if got == app.Yes && NewParser().Direction(in) != c.dir {
			t.Errorf("%q runs the wrong way", c.data)
		}
		if in.Datagram = true; NewParser().Probe(in) != app.No {
			t.Errorf("%q in a datagram", c.data)
		}
	}
}
