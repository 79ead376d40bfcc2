package enip

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

// message is a header of session 7 with data.
func message(command uint16, status uint32, data string) []byte {
	le := binary.LittleEndian
	out := le.AppendUint16(nil, command)
	out = le.AppendUint16(out, uint16(len(data)))
	out = le.AppendUint32(out, 7)
	out = le.AppendUint32(out, status)
	return append(append(out, make([]byte, 12)...), data...)
}

func up(command uint16, data string) apptest.Message {
	return apptest.Message{Dir: toServer, Data: message(command, 0, data)}
}

func down(command uint16, data string) apptest.Message {
	return apptest.Message{Dir: toClient, Data: message(command, 0, data)}
}

// item is an item of the common packet format.
func item(kind uint16, data string) string {
	out := binary.LittleEndian.AppendUint16(nil, kind)
	return string(binary.LittleEndian.AppendUint16(out, uint16(len(data)))) + data
}

func unconnected(cip string) string {
	return "\x00\x00\x00\x00\x0a\x00\x02\x00" + item(0, "") + item(itemUnconnected, cip)
}

func connected(sequence byte, cip string) string {
	return "\x00\x00\x00\x00\x00\x00\x02\x00" + item(0xa1, "\x01\x00\x00\x00") + item(itemConnected, string([]byte{sequence, 0})+cip)
}

const (
	identity = "\x01\x00" + "0123456789abcdef" + "\x01\x00\x0c\x00\x3a\x00\x04\x03\x30\x00\x4e\x4d\x52\x00" + "\x0b1756-ENBT/A" + "\x03"
	// multiple asks for attributes 1 and 7 of class 0xac instance 1, and for
	// all of the identity.
	multiple     = "\x0a\x02\x20\x02\x24\x01\x02\x00\x06\x00\x12\x00" + "\x03\x02\x20\xac\x24\x01\x02\x00\x01\x00\x07\x00" + "\x01\x03\x21\x00\x01\x00\x24\x01"
	multipleDone = "\x8a\x00\x00\x00\x02\x00\x06\x00\x0a\x00" + "\x83\x00\x00\x00" + "\x81\x00\x01\x02\x00\x01"
)

func conversation() []apptest.Message {
	return []apptest.Message{
		up(registerSession, "\x01\x00\x00\x00"), down(registerSession, "\x01\x00\x00\x00"),
		up(listIdentity, ""), down(listIdentity, "\x01\x00"+item(itemIdentity, identity)),
		up(listServices, ""), down(listServices, "\x01\x00"+item(itemServices, "\x01\x00\x20\x01Communications\x00\x00")),
		up(sendRRData, unconnected("\x0e\x03\x20\x01\x24\x01\x30\x07")), down(sendRRData, unconnected("\x8e\x00\x00\x00x")),
		up(sendUnitData, connected(1, multiple)), up(sendUnitData, connected(2, "\x4c\x02\x20\x6b\x24\x05\x01\x00")),
		down(sendUnitData, connected(2, "\xcc\x00\x04\x00")),
		up(unregisterSession, ""),
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "session", Messages: conversation(), Min: 7, Grows: true},
		{Name: "datagrams", Messages: conversation(), Min: 7, Datagram: true},
	})
}

func FuzzConversation(f *testing.F) {
	var all, ops []byte
	for _, m := range conversation() {
		all, ops = append(all, m.Data...), append(ops, byte(min(len(m.Data)-1, 126))<<1|byte(m.Dir))
	}
	f.Add(all, ops)
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

// parsed is a state that has seen messages.
func parsed(t *testing.T, messages ...apptest.Message) app.State {
	t.Helper()
	s := newParser().New()
	for _, m := range messages {
		if r := s.Parse(app.Input{Data: m.Data, Dir: m.Dir}); r.Status != app.StatusOK {
			t.Fatalf("status %d", r.Status)
		}
	}
	return s
}

func TestExchangesAreToldOf(t *testing.T) {
	s := parsed(t, append(conversation(), down(sendUnitData, connected(9, multipleDone)))...)
	const session = `register_session: {protocol_version: 1, options: 0}`
	head := func(command string) string { return `{command: "` + command + `", status: "success"` }
	want := []string{
		"{request: " + head("register_session") + ", " + session + "}, response: " + head("register_session") + ", " + session + "}}",
		"{request: " + head("list_identity") + "}, response: " + head("list_identity") + `, identity: {protocol_version: 1, revision: "4.3", ` +
			`vendor_id: "Rockwell Automation/Allen-Bradley", device_type: "Communications Adapter", product_code: 58, status: 48, ` +
			`serial: 5393742, product_name: "1756-ENBT/A", state: 3}}}`,
		"{request: " + head("list_services") + "}, response: " + head("list_services") +
			`, list_services: {protocol_version: 1, capabilities: 288, service_name: "Communications\x00\x00"}}}`,
		"{request: " + head("send_r_r_data") + `, cip: {service: "Get Attributes Single", path: [{segment_type: "class", value: 1}, ` +
			`{segment_type: "instance", value: 1}, {segment_type: "attribute", value: 7}], class_name: "Identity"}}, ` +
			"response: " + head("send_r_r_data") + `, cip: {service: "Get Attributes Single", status: "Success"}}}`,
		"{request: " + head("send_unit_data") + `, cip: {service: "Multiple Service Packet", path: [{segment_type: "class", value: 2}, ` +
			`{segment_type: "instance", value: 1}], class_name: "Message Router", multiple: [{service: "Get Attribute List", ` +
			`path: [{segment_type: "class", value: 172}, {segment_type: "instance", value: 1}], class_name: "unknown-172"}, ` +
			`{service: "Get Attributes All", path: [{segment_type: "class", value: 1}, {segment_type: "instance", value: 1}], ` +
			`class_name: "Identity"}]}}}`,
		"{request: " + head("send_unit_data") + `, cip: {service: "Read Data", path: [{segment_type: "class", value: 107}, ` +
			`{segment_type: "instance", value: 5}], class_name: "unknown-107"}}, ` +
			"response: " + head("send_unit_data") + `, cip: {service: "Read Data", status: "Path Segment Error"}}}`,
		"{request: " + head("unregister_session") + "}}",
		"{response: " + head("send_unit_data") + `, cip: {service: "Multiple Service Packet", status: "Success", multiple: [` +
			`{service: "Get Attribute List", status: "Success"}, {service: "Get Attributes All", status: "Connection Failure", ` +
			`status_extended: "0001", status_extended_meaning: "Connection in use or duplicate Forward Open"}]}}}`,
	}
	if len(s.Txs()) != len(want) {
		t.Fatalf("%d exchanges, want %d", len(s.Txs()), len(want))
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("record %d\n%s\nwant\n%s", i, got, want[i])
		}
		if events := tx.AppendEvents(nil); len(events) > 0 {
			t.Errorf("exchange %d has events %v", i, events)
		}
		if got, want := tx.Complete(toServer) && tx.Complete(toClient), i < 7; got != want {
			t.Errorf("exchange %d is complete: %v", i, got)
		}
	}
}

func TestRulesAskForNumbersAndNames(t *testing.T) {
	s := parsed(t, append(conversation(), down(sendUnitData, connected(9, multipleDone)))...)
	for _, c := range []struct {
		tx    int
		dir   decoders.Direction
		field string
		want  []string
	}{
		{0, toServer, "enip_command", []string{"101"}},
		{0, toClient, "enip.protocol_version", []string{"1"}},
		{1, toServer, "enip.protocol_version", nil},
		{1, toClient, "enip.protocol_version", []string{"1"}},
		{1, toClient, "enip.status", []string{"0"}},
		{1, toClient, "enip.vendor_id", []string{"1"}},
		{1, toClient, "enip.device_type", []string{"12"}},
		{1, toClient, "enip.product_code", []string{"58"}},
		{1, toClient, "enip.revision", []string{"1027"}},
		{1, toClient, "enip.serial", []string{"5393742"}},
		{1, toClient, "enip.state", []string{"3"}},
		{1, toClient, "enip.identity_status", []string{"48"}},
		{1, toClient, "enip.product_name", []string{"1756-ENBT/A"}},
		{1, toClient, "enip.service_name", nil},
		{2, toClient, "enip.service_name", []string{"Communications\x00\x00"}},
		{2, toClient, "enip.capabilities", []string{"288"}},
		{3, toServer, "enip.cip_attribute", []string{"7"}},
		{4, toServer, "enip.cip_class", []string{"2", "172", "1"}},
		{4, toServer, "enip.cip_instance", []string{"1", "1", "1"}},
		{4, toServer, "enip.cip_attribute", []string{"1", "7"}},
		{4, toClient, "enip_command", nil},
		{7, toClient, "enip.cip_status", []string{"0", "0", "1"}},
		{7, toClient, "enip.cip_extendedstatus", []string{"256"}},
	} {
		var got []string
		for i := 0; ; i++ {
			v, ok := apptest.Value(t, NewParser(), s.Txs()[c.tx], c.dir, c.field, i)
			if !ok {
				break
			}
			got = append(got, v)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s of exchange %d is %q, want %q", c.field, c.tx, got, c.want)
		}
	}
}

func TestRulesAskForServices(t *testing.T) {
	s := parsed(t, append(conversation(), down(sendUnitData, connected(9, multipleDone)))...)
	for value, want := range map[string][2]string{ // exchanges, by direction
		"14": {"3", "3"}, "14,1": {"3", ""}, "14,1,7": {"3", ""}, "14,1,6": {"", ""}, "14, 1, !7": {"3", ""}, "14,2": {"", ""},
		"10": {"4", "7"}, "3": {"4", "7"}, "3,172,7": {"4", ""}, "3,1": {"", ""}, "1,1": {"4", ""}, "76": {"5", "5"},
	} {
		c, err := parseService(value)
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		for dir := range want {
			var got []string
			for i, tx := range s.Txs() {
				if c.Match(tx, decoders.Direction(dir)) {
					got = append(got, string(rune('0'+i)))
				}
			}
			if strings.Join(got, "") != want[dir] {
				t.Errorf("%s matches exchanges %v of direction %d, want %s", value, got, dir, want[dir])
			}
		}
	}
	for _, value := range []string{"", "128", "x", "1,", "1,2,", "1,2,3,4", "!1"} {
		if _, err := parseService(value); err == nil {
			t.Errorf("%s loads", value)
		}
	}
}

func TestInvalidMessages(t *testing.T) {
	for name, m := range map[string]apptest.Message{
		"a session without options":       up(registerSession, "\x01\x00"),
		"no items":                        up(sendRRData, "\x00\x00\x00\x00\x0a\x00"),
		"an item that ends early":         up(sendRRData, "\x00\x00\x00\x00\x0a\x00\x01\x00\xb2\x00\x08\x00\x0e"),
		"a path that ends early":          up(sendRRData, unconnected("\x0e\x03\x20\x01")),
		"a path of symbols":               up(sendRRData, unconnected("\x4c\x02\x91\x02ab")),
		"an offset beyond the end":        up(sendRRData, unconnected("\x0a\x02\x20\x02\x24\x01\x01\x00\xff\x00")),
		"attributes that end early":       up(sendRRData, unconnected("\x03\x02\x20\x02\x24\x01\x09\x00\x01\x00")),
		"an identity that ends early":     down(listIdentity, "\x01\x00"+item(itemIdentity, identity[:40])),
		"a service list that ends early ": down(listServices, "\x02\x00"+item(itemServices, "\x01\x00\x20\x01Communications\x00\x00")),
	} {
		s := parsed(t, m)
		if tx := s.Txs()[0].(*Tx); !tx.HasEvent(EventInvalidPDU) || len(tx.messages[m.Dir].cips) > 0 {
			t.Errorf("%s: events %v", name, tx.AppendEvents(nil))
		}
	}
}

func TestExchangesAreBounded(t *testing.T) {
	s := newParser().New()
	for range maxTxs + 10 {
		s.Parse(app.Input{Data: message(listIdentity, 0, "")})
	}
	if n := len(s.Txs()); n != maxTxs || !s.Txs()[0].HasEvent(EventTooManyTransactions) || !s.Txs()[n-1].Complete(toClient) {
		t.Errorf("%d exchanges, events %v", n, s.Txs()[0].AppendEvents(nil))
	}
}

func TestMessagesAreFoundBehindAGap(t *testing.T) {
	s := parsed(t, up(listIdentity, ""))
	s.Parse(app.Input{Data: []byte("the rest of something"), Gap: 10})
	s.Parse(app.Input{Data: message(listServices, 0, "")})
	if n := len(s.Txs()); n != 2 {
		t.Errorf("%d exchanges, want 2", n)
	}
}

func TestEtherNetIPIsToldByItsHeader(t *testing.T) {
	options := message(commandNop, 0, "")
	options[20] = 1
	for name, c := range map[string]struct {
		data []byte
		want app.Answer
	}{
		"a request":                  {message(listIdentity, 0, ""), app.Yes},
		"a session":                  {message(registerSession, 0, "\x01\x00\x00\x00"), app.Yes},
		"a session of other length":  {message(registerSession, 0, ""), app.No},
		"the end of a session":       {message(unregisterSession, 0, ""), app.Yes},
		"an unknown command":         {message(0x99, 0, ""), app.No},
		"an unknown status":          {message(listIdentity, 0x99, ""), app.No},
		"no operation":               {message(commandNop, 0, "abc"), app.Yes},
		"no operation, with options": {options, app.No},
		"interfaces":                 {message(listInterfaces, 0, "\x00\x00"), app.Yes},
		"interfaces without count":   {message(listInterfaces, 0, ""), app.No},
		"a part":                     {message(listIdentity, 0, "")[:20], app.Maybe},
	} {
		if got := NewParser().Probe(app.Input{Data: c.data}); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		if got := NewParser().Probe(app.Input{Data: c.data, Datagram: true}); (got == app.Yes) != (c.want == app.Yes) || got == app.Maybe {
			t.Errorf("%s in a datagram: %d", name, got)
		}
	}
}
