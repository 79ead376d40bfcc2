package pgsql

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

func u16(v int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(v))) }
func u32(v int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(v))) }

// first is a message before the session, typedMessage one within it.
func first(code int, body string) string         { return u32(8+len(body)) + u32(code) + body }
func typedMessage(kind byte, body string) string { return string(kind) + u32(4+len(body)) + body }
func row(values ...string) string {
	body := u16(len(values))
	for _, v := range values {
		body += u32(len(v)) + v
	}
	return typedMessage(backendRow, body)
}

func up(s ...string) apptest.Message {
	return apptest.Message{Dir: toServer, Data: []byte(strings.Join(s, ""))}
}

func down(s ...string) apptest.Message {
	return apptest.Message{Dir: toClient, Data: []byte(strings.Join(s, ""))}
}

var (
	startup = first(codeVersion3, "user\x00me\x00database\x00db\x00DateStyle\x00ISO\x00\x00")
	ready   = typedMessage(backendReady, "I")
	session = []apptest.Message{
		up(first(codeTLS, "")), down("N"),
		up(startup), down(typedMessage(backendAuthentication, u32(authMD5)+"salt")),
		up(typedMessage('p', "md5abc\x00")),
		down(typedMessage(backendAuthentication, u32(authOK)), typedMessage(backendParameter, "TimeZone\x00UTC\x00"),
			typedMessage(backendParameter, "own.setting\x00on\x00"), typedMessage(backendKey, u32(7)+u32(9)), ready),
		up(typedMessage('Q', "SELECT 1;\x00")),
		down(typedMessage(backendColumns, u16(2)), row("1", "abc"), row("2", ""), typedMessage(backendComplete, "SELECT 2\x00"), ready),
		up(typedMessage('Q', "DROP x\x00")),
		down(typedMessage(backendError, "SERROR\x00C42P01\x00Mno such table\x00\x00"), ready),
		up(typedMessage('P', "\x00SELECT\x00\x00\x00"), typedMessage('S', "")), down(typedMessage('1', ""), ready),
		up(typedMessage('X', "")),
	}
	sasl = []apptest.Message{
		up(startup), down(typedMessage(backendAuthentication, u32(authSASL)+"SCRAM-SHA-256\x00\x00")),
		up(typedMessage('p', "SCRAM-SHA-256\x00"+u32(4)+"n,,n")), down(typedMessage(backendAuthentication, u32(authSASLContinue)+"r=1")),
		up(typedMessage('p', "c=biws")), down(typedMessage(backendAuthentication, u32(authSASLFinal)+"v=2"), typedMessage(backendAuthentication, u32(authOK)), ready),
	}
)

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "queries", Messages: session, Min: 6, Grows: true},
		{Name: "log-in with SASL", Messages: sasl, Min: 3, Grows: true},
	})
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

func TestRequestsAreToldOf(t *testing.T) {
	parameters := `startup_parameters: {user: "me", optional_parameters: [{database: "db"}, {date_style: "ISO"}]}`
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []string
	}{
		{"queries", session, []string{
			`{tx_id: 1, request: {message: "SSL Request"}, response: {ssl_accepted: false}}`,
			`{tx_id: 2, request: {protocol_version: "3.0", ` + parameters + `}, response: {authentication_md5_password: "salt"}}`,
			`{tx_id: 3, request: {password: "md5abc"}, response: {message: "authentication_ok", parameter_status: [{time_zone: "UTC"}, ` +
				`{name: "own.setting", value: "on"}], process_id: 7, secret_key: 9}}`,
			`{tx_id: 4, request: {simple_query: "SELECT 1;"}, response: {row_description_malformed: false, field_count: 2, data_rows: 2, data_size: 5, command_completed: "SELECT 2"}}`,
			`{tx_id: 5, request: {simple_query: "DROP x"}, response: {severity_localizable: "ERROR", code: "42P01", message: "no such table"}}`,
			`{tx_id: 6, request: {message: "termination_message"}}`,
		}},
		{"log-in with SASL", sasl, []string{
			`{tx_id: 1, request: {protocol_version: "3.0", ` + parameters + `}, response: {message: "authentication_sasl"}}`,
			`{tx_id: 2, request: {sasl_authentication_mechanism: "scram_SHA256", sasl_param: "n,,n"}, response: {message: "authentication_sasl_continue"}}`,
			`{tx_id: 3, request: {sasl_response: "c=biws"}, response: {authentication_sasl_final: "v=2", message: "authentication_ok"}}`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parsed(c.messages...)
			if len(s.Txs()) != len(c.want) {
				t.Fatalf("%d requests, want %d", len(s.Txs()), len(c.want))
			}
			for i, tx := range s.Txs() {
				if got := apptest.RecordText(tx.(*Tx)); got != c.want[i] {
					t.Errorf("record %d\n%s\nwant\n%s", i, got, c.want[i])
				}
				if !tx.Complete(toServer) || !tx.Complete(toClient) {
					t.Errorf("request %d is not complete", i)
				}
			}
		})
	}
}

func TestTheExtendedQueryProtocolIsNotToldOf(t *testing.T) {
	s := newParser().New()
	for _, m := range []apptest.Message{
		{Dir: toServer, Data: []byte("\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")},
		{Dir: toClient, Data: []byte(typedMessage(backendAuthentication, "\x00\x00\x00\x00") + typedMessage(backendReady, "I"))},
		{Dir: toServer, Data: []byte(typedMessage('P', "s\x00SELECT prepared\x00\x00\x00") + typedMessage('S', ""))},
		{Dir: toClient, Data: []byte(typedMessage('1', "") + typedMessage(backendRow, "\x00\x00") + typedMessage(backendComplete, "SELECT 1\x00") + typedMessage(backendReady, "I"))},
		{Dir: toServer, Data: []byte(typedMessage('Q', "SELECT simple\x00"))},
		{Dir: toClient, Data: []byte(typedMessage(backendComplete, "SELECT 1\x00") + typedMessage(backendReady, "I"))},
	} {
		if r := s.Parse(app.Input{Data: m.Data, Dir: m.Dir}); r.Status != app.StatusOK {
			t.Fatalf("status %d", r.Status)
		}
	}
	const want = `{tx_id: 2, request: {simple_query: "SELECT simple"}, response: {command_completed: "SELECT 1"}}`
	if txs := s.Txs(); len(txs) != 2 || apptest.RecordText(txs[1].(*Tx)) != want {
		t.Errorf("%d transactions, the last %s", len(txs), apptest.RecordText(txs[len(txs)-1].(*Tx)))
	}
}

func TestRulesSeeQueries(t *testing.T) {
	s := parsed(session...)
	for i, want := range map[int]string{3: "SELECT 1;", 4: "DROP x"} {
		if got, ok := apptest.Value(t, NewParser(), s.Txs()[i], toServer, "pgsql.query", 0); !ok || got != want {
			t.Errorf("query %q, want %q", got, want)
		}
	}
	if _, ok := apptest.Value(t, NewParser(), s.Txs()[1], toServer, "pgsql.query", 0); ok {
		t.Error("a log-in is a query")
	}
}

func TestAServerThatEncryptsGivesWay(t *testing.T) {
	s := parsed(up(first(codeTLS, "")), down("S"))
	if u, ok := s.Upgraded(); !ok || u.To != app.ProtoTLS {
		t.Error("no TLS follows")
	}
	unseen := parsed(up(first(codeTLS, "")))
	if r := unseen.Parse(app.Input{Data: []byte("\x16\x03\x01\x00\x05hello"), Dir: toServer}); r.Consumed != 0 || !unseen.upgraded {
		t.Errorf("a client that encrypts has %d bytes taken", r.Consumed)
	}
}

func TestOddMessages(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []app.Event
	}{
		{"a request that is not known", []apptest.Message{up("\x00\x00\x00\x08\x00\xff\x00\xff")}, []app.Event{EventMalformedRequest}},
		{"a message type that there is not", []apptest.Message{up(startup, "?abcd")}, []app.Event{EventMalformedRequest}},
		{"a length that is too short", []apptest.Message{up(startup, "Q\x00\x00\x00\x03")}, []app.Event{EventInvalidLength}},
		{"a response that is none", []apptest.Message{up(startup), down("HTTP/1.1 400")}, nil},
		{"a response of no type", []apptest.Message{up(startup), down("?\x00\x00\x00\x04")}, []app.Event{EventMalformedResponse}},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := parsed(c.messages...).Txs()
			if got := txs[len(txs)-1].AppendEvents(nil); !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
	many := parsed(up(startup, typedMessage('Q', "x\x00")))
	for range maxResponses + 1 {
		many.Parse(app.Input{Data: []byte(typedMessage(backendNotice, "Mx\x00\x00")), Dir: toClient})
	}
	if !many.Txs()[0].HasEvent(EventTooManyResponses) {
		t.Error("responses without end are kept")
	}
}

func TestTheStartOfAFlowTells(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       app.Answer
		dir        decoders.Direction
	}{
		{"a startup", startup, app.Yes, toServer},
		{"a request for encryption", first(codeTLS, ""), app.Yes, toServer},
		{"half of it", first(codeTLS, "")[:5], app.Maybe, toServer},
		{"a server that wants a password", typedMessage(backendAuthentication, u32(authSASL)), app.Yes, toClient},
		{"another version", first(2<<16, "user\x00"), app.No, toServer},
		{"HTTP", "GET / HTTP/1.1\r\n", app.No, toServer},
		{"MySQL", "J\x00\x00\x00\x0a8.0.1\x00", app.No, toServer},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := app.Input{Data: []byte(c.data), Dir: toServer}
			if got := NewParser().Probe(in); got != c.want {
				t.Errorf("answer %d, want %d", got, c.want)
			}
			if got := NewParser().Direction(in); c.want == app.Yes && got != c.dir {
				t.Errorf("direction %v, want %v", got, c.dir)
			}
		})
	}
}
