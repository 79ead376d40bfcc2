package ldap

import (
	"slices"
	"strings"
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
	body := strings.Join(parts, "")
	head := string([]byte{byte(tag), byte(len(body))})
	if len(body) > 127 {
		head = string([]byte{byte(tag), 0x82, byte(len(body) >> 8), byte(len(body))})
	}
	return head + body
}

func text(s string) string    { return value(ber.OctetString, s) }
func number(n int) string     { return value(ber.Integer, string([]byte{byte(n)})) }
func choice(n int) string     { return value(ber.Enumerated, string([]byte{byte(n)})) }
func truth(b byte) string     { return value(ber.Boolean, string([]byte{b})) }
func list(p ...string) string { return value(ber.Sequence, p...) }

func ldapMessage(id, op int, parts ...string) string {
	tag := ber.ApplicationOf(op)
	if simple(uint8(op)) {
		tag = ber.Application(op)
	}
	return list(number(id), value(tag, parts...))
}

func result(id, op, code int, more ...string) string {
	return ldapMessage(id, op, append([]string{choice(code), text(""), text("said")}, more...)...)
}

func attribute(name string, values ...string) string {
	var set string
	for _, v := range values {
		set += text(v)
	}
	return list(text(name), value(ber.Set, set))
}

func find(id int) string {
	return ldapMessage(id, opSearchRequest, text("dc=x"), choice(2), choice(0), number(10), number(20), truth(0), value(ber.Context(7), "objectClass"), list(text("cn"), text("sn")))
}

func up(s ...string) apptest.Message {
	return apptest.Message{Dir: toServer, Data: []byte(strings.Join(s, ""))}
}
func down(s ...string) apptest.Message {
	return apptest.Message{Dir: toClient, Data: []byte(strings.Join(s, ""))}
}

var session = []apptest.Message{
	up(ldapMessage(1, opBindRequest, number(3), text("cn=me"), value(ber.Context(0), "secret"))), down(result(1, opBindResponse, 0)),
	up(ldapMessage(2, opBindRequest, number(3), text(""), value(ber.In(3), text("GSSAPI"), text("\x01\xff")))), down(result(2, opBindResponse, 14, value(ber.Context(7), "\x02"))),
	up(find(3)),
	down(ldapMessage(3, opSearchEntry, text("cn=a"), list(attribute("cn", "a", "b"), attribute("sn"))), ldapMessage(3, opSearchReference, text("ldap://b/"))),
	down(result(3, opSearchDone, 4)),
	up(ldapMessage(4, opModifyRequest, text("cn=a"), list(list(choice(2), attribute("mail", "x"))))), down(result(4, opModifyResponse, 0)),
	up(ldapMessage(5, opAddRequest, text("cn=b"), list(attribute("objectClass", "top")))), down(result(5, opAddResponse, 68)),
	up(ldapMessage(6, opDelRequest, "cn=c")), down(result(6, opDelResponse, 32)),
	up(ldapMessage(7, opModDNRequest, text("cn=a"), text("cn=d"), truth(255), value(ber.Context(0), "ou=z"))), down(result(7, opModDNResponse, 0)),
	up(ldapMessage(8, opCompareRequest, text("cn=a"), list(text("sn"), text("v")))), down(result(8, opCompareResponse, 6)),
	up(ldapMessage(9, opExtendedRequest, value(ber.Context(0), "1.2.3"), value(ber.Context(1), "v"))),
	down(ldapMessage(9, opIntermediate, value(ber.Context(0), "4.5")), result(9, opExtendedResponse, 200, value(ber.Context(10), "6.7"), value(ber.Context(11), "w"))),
	up(ldapMessage(10, opAbandonRequest, "\x03"), list(number(11), value(ber.Application(opUnbindRequest)), value(ber.In(0), list(text("1.9"), truth(255), text("c"))))),
	down(result(0, opExtendedResponse, 52), result(77, opSearchDone, 0)),
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "stream", Messages: session, Min: 12, Grows: true},
		{Name: "datagrams", Messages: session, Min: 12, Datagram: true},
	})
}

func FuzzConversation(f *testing.F) {
	for _, m := range session {
		f.Add(m.Data, []byte{0xfe | byte(m.Dir)})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed(messages ...apptest.Message) *State {
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
	}
	return s.(*State)
}

func TestOperationsAreToldOf(t *testing.T) {
	said := func(op, code string) string {
		return `{operation: "` + op + `", ` + op + `: {result_code: "` + code + `", matched_dn: "", message: "said"`
	}
	want := []string{
		`{request: {message_id: 1, operation: "bind_request", bind_request: {version: 3, name: "cn=me"}}, responses: [` + said("bind_response", "success") + `}}]}`,
		`{request: {message_id: 2, operation: "bind_request", bind_request: {version: 3, name: "", sasl: {mechanism: "GSSAPI", credentials: "01ff"}}}, ` +
			`responses: [` + said("bind_response", "sasl_bind_in_progress") + `, server_sasl_creds: "02"}}]}`,
		`{request: {message_id: 3, operation: "search_request", search_request: {base_object: "dc=x", scope: 2, deref_alias: 0, size_limit: 10, ` +
			`time_limit: 20, types_only: false, filter: {type: "present", value: "objectClass"}, attributes: ["cn", "sn"]}}, responses: [` +
			`{operation: "search_result_entry", search_result_entry: {base_object: "cn=a", attributes: [{type: "cn", values: ["a", "b"]}, {type: "sn"}]}}, ` +
			`{operation: "search_result_reference"}, ` + said("search_result_done", "size_limit_exceeded") + `}}]}`,
		`{request: {message_id: 4, operation: "modify_request", modify_request: {object: "cn=a", changes: [{operation: "replace", ` +
			`modification: {attribute_type: "mail", attribute_values: ["x"]}}]}}, responses: [` + said("modify_response", "success") + `}}]}`,
		`{request: {message_id: 5, operation: "add_request", add_request: {entry: "cn=b", attributes: [{name: "objectClass", values: ["top"]}]}}, ` +
			`responses: [` + said("add_response", "entry_already_exists") + `}}]}`,
		`{request: {message_id: 6, operation: "del_request", del_request: {dn: "cn=c"}}, responses: [` + said("del_response", "no_such_object") + `}}]}`,
		`{request: {message_id: 7, operation: "mod_dn_request", mod_dn_request: {entry: "cn=a", new_rdn: "cn=d", delete_old_rdn: true, new_superior: "ou=z"}}, ` +
			`responses: [` + said("mod_dn_response", "success") + `}}]}`,
		`{request: {message_id: 8, operation: "compare_request", compare_request: {entry: "cn=a", attribute_value_assertion: {description: "sn", value: "v"}}}, ` +
			`responses: [` + said("compare_response", "compare_true") + `}}]}`,
		`{request: {message_id: 9, operation: "extended_request", extended_request: {name: "1.2.3", value: "v"}}, responses: [` +
			`{operation: "intermediate_response", intermediate_response: {name: "4.5"}}, ` + said("extended_response", "unknown-200") + `, name: "6.7", value: "w"}}]}`,
		`{request: {message_id: 10, operation: "abandon_request"}}`,
		`{request: {message_id: 11, operation: "unbind_request", controls: [{control_type: "1.9", criticality: true, control_value: "63"}]}}`,
		`{responses: [{operation: "extended_response", message_id: 0, extended_response: {result_code: "unavailable", matched_dn: "", message: "said"}}]}`,
		`{responses: [{operation: "search_result_done", message_id: 77, search_result_done: {result_code: "success", matched_dn: "", message: "said"}}]}`,
	}
	s := parsed(session...)
	if len(s.Txs()) != len(want) {
		t.Fatalf("%d transactions, want %d", len(s.Txs()), len(want))
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("record %d\n%s\nwant\n%s", i, got, want[i])
		}
		if !tx.Complete(toServer) || !tx.Complete(toClient) {
			t.Errorf("transaction %d is not complete", i)
		}
		if found := tx.HasEvent(EventRequestNotFound); found != (i == len(want)-1) {
			t.Errorf("transaction %d has no request %v", i, found)
		}
	}
}

func TestRulesSeeRequestsAndResponses(t *testing.T) {
	p, s := NewParser(), parsed(session...)
	for _, c := range []struct {
		tx    int
		field string
		want  []string
	}{
		{0, "ldap.request.operation", []string{"0"}},
		{0, "ldap.request.dn", []string{"cn=me"}},
		{0, "ldap.responses.dn", []string{""}},
		{2, "ldap.request.dn", []string{"dc=x"}},
		{2, "ldap.request.attribute_type", []string{"cn", "sn"}},
		{2, "ldap.responses.operation", []string{"4", "19", "5"}},
		{2, "ldap.responses.count", []string{"3"}},
		{2, "ldap.responses.dn", []string{"cn=a", ""}},
		{2, "ldap.responses.result_code", []string{"4"}},
		{2, "ldap.responses.message", []string{"said"}},
		{2, "ldap.responses.attribute_type", []string{"cn", "sn"}},
		{3, "ldap.request.attribute_type", []string{"mail"}},
		{4, "ldap.request.attribute_type", []string{"objectClass"}},
		{5, "ldap.request.dn", []string{"cn=c"}},
		{7, "ldap.request.attribute_type", []string{"sn"}},
		{9, "ldap.responses.count", []string{"0"}},
		{11, "ldap.request.operation", nil},
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
			t.Errorf("%s of %d is %q, want %q", c.field, c.tx, got, c.want)
		}
	}
}

func TestStartTLSGivesWay(t *testing.T) {
	ask := up(ldapMessage(1, opExtendedRequest, value(ber.Context(0), startTLS)))
	refused := parsed(ask, down(result(1, opExtendedResponse, 2)))
	if _, ok := refused.Upgraded(); ok {
		t.Error("TLS follows a refusal")
	}
	s := parsed(ask)
	yes := down(result(1, opExtendedResponse, 0))
	r := s.Parse(app.Input{Data: append(yes.Data, "\x16\x03\x01"...), Dir: toClient})
	if u, ok := s.Upgraded(); !ok || u.To != app.ProtoTLS || r.Consumed != len(yes.Data) {
		t.Errorf("upgraded %v to %v after %d bytes", ok, u.To, r.Consumed)
	}
}

func TestOddMessages(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		status   app.Status
		events   []app.Event
	}{
		{"ciphertext", []apptest.Message{up(find(1)), up("\x00\x00\x00\x10whatever")}, app.StatusError, []app.Event{EventInvalidData}},
		{"an operation that there is not", []apptest.Message{up(find(1)), up(list(number(2), value(ber.ApplicationOf(18))))}, app.StatusError, []app.Event{EventInvalidData}},
		{"a negative number", []apptest.Message{up(find(1)), up(list(number(255), value(ber.Application(opUnbindRequest))))}, app.StatusError, []app.Event{EventInvalidData}},
		{"a length without end", []apptest.Message{up(find(1)), up("\x30\x80")}, app.StatusError, []app.Event{EventInvalidData}},
		{"a search that is malformed behind its base", []apptest.Message{up(ldapMessage(1, opSearchRequest, text("dc=x"), "junk"))}, app.StatusOK, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newParser().New()
			var r app.Result
			for _, m := range c.messages {
				r = s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
			}
			last := s.Txs()[len(s.Txs())-1].(*Tx)
			if got := last.AppendEvents(nil); r.Status != c.status || !slices.Equal(got, c.events) {
				t.Errorf("status %d, events %v; want %d, %v", r.Status, got, c.status, c.events)
			}
			if got := apptest.RecordText(last); !strings.HasPrefix(got, `{request: {message_id: 1, operation: "search_request"`) {
				t.Errorf("record %s", got)
			}
		})
	}
}

func TestBoundsHold(t *testing.T) {
	s := newParser().New()
	for id := range maxTxs + 2 {
		s.Parse(app.Input{Data: up(find(id & 127)).Data, Dir: toServer})
	}
	if first := s.Txs()[0]; len(s.Txs()) != maxTxs+1 || !first.HasEvent(EventTooManyTransactions) || !first.Complete(toClient) {
		t.Errorf("%d transactions", len(s.Txs()))
	}
	many := parsed(up(find(1)))
	for range maxResponses + 1 {
		many.Parse(app.Input{Data: down(ldapMessage(1, opSearchReference, text("x"))).Data, Dir: toClient})
	}
	if tx := many.Txs()[0]; !tx.HasEvent(EventTooManyResponses) || !tx.Complete(toClient) {
		t.Error("responses without end are kept")
	}
	long := newParser().New()
	long.Parse(app.Input{Data: []byte("\x30\x84\x00\x20\x00\x00"), Dir: toServer})
	for left := 2<<20 + 6 - 6; left > 0; left -= 1 << 20 {
		if r := long.Parse(app.Input{Data: make([]byte, min(left, 1<<20)), Dir: toServer}); r.Status != app.StatusOK {
			t.Fatal("a long message is not passed over")
		}
	}
	long.Parse(app.Input{Data: up(find(1)).Data, Dir: toServer})
	if len(long.Txs()) != 1 {
		t.Error("what follows a long message is not read")
	}
}

func TestTheStartOfAFlowTells(t *testing.T) {
	whole := up(find(1)).Data
	for _, c := range []struct {
		name     string
		data     string
		datagram bool
		want     app.Answer
		dir      decoders.Direction
	}{
		{"a request", find(1), false, app.Yes, toServer},
		{"a response", result(1, opBindResponse, 0), false, app.Yes, toClient},
		{"its first bytes", string(whole[:6]), false, app.Yes, toServer},
		{"too few of them", string(whole[:4]), false, app.Maybe, toServer},
		{"too few in a datagram", string(whole[:4]), true, app.No, toServer},
		{"nothing", "", false, app.Maybe, toServer},
		{"SNMP", "\x30\x26\x02\x01\x01\x04\x06public", true, app.No, toServer},
		{"Kerberos", "\x6a\x81\x10\x30\x10", true, app.No, toServer},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := app.Input{Data: []byte(c.data), Datagram: c.datagram, Dir: toServer}
			if got := NewParser().Probe(in); got != c.want {
				t.Errorf("answer %d, want %d", got, c.want)
			}
			if got := NewParser().Direction(in); c.want == app.Yes && got != c.dir {
				t.Errorf("direction %v, want %v", got, c.dir)
			}
		})
	}
}
