package bittorrent

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

const (
	one  = "abcdefghij0123456789"
	two  = "mnopqrstuvwxyz123456"
	node = one + "\x0a\x00\x00\x01\x1a\xe1"
)

var node6 = one + "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01\x1a\xe1"

func text(s string) string    { return fmt.Sprintf("%d:%s", len(s), s) }
func list(s ...string) string { return "l" + strings.Join(s, "") + "e" }
func dict(s ...string) string { return "d" + strings.Join(s, "") + "e" }

// query has arguments behind the sender's.
func query(name string, arguments ...string) string {
	return dict("1:a", dict(append([]string{"2:id", text(one)}, arguments...)...), "1:q", text(name), "1:t2:aa", "1:v", text("UT\x00\x01"), "1:y1:q")
}

func response(members ...string) string {
	return dict("1:r", dict(append([]string{"2:id", text(two)}, members...)...), "1:t2:aa", "1:y1:r")
}

func failure(members ...string) string { return dict("1:e", list(members...), "1:t2:aa", "1:y1:e") }

const (
	hexOne = "6162636465666768696a30313233343536373839"
	hexTwo = "6d6e6f707172737475767778797a313233343536"
)

var session = []apptest.Message{
	{Dir: toServer, Data: []byte(query("find_node", "6:target", text(two)))},
	{Dir: toClient, Data: []byte(response("5:nodes", text(node+node), "6:nodes6", text(node6)))},
	{Dir: toServer, Data: []byte(query("announce_peer", "12:implied_porti1e", "9:info_hash", text(two), "4:porti6881e", "5:token3:tok"))},
	{Dir: toClient, Data: []byte(response("5:token", text("\xff"), "6:values", list(text(node[20:]), text(node6[20:]))))},
	{Dir: toServer, Data: []byte("\x21\x00uTP")},
	{Dir: toClient, Data: []byte(failure("i201e", text("Generic")))},
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "messages", Messages: session, Min: 5, Datagram: true}})
}

func FuzzConversation(f *testing.F) {
	for _, m := range session {
		f.Add(m.Data, []byte{0xfe | byte(m.Dir)})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) {
		apptest.Fuzz(t, newParser, data, ops)
		for _, record := range told(data) {
			if strings.HasPrefix(record, "open") {
				t.Error("a record is not closed")
			}
		}
	})
}

// parsed takes datagrams, all in one direction.
func parsed(datagrams ...[]byte) *State {
	s := newParser().New()
	for _, data := range datagrams {
		s.Parse(app.Input{Data: data, Datagram: true})
	}
	return s.(*State)
}

func told(datagrams ...[]byte) (records []string) {
	for _, tx := range parsed(datagrams...).Txs() {
		records = append(records, apptest.RecordText(tx.(*Tx)))
	}
	return records
}

func TestMessagesAreToldOf(t *testing.T) {
	const id = `transaction_id: "6161", `
	const asked = id + `client_version: "55540001", request_type: `
	const peer, peer6 = `ip: 10.0.0.1, port: 6881`, `ip: 2001:db8::1, port: 6881`
	for _, c := range []struct{ name, data, want string }{
		{"a ping", query("ping"), asked + `"ping", request: {id: "` + hexOne + `"}`},
		{"a query of another kind", query("vote\xff", "4:vote", "i1e", "1:x", list(list(list()))), asked + `"vote\xff", request: {id: "` + hexOne + `"}`},
		{"a search for a node", string(session[0].Data), asked + `"find_node", request: {id: "` + hexOne + `", target: "` + hexTwo + `"}`},
		{"nodes", string(session[1].Data), id + `response: {id: "` + hexTwo + `", nodes: [{id: "` + hexOne + `", ` + peer + `}, {id: "` + hexOne + `", ` + peer + `}], ` +
			`nodes6: [{id: "` + hexOne + `", ` + peer6 + `}]}`},
		{"an announcement", string(session[2].Data), asked + `"announce_peer", request: {id: "` + hexOne + `", info_hash: "` + hexTwo + `", token: "746f6b", implied_port: 1, port: 6881}`},
		{"peers", string(session[3].Data), id + `response: {id: "` + hexTwo + `", values: [{` + peer + `}, {` + peer6 + `}], token: "ff"}`},
		{"an error", string(session[5].Data), id + `error: {num: 201, msg: "Generic"}`},
		{"an address before a response", dict("2:ip6:\x01\x02\x03\x04\x05\x06", "1:r", dict("2:id", text(two)), "1:t2:aa", "1:y1:r"), id + `response: {id: "` + hexTwo + `"}`},
		{"half a node", response("5:nodes", text(node+"abc")), id + `response: {id: "` + hexTwo + `", nodes: [{id: "` + hexOne + `", ` + peer + `}]}`},
		{"no nodes", response("5:nodes0:", "6:valuesle"), id + `response: {id: "` + hexTwo + `"}`},
		{"values that are no list", response("6:values3:abc"), id + `response: {id: "` + hexTwo + `"}`},
		{"bytes behind a message", query("ping") + "more", asked + `"ping", request: {id: "` + hexOne + `"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parsed([]byte(c.data))
			if len(s.Txs()) != 1 || s.Txs()[0].HasEvent(EventMalformedPacket) {
				t.Fatalf("%d messages, or one that is malformed", len(s.Txs()))
			}
			if got, want := apptest.RecordText(s.Txs()[0].(*Tx)), "{"+c.want+"}"; got != want {
				t.Errorf("record\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestMalformedMessages(t *testing.T) {
	const nothing = `{transaction_id: ""}`
	sender := "d2:id" + text(one)
	for _, c := range []struct{ name, data, want string }{
		{"a message that breaks off", "d1:ad2:id20:abc", nothing},
		{"one without its end", strings.TrimSuffix(query("ping"), "e"), nothing},
		{"one without identifier", dict("1:a", sender+"e", "1:q4:ping", "1:y1:q"), `{transaction_id: "", request_type: "ping", request: {id: "` + hexOne + `"}}`},
		{"one without sender", dict("1:a", "de", "1:q4:ping", "1:t2:aa", "1:y1:q"), nothing},
		{"one without kind", dict("1:a", sender+"e", "1:q4:ping", "1:t2:aa"), nothing},
		{"one of another kind", dict("1:a", sender+"e", "1:q4:ping", "1:t2:aa", "1:y1:z"), nothing},
		{"a query without name", dict("1:a", sender+"e", "1:t2:aa", "1:y1:q"), nothing},
		{"a response without content", dict("1:a", sender+"e", "1:t2:aa", "1:y1:r"), nothing},
		{"keys out of order", dict("1:a", sender+"e", "1:t2:aa", "1:q4:ping", "1:y1:q"), nothing},
		{"a key that comes twice", dict("1:a", sender+"2:id0:e", "1:q4:ping", "1:t2:aa", "1:y1:q"), nothing},
		{"a key that is a number", dict("1:a", sender+"e", "i1e4:ping", "1:t2:aa", "1:y1:q"), nothing},
		{"a length with a zero in front", dict("1:a", sender+"e", "1:q4:ping", "1:t02:aa", "1:y1:q"), nothing},
		{"a long length", dict("1:a", sender+"e", "1:q999999:ping"), nothing},
		{"a port that is too large", query("x", "4:porti65536e"), nothing},
		{"a port below zero", query("x", "4:porti-1e"), nothing},
		{"a port with a zero in front", query("x", "4:porti07e"), nothing},
		{"a port of nothing", query("x", "4:portie"), nothing},
		{"a port without end", "d1:ad2:id20:" + one + "4:porti1", nothing},
		{"a port that is a text", query("x", "4:port2:11"), nothing},
		{"an implied port that is too large", query("x", "12:implied_porti256e"), nothing},
		{"a name that is a number", dict("1:a", sender+"e", "1:qi1e", "1:t2:aa", "1:y1:q"), nothing},
		{"a peer that is too short", response("6:values", list("3:abc")), nothing},
		{"an error without a number", dict("1:el1:xe", "1:t2:aa", "1:y1:e"), nothing},
		{"an error without a text", dict("1:eli1ee", "1:t2:aa", "1:y1:e"), nothing},
		{"an error with a number that is too large", dict("1:el1:xi70000ee", "1:t2:aa", "1:y1:e"), nothing},
		{"values that nest too deep", query("x", "1:z", strings.Repeat("l", maxDepth)+strings.Repeat("e", maxDepth)), nothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parsed([]byte(c.data), []byte(query("ping")))
			if len(s.Txs()) != 2 {
				t.Fatalf("%d messages, want this one and the next", len(s.Txs()))
			}
			first := s.Txs()[0]
			if got := first.AppendEvents(nil); !slices.Equal(got, []app.Event{EventMalformedPacket}) {
				t.Errorf("events %v", got)
			}
			if got := apptest.RecordText(first.(*Tx)); got != c.want {
				t.Errorf("record %s, want %s", got, c.want)
			}
		})
	}
}

func TestWhatElsePeersSendIsPassedOver(t *testing.T) {
	for _, data := range []string{"", "\x21\x00uTP", "d1:y1:qe", "d1:ad", "hello, world"} {
		s := newParser().New()
		if r := s.Parse(app.Input{Data: []byte(data), Datagram: true}); r.Status != app.StatusOK || len(s.Txs()) != 0 {
			t.Errorf("%q: status %d, %d messages", data, r.Status, len(s.Txs()))
		}
	}
}

func TestBoundsHold(t *testing.T) {
	s := newParser().New()
	for range maxTxs + 1 {
		s.Parse(app.Input{Data: []byte(query("ping")), Datagram: true})
	}
	if len(s.Txs()) != maxTxs {
		t.Errorf("%d live messages", len(s.Txs()))
	}
	if r := newParser().New().Parse(app.Input{Data: []byte(query("ping"))}); r.Status != app.StatusError {
		t.Error("a stream is read")
	}
}

func TestTheStartOfAFlowTells(t *testing.T) {
	d, err := app.NewDetector([]app.Candidate{{Parser: NewParser(), UDPPorts: []uint16{6881}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, data string
		port       uint16
		want       app.Answer
	}{
		{"a query", query("ping"), 5000, app.Yes},
		{"a response", response(), 5000, app.Yes},
		{"an error", failure("i201e", "1:x"), 5000, app.No},
		{"an error at a port of the configuration", failure("i201e", "1:x"), 6881, app.Yes},
		{"bencode of something else", "d8:announce3:urle", 6881, app.No},
	} {
		for _, dir := range []decoders.Direction{toServer, toClient} {
			got := d.Detect(app.Input{Data: []byte(c.data), Dir: dir, Datagram: true}, app.UDP, app.Ports{Src: 7000, Dst: c.port})
			if got.Answer != c.want || got.Reversed {
				t.Errorf("%s: answer %d, reversed %v; want %d", c.name, got.Answer, got.Reversed, c.want)
			}
		}
	}
}
