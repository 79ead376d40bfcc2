package mqtt

import (
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

// packet makes a control packet of at most 127 bytes of content.
func packet(first byte, parts ...string) []byte {
	body := strings.Join(parts, "")
	if len(body) > 127 {
		panic("too long")
	}
	return append([]byte{first, byte(len(body))}, body...)
}

// text is a string with its length.
func text(s string) string { return string([]byte{0, byte(len(s))}) + s }

var (
	connect5 = packet(0x10, text("MQTT"), "\x05\xe6\x00\x3c", "\x03\x21\x00\x14", text("me"),
		"\x07\x26"+text("k")+text("v")+"", text("will/topic"), text("bye"), text("user"), text("pass"))
	connack5   = packet(0x20, "\x01\x00", "\x03\x22\x00\x0a")
	publish0   = packet(0x31, text("a/b"), "\x00", "hello")
	publish2   = packet(0x3d, text("a/b"), "\x00\x07", "\x00", "again")
	pubrec     = packet(0x50, "\x00\x07")
	pubrel     = packet(0x62, "\x00\x07\x92\x00")
	pubcomp    = packet(0x70, "\x00\x07")
	subscribe  = packet(0x82, "\x00\x01", "\x00", text("x/#"), "\x01", text("y"), "\x02")
	suback     = packet(0x90, "\x00\x01", "\x00", "\x01\x80")
	disconnect = packet(0xe0)
)

func conversation() []apptest.Message {
	return []apptest.Message{
		{Dir: toServer, Data: connect5}, {Dir: toClient, Data: connack5},
		{Dir: toServer, Data: slices.Concat(publish0, publish2, subscribe)},
		{Dir: toClient, Data: slices.Concat(pubrec, suback)},
		{Dir: toServer, Data: pubrel}, {Dir: toClient, Data: pubcomp},
		{Dir: toServer, Data: packet(0xc0)}, {Dir: toClient, Data: packet(0xd0)},
		{Dir: toServer, Data: disconnect},
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "session", Messages: conversation(), Min: 7, Grows: true}})
}

func FuzzConversation(f *testing.F) {
	var all, ops []byte
	for _, m := range conversation() {
		all, ops = append(all, m.Data...), append(ops, byte(m.Dir))
	}
	f.Add(all, ops)
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
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

func TestExchangesAreToldOf(t *testing.T) {
	s := parsed(t, conversation()...)
	want := []string{
		`{connect: {qos: 0, retain: false, dup: false, protocol_string: "MQTT", protocol_version: 5, client_id: "me", ` +
			`flags: {username: true, password: true, will_retain: true, will: true, clean_session: true}, username: "user", ` +
			`password: "pass", will: {topic: "will/topic", message: "bye", properties: {user_properties: [{key: "k", value: "v"}]}}, ` +
			`properties: {receive_maximum: 20}}, connack: {qos: 0, retain: false, dup: false, session_present: true, return_code: 0, ` +
			`properties: {topic_alias_maximum: 10}}}`,
		`{publish: {qos: 0, retain: true, dup: false, topic: "a/b", message: "hello"}}`,
		`{publish: {qos: 2, retain: true, dup: true, topic: "a/b", message_id: 7, message: "again"}, ` +
			`pubrec: {qos: 0, retain: false, dup: false, message_id: 7}, ` +
			`pubrel: {qos: 1, retain: false, dup: false, message_id: 7, reason_code: 146}, ` +
			`pubcomp: {qos: 0, retain: false, dup: false, message_id: 7}}`,
		`{subscribe: {qos: 1, retain: false, dup: false, message_id: 1, topics: [{topic: "x/#", qos: 1}, {topic: "y", qos: 2}]}, ` +
			`suback: {qos: 0, retain: false, dup: false, message_id: 1, qos_granted: [1, 128]}}`,
		`{pingreq: {qos: 0, retain: false, dup: false}}`,
		`{pingresp: {qos: 0, retain: false, dup: false}}`,
		`{disconnect: {qos: 0, retain: false, dup: false, reason_code: 0}}`,
	}
	if len(s.Txs()) != len(want) {
		t.Fatalf("%d exchanges, want %d", len(s.Txs()), len(want))
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("record %d\n%s\nwant\n%s", i, got, want[i])
		}
		if d := tx.(*Tx).Direction(); !tx.Complete(d) || tx.Complete(d.Opposite()) {
			t.Errorf("exchange %d is complete %v and the other way %v", i, tx.Complete(d), tx.Complete(d.Opposite()))
		}
	}
}

func TestExchangesGiveWhatRulesAskFor(t *testing.T) {
	p := NewParser()
	s := parsed(t, conversation()...)
	for _, c := range []struct {
		tx    int
		field string
		want  []string
	}{
		{0, "mqtt.type", []string{"1", "2"}},
		{0, "mqtt.connect.flags", []string{"230"}},
		{0, "mqtt.connect.clientid", []string{"me"}},
		{0, "mqtt.connect.willmessage", []string{"bye"}},
		{0, "mqtt.connect.password", []string{"pass"}},
		{0, "mqtt.connack.session_present", []string{"1"}},
		{0, "mqtt.reason_code", []string{"0"}},
		{0, "mqtt.publish.topic", nil},
		{1, "mqtt.publish.message", []string{"hello"}},
		{1, "mqtt.flags", []string{"1"}},
		{1, "mqtt.connect.username", nil},
		{2, "mqtt.qos", []string{"2", "0", "1", "0"}},
		{3, "mqtt.subscribe.topic", []string{"x/#", "y"}},
		{3, "mqtt.unsubscribe.topic", nil},
		{3, "mqtt.reason_code", []string{"1", "128"}},
	} {
		var got []string
		for i := 0; ; i++ {
			v, ok := apptest.Value(t, p, s.Txs()[c.tx], toServer, c.field, i)
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

func TestOddities(t *testing.T) {
	to := func(dir decoders.Direction, data ...[]byte) apptest.Message {
		return apptest.Message{Dir: dir, Data: slices.Concat(data...)}
	}
	connect3 := packet(0x10, text("MQIsdp"), "\x03\x02\x00\x3c", text(""))
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []app.Event
	}{
		{"an answer to no CONNECT", []apptest.Message{to(toClient, packet(0x20, "\x00\x00"))}, []app.Event{EventMissingConnect}},
		{"an answer to no PUBLISH", []apptest.Message{to(toClient, pubrec)}, []app.Event{EventMissingPublish}},
		{"an answer to no SUBSCRIBE", []apptest.Message{to(toClient, suback)}, []app.Event{EventMissingSubscribe}},
		{"an answer to no UNSUBSCRIBE", []apptest.Message{to(toClient, packet(0xb0, "\x00\x01"))}, []app.Event{EventMissingUnsubscribe}},
		{"a second CONNECT", []apptest.Message{to(toServer, connect3), to(toClient, packet(0x20, "\x00\x00")), to(toServer, connect3)}, []app.Event{EventDoubleConnect}},
		{"PINGREQ before CONNACK", []apptest.Message{to(toServer, packet(0xc0))}, []app.Event{EventUnintroducedMessage}},
		{"a quality of service that is none", []apptest.Message{to(toServer, connect3), to(toClient, packet(0x20, "\x00\x00")), to(toServer, packet(0x36, text("t"), "\x00\x01"))}, []app.Event{EventInvalidQosLevel}},
		{"a type that is none", []apptest.Message{to(toServer, packet(0x00))}, []app.Event{EventUnassignedMsgType}},
		{"a packet that ends early", []apptest.Message{to(toServer, packet(0x10, "\x00\x04MQ"))}, []app.Event{EventMalformedTraffic}},
		{"properties that end early", []apptest.Message{to(toServer, packet(0x10, text("MQTT"), "\x05\x02\x00\x3c", "\x02\x21\x00", text("")))}, []app.Event{EventMalformedTraffic}},
		{"a length without end", []apptest.Message{to(toServer, []byte{0x10, 0xff, 0xff, 0xff, 0xff})}, []app.Event{EventMalformedTraffic}},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := parsed(t, c.messages...).Txs()
			if got := txs[len(txs)-1].AppendEvents(nil); !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
}

func TestLongPacketsArePassedOver(t *testing.T) {
	s := newParser().New()
	s.Parse(app.Input{Data: []byte{0x30, 0x80, 0x80, 0x80, 0x01, 'x'}, Dir: toServer}) // 2 MiB
	if r := s.Parse(app.Input{Data: make([]byte, 1<<20-1), Dir: toServer, Gap: 1 << 20}); r.Status != app.StatusOK {
		t.Fatalf("status %d inside a packet that is passed over", r.Status)
	}
	s.Parse(app.Input{Data: packet(0xc0), Dir: toServer})
	if n := len(s.Txs()); n != 2 {
		t.Fatalf("%d exchanges, want 2", n)
	}
	if got, want := apptest.RecordText(s.Txs()[0].(*Tx)), `{publish: {qos: 0, retain: false, dup: false, skipped_length: 2097152}}`; got != want {
		t.Errorf("record %s, want %s", got, want)
	}
	if r := s.Parse(app.Input{Data: packet(0xc0), Dir: toServer, Gap: 1}); r.Status != app.StatusError {
		t.Error("bytes that are missing elsewhere do not end the parsing")
	}
}

func TestExchangesWithTooManyPacketsKeepTheFirstAndTheLast(t *testing.T) {
	config := DefaultConfig()
	config.MaxMessages = 4
	s := NewParserWith(config).New()
	connect4 := packet(0x10, text("MQTT"), "\x04\x02\x00\x3c", text("me"))
	rel := packet(0x62, "\x00\x07")
	for _, in := range []app.Input{
		{Dir: toServer, Data: slices.Concat(connect4)}, {Dir: toClient, Data: packet(0x20, "\x00\x00")},
		{Dir: toServer, Data: packet(0x34, text("a"), "\x00\x07", "again")},
		{Dir: toClient, Data: slices.Concat(pubrec, pubrec, pubrec)},
	} {
		if r := s.Parse(in); r.Status != app.StatusOK {
			t.Fatalf("status %d", r.Status)
		}
	}
	tx := s.Txs()[1].(*Tx)
	if tx.HasEvent(EventTooManyMessages) || tx.count != 4 {
		t.Fatalf("four packets: %d, events %v", tx.count, tx.AppendEvents(nil))
	}
	s.Parse(app.Input{Dir: toServer, Data: slices.Concat(rel, rel)})
	if !tx.HasEvent(EventTooManyMessages) || tx.count != 4 || tx.complete {
		t.Errorf("two more: %d packets, complete %v, events %v", tx.count, tx.complete, tx.AppendEvents(nil))
	}
	s.Parse(app.Input{Dir: toClient, Data: pubcomp})
	if tx.count != 5 || !tx.complete || tx.messages[4].kind != kindPubcomp {
		t.Errorf("the last: %d packets, complete %v", tx.count, tx.complete)
	}
}

func TestTooManyPropertiesAreAnEvent(t *testing.T) {
	one := "\x26" + text("k") + text("v")
	for n, want := range map[int]bool{maxProperties: false, maxProperties + 1: true} {
		list := strings.Repeat(one, n)
		body := text("MQTT") + "\x05\x02\x00\x3c" + string(appendVariable(nil, len(list))) + list + text("me")
		s := newParser().New()
		s.Parse(app.Input{Dir: toServer, Data: append(appendVariable([]byte{0x10}, len(body)), body...)})
		if got := s.Txs()[0].HasEvent(EventTooManyProperties); got != want {
			t.Errorf("%d properties: %v", n, got)
		}
	}
}

// appendVariable appends a variable byte integer of two bytes.
func appendVariable(dst []byte, n int) []byte { return append(dst, byte(n&0x7f|0x80), byte(n>>7)) }
