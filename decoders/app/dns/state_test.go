package dns

import (
	"bytes"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

func newParser() app.Parser { return NewParser() }

func TestParserKeepsTheContract(t *testing.T) {
	q, r := query(), response()
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "udp", Datagram: true, Min: 3, Messages: []apptest.Message{
			{Dir: decoders.ToServer, Data: q.b},
			{Dir: decoders.ToClient, Data: r.b},
			{Dir: decoders.ToServer, Data: []byte("not dns at all")},
			{Dir: decoders.ToServer, Data: q.b},
		}},
		{Name: "tcp", Min: 4, Messages: []apptest.Message{
			{Dir: decoders.ToServer, Data: append(q.stream(), q.stream()...)},
			{Dir: decoders.ToClient, Data: append([]byte{0, 0}, r.stream()...)},
			{Dir: decoders.ToClient, Data: r.stream()},
		}},
		{Name: "tcp with a broken message", Min: 2, Messages: []apptest.Message{
			{Dir: decoders.ToServer, Data: q.stream()},
			{Dir: decoders.ToServer, Data: message(0, 1).raw(9, 'x', 'x').stream()},
		}},
	})
}

func TestMessagesThatCanNotBeRead(t *testing.T) {
	broken := message(0, 1).raw(9, 'x', 'x')
	cases := []struct {
		name   string
		m      *builder
		dir    decoders.Direction
		stream bool
		status app.Status
		event  app.Event // EventNone: no transaction
	}{
		{"a broken datagram says so and the flow goes on", broken, decoders.ToServer, false, app.StatusOK, app.EventDNSMalformedData},
		{"a broken message ends its stream", broken, decoders.ToServer, true, app.StatusError, app.EventDNSMalformedData},
		{"a datagram that is no DNS is skipped", message(FlagQR).raw(1, 2), decoders.ToServer, false, app.StatusOK, app.EventNone},
		{"a message that is no DNS ends its stream", message(FlagQR).raw(1, 2), decoders.ToServer, true, app.StatusError, app.EventNone},
		{"a response from the client is no request", response(), decoders.ToServer, false, app.StatusOK, app.EventDNSNotARequest},
		{"a response from the client ends its stream", response(), decoders.ToServer, true, app.StatusError, app.EventDNSNotARequest},
		{"a request from the server is no response", query(), decoders.ToClient, false, app.StatusOK, app.EventDNSNotAResponse},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := NewParser().New().(*State)
			in := app.Input{Data: c.m.b, Dir: c.dir, Datagram: !c.stream}
			if c.stream {
				in.Data = c.m.stream()
			}
			if r := s.Parse(in); r.Status != c.status {
				t.Errorf("status %d, want %d", r.Status, c.status)
			}
			if c.event == app.EventNone {
				if len(s.Txs()) != 0 || s.Skipped() != 1 {
					t.Errorf("%d transactions, %d skipped", len(s.Txs()), s.Skipped())
				}
				return
			}
			if len(s.Txs()) != 1 || !s.Txs()[0].HasEvent(c.event) {
				t.Fatalf("%d transactions, want one with %v", len(s.Txs()), c.event)
			}
			if hasRecord := s.Txs()[0].(*Tx).Record() != nil; hasRecord != (c.event == app.EventDNSNotAResponse) {
				t.Errorf("has a record: %v", hasRecord)
			}
		})
	}
}

func TestStreamGoesOnBehindAGap(t *testing.T) {
	s := NewParser().New().(*State)
	q := query().stream()
	parse := func(data []byte, gap uint32) app.Result {
		return s.Parse(app.Input{Data: data, Dir: decoders.ToServer, Gap: gap})
	}
	if r := parse(q[:10], 0); r.Status != app.StatusIncomplete || r.Need != len(q) {
		t.Fatalf("a part: %+v", r)
	}
	if r := parse([]byte("the middle of a message, no start of one"), 100); r.Status != app.StatusOK {
		t.Errorf("behind the gap: %+v", r)
	}
	if len(s.Txs()) != 0 || s.Skipped() != 1 {
		t.Errorf("%d transactions, %d skipped", len(s.Txs()), s.Skipped())
	}
	if r := parse(q, 0); r.Status != app.StatusOK || len(s.Txs()) != 1 {
		t.Errorf("the next message: %+v, %d transactions", r, len(s.Txs()))
	}
}

func TestBuffersAreWhatRulesExpect(t *testing.T) {
	s := NewParser().New()
	s.Parse(app.Input{Data: query().b, Dir: decoders.ToServer, Datagram: true})
	s.Parse(app.Input{Data: response().b, Dir: decoders.ToClient, Datagram: true})
	request, answer := s.Txs()[0], s.Txs()[1]
	cases := []struct {
		name   string
		tx     app.Tx
		buffer app.Buffer
		want   []string
	}{
		{"dns.query has the name as sent, without trailing dot", request, app.DNSQuery, []string{"www.Example.com"}},
		{"dns.query is for requests only", answer, app.DNSQuery, nil},
		{"queries are in requests", request, app.DNSQueriesRRName, []string{"www.Example.com"}},
		{"queries are in responses", answer, app.DNSQueriesRRName, []string{"www.example.com"}},
		{"a request has no answers", request, app.DNSAnswersRRName, nil},
		{"answers have their owners", answer, app.DNSAnswersRRName, []string{
			"www.example.com", "www.example.com", "www.example.com", "example.com", "example.com",
			"_sip._tcp.example.com", "example.com", "example.com", "1.2.0.192.in-addr.arpa"}},
		{"authorities", answer, app.DNSAuthoritiesRRName, []string{"example.com"}},
		{"additionals leave the root out", answer, app.DNSAdditionalsRRName, []string{"ns.example.com"}},
		{"the additional of the request is the root", request, app.DNSAdditionalsRRName, nil},
		{"names of a response", answer, app.DNSResponseRRName, []string{
			"www.example.com",
			"www.example.com", "cdn.example.com", "www.example.com", "www.example.com",
			"example.com", "mail.example.net", "example.com", "_sip._tcp.example.com", "example.com", "example.com",
			"1.2.0.192.in-addr.arpa", "host.example.org",
			"example.com", "ns.example.com", "ns.example.com"}},
		{"a request has no names of a response", request, app.DNSResponseRRName, nil},
		{"numbers are no buffers", answer, app.DNSRRType, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second time, the cursor starts over
				var got []string
				for i := 0; ; i++ {
					b, ok := c.tx.Buffer(c.buffer, i)
					if !ok {
						break
					}
					got = append(got, string(b))
				}
				if len(got) != len(c.want) {
					t.Fatalf("got %q, want %q", got, c.want)
				}
				for i := range got {
					if got[i] != c.want[i] {
						t.Errorf("%d: got %q, want %q", i, got[i], c.want[i])
					}
				}
			}
		})
	}
	if b, ok := answer.Buffer(app.DNSAnswersRRName, 8); !ok || string(b) != "1.2.0.192.in-addr.arpa" {
		t.Errorf("instance 8 without those before: %q %v", b, ok)
	}
	if b, ok := answer.Buffer(app.DNSAnswersRRName, 0); !ok || string(b) != "www.example.com" {
		t.Errorf("instance 0 after 8: %q %v", b, ok)
	}
}

func TestIntegersAreWhatRulesExpect(t *testing.T) {
	s := NewParser().New()
	m := message(FlagQR|5<<11|3, 1, 1, 1, 1).question("a", 6)
	m.name("b").rr(TypeA, nil).name("c").rr(TypeNS, nil).name("d").rr(99, nil)
	s.Parse(app.Input{Data: m.b, Dir: decoders.ToClient, Datagram: true})
	tx := s.Txs()[0]
	for b, want := range map[app.Buffer][]uint64{
		app.DNSOpcode: {5}, app.DNSRcode: {3}, app.DNSRRType: {1}, app.DNSQuery: nil,
	} {
		for i, w := range want {
			if got, ok := tx.Integer(b, i); !ok || got != w {
				t.Errorf("%d.%d: %d %v, want %d", b, i, got, ok, w)
			}
		}
		if got, ok := tx.Integer(b, len(want)); ok {
			t.Errorf("%d.%d: %d, want none", b, len(want), got)
		}
	}
}

func TestProbe(t *testing.T) {
	p := NewParser()
	q, r := query(), response()
	cases := []struct {
		name     string
		data     []byte
		datagram bool
		want     app.Answer
		dir      decoders.Direction
	}{
		{"a query", q.b, true, app.Yes, decoders.ToServer},
		{"a response", r.b, true, app.Yes, decoders.ToClient},
		{"a cut query", q.b[:20], true, app.No, 0},
		{"text", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), true, app.No, 0},
		{"an empty datagram", nil, true, app.No, 0},
		{"a query in a stream", q.stream(), false, app.Yes, decoders.ToServer},
		{"a response in a stream", r.stream(), false, app.Yes, decoders.ToClient},
		{"the start of a stream", r.stream()[:20], false, app.Yes, decoders.ToClient},
		{"the very start of a stream", r.stream()[:13], false, app.Maybe, 0},
		{"another stream", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), false, app.No, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := app.Input{Data: c.data, Datagram: c.datagram}
			if got := p.Probe(in); got != c.want {
				t.Fatalf("answer %d, want %d", got, c.want)
			}
			if c.want == app.Yes && p.Direction(in) != c.dir {
				t.Errorf("direction %v, want %v", p.Direction(in), c.dir)
			}
		})
	}
}

func TestLargeMessagesGiveTheirMemoryUp(t *testing.T) {
	p := NewParser()
	s := p.New()
	m := message(FlagQR, 0, 1000)
	for range 1000 {
		m.name("some.name.example.com").rr(TypeA, rawData(1, 2, 3, 4))
	}
	s.Parse(app.Input{Data: m.b, Dir: decoders.ToClient, Datagram: true})
	if n := len(s.Txs()[0].(*Tx).record.Answers); n != 1000 {
		t.Fatalf("%d answers", n)
	}
	s.Reset()
	for _, tx := range p.free {
		if cap(tx.arena) > keptArena || cap(tx.record.Answers) > keptRecords {
			t.Errorf("%d bytes and %d records are kept", cap(tx.arena), cap(tx.record.Answers))
		}
	}
}

func TestRecordIsACopy(t *testing.T) {
	s := NewParser().New()
	data := bytes.Clone(response().b)
	s.Parse(app.Input{Data: data, Dir: decoders.ToClient, Datagram: true})
	before := apptest.Snapshot(t, s)
	clear(data)
	if after := apptest.Snapshot(t, s); before[0] != after[0] {
		t.Errorf("the transaction changed with the packet:\n%s\n%s", before[0], after[0])
	}
}

func FuzzParse(f *testing.F) {
	q, r := query(), response()
	for _, seed := range [][]byte{
		q.b, r.b, q.stream(), r.stream(),
		message(0, 1).pointer(18).u16(1).u16(1).pointer(12).b,
		message(0, 1).pointer(12).u16(1).u16(1).stream(),
		message(FlagQR, 0, 1).name("a").rr(TypeTXT, rawData(9, 'x')).b,
	} {
		f.Add(seed, []byte{0, 1, 20, 31})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) {
		apptest.Fuzz(t, newParser, data, ops)
		checkRecord(t, data)
	})
}

// checkRecord holds whatever was read against the bounds.
func checkRecord(t *testing.T, data []byte) {
	var r reader
	tx := &Tx{}
	if r.read(data, tx) != parsed {
		return
	}
	if len(tx.arena) > len(data)+maxNames+2*maxName || r.steps > maxSteps {
		t.Fatalf("%d bytes kept and %d steps for %d bytes", len(tx.arena), r.steps, len(data))
	}
	check := func(n Name) {
		if len(n.Text) > maxName {
			t.Fatalf("name of %d bytes", len(n.Text))
		}
	}
	records := len(tx.record.Queries)
	for i := range tx.record.Queries {
		check(tx.record.Queries[i].Name)
	}
	for _, list := range [][]RR{tx.record.Answers, tx.record.Authorities, tx.record.Additionals} {
		records += len(list)
		for i := range list {
			check(list[i].Name)
			check(list[i].Target)
			check(list[i].Mailbox)
		}
	}
	if 5*records > len(data) {
		t.Fatalf("%d records in %d bytes", records, len(data))
	}
}

func BenchmarkParse(b *testing.B) {
	for name, m := range map[string]*builder{"query": query(), "response": response()} {
		b.Run(name, func(b *testing.B) {
			s := NewParser().New()
			in := app.Input{Data: m.b, Datagram: true}
			if name == "response" {
				in.Dir = decoders.ToClient
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(m.b)))
			for b.Loop() {
				s.Parse(in)
				st := s.Txs()[0].State()
				st.Logged, st.Done = true, [2]bool{true, true}
				s.Release()
			}
		})
	}
}

func TestTheResponseToASilentRequestIsSilentToo(t *testing.T) {
	for _, released := range []bool{false, true} {
		s := NewParser().New().(*State)
		parse := func(m *builder, dir decoders.Direction) *Tx {
			s.Parse(app.Input{Data: m.b, Dir: dir, Datagram: true})
			return s.Txs()[len(s.Txs())-1].(*Tx)
		}
		request := parse(query(), decoders.ToServer)
		request.state.Silent = true
		if released {
			request.state.Logged, request.state.Done = true, [2]bool{true, true}
			s.Release()
		}
		if !parse(response(), decoders.ToClient).state.Silent {
			t.Errorf("request released %v: the response has a record", released)
		}
		if released && parse(response(), decoders.ToClient).state.Silent {
			t.Error("a second response is silent too")
		}
	}
}
