package snmp

import (
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

// el is an element of less than 128 octets, or with a long length.
func el(tag byte, parts ...string) string {
	content := ""
	for _, p := range parts {
		content += p
	}
	if len(content) >= 0x80 {
		return string([]byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}) + content
	}
	return string([]byte{tag, byte(len(content))}) + content
}

func num(n byte) string      { return el(tagInteger, string([]byte{n})) }
func octets(s string) string { return el(tagOctets, s) }

// variables are names, each with a null.
func variables(names ...string) string {
	var list []string
	for _, n := range names {
		list = append(list, el(tagSequence, el(tagOID, n), el(5)))
	}
	return el(tagSequence, list...)
}

const sysDescr = "\x2b\x06\x01\x02\x01\x01\x01\x00"

func v12(version byte, pdu string) string {
	return el(tagSequence, num(version), octets("public"), pdu)
}

func v3(flags, model byte, security, data string) string {
	return el(tagSequence, num(3), el(tagSequence, num(1), num(100), octets(string([]byte{flags})), num(model)), octets(security), data)
}

var usm = el(tagSequence, octets("engine"), num(1), num(2), octets("admin"), octets(""), octets(""))

func messages() []apptest.Message {
	up := func(s string) apptest.Message { return apptest.Message{Dir: toServer, Data: []byte(s)} }
	down := func(s string) apptest.Message { return apptest.Message{Dir: toClient, Data: []byte(s)} }
	return []apptest.Message{
		up(v12(0, el(tagPDU, num(1), num(0), num(0), variables(sysDescr)))),
		down(v12(0, el(tagPDU+2, num(1), num(2), num(1), variables(sysDescr, "\x88\x37\x81\x00")))),
		up(v12(1, el(tagPDU+5, num(1), num(10), num(50), variables(sysDescr)))),
		up(v12(0, el(tagPDU+trapV1, el(tagOID, "\x2b\x06\x01\x04\x01"), el(tagAddress, "\xc0\x00\x02\x01"), num(2), num(0), el(0x43, "\x01"), variables()))),
		up(v3(0, usmModel, usm, el(tagSequence, octets("engine"), octets(""), el(tagPDU+report, num(1), num(0), num(0), variables(sysDescr))))),
		up(v3(3, usmModel, usm, octets("ciphertext"))),
		up(v3(0, 1, "", el(tagSequence, octets(""), octets(""), el(tagPDU, num(1), num(0), num(0), variables())))),
		up(v12(1, el(tagPDU, num(1), num(0)))),
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "messages", Messages: messages(), Datagram: true, Min: 8}})
}

func FuzzConversation(f *testing.F) {
	for _, m := range messages() {
		f.Add(m.Data, []byte{byte(m.Dir)})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed() app.State {
	s := newParser().New()
	for _, m := range messages() {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true})
	}
	return s
}

func TestMessagesAreToldOf(t *testing.T) {
	s := parsed()
	want := []string{
		`{version: 1, pdu_type: "get_request", vars: ["1.3.6.1.2.1.1.1.0"], community: "public"}`,
		`{version: 1, pdu_type: "response", error: "NoSuchName", vars: ["1.3.6.1.2.1.1.1.0", "2.999.128"], community: "public"}`,
		`{version: 2, pdu_type: "get_bulk_request", vars: ["1.3.6.1.2.1.1.1.0"], community: "public"}`,
		`{version: 1, pdu_type: "trap_v1", trap_type: "linkDown", trap_oid: "1.3.6.1.4.1", trap_address: 192.0.2.1, community: "public"}`,
		`{version: 3, pdu_type: "report", vars: ["1.3.6.1.2.1.1.1.0"], usm: "admin"}`,
		`{version: 3, pdu_type: "encrypted"}`,
		`{version: 3, pdu_type: "get_request"}`,
		"",
	}
	events := [][]app.Event{nil, nil, {EventVersionMismatch}, nil, {EventVersionMismatch}, {EventVersionMismatch},
		{EventUnknownSecurityModel, EventVersionMismatch}, {EventMalformedData}}
	if len(s.Txs()) != len(want) {
		t.Fatalf("%d messages, want %d", len(s.Txs()), len(want))
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("record %d\n%s\nwant\n%s", i, got, want[i])
		}
		if got := tx.AppendEvents(nil); !slices.Equal(got, events[i]) {
			t.Errorf("message %d has events %v, want %v", i, got, events[i])
		}
	}
}

func TestRulesAskForFields(t *testing.T) {
	s := parsed()
	for _, c := range []struct {
		tx          int
		field, want string // "" for none
	}{
		{0, "snmp.version", "1"}, {2, "snmp.version", "2"}, {5, "snmp.version", "3"}, {7, "snmp.version", ""},
		{1, "snmp.pdu_type", "2"}, {3, "snmp.pdu_type", "4"}, {4, "snmp.pdu_type", "8"}, {5, "snmp.pdu_type", ""},
		{3, "snmp.trap_type", "2"}, {0, "snmp.trap_type", ""},
		{0, "snmp.community", "public"}, {4, "snmp.community", ""},
		{4, "snmp.usm", "admin"}, {5, "snmp.usm", "admin"}, {0, "snmp.usm", ""}, {6, "snmp.usm", ""},
	} {
		got, ok := apptest.Value(t, NewParser(), s.Txs()[c.tx], toServer, c.field, 0)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s of message %d is %q, want %q", c.field, c.tx, got, c.want)
		}
	}
}

func TestMessagesThatCannotBeRead(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":                     "",
		"another version":             v12(2, el(tagPDU, num(1), num(0), num(0), variables())),
		"a PDU of no kind":            v12(1, el(tagPDU+9, num(1), num(0), num(0), variables())),
		"a length beyond the end":     "\x30\x7f\x02\x01\x00",
		"a length without end":        "\x30\x80\x02\x01\x00",
		"no variables":                v12(1, el(tagPDU, num(1), num(0), num(0))),
		"a name that is cut off":      v12(1, el(tagPDU, num(1), num(0), num(0), variables("\x2b\x86"))),
		"a name that is empty":        v12(1, el(tagPDU, num(1), num(0), num(0), variables(""))),
		"an agent of another length":  v12(0, el(tagPDU+trapV1, el(tagOID, "\x2b"), el(tagAddress, "\xc0"), num(2), num(0), el(0x43, "\x01"), variables())),
		"flags of another length":     el(tagSequence, num(3), el(tagSequence, num(1), num(100), octets(""), num(3)), octets(usm), octets("")),
		"parameters that are cut off": v3(0, usmModel, usm[:9], octets("")),
	} {
		s := newParser().New()
		if r := s.Parse(app.Input{Data: []byte(data), Datagram: true}); r.Status != app.StatusError {
			t.Errorf("%s: status %d", name, r.Status)
		}
		if tx := s.Txs()[0].(*Tx); !tx.HasEvent(EventMalformedData) || apptest.RecordText(tx) != "" || !tx.Complete(toServer) {
			t.Errorf("%s: events %v", name, tx.AppendEvents(nil))
		}
		if r := s.Parse(app.Input{Data: messages()[0].Data, Datagram: true}); r.Status != app.StatusOK {
			t.Errorf("behind %s nothing is read", name)
		}
	}
}

func TestSNMPIsToldByItsStart(t *testing.T) {
	for data, want := range map[string]app.Answer{
		"\x30\x26\x02\x01\x01\x04\x06public": app.No, // the length is wrong
		"\x31\x05\x02\x01\x01\x04\x00":       app.No,
		"\x30\x05\x02\x01\x02\x04\x00":       app.No,
		"\x30\x05\x02\x01\x03\x30\x00":       app.Yes,
		"\x30\x81\x05\x02\x01\x00\x04\x00":   app.Yes,
		"\x30":                               app.No,
	} {
		if got := NewParser().Probe(app.Input{Data: []byte(data), Datagram: true}); got != want {
			t.Errorf("%q: %d, want %d", data, got, want)
		}
	}
	if NewParser().Probe(app.Input{Data: messages()[0].Data}) != app.No {
		t.Error("a stream is SNMP")
	}
}
