package http2

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser(fakeDNS{}) }

// frame makes a frame.
func frame(kind, flags uint8, stream uint32, content ...[]byte) []byte {
	body := slices.Concat(content...)
	head := []byte{byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body)), kind, flags}
	return append(binary.BigEndian.AppendUint32(head, stream), body...)
}

// encoder compresses fields of one direction, as another implementation does.
type encoder struct {
	out bytes.Buffer
	enc *hpack.Encoder
}

func newEncoder() *encoder {
	e := &encoder{}
	e.enc = hpack.NewEncoder(&e.out)
	return e
}

// block compresses names and values in turn.
func (e *encoder) block(pairs ...string) []byte {
	e.out.Reset()
	for i := 0; i < len(pairs); i += 2 {
		if err := e.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}); err != nil {
			panic(err)
		}
	}
	return bytes.Clone(e.out.Bytes())
}

func zipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func conversation() []apptest.Message {
	client, server := newEncoder(), newEncoder()
	first := client.block(":method", "GET", ":path", "/a?b", ":authority", "User@Example.com:8080", ":scheme", "https",
		"user-agent", "test/1", "cookie", "a=1", "cookie", "b=2", "x-pad", " v ")
	second := client.block(":method", "POST", ":path", "/up", ":authority", "example.com", "user-agent", "test/1")
	server.enc.SetMaxDynamicTableSize(1024)
	answer := server.block(":status", "200", "content-type", "text/plain", "content-encoding", "gzip", "content-length", "31", "server", "x")
	created := server.block(":status", "201", "server", "x")
	body := zipped("hello over two frames")
	return []apptest.Message{
		{Dir: toServer, Data: slices.Concat([]byte(preface), frame(typeSettings, 0, 0, []byte("\x00\x03\x00\x00\x00\x64\x0a\x0a\x00\x00\x00\x01\x00\x04\x00\x01\x00\x00")),
			frame(typeWindowUpdate, 0, 0, []byte("\x00\x0f\x00\x01")),
			frame(typeHeaders, flagEndStream|flagPriority, 1, []byte("\x80\x00\x00\x00\xff"), first[:20]),
			frame(typeContinuation, flagEndHeaders, 1, first[20:]))},
		{Dir: toClient, Data: slices.Concat(frame(typeSettings, 0, 0), frame(typeSettings, flagAck, 0),
			frame(typeHeaders, flagEndHeaders|flagPadded, 1, []byte{3}, answer, []byte{0, 0, 0}),
			frame(typeData, flagPadded, 1, []byte{2}, body[:9], []byte{0, 0}), frame(typeData, flagEndStream, 1, body[9:]))},
		{Dir: toServer, Data: slices.Concat(frame(typeHeaders, flagEndHeaders, 3, second), frame(typeData, 0, 3, []byte("abc")),
			frame(typeData, flagEndStream, 3, []byte("def")), frame(typePriority, 0, 5, []byte("\x00\x00\x00\x03\x10")))},
		{Dir: toClient, Data: slices.Concat(frame(typeHeaders, flagEndHeaders|flagEndStream, 3, created),
			frame(typeRstStream, 0, 5, []byte("\x00\x00\x00\x08")), frame(typePing, 0, 0, make([]byte, 8)),
			frame(typeGoAway, 0, 0, []byte("\x00\x00\x00\x05\x00\x00\x00\x02debug")))},
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser(fakeDNS{}))
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "session", Messages: conversation(), Min: 7, Grows: true}})
}

func FuzzConversation(f *testing.F) {
	var all, ops []byte
	for _, m := range conversation() {
		all, ops = append(all, m.Data...), append(ops, byte(m.Dir))
	}
	f.Add(all, ops)
	f.Add(conversation()[1].Data, []byte{1})
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

// FuzzBlock compares the decoder with that of another implementation.
func FuzzBlock(f *testing.F) {
	f.Add(newEncoder().block(":method", "GET", "a", "b", "a", "b"))
	f.Add([]byte{0x3f, 0xe1, 0x1f, 0x40, 1, 'a', 1, 'b', 0xbe})
	f.Fuzz(func(t *testing.T, b []byte) {
		theirs := hpack.NewDecoder(defaultTable, nil)
		want, err := theirs.DecodeFull(b)
		if err != nil {
			want = nil
		}
		var d decoder
		d.reset()
		var got []hpack.HeaderField
		bad := false
		for rest := b; len(rest) > 0 && !bad; {
			n, name, value, size, fault := d.step(rest)
			bad = fault != faultNone
			if !bad && size < 0 {
				got = append(got, hpack.HeaderField{Name: string(name), Value: string(value), Sensitive: rest[0]&0xf0 == 0x10})
			}
			rest = rest[n:]
		}
		if err == nil && (bad || !slices.Equal(got, want)) {
			t.Errorf("decoded %v (bad %v), want %v", got, bad, want)
		}
	})
}

// parsed is a state that has seen messages.
func parsed(t *testing.T, messages ...apptest.Message) app.State {
	t.Helper()
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
	}
	return s
}

func TestStreamsAreToldOf(t *testing.T) {
	s := parsed(t, conversation()...)
	want := []string{
		`{version: "2", http2: {stream_id: 0, request: {settings: [{settings_id: "SETTINGSMAXCONCURRENTSTREAMS", settings_value: 100}, ` +
			`{settings_id: "SETTINGSINITIALWINDOWSIZE", settings_value: 65536}]}}}`,
		``,
		`{version: "2", request_headers: [{name: ":method", value: "GET"}, {name: ":path", value: "/a?b"}, ` +
			`{name: ":authority", value: "User@Example.com:8080"}, {name: ":scheme", value: "https"}, {name: "user-agent", value: "test/1"}, ` +
			`{name: "cookie", value: "a=1"}, {name: "cookie", value: "b=2"}, {name: "x-pad", value: " v "}], ` +
			`response_headers: [{table_size_update: 1024}, {name: ":status", value: "200"}, {name: "content-type", value: "text/plain"}, ` +
			`{name: "content-encoding", value: "gzip"}, {name: "content-length", value: "31"}, {name: "server", value: "x"}], ` +
			`http_method: "GET", url: "/a?b", hostname: "User@Example.com:8080", http_user_agent: "test/1", length: 31, status: 200, ` +
			`http2: {stream_id: 1, request: {priority: 255}}}`,
		`{version: "2", request_headers: [{name: ":method", value: "POST"}, {name: ":path", value: "/up"}, {name: ":authority", value: "example.com"}, ` +
			`{name: "user-agent", value: "test/1"}], response_headers: [{name: ":status", value: "201"}, {name: "server", value: "x"}], ` +
			`http_method: "POST", url: "/up", hostname: "example.com", http_user_agent: "test/1", status: 201, http2: {stream_id: 3}}`,
		`{version: "2", http2: {stream_id: 5, request: {priority: 16}, response: {error_code: "Cancel"}}}`,
		``,
		`{version: "2", http2: {stream_id: 0, response: {error_code: "INTERNALERROR"}}}`,
	}
	if len(s.Txs()) != len(want) {
		t.Fatalf("%d transactions, want %d", len(s.Txs()), len(want))
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("record %d\n%s\nwant\n%s", i, got, want[i])
		}
	}
	for _, i := range []int{2, 3} {
		if tx := s.Txs()[i]; !tx.Complete(toServer) || !tx.Complete(toClient) {
			t.Errorf("stream %d is not complete", i)
		}
	}
	if s.Txs()[4].Complete(toServer) {
		t.Error("a stream without a request is complete")
	}
}

func TestStreamsGiveWhatRulesOfHTTPAskFor(t *testing.T) {
	s := parsed(t, conversation()...)
	for _, c := range []struct {
		buffer app.Buffer
		dir    decoders.Direction
		want   string
	}{
		{app.HTTPMethod, toServer, "GET"},
		{app.HTTPURI, toServer, "/a?b"},
		{app.HTTPHost, toServer, "example.com"},
		{app.HTTPHostRaw, toServer, "User@Example.com:8080"},
		{app.HTTPUserAgent, toServer, "test/1"},
		{app.HTTPCookie, toServer, "a=1, b=2"},
		{app.HTTPProtocol, toServer, "HTTP/2"},
		{app.HTTPRequestLine, toServer, "GET /a?b HTTP/2\r\n"},
		{app.HTTPResponseLine, toClient, "HTTP/2 200\r\n"},
		{app.HTTPStatCode, toClient, "200"},
		{app.HTTPServer, toClient, "x"},
		{app.HTTPContentType, toClient, "text/plain"},
		{app.HTTPHeaderNames, toClient, "\r\n:status\r\ncontent-type\r\ncontent-encoding\r\ncontent-length\r\nserver\r\n\r\n"},
		{app.HTTPHeader, toServer, ":method: GET\r\n:path: /a?b\r\n:authority: User@Example.com:8080\r\n:scheme: https\r\n" +
			"user-agent: test/1\r\ncookie: a=1\r\ncookie: b=2\r\nx-pad: v\r\n"},
	} {
		if got, ok := s.Txs()[2].Buffer(c.buffer.In(c.dir), 0); !ok || string(got) != c.want {
			t.Errorf("buffer %d is %q, %v, want %q", c.buffer, got, ok, c.want)
		}
	}
	if line, ok := s.Txs()[2].Buffer(app.HTTPRequestHeader, 1); !ok || string(line) != ":path: /a?b" {
		t.Errorf("the second field is %q, %v", line, ok)
	}
	if n, ok := s.Txs()[2].Integer(app.HTTPURI, 0); !ok || n != 4 {
		t.Errorf("the URI is %d long", n)
	}
	if msg, ok := s.Txs()[2].Buffer(app.HTTPStatMsg, 0); !ok || len(msg) > 0 {
		t.Errorf("the status message is %q, %v", msg, ok)
	}
	for b, want := range map[app.Buffer]string{app.HTTPRequestLine: "  HTTP/2\r\n", app.HTTPResponseLine: "HTTP/2 \r\n", app.HTTPProtocol: "HTTP/2"} {
		if got, ok := s.Txs()[0].Buffer(b, 0); !ok || string(got) != want {
			t.Errorf("buffer %d of settings is %q, %v, want %q", b, got, ok, want)
		}
	}
}

func TestStreamsGiveTheirFrames(t *testing.T) {
	p := NewParser(fakeDNS{})
	s := parsed(t, conversation()...)
	for _, c := range []struct {
		tx    int
		dir   decoders.Direction
		field string
		want  []string
	}{
		{0, toServer, "http2.frametype", []string{"4"}},
		{0, toServer, "http2.settings", []string{"12884901988", "17179934720"}},
		{0, toClient, "http2.frametype", nil},
		{1, toServer, "http2.window", []string{"983041"}},
		{2, toServer, "http2.frametype", []string{"1", "9"}},
		{2, toServer, "http2.priority", []string{"255"}},
		{2, toClient, "http2.size_update", []string{"1024"}},
		{2, toClient, "http2.header_name", []string{":status", "content-type", "content-encoding", "content-length", "server"}},
		{4, toClient, "http2.errorcode", []string{"8"}},
		{6, toClient, "http2.errorcode", []string{"2"}},
	} {
		var got []string
		for i := 0; ; i++ {
			v, ok := apptest.Value(t, p, s.Txs()[c.tx], c.dir, c.field, i)
			if !ok {
				break
			}
			got = append(got, v)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s of transaction %d is %q, want %q", c.field, c.tx, got, c.want)
		}
	}
}

func TestBodiesAreFiles(t *testing.T) {
	s := parsed(t, conversation()...)
	for _, c := range []struct {
		tx   int
		dir  decoders.Direction
		want string
	}{{2, toClient, "hello over two frames"}, {3, toServer, "abcdef"}} {
		tx := s.Txs()[c.tx].(*Tx)
		piece, ok := tx.Stream(app.FileData.In(c.dir), 0)
		if !ok || string(piece.Data) != c.want || !piece.EOF {
			t.Errorf("body %q, end %v, want %q", piece.Data, piece.EOF, c.want)
		}
		f, dir := tx.File(0)
		if f == nil || dir != c.dir || f.Size != uint64(len(c.want)) || f.State.String() != "CLOSED" {
			t.Errorf("file %+v in direction %d", f, dir)
		}
	}
	if _, ok := s.Txs()[3].(*Tx).Stream(app.HTTPRequestBody, 0); !ok {
		t.Error("http.request_body is not there")
	}
}

func TestOddities(t *testing.T) {
	client := newEncoder
	get := func(pairs ...string) []byte {
		return client().block(append([]string{":method", "GET"}, pairs...)...)
	}
	whole := uint8(flagEndHeaders | flagEndStream)
	for _, c := range []struct {
		name   string
		frames []byte
		want   []app.Event
	}{
		{"a user in the authority", frame(typeHeaders, whole, 1, get(":authority", "a@b")), []app.Event{EventUserinfoInURI}},
		{"another host than the authority", frame(typeHeaders, whole, 1, get(":authority", "a", "host", "b")), []app.Event{EventAuthorityHostMismatch}},
		{"an index of nothing", frame(typeHeaders, whole, 1, []byte{0xff, 0x20}), []app.Event{EventInvalidHeader}},
		{"index zero", frame(typeHeaders, whole, 1, []byte{0x80}), []app.Event{EventInvalidHeader}},
		{"a bad Huffman code", frame(typeHeaders, whole, 1, []byte{0x00, 0x81, 0x00, 0x00}), []app.Event{EventInvalidHeader}},
		{"an endless integer", frame(typeHeaders, whole, 1, []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), []app.Event{EventHeaderIntegerOverflow, EventExtraHeaderData}},
		{"a block that ends within a field", frame(typeHeaders, whole, 1, []byte{0x40, 9, 'a'}), []app.Event{EventInvalidFrameData}},
		{"more padding than frame", frame(typeHeaders, whole|flagPadded, 1, []byte{9, 0x82}), []app.Event{EventInvalidFrameData}},
		{"CONTINUATION of nothing", frame(typeContinuation, whole, 1, []byte{0x82}), []app.Event{EventInvalidFrameData}},
		{"CONTINUATION without end", slices.Concat(frame(typeHeaders, 0, 1, bytes.Repeat([]byte{0x82}, 60000)), frame(typeContinuation, flagEndHeaders, 1, bytes.Repeat([]byte{0x82}, 60000))), []app.Event{EventReassemblyLimitReached}},
		{"fields that grow when decompressed", frame(typeHeaders, whole, 1, []byte{0x40, 1, 'a', 0x7f, 0xa1, 0x1e}, bytes.Repeat([]byte{'v'}, 4000), bytes.Repeat([]byte{0xbe}, 5000)), []app.Event{EventReassemblyLimitReached}},
		{"DATA of the connection", frame(typeData, 0, 0, []byte("x")), []app.Event{EventDataStreamZero}},
		{"DATA of a stream that is over", slices.Concat(frame(typeHeaders, whole, 1, get()), frame(typeData, 0, 1, []byte("x"))), nil},
		{"RST_STREAM of another length", frame(typeRstStream, 0, 1, []byte("abc")), []app.Event{EventInvalidFrameLength}},
		{"PRIORITY of another length", frame(typePriority, 0, 1, []byte("abc")), []app.Event{EventInvalidFrameLength}},
		{"WINDOW_UPDATE of another length", frame(typeWindowUpdate, 0, 1, []byte("abc")), []app.Event{EventInvalidFrameLength}},
		{"GOAWAY that is too short", frame(typeGoAway, 0, 0, []byte("abc")), []app.Event{EventInvalidFrameLength}},
		{"SETTINGS of another length", frame(typeSettings, 0, 0, []byte("abc")), []app.Event{EventInvalidFrameLength}},
		{"a long frame", frame(typePing, 0, 0, make([]byte, maxFrame+1)), []app.Event{EventLongFrameData}},
		{"a DNS message that is too long", slices.Concat(frame(typeHeaders, flagEndHeaders, 1, get("content-type", "application/dns-message")), frame(typeData, 0, 1, make([]byte, maxDNS+1))), []app.Event{EventDNSRequestTooLong}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newParser().New()
			if r := s.Parse(app.Input{Data: slices.Concat([]byte(preface), c.frames), Dir: toServer}); r.Status != app.StatusOK {
				t.Fatalf("status %d", r.Status)
			}
			if got := s.Txs()[0].AppendEvents(nil); !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
}

func TestAStreamThatIsOverIsNotUsedAgain(t *testing.T) {
	messages := conversation()
	reused := apptest.Message{Dir: toServer, Data: frame(typeData, 0, 1, []byte("x"))}
	tx := parsed(t, messages[0], messages[1], reused).Txs()[2]
	if !tx.HasEvent(EventStreamIDReuse) {
		t.Errorf("events %v", tx.AppendEvents(nil))
	}
}

func TestTheOldestStreamGivesWayToTheNewest(t *testing.T) {
	s := newParser().New()
	var all []byte
	for i := range uint32(maxTxs + 2) {
		all = append(all, frame(typePriority, 0, 2*i+1, []byte("\x00\x00\x00\x00\x01"))...)
	}
	s.Parse(app.Input{Data: append([]byte(preface), all...), Dir: toServer})
	first, second, third := s.Txs()[0], s.Txs()[1], s.Txs()[2]
	if !first.HasEvent(EventTooManyStreams) || !first.Complete(toServer) || !second.Complete(toClient) || third.Complete(toClient) {
		t.Error("the oldest two are not done with")
	}
}

func TestGapsAreOfTheBodyOnly(t *testing.T) {
	open := slices.Concat([]byte(preface), frame(typeHeaders, flagEndHeaders, 1, newEncoder().block(":method", "POST")),
		frame(typeData, flagEndStream, 1, make([]byte, 100))[:9+40])
	s := newParser().New()
	s.Parse(app.Input{Data: open, Dir: toServer})
	if r := s.Parse(app.Input{Data: make([]byte, 10), Dir: toServer, Gap: 50}); r.Status != app.StatusOK {
		t.Fatalf("status %d", r.Status)
	}
	if f, _ := s.Txs()[0].(*Tx).File(0); f.Size != 100 || !f.Gaps || f.State.String() != "TRUNCATED" {
		t.Errorf("file %+v", f)
	}
	s = newParser().New()
	s.Parse(app.Input{Data: open, Dir: toServer})
	if r := s.Parse(app.Input{Data: make([]byte, 10), Dir: toServer, Gap: 61}); r.Status != app.StatusError {
		t.Error("bytes that are missing elsewhere do not end the parsing")
	}
}

func TestBombsAreNotDecoded(t *testing.T) {
	bomb := zipped(strings.Repeat("\x00", 32<<20))
	s := newParser().New()
	all := slices.Concat([]byte(preface), frame(typeHeaders, flagEndHeaders, 1, newEncoder().block(":method", "POST", "content-encoding", "gzip")),
		frame(typeData, flagEndStream, 1, bomb))
	s.Parse(app.Input{Data: all, Dir: toServer})
	if f, _ := s.Txs()[0].(*Tx).File(0); f == nil || f.Size > 34<<20 {
		t.Errorf("file %+v", f)
	}
}

func TestOdditiesOfResponses(t *testing.T) {
	e := newEncoder()
	for name, c := range map[string]struct {
		fields []string
		body   string
		want   app.Event // 0 for none
	}{
		"a body that is not what it says":  {[]string{"content-encoding", "gzip"}, strings.Repeat("not gzip", 1000), EventFailedDecompression},
		"one that is":                      {[]string{"content-encoding", "gzip"}, string(zipped("hello")), 0},
		"a range without numbers":          {[]string{"content-range", "bytes x-y/z"}, "hello", EventInvalidRange},
		"a range of other units":           {[]string{"content-range", "lines 1-2/3"}, "hello", EventInvalidRange},
		"a range of a file of any size":    {[]string{"content-range", "bytes 0-4/*"}, "hello", 0},
		"no range of a file of known size": {[]string{"content-range", "bytes */5"}, "hello", 0},
	} {
		s := newState(NewParser(fakeDNS{}))
		s.Parse(app.Input{Dir: decoders.ToServer, Data: append([]byte(preface), frame(typeHeaders, flagEndHeaders|flagEndStream, 1, []byte{0x82})...)})
		block := e.block(append([]string{":status", "200"}, c.fields...)...)
		s.Parse(app.Input{Dir: decoders.ToClient, Data: append(frame(typeHeaders, flagEndHeaders, 1, block), frame(typeData, flagEndStream, 1, []byte(c.body))...)})
		e = newEncoder()
		tx := s.Txs()[0].(*Tx)
		var want []app.Event
		if c.want != 0 {
			want = []app.Event{c.want}
		}
		if got := tx.AppendEvents(nil); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if f, _ := tx.File(0); c.want == EventFailedDecompression && f != nil {
			t.Errorf("%s: a file of %d bytes", name, f.Size)
		}
	}
}

func TestAServerIsKnownByItsSettings(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want app.Answer
	}{
		"settings":             {frame(typeSettings, 0, 0), app.Yes},
		"acknowledgment":       {frame(typeSettings, 1, 0), app.Yes},
		"a flag that is none":  {frame(typeSettings, 2, 0), app.No},
		"another frame":        {frame(typeHeaders, 0, 1, []byte("x")), app.No},
		"the start of a frame": {[]byte{0, 0, 0, 4}, app.Maybe},
	} {
		if got := NewParser(fakeDNS{}).Probe(app.Input{Dir: decoders.ToClient, Data: c.data}); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
