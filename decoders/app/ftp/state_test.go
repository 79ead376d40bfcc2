package ftp

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/file"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

// talk makes messages of lines: those of the client start with "> ".
func talk(lines ...string) []apptest.Message {
	var out []apptest.Message
	for _, l := range lines {
		m := apptest.Message{Dir: toClient, Data: []byte(l + "\r\n")}
		if rest, ok := strings.CutPrefix(l, "> "); ok {
			m = apptest.Message{Dir: toServer, Data: []byte(rest + "\r\n")}
		}
		out = append(out, m)
	}
	return out
}

// parse runs a conversation and returns its state and the data connections
// agreed on.
func parse(t *testing.T, messages []apptest.Message) (*State, []Expectation) {
	t.Helper()
	s := NewParser().New().(*State)
	var expected []Expectation
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
		for _, e := range s.Expectations() {
			e.Name = bytes.Clone(e.Name)
			expected = append(expected, e)
		}
	}
	return s, expected
}

func conversation() []apptest.Message {
	return talk("220 (server)", "> USER a", "331 Password?", "> pass b c", "230-Welcome", " to", "230 you", "> FEAT", "211 none",
		"> PORT 192,0,2,1,200,100", "200 ok", "> RETR a file.txt", "150 opening", "226 done", "> PASV",
		"227 Entering (192,0,2,2,4,1).", "> STOR b.txt", "150 ok", "226 done", "> EPSV", "229 ok (|||5000|)", "> NLST", "150 here", "226 done",
		"> QUIT", "221 bye")
}

func TestParserKeepsTheContract(t *testing.T) {
	long := strings.Repeat("x", 3*maxLine)
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "commands and replies", Grows: true, Min: 11, Messages: conversation()},
		{Name: "long lines", Grows: true, Min: 2, Messages: talk("> USER "+long, "220 "+long, "> NOOP", "200 ok")},
		{Name: "TLS", Grows: true, Min: 1, Messages: append(talk("> AUTH TLS", "234 go on"), apptest.Message{Dir: toServer, Data: []byte("\x16\x03\x01")})},
	})
}

func TestTransactionsGiveWhatRulesAskFor(t *testing.T) {
	s, _ := parse(t, conversation())
	type want struct {
		buffer app.Buffer
		texts  []string
	}
	cases := []struct {
		name string
		id   int
		want []want
	}{
		{"the greeting is a reply by itself", 0, []want{{app.FTPCommand, nil}, {app.FTPReply, []string{"(server)"}}, {app.FTPCompletionCode, []string{"220"}}}},
		{"a command with its argument", 1, []want{{app.FTPCommand, []string{"USER"}}, {app.FTPCommandData, []string{"a"}}, {app.FTPReply, []string{"Password?"}}}},
		{"a multi-line reply to a command in small letters", 2, []want{
			{app.FTPCommand, []string{"PASS"}}, {app.FTPCommandData, []string{"b c"}},
			{app.FTPReply, []string{"230-Welcome", " to", "you"}}, {app.FTPCompletionCode, []string{"230"}}}},
		{"a command that is not in the table", 3, []want{{app.FTPCommand, nil}, {app.FTPReply, []string{"none"}}}},
		{"the address of PORT", 4, []want{{app.FTPPortAddress, []string{"\xc0\x00\x02\x01"}}}},
		{"a preliminary and a final reply", 5, []want{{app.FTPCommandData, []string{"a file.txt"}}, {app.FTPCompletionCode, []string{"150", "226"}}}},
		{"a command without argument", 6, []want{{app.FTPCommandData, nil}, {app.FTPPortAddress, nil}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, w := range c.want {
				var got []string
				for i := 0; ; i++ {
					b, ok := s.Txs()[c.id].Buffer(w.buffer, i)
					if !ok {
						break
					}
					got = append(got, string(b))
				}
				if !slices.Equal(got, w.texts) {
					t.Errorf("buffer %d: got %q, want %q", w.buffer, got, w.texts)
				}
			}
		})
	}
	numbers := []struct {
		id     int
		buffer app.Buffer
		want   uint64
		ok     bool
	}{
		{4, app.FTPMode, 1, true}, {4, app.FTPDynamicPort, 200*256 + 100, true}, {4, app.FTPReplyReceived, 1, true},
		{6, app.FTPMode, 2, true}, {6, app.FTPDynamicPort, 1025, true},
		{1, app.FTPMode, 0, false}, {1, app.FTPDynamicPort, 0, false},
	}
	for _, c := range numbers {
		if got, ok := s.Txs()[c.id].Integer(c.buffer, 0); ok != c.ok || ok && got != c.want {
			t.Errorf("transaction %d, number %d: %d %v, want %d %v", c.id, c.buffer, got, ok, c.want, c.ok)
		}
	}
}

func TestAskingForEverythingDoesNotAllocate(t *testing.T) {
	messages := conversation()
	s := NewParser().New().(*State)
	once := func() {
		for _, m := range messages {
			s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
			s.Expectations()
		}
		for _, tx := range s.Txs() {
			for b := app.BufferNone; b < app.BufferCount; b++ {
				tx.Buffer(b, 0)
			}
			tx.(*Tx).Record()
		}
		s.Reset()
	}
	once()
	if n := testing.AllocsPerRun(20, once); n != 0 {
		t.Errorf("%v allocations for a conversation, want 0", n)
	}
}

func TestDataConnectionsAreExpected(t *testing.T) {
	port, pasv := []string{"> PORT 192,0,2,1,200,100", "200 ok"}, []string{"> PASV", "227 ok (192,0,2,2,4,1)"}
	cases := []struct {
		name  string
		lines []string
		want  []Expectation
	}{
		{"active download", append(port, "> RETR f"),
			[]Expectation{{netip.MustParseAddr("192.0.2.1"), 51300, true, toServer, CommandRETR, []byte("f")}}},
		{"active upload", append(port, "> STOR f"),
			[]Expectation{{netip.MustParseAddr("192.0.2.1"), 51300, true, toClient, CommandSTOR, []byte("f")}}},
		{"passive download", append(pasv, "> RETR f"),
			[]Expectation{{netip.MustParseAddr("192.0.2.2"), 1025, false, toClient, CommandRETR, []byte("f")}}},
		{"passive upload", append(pasv, "> APPE f"),
			[]Expectation{{netip.MustParseAddr("192.0.2.2"), 1025, false, toServer, CommandAPPE, []byte("f")}}},
		{"a list of what matches", append(pasv, "> LIST *.txt"),
			[]Expectation{{netip.MustParseAddr("192.0.2.2"), 1025, false, toClient, CommandLIST, nil}}},
		{"over IPv6", []string{"> EPRT |2|2001:db8::1|4000|", "200 ok", "> RETR f"},
			[]Expectation{{netip.MustParseAddr("2001:db8::1"), 4000, true, toServer, CommandRETR, []byte("f")}}},
		{"extended passive", []string{"> EPSV", "229 ok (|||4000|)", "> RETR f"},
			[]Expectation{{netip.Addr{}, 4000, false, toClient, CommandRETR, []byte("f")}}},
		{"the server does not agree", []string{"> PORT 192,0,2,1,200,100", "500 no", "> RETR f"}, nil},
		{"once for each agreement", append(port, "> RETR f", "> RETR g"),
			[]Expectation{{netip.MustParseAddr("192.0.2.1"), 51300, true, toServer, CommandRETR, []byte("f")}}},
		{"without a name", append(port, "> RETR"), nil},
		{"the answer is of another command", []string{"> PASV", "425 (192,0,2,2,4,1)", "> RETR f"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, got := parse(t, talk(c.lines...))
			if len(got) != len(c.want) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			for i := range got {
				g, w := got[i], c.want[i]
				if !bytes.Equal(g.Name, w.Name) {
					t.Errorf("name %q, want %q", g.Name, w.Name)
				}
				g.Name, w.Name = nil, nil
				if g.Addr != w.Addr || g.Port != w.Port || g.Active != w.Active || g.Dir != w.Dir || g.Command != w.Command {
					t.Errorf("got %+v, want %+v", g, w)
				}
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]uint16{
		"1,2,3,4,5,6": 1286, " 1,2,3,4,0,80 ": 80, "1,2,3,4,5": 0, "1,2,3,4,5,256": 0, "1,2,3,4,0,0": 0, "a": 0, "": 0, "1;2;3;4;5;6": 0,
	} {
		if _, port, _ := parsePort([]byte(text)); port != want {
			t.Errorf("PORT %q: %d, want %d", text, port, want)
		}
	}
	for text, want := range map[string]uint16{
		" (1,2,3,4,5,6)": 1286, " to 1,2,3,4,5,6": 1286, " none": 0, " (": 0,
	} {
		if _, port, _ := parsePASV([]byte(text)); port != want {
			t.Errorf("PASV %q: %d, want %d", text, port, want)
		}
	}
	for text, want := range map[string]uint16{
		"|1|192.0.2.1|80|": 80, "#2#::1#65535#": 65535, "|1|192.0.2.1|65536|": 0, "|1|192.0.2.1|80": 0, "|1|x|80|": 0, "": 0, "|": 0, "|2|fe80::1%eth0|80|": 0,
	} {
		if _, port, _ := parseEPRT([]byte(text)); port != want {
			t.Errorf("EPRT %q: %d, want %d", text, port, want)
		}
	}
	for text, want := range map[string]uint16{" (|||80|)": 80, " (!!!80!)": 80, " (|||80)": 0, " (||80|)": 0, " (||||)": 0, " ()": 0, "": 0} {
		if port, ok := parseEPSV([]byte(text)); ok && port != want || !ok && want != 0 {
			t.Errorf("EPSV %q: %d, want %d", text, port, want)
		}
	}
}

func TestOddities(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	cases := []struct {
		name  string
		lines []string
		want  []app.Event
	}{
		{"a long command", []string{"> USER " + long}, []app.Event{app.EventFTPRequestCommandTooLong}},
		{"a long reply", []string{"220 " + long}, []app.Event{app.EventFTPResponseCommandTooLong}},
		{"a file before an agreement", []string{"> RETR f"}, []app.Event{app.EventFTPFileBeforePort}},
		{"a file without a name", []string{"> STOR"}, []app.Event{app.EventFTPFileWithoutName}},
		{"nothing odd", []string{"> NOOP", "200 ok"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, _ := parse(t, talk(c.lines...))
			if got := s.Txs()[0].AppendEvents(nil); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestTooManyTransactionsEndTheParsing(t *testing.T) {
	most := DefaultConfig().MaxTransactions
	s := NewParser().New()
	var r app.Result
	n := 0
	for ; r.Status == app.StatusOK && n <= most+1; n++ {
		r = s.Parse(app.Input{Data: []byte("NOOP\r\n")})
	}
	if n != most+2 || r.Status != app.StatusError || len(s.Txs()) != most+1 || !s.Txs()[most].HasEvent(app.EventFTPTooManyTransactions) {
		t.Errorf("%d commands, %+v, %d transactions", n, r, len(s.Txs()))
	}
}

func TestRepliesAreBounded(t *testing.T) {
	s := NewParser().New()
	s.Parse(app.Input{Data: []byte("220-x\r\n"), Dir: toClient})
	for range maxReplies {
		s.Parse(app.Input{Data: []byte(strings.Repeat("x", 1000) + "\r\n"), Dir: toClient})
	}
	tx := s.Txs()[0].(*Tx)
	if len(s.Txs()) != 1 || len(tx.replies) > maxReplies || len(tx.text) > maxReplyText {
		t.Errorf("%d transactions, %d lines, %d bytes", len(s.Txs()), len(tx.replies), len(tx.text))
	}
	s.Reset()
	if cap(tx.text) > keptText {
		t.Errorf("%d bytes are kept", cap(tx.text))
	}
}

func TestTLSFollowsAUTH(t *testing.T) {
	s, _ := parse(t, talk("> AUTH TLS", "234 go on"))
	if u, ok := s.Upgraded(); !ok || u.To != app.ProtoTLS {
		t.Errorf("upgraded %v to %v", ok, u.To)
	}
	if r := s.Parse(app.Input{Data: []byte("\x16\x03\x01")}); r.Consumed != 0 {
		t.Errorf("TLS was consumed: %+v", r)
	}
	s, _ = parse(t, talk("> AUTH TLS", "502 no"))
	if _, ok := s.Upgraded(); ok {
		t.Error("upgraded though the server declined")
	}
}

func TestTheEndLeavesCommandsWithoutReply(t *testing.T) {
	s, _ := parse(t, talk("> NOOP"))
	tx := s.Txs()[0]
	if _, ok := tx.Integer(app.FTPReplyReceived, 0); ok {
		t.Error("it is known too early whether a reply comes")
	}
	s.Parse(app.Input{EOF: true, Dir: toClient})
	if n, ok := tx.Integer(app.FTPReplyReceived, 0); !ok || n != 0 || !tx.Complete(toClient) {
		t.Errorf("reply received %d %v, complete %v", n, ok, tx.Complete(toClient))
	}
}

func TestAPreliminaryReplyIsNone(t *testing.T) {
	s, _ := parse(t, talk("> LIST", "150 here it comes"))
	if n, ok := s.Txs()[0].Integer(app.FTPReplyReceived, 0); !ok || n != 0 {
		t.Errorf("reply received %d %v", n, ok)
	}
	s, _ = parse(t, talk("220 welcome", "> LIST", "150 here it comes", "226 done"))
	if n, ok := s.Txs()[1].Integer(app.FTPReplyReceived, 0); !ok || n != 1 {
		t.Errorf("reply received %d %v", n, ok)
	}
	if n, ok := s.Txs()[0].Integer(app.FTPReplyReceived, 0); ok {
		t.Errorf("reply received %d without a command", n)
	}
}

func TestParsingGoesOnBehindAGap(t *testing.T) {
	s := NewParser().New()
	s.Parse(app.Input{Data: []byte("ER half\r\nUSER whole\r\n"), Gap: 10})
	if len(s.Txs()) != 1 {
		t.Fatalf("%d transactions", len(s.Txs()))
	}
	if b, _ := s.Txs()[0].Buffer(app.FTPCommandData, 0); string(b) != "whole" {
		t.Errorf("got %q", b)
	}
}

func TestProbe(t *testing.T) {
	p := NewParser()
	cases := []struct {
		data string
		want app.Answer
		dir  decoders.Direction
	}{
		{"220 hello\r\n", app.Yes, toClient},
		{"220-hello", app.Yes, toClient},
		{"user a\r\n", app.Yes, toServer},
		{"QUIT\r\n", app.Yes, toServer},
		{"US", app.Maybe, 0},
		{"GET / HTTP/1.1\r\n", app.No, 0},
		{"221 bye\r\n", app.No, 0},
	}
	for _, c := range cases {
		in := app.Input{Data: []byte(c.data)}
		if got := p.Probe(in); got != c.want || got == app.Yes && p.Direction(in) != c.dir {
			t.Errorf("%q: %d %v, want %d %v", c.data, got, p.Direction(in), c.want, c.dir)
		}
	}
}

func TestDataParserKeepsTheContract(t *testing.T) {
	newData := func() app.Parser { return expecting{NewDataParser()} }
	apptest.Check(t, newData, []apptest.Conversation{
		{Name: "a file", Grows: true, Messages: []apptest.Message{{Dir: toClient, Data: bytes.Repeat([]byte("text\n"), 500)}, {Dir: toServer, Data: []byte("x")}}},
	})
}

// expecting is a parser whose states expect a download.
type expecting struct{ *DataParser }

func (p expecting) New() app.State {
	return expectingState{p.DataParser.New().(*DataState)}
}

type expectingState struct{ *DataState }

func (s expectingState) Parse(in app.Input) app.Result {
	if !s.open {
		s.Expect(Expectation{Command: CommandRETR, Dir: toClient, Name: []byte("a.txt")})
	}
	return s.DataState.Parse(in)
}

func TestTransferGivesWhatRulesAskFor(t *testing.T) {
	s := NewDataParser().New().(*DataState)
	s.Expect(Expectation{Command: CommandSTOR, Dir: toServer, Name: []byte("a.txt")})
	s.Parse(app.Input{Data: []byte("hello "), Dir: toServer})
	tx := s.Txs()[0].(*DataTx)
	if p, ok := tx.Stream(app.FileData, 0); !ok || string(p.Data) != "hello " || p.EOF {
		t.Errorf("first piece %+v %v", p, ok)
	}
	if _, ok := tx.Stream(app.FileData.In(toClient), 0); ok {
		t.Error("the file runs both ways")
	}
	tx.Inspected(toServer)
	s.Parse(app.Input{Data: []byte("world"), Dir: toServer, EOF: true})
	for range 2 { // asking twice gives the same
		if p, ok := tx.Stream(app.FileData, 0); !ok || string(p.Data) != "world" || p.Offset != 6 || !p.EOF {
			t.Errorf("second piece %+v %v", p, ok)
		}
	}
	tx.Inspected(toServer)
	if p, _ := tx.Stream(app.FileData, 0); len(p.Data) != 0 || p.Offset != 11 {
		t.Errorf("third piece %+v", p)
	}
	for b, want := range map[app.Buffer]string{
		app.FileName: "a.txt", app.FileMD5: "5eb63bbbe01eeed093cb22bb8f5acdc3", app.FileMagic: "ASCII text, with no line terminators",
	} {
		if got, ok := tx.Buffer(b, 0); !ok || string(got) != want {
			t.Errorf("buffer %d: %q, want %q", b, got, want)
		}
	}
	for b, want := range map[app.Buffer]uint64{app.FTPDataCommand: uint64(CommandSTOR), app.FileSize: 11, app.FileClosed: 1} {
		if got, ok := tx.Integer(b, 0); !ok || got != want {
			t.Errorf("number %d: %d, want %d", b, got, want)
		}
	}
	if !tx.Complete(toServer) || tx.File().State != file.Closed {
		t.Error("the transfer is not complete")
	}
}

func TestTransferWithAGap(t *testing.T) {
	s := NewDataParser().New().(*DataState)
	s.Expect(Expectation{Command: CommandSTOR, Name: []byte("a")})
	s.Parse(app.Input{Data: []byte("abc")})
	s.Parse(app.Input{Data: []byte("xyz"), Gap: 10, EOF: true})
	tx := s.Txs()[0].(*DataTx)
	if p, _ := tx.Stream(app.FileData, 0); string(p.Data) != "xyz" || p.Offset != 13 {
		t.Errorf("piece %+v", p)
	}
	if f := tx.File(); f.Size != 16 || !f.Gaps || f.State != file.Truncated {
		t.Errorf("size %d, gaps %v, state %v", f.Size, f.Gaps, f.State)
	}
}

func FuzzParse(f *testing.F) {
	var all []byte
	for _, m := range conversation() {
		all = append(all, m.Data...)
	}
	f.Add(all, []byte{0, 1, 20, 31, 1})
	f.Add([]byte("USER a\r\n230-x\n1\r\n230 y\r\n"), []byte{16, 255})
	f.Fuzz(func(t *testing.T, data, ops []byte) {
		apptest.Fuzz(t, newParser, data, ops)
	})
}

func BenchmarkConversation(b *testing.B) {
	messages := conversation()
	s := NewParser().New()
	b.ReportAllocs()
	for b.Loop() {
		for _, m := range messages {
			s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
		}
		s.Reset()
	}
}

func TestAReplyOfSeveralPacketsIsARecordOfEach(t *testing.T) {
	s := NewParser().New().(*State)
	say := func(time int64, dir decoders.Direction, text string) {
		s.Parse(app.Input{Data: []byte(text), Dir: dir, Timestamp: time})
	}
	say(1, toServer, "PASS x\r\n")
	say(2, toClient, "230-Welcome\r\n one\r\n")
	say(3, toServer, "NOOP\r\n") // pipelined
	say(4, toClient, " two\r\n three\r\n")
	say(5, toClient, "230 in\r\n")
	say(6, toClient, "200 ok\r\n")
	var got []string
	for _, tx := range s.Txs() {
		r := tx.(*Tx).Record()
		if !r.WasAnswered {
			t.Errorf("%s was not answered", r.Command)
		}
		got = append(got, r.Command.String()+":"+string(bytes.Join(r.Replies, []byte("|")))+":"+string(bytes.Join(r.Codes, nil)))
	}
	want := []string{"PASS:230-Welcome| one:", "NOOP:ok:200", ": two| three:", ":in:230"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
