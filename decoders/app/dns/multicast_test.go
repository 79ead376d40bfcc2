package dns

import (
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

func newMulticast() app.Parser { return NewMulticastParser(NewParser()) }

func bytesOf(build func(m *builder)) string {
	m := &builder{}
	build(m)
	return string(m.b)
}

// headed is the fixed part of a message with counts of its sections.
func headed(flags uint16, counts ...uint16) string { return string(message(flags, counts...).b) }

func wireName(s string) string { return bytesOf(func(m *builder) { m.name(s) }) }

func asked(owner string, t Type) string { return bytesOf(func(m *builder) { m.question(owner, t) }) }

func recorded(owner string, t Type, data string) string {
	return bytesOf(func(m *builder) { m.name(owner).rr(t, rawData([]byte(data)...)) })
}

func to(dir decoders.Direction, data string) apptest.Message {
	return apptest.Message{Dir: dir, Data: []byte(data)}
}

func numbers(list ...uint16) string {
	return bytesOf(func(m *builder) {
		for _, n := range list {
			m.u16(n)
		}
	})
}

const authoritative = FlagQR | FlagAA

var (
	mdnsQuery  = headed(0, 1, 1) + asked("_http._tcp.local", TypePTR) + recorded("_http._tcp.local", TypePTR, wireName("known.local"))
	mdnsAnswer = headed(authoritative, 0, 5, 1, 2) +
		recorded("_http._tcp.local", TypePTR, wireName("printer._http._tcp.local")) +
		recorded("printer._http._tcp.local", TypeSRV, numbers(1, 2, 80)+wireName("printer.local")) +
		recorded("printer._http._tcp.local", TypeTXT, "\x03a=1\x02\xffb") +
		recorded("printer.local", TypeA, "\xc0\x00\x02\x01") +
		recorded("printer.local", 47, wireName("printer.local")+"\x00\x01\x40") +
		recorded("local", TypeNS, wireName("ns.local")) +
		recorded("printer.local", TypeAAAA, "\xfe\x80"+strings.Repeat("\x00", 13)+"\x01") +
		recorded("", TypeOPT, numbers(4, 3)+"abc")
	mdnsRare = headed(authoritative, 1, 6) + asked("asked.local", 255) +
		recorded("m.local", TypeMX, numbers(5)+wireName("mx.local")) +
		recorded("s.local", TypeSOA, wireName("m.local")+wireName("r.local")+numbers(0, 1, 0, 2, 0, 3, 0, 4, 0, 5)) +
		recorded("f.local", TypeSSHFP, "\x01\x02\xab\xcd") +
		recorded("a.local", TypeA, "\x01") +
		recorded("t.local", TypeTXT, "") +
		recorded("u.local", 65400, "raw")
)

func TestMulticastKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, newMulticast().(*MulticastParser))
	apptest.Check(t, newMulticast, []apptest.Conversation{
		{Name: "messages", Datagram: true, Messages: []apptest.Message{to(decoders.ToServer, mdnsQuery), to(decoders.ToServer, mdnsAnswer), to(decoders.ToClient, mdnsRare), to(decoders.ToServer, "junk"), to(decoders.ToServer, mdnsQuery)}, Min: 4},
	})
}

func FuzzMulticast(f *testing.F) {
	for _, m := range []string{mdnsQuery, mdnsAnswer, mdnsRare} {
		f.Add([]byte(m), []byte{0xfe})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newMulticast, data, ops) })
}

func multicast(messages ...apptest.Message) *MulticastState {
	s := newMulticast().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true})
	}
	return s.(*MulticastState)
}

func TestMulticastMessagesAreToldOf(t *testing.T) {
	long := strings.Repeat("x", 63)
	long = strings.TrimSuffix(strings.Repeat(long+".", 20), ".")
	for _, c := range []struct{ name, message, want string }{
		{"a question with what the asker knows", mdnsQuery, `{type: "request", id: 4660, opcode: 0, rcode: 0, queries: [{rrname: "_http._tcp.local", rrtype: "ptr"}], ` +
			`answers: [{rrname: "_http._tcp.local", ptr: "known.local"}]}`},
		{"an answer", mdnsAnswer, `{type: "response", id: 4660, flags: ["aa"], opcode: 0, rcode: 0, answers: [` +
			`{rrname: "_http._tcp.local", ptr: "printer._http._tcp.local"}, ` +
			`{rrname: "printer._http._tcp.local", srv: {priority: 1, weight: 2, port: 80, name: "printer.local"}}, ` +
			`{rrname: "printer._http._tcp.local", txt: ["a=1", "\xffb"]}, ` +
			`{rrname: "printer.local", a: 192.0.2.1}, ` +
			`{rrname: "printer.local", nsec: "\aprinter\x05local\x00\x00\x01@"}], ` +
			`authorities: [{rrname: "local", ns: "ns.local"}], ` +
			`additionals: [{rrname: "printer.local", aaaa: fe80::1}, {rrname: "", opt: [{code: 4, data: "616263"}]}]}`},
		{"rarer records", mdnsRare, `{type: "response", id: 4660, flags: ["aa"], opcode: 0, rcode: 0, queries: [{rrname: "asked.local", rrtype: "any"}], answers: [` +
			`{rrname: "m.local", mx: "mx.local"}, ` +
			`{rrname: "s.local", soa: {mname: "m.local", rname: "r.local", serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5}}, ` +
			`{rrname: "f.local", sshfp: {fingerprint: "ab:cd", algo: 1, type: 2}}, ` +
			`{rrname: "a.local", a: ""}, {rrname: "t.local", txt: []}, {rrname: "u.local", 65400: "raw"}]}`},
		{"all flags", headed(0x87c3, 0, 1) + recorded("a", TypeA, "\x01\x02\x03\x04"),
			`{type: "response", id: 4660, flags: ["aa", "tc", "rd", "ra", "z"], opcode: 0, rcode: 3, answers: [{rrname: "a", a: 1.2.3.4}]}`},
		{"a name that is cut", headed(authoritative, 0, 1) + recorded("a", TypePTR, wireName(long)),
			`{type: "response", id: 4660, flags: ["aa"], opcode: 0, rcode: 0, answers: [{rrname: "a", ptr: "` + long[:1025] + `", rdata_truncated: true}]}`},
		{"one that breaks off", headed(0, 2) + asked("a", TypeA), ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := multicast(to(decoders.ToServer, c.message)).Txs()
			if len(txs) != 1 {
				t.Fatalf("%d transactions, want one", len(txs))
			}
			for range 2 { // an alert may have told of it before
				if got := apptest.RecordText(txs[0].(*MulticastTx)); got != c.want {
					t.Errorf("record\n%s\nwant\n%s", got, c.want)
				}
			}
		})
	}
}

func TestRulesSeeMulticastNames(t *testing.T) {
	s := multicast(to(decoders.ToServer, mdnsQuery), to(decoders.ToServer, mdnsAnswer), to(decoders.ToClient, mdnsRare))
	for _, c := range []struct {
		message int
		field   string
		want    []string
	}{
		{0, "mdns.queries.rrname", []string{"_http._tcp.local"}},
		{0, "mdns.answers.rrname", []string{"_http._tcp.local"}},
		{0, "mdns.response.rrname", nil},
		{1, "mdns.queries.rrname", nil},
		{1, "mdns.authorities.rrname", []string{"local"}},
		{1, "mdns.additionals.rrname", []string{"printer.local"}},
		{1, "mdns.response.rrname", []string{"_http._tcp.local", "printer._http._tcp.local", "printer._http._tcp.local", "printer._http._tcp.local",
			"printer.local", "printer.local", "local", "ns.local", "printer.local"}},
		{2, "mdns.queries.rrname", nil}, // questions in a response are not asked
	} {
		for _, dir := range []decoders.Direction{decoders.ToServer, decoders.ToClient} {
			var got []string
			for i := 0; ; i++ {
				v, ok := apptest.Value(t, newMulticast().(*MulticastParser), s.Txs()[c.message], dir, c.field, i)
				if !ok {
					break
				}
				got = append(got, v)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("message %d: %s is %q, want %q", c.message, c.field, got, c.want)
			}
		}
	}
}

func TestOddMulticastMessages(t *testing.T) {
	for _, c := range []struct {
		name, message string
		want          []app.Event
	}{
		{"the reserved flag and an opcode that there is not", headed(FlagZ|9<<11, 1) + asked("a", TypeA),
			[]app.Event{app.EventDNSZFlagSet, app.EventDNSInvalidOpcode}},
		{"a question that breaks off", headed(0, 2) + asked("a", TypeA), []app.Event{app.EventDNSMalformedData}},
		{"an authority that breaks off", headed(authoritative, 0, 1, 1) + recorded("a", TypeA, "abcd") + "\x05ab", []app.Event{app.EventDNSInvalidAuthorities}},
		{"a response to the group, which is none to a request", mdnsAnswer, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, m := range []apptest.Message{to(decoders.ToServer, c.message), to(decoders.ToClient, c.message)} {
				s := multicast(m, to(decoders.ToServer, mdnsQuery))
				if len(s.Txs()) != 2 {
					t.Fatalf("%d messages, want both", len(s.Txs()))
				}
				if got := s.Txs()[0].AppendEvents(nil); !slices.Equal(got, c.want) {
					t.Errorf("events %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestAMulticastMessageGoesOneWay(t *testing.T) {
	s := multicast(to(decoders.ToServer, mdnsAnswer), to(decoders.ToClient, mdnsQuery))
	for i, dir := range []decoders.Direction{decoders.ToServer, decoders.ToClient} {
		tx := s.Txs()[i].(*MulticastTx)
		if tx.Direction() != dir || !tx.Complete(dir) || tx.Complete(dir.Opposite()) {
			t.Errorf("message %d goes %v", i, tx.Direction())
		}
	}
}

func TestMulticastFramesAreMessages(t *testing.T) {
	p := newMulticast().(*MulticastParser)
	s := p.New().(*MulticastState)
	var log app.FrameLog
	s.MarkFrames(&log)
	in := app.Input{Data: []byte(mdnsQuery), Datagram: true}
	log.Begin(in, 0)
	s.Parse(in)
	frames := log.Frames(decoders.ToServer)
	if len(frames) != 1 || p.FrameNames()[frames[0].Kind-1] != "pdu" || frames[0].Start != 0 || int(frames[0].Len) != len(mdnsQuery) {
		t.Errorf("frames %+v", frames)
	}
}

func TestAFlowKeepsFewMulticastMessages(t *testing.T) {
	s := newMulticast().New()
	in := app.Input{Data: []byte(mdnsQuery), Datagram: true}
	for range maxMulticast {
		if r := s.Parse(in); r.Status != app.StatusOK {
			t.Fatal(r)
		}
	}
	if r := s.Parse(in); r.Status != app.StatusError || len(s.Txs()) != maxMulticast {
		t.Errorf("answer %+v with %d messages", r, len(s.Txs()))
	}
}

func TestTheContentTellsMulticast(t *testing.T) {
	for _, c := range []struct {
		name, data string
		datagram   bool
		want       app.Answer
	}{
		{"a question", mdnsQuery, true, app.Yes},
		{"an answer", mdnsAnswer, true, app.Yes},
		{"a question over TCP", mdnsQuery, false, app.No},
		{"a message that breaks off", mdnsQuery[:20], true, app.No},
		{"a request that asks nothing", headed(0, 0, 0, 1) + recorded("a", TypeA, "abcd"), true, app.No},
		{"junk", strings.Repeat("\xff", 50), true, app.No},
	} {
		if got := newMulticast().Probe(app.Input{Data: []byte(c.data), Datagram: c.datagram}); got != c.want {
			t.Errorf("%s: answer %d, want %d", c.name, got, c.want)
		}
	}
}
