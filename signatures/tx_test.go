package signatures

import (
	"fmt"
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
)

// message is a transaction of HTTP as a test makes it: buffers appear as the
// progress of a side grows.
type message struct {
	id       uint64
	progress [2]uint8
	complete [2]bool
	buffers  map[app.Buffer][]string
	pieces   map[app.Buffer][]app.Piece // due now, by instance
	numbers  map[app.Buffer][]uint64
	state    app.TxState
}

func newMessage() *message {
	return &message{buffers: map[app.Buffer][]string{}, pieces: map[app.Buffer][]app.Piece{}, numbers: map[app.Buffer][]uint64{}}
}

func (x *message) ID() uint64                             { return x.id }
func (x *message) Progress(d decoders.Direction) uint8    { return x.progress[d] }
func (x *message) Complete(d decoders.Direction) bool     { return x.complete[d] }
func (x *message) State() *app.TxState                    { return &x.state }
func (x *message) HasEvent(app.Event) bool                { return false }
func (x *message) AppendEvents(d []app.Event) []app.Event { return d }

func (x *message) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if i >= len(x.buffers[b]) {
		return nil, false
	}
	return []byte(x.buffers[b][i]), true
}

func (x *message) Integer(b app.Buffer, i int) (uint64, bool) {
	if i >= len(x.numbers[b]) {
		return 0, false
	}
	return x.numbers[b][i], true
}

func (x *message) Stream(b app.Buffer, i int) (app.Piece, bool) {
	if i >= len(x.pieces[b]) {
		return app.Piece{}, false
	}
	return x.pieces[b][i], true
}

func (x *message) Inspected(decoders.Direction) {
	for b := range x.pieces {
		for i := range x.pieces[b] {
			x.pieces[b][i].Data = nil
		}
	}
}

// turn is one packet of a conversation and what it made of the transaction.
type turn struct {
	dir    decoders.Direction
	change func(*message)
	want   string // sids that alert
}

func set(b app.Buffer, values ...string) func(*message) {
	return func(x *message) { x.buffers[b] = values }
}

func all(changes ...func(*message)) func(*message) {
	return func(x *message) {
		for _, c := range changes {
			c(x)
		}
	}
}

func progress(d decoders.Direction, p uint8) func(*message) {
	return func(x *message) { x.progress[d] = p }
}

func complete(d decoders.Direction) func(*message) {
	return func(x *message) { x.progress[d], x.complete[d] = 5, true }
}

func body(b app.Buffer, offset uint64, data string, eof bool) func(*message) {
	return func(x *message) { x.pieces[b] = []app.Piece{{Data: []byte(data), Offset: offset, EOF: eof}} }
}

func files(pieces ...app.Piece) func(*message) {
	return func(x *message) { x.pieces[app.FileData] = slices.Clone(pieces) }
}

const (
	ts = decoders.ToServer
	tc = decoders.ToClient
)

// converse inspects the turns one after the other, with and without prefilter.
func converse(t *testing.T, rules string, turns []turn) {
	t.Helper()
	for _, off := range []bool{false, true} {
		in := NewInspector(load(t, rules, Options{NoPrefilter: off}), InspectorConfig{})
		f, x := &flow{app: app.ProtoHTTP, established: true}, newMessage()
		for n, turn := range turns {
			if turn.change != nil {
				turn.change(x)
			}
			input := f.input(tcp(t, decoders.TCPAck, "payload"), turn.dir)
			input.Txs, input.InStream = []app.Tx{x}, true
			if got := sids(in.Inspect(input, nil)); got != turn.want {
				t.Fatalf("prefilter %v, turn %d: alerts %q, want %q", !off, n+1, got, turn.want)
			}
		}
		in.EndFlow(&f.state)
		if n := in.Stats().NotesInUse; n != 0 {
			t.Errorf("prefilter %v: %d notes are left", !off, n)
		}
	}
}

func onHTTP(options string) string {
	return "alert http any any -> any any (" + options + " sid:1;)\n"
}

func TestConditionsOfOneTransactionCombine(t *testing.T) {
	uri, agent := set(app.HTTPURI, "/index.php"), set(app.HTTPUserAgent, "needle")
	tests := []struct {
		name, rules string
		turns       []turn
	}{
		{"in one packet", onHTTP(`http.uri; content:"index"; http.user_agent; content:"needle";`),
			[]turn{{ts, all(uri, agent, complete(ts)), "1"}}},
		{"in two packets", onHTTP(`http.uri; content:"index"; http.user_agent; content:"needle";`),
			[]turn{{ts, all(uri, progress(ts, 2)), ""}, {ts, all(agent, complete(ts)), "1"}}},
		{"fast pattern in the later one", onHTTP(`http.uri; content:"index"; http.user_agent; content:"needle"; fast_pattern;`),
			[]turn{{ts, all(uri, progress(ts, 2)), ""}, {ts, all(agent, complete(ts)), "1"}}},
		{"once, however often it advances", onHTTP(`http.uri; content:"index";`),
			[]turn{{ts, all(uri, progress(ts, 2)), "1"}, {ts, progress(ts, 3), ""}, {ts, complete(ts), ""}, {tc, complete(tc), ""}}},
		{"not in the other direction", onHTTP(`http.uri; content:"index"; flow:to_server;`),
			[]turn{{tc, all(uri, complete(tc)), ""}, {ts, complete(ts), "1"}}},
		{"a buffer that fails is not asked again", onHTTP(`http.uri; content:"absent"; http.user_agent; content:"needle";`),
			[]turn{{ts, all(uri, progress(ts, 2)), ""}, {ts, all(set(app.HTTPURI, "absent"), agent, complete(ts)), ""}}},
		{"each direction of a rule without one", onHTTP(`http.header; content:"needle";`),
			[]turn{{ts, all(set(app.HTTPHeader, "a: needle"), complete(ts)), "1"},
				{tc, all(set(app.HTTPHeader.In(tc), "b: needle"), complete(tc)), "1"}}},
		{"a buffer of the other side does not count", onHTTP(`http.header; content:"needle"; flow:to_client;`),
			[]turn{{ts, all(set(app.HTTPHeader, "a: needle"), complete(ts)), ""}, {tc, all(set(app.HTTPHeader.In(tc), "none"), complete(tc)), ""}}},
		{"response waits for its own buffers", onHTTP(`http.stat_code; content:"200"; http.server; content:"x";`),
			[]turn{{ts, complete(ts), ""}, {tc, all(set(app.HTTPStatCode, "200"), progress(tc, 2)), ""}, {tc, all(set(app.HTTPServer, "nginx"), complete(tc)), "1"}}},
		{"content modifiers", onHTTP(`content:"index"; http_uri; content:"needle"; http_user_agent;`),
			[]turn{{ts, all(uri, agent, complete(ts)), "1"}}},
		{"relative modifiers stay within a buffer", onHTTP(`content:"/"; http_uri; content:"need"; http_user_agent; content:"index"; distance:0; within:5; http_uri;`),
			[]turn{{ts, all(uri, agent, complete(ts)), "1"}}},
		{"uricontent", onHTTP(`uricontent:"index";`), []turn{{ts, all(uri, complete(ts)), "1"}}},
		{"pcre by letter", onHTTP(`pcre:"/INDEX\.p[hp]+$/Ui"; content:"index"; http_uri;`), []turn{{ts, all(uri, complete(ts)), "1"}}},
		{"pcre alone", onHTTP(`pcre:"/index/U";`), []turn{{ts, all(uri, complete(ts)), "1"}}},
		{"urilen", onHTTP(`urilen:10;`), []turn{{ts, func(x *message) { x.numbers[app.HTTPURI] = []uint64{10}; complete(ts)(x) }, "1"}}},
		{"absent buffer", onHTTP(`http.referer; absent; http.uri; content:"index";`),
			[]turn{{ts, all(uri, progress(ts, 2)), ""}, {ts, progress(ts, 3), "1"}}},
		{"absent, and it is there", onHTTP(`http.referer; absent; http.uri; content:"index";`),
			[]turn{{ts, all(uri, set(app.HTTPReferer, "x"), complete(ts)), ""}}},
		{"absent or else, it is there", onHTTP(`http.referer; absent:or_else; content:"ok";`),
			[]turn{{ts, all(uri, set(app.HTTPReferer, "ok"), complete(ts)), "1"}}},
		{"absent or else, it is not", onHTTP(`http.referer; absent:or_else; content:"ok";`), []turn{{ts, complete(ts), "1"}}},
		{"negated content needs the buffer", onHTTP(`http.referer; content:!"x";`), []turn{{ts, all(uri, complete(ts)), ""}}},
		{"one instance satisfies all", onHTTP(`http.request_header; content:"a: "; content:"1";`),
			[]turn{{ts, all(set(app.HTTPRequestHeader, "a: 2", "b: 1"), complete(ts)), ""}}},
		{"two statements, two instances", onHTTP(`http.request_header; content:"a: "; http.request_header; content:"1";`),
			[]turn{{ts, all(set(app.HTTPRequestHeader, "a: 2", "b: 1"), complete(ts)), "1"}}},
		{"hook", "alert http1:request_headers any any -> any any (sid:1;)",
			[]turn{{ts, progress(ts, 1), ""}, {ts, progress(ts, 2), "1"}, {ts, progress(ts, 3), "1"}, {ts, complete(ts), ""}}},
		{"hook, as long as its stage lasts", "alert http1:request_body any any -> any any (sid:1;)",
			[]turn{{ts, progress(ts, 2), ""}, {ts, progress(ts, 3), "1"}, {ts, progress(ts, 3), "1"}, {ts, progress(ts, 4), "1"}, {ts, complete(ts), ""}}},
		{"hook of a stage that was passed at once", "alert http1:request_line any any -> any any (sid:1;)",
			[]turn{{ts, progress(ts, 4), "1"}, {ts, complete(ts), ""}}},
		{"hook of the other side", "alert http1:response_started any any -> any any (sid:1;)",
			[]turn{{ts, progress(ts, 4), ""}, {tc, progress(tc, 1), "1"}, {tc, progress(tc, 2), ""}}},
		{"hook with a buffer", `alert http1:request_headers any any -> any any (http.user_agent; content:"needle"; sid:1;)`,
			[]turn{{ts, progress(ts, 1), ""}, {ts, all(agent, progress(ts, 2)), "1"}, {ts, progress(ts, 3), ""}}},
		{"stage by name is a hook", "alert http1 any any -> any any (app-layer-state:request_headers; sid:1;)",
			[]turn{{ts, progress(ts, 1), ""}, {ts, progress(ts, 2), "1"}, {ts, progress(ts, 3), "1"}, {ts, complete(ts), ""}}},
		{"beyond a stage, once", "alert http1 any any -> any any (app-layer-state:>request_headers; sid:1;)",
			[]turn{{ts, progress(ts, 2), ""}, {ts, progress(ts, 3), "1"}, {ts, progress(ts, 4), ""}, {ts, complete(ts), ""}}},
		{"before a stage, once", "alert http1 any any -> any any (app-layer-state:<request_headers; sid:1;)",
			[]turn{{ts, progress(ts, 1), "1"}, {ts, progress(ts, 1), ""}, {ts, complete(ts), ""}}},
		{"not before a stage", "alert http1 any any -> any any (app-layer-state:<request_headers; sid:1;)",
			[]turn{{ts, progress(ts, 3), ""}, {ts, complete(ts), ""}}},
		{"hook of the end", "alert http:response_complete any any -> any any (sid:1;)",
			[]turn{{ts, complete(ts), ""}, {tc, progress(tc, 3), ""}, {tc, complete(tc), "1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { converse(t, tt.rules, tt.turns) })
	}
}

func TestBitsOfATransaction(t *testing.T) {
	rules := onHTTP(`http.uri; content:"index"; xbits:set,seen,track tx; noalert;`) +
		"alert http1:response_headers any any -> any any (xbits:isset,seen,track tx; sid:2;)\n" +
		"alert http1:response_headers any any -> any any (xbits:isset,other,track tx; sid:3;)\n"
	answer := []turn{{ts, complete(ts), ""}, {tc, progress(tc, keyword.HTTPHeaders), "2"}, {tc, complete(tc), ""}}
	answer[0].change = all(set(app.HTTPURI, "/index.php"), complete(ts))
	converse(t, rules, answer)
	answer[0].change, answer[1].want = all(set(app.HTTPURI, "/other"), complete(ts)), ""
	converse(t, rules, answer)
}

func TestHooksOfDCERPCAreNotThoseOfSMB(t *testing.T) {
	in := NewInspector(load(t, "alert dcerpc:request_started any any -> any any (sid:1;)\nalert dcerpc any any -> any any (flow:to_server; sid:2;)\n", Options{}), InspectorConfig{})
	for _, tt := range []struct {
		proto app.Proto
		want  string
	}{{app.ProtoDCERPC, "1 2"}, {app.ProtoSMB, "2"}} {
		f, x := &flow{app: tt.proto, established: true}, newMessage()
		input := f.input(tcp(t, decoders.TCPAck, "payload"), ts)
		input.Txs, input.InStream = []app.Tx{x}, true
		if got := sids(in.Inspect(input, nil)); got != tt.want {
			t.Errorf("%v: alerts %q, want %q", tt.proto, got, tt.want)
		}
		in.EndFlow(&f.state)
	}
}

func TestTransactionalRulesMatchBothSidesOnce(t *testing.T) {
	both := "alert http any any => any any (%s sid:1;)"
	uri, code := set(app.HTTPURI, "/login"), set(app.HTTPStatCode, "500")
	tests := []struct {
		name, options string
		turns         []turn
	}{
		{"request, then response", `http.uri; content:"login"; http.stat_code; content:"500";`,
			[]turn{{ts, all(uri, complete(ts)), ""}, {tc, all(code, progress(tc, 2)), "1"}, {tc, complete(tc), ""}}},
		{"request fails", `http.uri; content:"other"; http.stat_code; content:"500";`,
			[]turn{{ts, all(uri, complete(ts)), ""}, {tc, all(code, complete(tc)), ""}}},
		{"response fails", `http.uri; content:"login"; http.stat_code; content:"500";`,
			[]turn{{ts, all(uri, complete(ts)), ""}, {tc, all(set(app.HTTPStatCode, "200"), complete(tc)), ""}}},
		{"fast pattern in the response", `http.uri; content:"login"; http.stat_code; content:"500"; fast_pattern;`,
			[]turn{{ts, all(uri, complete(ts)), ""}, {tc, all(code, complete(tc)), "1"}}},
		{"a buffer of a side by name", `http.header:to_server; content:"a"; http.header:to_client; content:"b";`,
			[]turn{{ts, all(set(app.HTTPHeader, "a"), complete(ts)), ""}, {tc, all(set(app.HTTPHeader.In(tc), "b"), complete(tc)), "1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { converse(t, fmt.Sprintf(both, tt.options), tt.turns) })
	}
	for _, options := range []string{`http.uri; content:"a";`, `http.header; content:"a"; http.uri; content:"b";`} {
		if _, err := Compile(fmt.Sprintf(both, options)); err == nil {
			t.Errorf("%s loads", options)
		}
	}
}

// TestConditionsOnThePacketAreThoseOfTheFirstMatch: a flowbit that is set
// between the packets of a request comes too late for a rule that matched in
// part before, and in time for one that did not.
func TestConditionsOnThePacketAreThoseOfTheFirstMatch(t *testing.T) {
	rules := `
alert http any any -> any any (http.uri; content:"index"; fast_pattern; http.user_agent; content:"needle"; flowbits:isnotset,late; sid:1;)
alert http any any -> any any (http.user_agent; content:"needle"; flowbits:isset,late; sid:2;)
alert http any any -> any any (http.user_agent; content:"needle"; flowbits:isnotset,late; sid:3;)
alert http any any -> any any (http.cookie; content:"set"; flowbits:set,late; sid:4;)
`
	converse(t, rules, []turn{
		{ts, all(set(app.HTTPURI, "/index"), progress(ts, 2)), ""},
		{ts, set(app.HTTPCookie, "set"), "4"},
		{ts, all(set(app.HTTPUserAgent, "needle"), complete(ts)), "1 2"},
	})
}

func TestBodiesAreInspectedPieceByPiece(t *testing.T) {
	request := app.HTTPRequestBody
	tests := []struct {
		name, options string
		turns         []turn
	}{
		{"in a later piece", `http.request_body; content:"needle";`,
			[]turn{{ts, all(progress(ts, 3), body(request, 0, "hay", false)), ""}, {ts, body(request, 3, "needle", false), "1"}, {ts, all(body(request, 9, "needle", true), complete(ts)), ""}}},
		{"depth counts from the start of the body", `http.request_body; content:"needle"; depth:20;`,
			[]turn{{ts, all(progress(ts, 3), body(request, 0, "0123456789", false)), ""}, {ts, body(request, 10, "..needle", false), "1"}}},
		{"beyond depth", `http.request_body; content:"needle"; depth:8;`,
			[]turn{{ts, all(progress(ts, 3), body(request, 0, "0123456789", false)), ""}, {ts, body(request, 10, "needle", true), ""}}},
		{"offset counts from the start of the body", `http.request_body; content:"needle"; offset:12;`,
			[]turn{{ts, all(progress(ts, 3), body(request, 10, "needle", false)), ""}, {ts, body(request, 10, "..needle", true), "1"}}},
		{"endswith waits for the end", `http.request_body; content:"needle"; endswith;`,
			[]turn{{ts, all(progress(ts, 3), body(request, 0, "needle", false)), ""}, {ts, all(body(request, 0, "needle", true), complete(ts)), "1"}}},
		{"exact bsize waits for the end", `http.request_body; content:"needle"; bsize:6;`,
			[]turn{{ts, all(progress(ts, 3), body(request, 0, "needle", false)), ""}, {ts, all(body(request, 0, "needle", true), complete(ts)), "1"}}},
		{"bsize counts the whole body", `http.request_body; content:"needle"; bsize:>100;`,
			[]turn{{ts, all(progress(ts, 3), body(request, 0, "needle", false)), ""}, {ts, body(request, 96, "needle", false), "1"}}},
		{"bsize that cannot hold any more", `http.request_body; bsize:<10; content:"n";`,
			[]turn{{ts, all(progress(ts, 3), body(request, 0, "0123456789n", false)), ""}, {ts, all(body(request, 11, "n", true), complete(ts)), ""}}},
		{"a negated content holds on the first piece without it", `http.request_body; content:!"needle";`,
			[]turn{{ts, all(progress(ts, 3), body(request, 0, "hay", false)), "1"}, {ts, all(body(request, 3, "needle", true), complete(ts)), ""}}},
		{"header and body", `http.uri; content:"up"; http.request_body; content:"needle";`,
			[]turn{{ts, all(set(app.HTTPURI, "/up"), progress(ts, 3)), ""}, {ts, all(body(request, 0, "needle", true), complete(ts)), "1"}}},
		{"nothing is due", `http.request_body; content:!"x";`, []turn{{ts, all(progress(ts, 3), body(request, 0, "", false)), ""}}},
		{"file of a response", `file.data; content:"needle"; flow:to_client;`,
			[]turn{{tc, all(progress(tc, 3), body(app.FileData.In(tc), 0, "needle", false)), "1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { converse(t, onHTTP(tt.options), tt.turns) })
	}
}

func TestRulesAboutFilesAlertForEachFile(t *testing.T) {
	piece := func(s string) app.Piece { return app.Piece{Data: []byte(s), EOF: true} }
	none := app.Piece{}
	converse(t, onHTTP(`file.data; content:"needle";`), []turn{
		{ts, all(progress(ts, 3), files(piece("needle"))), "1"},
		{ts, files(none, piece("hay")), ""},
		{ts, files(none, none, piece("a needle")), "1"},
		{ts, all(files(none, none, none), complete(ts)), ""},
	})
	converse(t, onHTTP(`filename:"EVIL"; fileext:"exe"; filesize:>10;`), []turn{
		{ts, func(x *message) {
			x.progress[ts] = 3
			x.buffers[app.FileName] = []string{"evil.exe"}
			x.numbers[app.FileSize], x.numbers[app.FileClosed] = []uint64{5}, []uint64{0}
		}, ""},
		{ts, func(x *message) { x.numbers[app.FileSize][0] = 11 }, "1"},
		{ts, func(x *message) { x.buffers[app.FileName] = append(x.buffers[app.FileName], "other.txt") }, ""},
		{ts, func(x *message) {
			x.buffers[app.FileName] = append(x.buffers[app.FileName], "more-evil.EXE")
			complete(ts)(x)
		}, "1"},
	})
}

func TestMixedRulesNeedTransactionAndStream(t *testing.T) {
	rs := load(t, onHTTP(`http.uri; content:"index"; pkt_data; content:"needle";`), Options{})
	for _, tt := range []struct {
		name, chunk string
		want        string
	}{{"both", "a needle", "1"}, {"no stream", "hay", ""}} {
		f, x := &flow{app: app.ProtoHTTP, established: true}, newMessage()
		all(set(app.HTTPURI, "/index"), complete(ts))(x)
		input := f.input(tcp(t, decoders.TCPAck, "payload"), ts)
		input.Txs, input.InStream = []app.Tx{x}, true
		input.Stream = []StreamChunk{{Data: []byte(tt.chunk)}}
		if got := sids(NewInspector(rs, InspectorConfig{}).Inspect(input, nil)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestProtocolAloneIsARuleOnEveryPacket(t *testing.T) {
	rs := load(t, "alert http any any -> any any (sid:1;)\nalert http2 any any -> any any (sid:2;)\nalert tls any any -> any any (sid:3;)", Options{})
	in, f := NewInspector(rs, InspectorConfig{}), &flow{app: app.ProtoHTTP}
	for range 2 {
		if got := sids(in.Inspect(f.input(tcp(t, decoders.TCPAck, ""), ts), nil)); got != "1" {
			t.Errorf("alerts %q", got)
		}
	}
}

func TestSwapKeepsWhatMatchedInPart(t *testing.T) {
	one := onHTTP(`http.uri; content:"index"; http.user_agent; content:"needle";`)
	in := NewInspector(load(t, one, Options{}), InspectorConfig{})
	f, x := &flow{app: app.ProtoHTTP, established: true}, newMessage()
	inspect := func(change func(*message)) string {
		change(x)
		input := f.input(tcp(t, decoders.TCPAck, ""), ts)
		input.Txs = []app.Tx{x}
		return sids(in.Inspect(input, nil))
	}
	if got := inspect(all(set(app.HTTPURI, "/index"), progress(ts, 2))); got != "" {
		t.Fatalf("first packet: %q", got)
	}
	in.Swap(load(t, "pass http any any -> any any (http.uri; content:\"zzz\"; sid:9;)\n"+one, Options{}))
	if got := inspect(all(set(app.HTTPUserAgent, "needle"), complete(ts))); got != "1" {
		t.Errorf("after the swap: %q, want 1", got)
	}
}

func TestTransactionsAllocateNothingInSteadyState(t *testing.T) {
	rules := "alert http any any -> any any (http.uri; content:\"index\"; fast_pattern; http.user_agent; content:\"needle\"; pcre:\"/^x?/R\"; http.header; content:!\"y\"; sid:1;)"
	in := NewInspector(load(t, rules, Options{}), InspectorConfig{})
	f, x := &flow{app: app.ProtoHTTP, established: true}, &steadyMessage{buffers: map[app.Buffer][]byte{
		app.HTTPURI: []byte("/index"), app.HTTPUserAgent: []byte("needle"), app.HTTPHeader: []byte("a: b"),
	}}
	first, second := f.input(tcp(t, decoders.TCPAck, ""), ts), f.input(tcp(t, decoders.TCPAck, ""), ts)
	txs := []app.Tx{x}
	first.Txs, second.Txs = txs, txs
	var out []Match
	run := func() {
		x.state, x.progress, x.complete = app.TxState{}, 1, false
		out = in.Inspect(first, out[:0])
		x.progress, x.complete = 5, true
		out = in.Inspect(second, out)
	}
	run()
	if got := sids(out); got != "1" {
		t.Fatalf("alerts %q", got)
	}
	if n := testing.AllocsPerRun(200, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// steadyMessage gives out buffers without making them: the user agent is there
// from the headers on.
type steadyMessage struct {
	message
	buffers  map[app.Buffer][]byte
	progress uint8
	complete bool
	state    app.TxState
}

func (x *steadyMessage) Progress(decoders.Direction) uint8 { return x.progress }
func (x *steadyMessage) Complete(decoders.Direction) bool  { return x.complete }
func (x *steadyMessage) State() *app.TxState               { return &x.state }
func (x *steadyMessage) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if i > 0 || b != app.HTTPURI && x.progress < keyword.HTTPHeaders {
		return nil, false
	}
	data, ok := x.buffers[b]
	return data, ok
}
