package mdns

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/dns"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser(dns.NewParser()) }

func u16(v int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(v))) }
func u32(v int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(v))) }

const response = dns.FlagQR | dns.FlagAA

// header is the fixed part of a message with counts of its sections.
func header(flags int, counts ...int) string {
	h := u16(0) + u16(flags)
	for i := range 4 {
		n := 0
		if i < len(counts) {
			n = counts[i]
		}
		h += u16(n)
	}
	return h
}

func name(dotted string) string {
	s := ""
	for label := range strings.SplitSeq(dotted, ".") {
		s += string([]byte{byte(len(label))}) + label
	}
	return strings.TrimSuffix(s, "\x00") + "\x00"
}

// question has the bit that asks for a reply to the asker alone.
func question(owner string, kind dns.Type) string { return name(owner) + u16(int(kind)) + u16(0x8001) }

// record has the bit that makes others forget what they knew.
func record(owner string, kind dns.Type, data string) string {
	return name(owner) + u16(int(kind)) + u16(0x8001) + u32(120) + u16(len(data)) + data
}

func up(data string) apptest.Message { return apptest.Message{Dir: toServer, Data: []byte(data)} }

func down(data string) apptest.Message { return apptest.Message{Dir: toClient, Data: []byte(data)} }

const nsec = dns.Type(47)

var (
	query  = header(0, 1, 1) + question("_http._tcp.local", dns.TypePTR) + record("_http._tcp.local", dns.TypePTR, name("known.local"))
	answer = header(response, 0, 5, 1, 2) +
		record("_http._tcp.local", dns.TypePTR, name("printer._http._tcp.local")) +
		record("printer._http._tcp.local", dns.TypeSRV, u16(1)+u16(2)+u16(80)+name("printer.local")) +
		record("printer._http._tcp.local", dns.TypeTXT, "\x03a=1\x02\xffb") +
		record("printer.local", dns.TypeA, "\xc0\x00\x02\x01") +
		record("printer.local", nsec, name("printer.local")+"\x00\x01\x40") +
		record("local", dns.TypeNS, name("ns.local")) +
		record("printer.local", dns.TypeAAAA, "\xfe\x80"+strings.Repeat("\x00", 13)+"\x01") +
		record("", dns.TypeOPT, u16(4)+u16(3)+"abc")
	rest = header(response, 1, 6) + question("asked.local", 255) +
		record("m.local", dns.TypeMX, u16(5)+name("mx.local")) +
		record("s.local", dns.TypeSOA, name("m.local")+name("r.local")+u32(1)+u32(2)+u32(3)+u32(4)+u32(5)) +
		record("f.local", dns.TypeSSHFP, "\x01\x02\xab\xcd") +
		record("a.local", dns.TypeA, "\x01") +
		record("t.local", dns.TypeTXT, "") +
		record("u.local", 65400, "raw")
)

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, newParser().(*Parser))
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "messages", Datagram: true, Messages: []apptest.Message{up(query), up(answer), down(rest), up("junk"), up(query)}, Min: 4},
	})
}

func FuzzMessages(f *testing.F) {
	for _, m := range []string{query, answer, rest} {
		f.Add([]byte(m), []byte{0xfe})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed(messages ...apptest.Message) *State {
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true})
	}
	return s.(*State)
}

func TestMessagesAreToldOf(t *testing.T) {
	long := strings.Repeat("x", 63)
	long = strings.TrimSuffix(strings.Repeat(long+".", 20), ".")
	for _, c := range []struct{ name, message, want string }{
		{"a question with what the asker knows", query, `{type: "request", id: 0, opcode: 0, rcode: 0, queries: [{rrname: "_http._tcp.local", rrtype: "ptr"}], ` +
			`answers: [{rrname: "_http._tcp.local", ptr: "known.local"}]}`},
		{"an answer", answer, `{type: "response", id: 0, flags: ["aa"], opcode: 0, rcode: 0, answers: [` +
			`{rrname: "_http._tcp.local", ptr: "printer._http._tcp.local"}, ` +
			`{rrname: "printer._http._tcp.local", srv: {priority: 1, weight: 2, port: 80, name: "printer.local"}}, ` +
			`{rrname: "printer._http._tcp.local", txt: ["a=1", "\xffb"]}, ` +
			`{rrname: "printer.local", a: 192.0.2.1}, ` +
			`{rrname: "printer.local", nsec: "\aprinter\x05local\x00\x00\x01@"}], ` +
			`authorities: [{rrname: "local", ns: "ns.local"}], ` +
			`additionals: [{rrname: "printer.local", aaaa: fe80::1}, {rrname: "", opt: [{code: 4, data: "616263"}]}]}`},
		{"rarer records", rest, `{type: "response", id: 0, flags: ["aa"], opcode: 0, rcode: 0, queries: [{rrname: "asked.local", rrtype: "any"}], answers: [` +
			`{rrname: "m.local", mx: "mx.local"}, ` +
			`{rrname: "s.local", soa: {mname: "m.local", rname: "r.local", serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5}}, ` +
			`{rrname: "f.local", sshfp: {fingerprint: "ab:cd", algo: 1, type: 2}}, ` +
			`{rrname: "a.local", a: ""}, {rrname: "t.local", txt: []}, {rrname: "u.local", 65400: "raw"}]}`},
		{"all flags", header(0x87c3, 0, 1) + record("a", dns.TypeA, "\x01\x02\x03\x04"),
			`{type: "response", id: 0, flags: ["aa", "tc", "rd", "ra", "z"], opcode: 0, rcode: 3, answers: [{rrname: "a", a: 1.2.3.4}]}`},
		{"a name that is cut", header(response, 0, 1) + record("a", dns.TypePTR, name(long)),
			`{type: "response", id: 0, flags: ["aa"], opcode: 0, rcode: 0, answers: [{rrname: "a", ptr: "` + long[:1025] + `", rdata_truncated: true}]}`},
		{"one that breaks off", header(0, 2) + question("a", dns.TypeA), ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := parsed(up(c.message)).Txs()
			if len(txs) != 1 {
				t.Fatalf("%d transactions, want one", len(txs))
			}
			for range 2 { // an alert may have told of it before
				if got := apptest.RecordText(txs[0].(*Tx)); got != c.want {
					t.Errorf("record\n%s\nwant\n%s", got, c.want)
				}
			}
		})
	}
}

func TestRulesSeeNames(t *testing.T) {
	s := parsed(up(query), up(answer), down(rest))
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
		for _, dir := range []decoders.Direction{toServer, toClient} {
			var got []string
			for i := 0; ; i++ {
				v, ok := apptest.Value(t, newParser().(*Parser), s.Txs()[c.message], dir, c.field, i)
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

func TestOddMessages(t *testing.T) {
	for _, c := range []struct {
		name, message string
		want          []app.Event
	}{
		{"the reserved flag and an opcode that there is not", header(dns.FlagZ|9<<11, 1) + question("a", dns.TypeA),
			[]app.Event{app.EventDNSZFlagSet, app.EventDNSInvalidOpcode}},
		{"a question that breaks off", header(0, 2) + question("a", dns.TypeA), []app.Event{app.EventDNSMalformedData}},
		{"an authority that breaks off", header(response, 0, 1, 1) + record("a", dns.TypeA, "abcd") + "\x05ab", []app.Event{app.EventDNSInvalidAuthorities}},
		{"a response to the group, which is none to a request", answer, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, m := range []apptest.Message{up(c.message), down(c.message)} {
				s := parsed(m, up(query))
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

func TestAMessageGoesOneWay(t *testing.T) {
	s := parsed(up(answer), down(query))
	for i, dir := range []decoders.Direction{toServer, toClient} {
		tx := s.Txs()[i].(*Tx)
		if tx.Direction() != dir || !tx.Complete(dir) || tx.Complete(dir.Opposite()) {
			t.Errorf("message %d goes %v", i, tx.Direction())
		}
	}
}

func TestFramesAreMessages(t *testing.T) {
	p := newParser().(*Parser)
	s := p.New().(*State)
	var log app.FrameLog
	s.MarkFrames(&log)
	in := app.Input{Data: []byte(query), Datagram: true}
	log.Begin(in, 0)
	s.Parse(in)
	frames := log.Frames(toServer)
	if len(frames) != 1 || p.FrameNames()[frames[0].Kind-1] != "pdu" || frames[0].Start != 0 || int(frames[0].Len) != len(query) {
		t.Errorf("frames %+v", frames)
	}
}

func TestAFlowKeepsFewMessages(t *testing.T) {
	s := newParser().New()
	in := app.Input{Data: []byte(query), Datagram: true}
	for range maxTxs {
		if r := s.Parse(in); r.Status != app.StatusOK {
			t.Fatal(r)
		}
	}
	if r := s.Parse(in); r.Status != app.StatusError || len(s.Txs()) != maxTxs {
		t.Errorf("answer %+v with %d messages", r, len(s.Txs()))
	}
}

func TestTheContentTells(t *testing.T) {
	for _, c := range []struct {
		name, data string
		datagram   bool
		want       app.Answer
	}{
		{"a question", query, true, app.Yes},
		{"an answer", answer, true, app.Yes},
		{"a question over TCP", query, false, app.No},
		{"a message that breaks off", query[:20], true, app.No},
		{"a request that asks nothing", header(0, 0, 0, 1) + record("a", dns.TypeA, "abcd"), true, app.No},
		{"junk", strings.Repeat("\xff", 50), true, app.No},
	} {
		if got := newParser().Probe(app.Input{Data: []byte(c.data), Datagram: c.datagram}); got != c.want {
			t.Errorf("%s: answer %d, want %d", c.name, got, c.want)
		}
	}
}
