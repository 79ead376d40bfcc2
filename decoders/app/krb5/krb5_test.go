package krb5

import (
	"encoding/binary"
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/ber"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

// value is a BER value of less than 64 KiB.
func value(tag ber.Tag, parts ...string) string {
	var body string
	for _, p := range parts {
		body += p
	}
	head := []byte{byte(tag), byte(len(body))}
	if len(body) > 127 {
		head = []byte{byte(tag), 0x82, byte(len(body) >> 8), byte(len(body))}
	}
	return string(head) + body
}

func number(n int) string { return value(ber.Integer, string([]byte{byte(n >> 8), byte(n)})) }
func word(s string) string {
	return value(ber.GeneralText, s)
}

func name(parts ...string) string {
	var list string
	for _, p := range parts {
		list += word(p)
	}
	return value(ber.Sequence, value(ber.In(0), number(1)), value(ber.In(1), value(ber.Sequence, list)))
}

func sealed(etype int) string {
	return value(ber.Sequence, value(ber.In(0), number(etype)), value(ber.In(2), value(ber.OctetString, "cipher")))
}

func request(kind int, client, server string) []byte {
	if client != "" {
		client = value(ber.In(1), client)
	}
	if server != "" {
		server = value(ber.In(3), server)
	}
	body := value(ber.Sequence, value(ber.In(0), value(ber.BitString, "\x00\x00\x00\x00\x00")), client, value(ber.In(2), word("EXAMPLE.NET")),
		server, value(ber.In(5), value(ber.TimeText, "20370913024805Z")), value(ber.In(7), number(7)), value(ber.In(8), value(ber.Sequence, number(18))))
	return []byte(value(ber.ApplicationOf(kind), value(ber.Sequence, value(ber.In(1), value(ber.Integer, "\x05")), value(ber.In(2), number(kind)), value(ber.In(4), body))))
}

func answer(kind, etype, ticket int) []byte {
	t := value(ber.ApplicationOf(1), value(ber.Sequence, value(ber.In(0), value(ber.Integer, "\x05")), value(ber.In(1), word("EXAMPLE.NET")),
		value(ber.In(2), name("krbtgt", "EXAMPLE.NET")), value(ber.In(3), sealed(ticket))))
	return []byte(value(ber.ApplicationOf(kind), value(ber.Sequence, value(ber.In(0), value(ber.Integer, "\x05")), value(ber.In(1), number(kind)),
		value(ber.In(3), word("EXAMPLE.NET")), value(ber.In(4), name("alice")), value(ber.In(5), t), value(ber.In(6), sealed(etype)))))
}

func refusal(code int, client string) []byte {
	if client != "" {
		client = value(ber.In(7), word("CLIENT.NET")) + value(ber.In(8), client)
	}
	return []byte(value(ber.ApplicationOf(typeError), value(ber.Sequence, value(ber.In(0), value(ber.Integer, "\x05")), value(ber.In(1), number(typeError)),
		value(ber.In(4), value(ber.TimeText, "20370913024805Z")), value(ber.In(5), number(1)), value(ber.In(6), number(code)), client,
		value(ber.In(9), word("EXAMPLE.NET")), value(ber.In(10), name("krbtgt", "EXAMPLE.NET")))))
}

// marked is a message as a stream has it.
func marked(m []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(m))), m...)
}

func conversation(wrap func([]byte) []byte) []apptest.Message {
	return []apptest.Message{
		{Dir: toServer, Data: wrap(request(typeASReq, name("alice", "admin"), name("krbtgt", "EXAMPLE.NET")))},
		{Dir: toClient, Data: wrap(refusal(25, ""))},
		{Dir: toServer, Data: wrap(request(typeASReq, name("alice"), ""))},
		{Dir: toClient, Data: wrap(answer(typeASRep, 18, 23))},
		{Dir: toServer, Data: wrap(request(typeTGSReq, "", name("ldap", "dc01")))},
		{Dir: toClient, Data: wrap(answer(typeTGSRep, 23, -128))},
	}
}

func datagram(m []byte) []byte { return m }

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "datagrams", Datagram: true, Messages: conversation(datagram), Min: 6},
		{Name: "stream", Messages: conversation(marked), Min: 6},
		{Name: "several in a segment", Messages: []apptest.Message{
			{Dir: toServer, Data: slices.Concat(conversation(marked)[0].Data, conversation(marked)[4].Data)},
			{Dir: toClient, Data: conversation(marked)[1].Data},
		}, Min: 3},
	})
}

func FuzzConversation(f *testing.F) {
	for _, wrap := range []func([]byte) []byte{datagram, marked} {
		for _, m := range conversation(wrap) {
			f.Add(m.Data, []byte{0xfe | byte(m.Dir)})
		}
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed(messages ...apptest.Message) app.State {
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true})
	}
	return s
}

func TestMessagesAreToldOf(t *testing.T) {
	s := parsed(conversation(datagram)...)
	want := []string{
		`{msg_type: "KRB_AS_REQ", cname: "alice/admin", realm: "EXAMPLE.NET", sname: "krbtgt/EXAMPLE.NET", encryption: "<none>", weak_encryption: false}`,
		`{msg_type: "KRB_ERROR", failed_request: "KRB_AS_REQ", error_code: "KDC_ERR_PREAUTH_REQUIRED", cname: "<empty>", realm: "<empty>", ` +
			`sname: "krbtgt/EXAMPLE.NET", encryption: "<none>", weak_encryption: false}`,
		`{msg_type: "KRB_AS_REQ", cname: "alice", realm: "EXAMPLE.NET", sname: "<empty>", encryption: "<none>", weak_encryption: false}`,
		`{msg_type: "KRB_AS_REP", cname: "alice", realm: "EXAMPLE.NET", sname: "krbtgt/EXAMPLE.NET", encryption: "aes256-cts-hmac-sha1-96", ` +
			`weak_encryption: false, ticket_encryption: "rc4-hmac", ticket_weak_encryption: true}`,
		`{msg_type: "KRB_TGS_REQ", cname: "<empty>", realm: "EXAMPLE.NET", sname: "ldap/dc01", encryption: "<none>", weak_encryption: false}`,
		`{msg_type: "KRB_TGS_REP", cname: "alice", realm: "EXAMPLE.NET", sname: "krbtgt/EXAMPLE.NET", encryption: "rc4-hmac", ` +
			`weak_encryption: true, ticket_encryption: "rc4-md4", ticket_weak_encryption: true}`,
	}
	if len(s.Txs()) != len(want) {
		t.Fatalf("%d messages, want %d", len(s.Txs()), len(want))
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("record %d\n%s\nwant\n%s", i, got, want[i])
		}
	}
}

func TestRulesSeeNamesCodesAndEncryption(t *testing.T) {
	p := NewParser()
	s := parsed(conversation(datagram)...)
	for _, c := range []struct {
		tx    int
		field string
		want  []string
	}{
		{0, "krb5.cname", []string{"alice", "admin"}},
		{0, "krb5_msg_type", []string{"10"}},
		{0, "krb5_err_code", nil},
		{0, "krb5.ticket_encryption", nil},
		{1, "krb5_msg_type", []string{"30"}},
		{1, "krb5_err_code", []string{"25"}},
		{1, "krb5.cname", nil},
		{3, "krb5.sname", []string{"krbtgt", "EXAMPLE.NET"}},
		{3, "krb5.ticket_encryption", []string{"23"}},
		{5, "krb5.ticket_encryption", []string{"4294967168"}},
	} {
		var got []string
		for i := 0; ; i++ {
			v, ok := apptest.Value(t, p, s.Txs()[c.tx], toClient, c.field, i)
			if !ok {
				break
			}
			got = append(got, v)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s of message %d is %q, want %q", c.field, c.tx, got, c.want)
		}
	}
}

func TestOddMessages(t *testing.T) {
	req := request(typeASReq, name("a"), name("b"))
	apReq := []byte(value(ber.ApplicationOf(typeAPReq), value(ber.Sequence, value(ber.In(0), value(ber.Integer, "\x05")))))
	to := func(dir decoders.Direction, data []byte) apptest.Message {
		return apptest.Message{Dir: dir, Data: data}
	}
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		status   app.Status // of the last
		txs      int
		record   string // start of the last one
		events   []app.Event
	}{
		{"a refusal of nothing that was seen", []apptest.Message{to(toClient, refusal(200, name("c")))}, app.StatusOK, 1,
			`{msg_type: "KRB_ERROR", failed_request: "UNKNOWN", error_code: "ErrorCode(200)", cname: "c", realm: "CLIENT.NET"`, nil},
		{"a refusal by a service", []apptest.Message{to(toServer, apReq), to(toClient, refusal(37, ""))}, app.StatusOK, 1,
			`{msg_type: "KRB_ERROR", failed_request: "KRB_AP_REQ", error_code: "KRB_AP_ERR_SKEW"`, nil},
		{"a request that is cut", []apptest.Message{to(toServer, req), to(toServer, req[:len(req)-4])}, app.StatusOK, 1, `{msg_type: "KRB_AS_REQ"`, nil},
		{"something else between messages", []apptest.Message{to(toServer, req), to(toServer, []byte("\x16\x03\x01")), to(toServer, req)}, app.StatusOK, 2, `{msg_type`, nil},
		{"no bytes", []apptest.Message{to(toServer, req), to(toServer, nil)}, app.StatusError, 1, `{msg_type`, []app.Event{EventMalformedData}},
		{"a length that is cut", []apptest.Message{to(toServer, req), to(toServer, []byte("\x6a\x82\x01"))}, app.StatusError, 1, `{msg_type`, []app.Event{EventMalformedData}},
		{"weak encryption", []apptest.Message{to(toClient, answer(typeASRep, 3, 18))}, app.StatusOK, 1, `{msg_type: "KRB_AS_REP"`, []app.Event{EventWeakEncryption}},
		{"an encryption without a name", []apptest.Message{to(toClient, answer(typeASRep, 99, 18))}, app.StatusOK, 1,
			`{msg_type: "KRB_AS_REP", cname: "alice", realm: "EXAMPLE.NET", sname: "krbtgt/EXAMPLE.NET", encryption: "EncryptionType(99)"`, []app.Event{EventWeakEncryption}},
		{"a name of many parts", []apptest.Message{to(toServer, request(typeASReq, name(make([]string, maxNames+1)...), ""))}, app.StatusOK, 0, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newParser().New()
			var r app.Result
			for _, m := range c.messages {
				r = s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true})
			}
			if r.Status != c.status || len(s.Txs()) != c.txs {
				t.Fatalf("status %d and %d messages, want %d and %d", r.Status, len(s.Txs()), c.status, c.txs)
			}
			if c.txs == 0 {
				return
			}
			last := s.Txs()[c.txs-1].(*Tx)
			if got := apptest.RecordText(last); len(got) < len(c.record) || got[:len(c.record)] != c.record {
				t.Errorf("record %s, want %s…", got, c.record)
			}
			if got := last.AppendEvents(nil); !slices.Equal(got, c.events) {
				t.Errorf("events %v, want %v", got, c.events)
			}
		})
	}
}

func TestStreamsEndWhereTheirLengthsDo(t *testing.T) {
	s := newParser().New()
	if r := s.Parse(app.Input{Data: []byte{0x80, 0, 0, 4, 1, 2, 3, 4}}); r.Status != app.StatusError {
		t.Error("the reserved bit of the length is set, and it goes on")
	}
	if r := s.Parse(app.Input{Data: marked(request(typeASReq, name("a"), "")), Gap: 1}); r.Status != app.StatusError {
		t.Error("it goes on behind missing bytes")
	}
}

func TestTheStartOfAFlowTells(t *testing.T) {
	req, rep := request(typeASReq, name("a"), name("b")), refusal(25, "")
	for _, c := range []struct {
		name     string
		data     []byte
		datagram bool
		want     app.Answer
		dir      decoders.Direction
	}{
		{"a request", req, true, app.Yes, toServer},
		{"an answer", rep, true, app.Yes, toClient},
		{"a request in a stream", marked(req), false, app.Yes, toServer},
		{"an answer in a stream", marked(rep), false, app.Yes, toClient},
		{"the length in a stream", marked(req)[:4], false, app.Maybe, toServer},
		{"half of the version in a stream", marked(req)[:12], false, app.Maybe, toServer},
		{"a datagram that is cut", req[:5], true, app.No, toServer},
		{"a long length", slices.Concat([]byte{0, 1, 0, 0}, req), false, app.No, toServer},
		{"a sequence", []byte("\x30\x10\x02\x01\x05aaaaaaaaaaaa"), true, app.No, toServer},
		{"another version", []byte(value(ber.ApplicationOf(10), value(ber.Sequence, value(ber.In(1), value(ber.Integer, "\x04"))))), true, app.No, toServer},
		{"an LDAP search", []byte("\x63\x10\x04\x00\x0a\x01\x00"), true, app.No, toServer},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := app.Input{Data: c.data, Datagram: c.datagram, Dir: toServer}
			if got := NewParser().Probe(in); got != c.want {
				t.Errorf("answer %d, want %d", got, c.want)
			}
			if got := NewParser().Direction(in); c.want == app.Yes && got != c.dir {
				t.Errorf("direction %v, want %v", got, c.dir)
			}
		})
	}
}
