package modbus

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

// adu is a message of unit 10 with its header.
func adu(transaction byte, pdu string) []byte {
	return append([]byte{0, transaction, 0, 0, 0, byte(len(pdu) + 1), 10}, pdu...)
}

func up(transaction byte, pdu string) apptest.Message {
	return apptest.Message{Dir: toServer, Data: adu(transaction, pdu)}
}

func down(transaction byte, pdu string) apptest.Message {
	return apptest.Message{Dir: toClient, Data: adu(transaction, pdu)}
}

func conversation() []apptest.Message {
	return []apptest.Message{
		up(1, "\x01\x00\x00\x00\x09"), down(1, "\x01\x02\x05\x01"),
		up(2, "\x10\x00\x01\x00\x02\x04\x00\x0a\x01\x02"), down(2, "\x10\x00\x01\x00\x02"),
		up(3, "\x17\x00\x03\x00\x01\x00\x0e\x00\x01\x02\x00\xff"), down(3, "\x17\x02\x00\xfe"),
		up(4, "\x16\x00\x04\x00\xf2\x00\x25"), down(4, "\x16\x00\x04\x00\xf2\x00\x25"),
		up(5, "\x08\x00\x04\x00\x00"), down(5, "\x88\x0b"),
		up(6, "\x2b\x0e\x01\x00"), down(6, "\x2b\x0e\x01\x01"),
		up(7, "\x11"), down(7, "\x11abc"),
		up(8, "\x05\x00\x07\xff\x00"), down(8, "\x05\x00\x07\xff\x00"),
		up(9, "\x5a\x00"),
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "session", Messages: conversation(), Min: 9, Grows: true}})
}

func FuzzConversation(f *testing.F) {
	var all, ops []byte
	for _, m := range conversation() {
		all, ops = append(all, m.Data...), append(ops, byte(len(m.Data)-1)<<1|byte(m.Dir))
	}
	f.Add(all, ops)
	f.Add([]byte("\x00\x01\x00\x01\xff\xff\x01\x01\x00\x01"), []byte{2, 3})
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

// parsed is a state that has seen messages.
func parsed(t *testing.T, messages ...apptest.Message) app.State {
	t.Helper()
	s := newParser().New()
	for _, m := range messages {
		if r := s.Parse(app.Input{Data: m.Data, Dir: m.Dir}); r.Status == app.StatusError {
			t.Fatal("a message ends the parsing")
		}
	}
	return s
}

func TestExchangesAreToldOf(t *testing.T) {
	s := parsed(t, conversation()...)
	message := func(id, raw int, code, access, category, data string) string {
		return fmt.Sprintf(`{transaction_id: %d, protocol_id: 0, unit_id: 10, function_raw: %d, function_code: %q, access_type: %q, `+
			`category: %q, error_flags: "NONE"%s}`, id, raw, code, access, category, data)
	}
	const public = "PUBLIC_ASSIGNED"
	both := func(id, raw int, code, access, category, request, response string) string {
		return fmt.Sprintf("{id: %d, request: %s, response: %s}", id, message(id, raw, code, access, category, request), message(id, raw, code, access, category, response))
	}
	want := []string{
		both(1, 1, "RdCoils", "READ | COILS", public, `, read: {address: 0, quantity: 9}`, `, read: {data: "\x05\x01"}`),
		both(2, 16, "WrMultRegs", "WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE", public,
			`, write: {address: 1, quantity: 2, data: "\x00\n\x01\x02"}`, `, write: {address: 1, data: 2}`),
		both(3, 23, "RdWrMultRegs", "READ | WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE", public,
			`, read: {address: 3, quantity: 1}, write: {address: 14, quantity: 1, data: "\x00\xff"}`, `, read: {data: "\x00\xfe"}`),
		both(4, 22, "MaskWrReg", "WRITE | HOLDING", public,
			`, write: {address: 4, and_mask: 242, or_mask: 37}`, `, write: {address: 4, and_mask: 242, or_mask: 37}`),
		"{id: 5, request: " + message(5, 8, "Diagnostic", "NONE", public, `, diagnostic: {raw: 4, code: "ForceListenOnlyMode", data: "\x00\x00"}`) +
			", response: " + message(5, 136, "Diagnostic", "NONE", "NONE", `, exception: {raw: 11, code: "GatewayTargetFailToResp"}`) + "}",
		both(6, 43, "MEI", "NONE", public, `, mei: {raw: 14, code: "RdDevId", data: "\x01\x00"}`, `, mei: {raw: 14, code: "RdDevId", data: "\x01\x01"}`),
		both(7, 17, "ReportServerID", "NONE", public, `, data: ""`, `, data: "abc"`),
		both(8, 5, "WrSingleCoil", "WRITE | COILS | SINGLE | WRITE_SINGLE", public, `, write: {address: 7, data: 65280}`, `, write: {address: 7, data: 65280}`),
		"{id: 9, request: " + message(9, 90, "Unknown", "NONE", "RESERVED", `, data: "\x00"`) + "}",
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
		if complete := i < 8; tx.Complete(toServer) != complete || tx.Complete(toClient) != complete {
			t.Errorf("exchange %d is complete: %v", i, !complete)
		}
	}
}

func TestOddities(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []app.Event
	}{
		{"registers that were asked for", []apptest.Message{up(1, "\x03\x00\x00\x00\x02"), down(1, "\x03\x04\x00\x01\x00\x02")}, nil},
		{"coils that were asked for", []apptest.Message{up(1, "\x02\x00\x00\x00\x10"), down(1, "\x02\x02\x00\x01")}, nil},
		{"fewer registers than asked for", []apptest.Message{up(1, "\x03\x00\x00\x00\x02"), down(1, "\x03\x02\x00\x01")}, []app.Event{EventValueMismatch}},
		{"another register written than asked", []apptest.Message{up(1, "\x06\x00\x01\x00\x03"), down(1, "\x06\x00\x02\x00\x03")}, []app.Event{EventValueMismatch}},
		{"another mask", []apptest.Message{up(1, "\x16\x00\x04\x00\xf2\x00\x25"), down(1, "\x16\x00\x04\x00\xf2\x00\x24")}, []app.Event{EventValueMismatch}},
		{"a count of bytes that is not so", []apptest.Message{up(1, "\x03\x00\x00\x00\x01"), down(1, "\x03\x03\x00\x01")}, []app.Event{EventValueMismatch}},
		{"a response without request", []apptest.Message{down(1, "\x11abc")}, []app.Event{EventUnsolicitedResponse}},
		{"a response to another transaction", []apptest.Message{up(1, "\x11"), down(2, "\x11abc")}, []app.Event{EventUnsolicitedResponse}},
		{"a response of another sub-function", []apptest.Message{up(1, "\x08\x00\x04\x00\x00"), down(1, "\x08\x00\x01\x00\x00")}, []app.Event{EventUnsolicitedResponse}},
		{"no registers", []apptest.Message{up(1, "\x03\x00\x00\x00\x00")}, []app.Event{EventInvalidValue}},
		{"too many registers", []apptest.Message{up(1, "\x04\x00\x00\x00\x7e")}, []app.Event{EventInvalidValue}},
		{"as many coils as may be", []apptest.Message{up(1, "\x01\x00\x00\x07\xd0")}, nil},
		{"a coil half on", []apptest.Message{up(1, "\x05\x00\x00\x00\x01")}, []app.Event{EventInvalidValue}},
		{"values that do not fit the quantity", []apptest.Message{up(1, "\x10\x00\x01\x00\x02\x02\x00\x0a")}, []app.Event{EventInvalidValue}},
		{"values that end early", []apptest.Message{up(1, "\x10\x00\x01\x00\x02\x04\x00\x0a")}, []app.Event{EventInvalidLength}},
		{"a diagnostic without data", []apptest.Message{up(1, "\x08\x00\x00")}, []app.Event{EventInvalidLength}},
		{"a restart of no known kind", []apptest.Message{up(1, "\x08\x00\x01\x12\x00")}, []app.Event{EventInvalidValue}},
		{"a counter read with a value", []apptest.Message{up(1, "\x08\x00\x0b\x00\x01")}, []app.Event{EventInvalidValue}},
		{"a request longer than its function", []apptest.Message{up(1, "\x03\x00\x00\x00\x01\x00")}, []app.Event{EventInvalidLength}},
		{"a request shorter than its function", []apptest.Message{up(1, "\x03\x00")}, []app.Event{EventInvalidLength}},
		{"function 0", []apptest.Message{up(1, "\x00")}, []app.Event{EventInvalidFunctionCode}},
		{"an exception as request", []apptest.Message{up(1, "\x90\x00")}, []app.Event{EventInvalidLength, EventInvalidFunctionCode}},
		{"an exception that is none", []apptest.Message{up(1, "\x11"), down(1, "\x91\x0c")}, []app.Event{EventInvalidExceptionCode}},
		{"a parity error of no file", []apptest.Message{up(1, "\x11"), down(1, "\x91\x08")}, []app.Event{EventInvalidExceptionCode}},
		{"another protocol", []apptest.Message{{Dir: toServer, Data: []byte("\x00\x01\x00\x02\x00\x02\x0a\x11")}}, []app.Event{EventInvalidProtocolID}},
		{"a length that is too long", []apptest.Message{{Dir: toServer, Data: []byte("\x00\x01\x00\x00\x01\x02\x0a\x11")}}, []app.Event{EventInvalidLength}},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := parsed(t, c.messages...).Txs()
			got := txs[len(txs)-1].AppendEvents(nil)
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
}

func TestAFloodIsToldOfOnceAndBounded(t *testing.T) {
	s := newParser().New()
	for range 2 * maxTxs {
		s.Parse(app.Input{Data: adu(1, "\x11"), Dir: toServer})
	}
	if n := len(s.Txs()); n != maxTxs+1 {
		t.Fatalf("%d exchanges, want %d", n, maxTxs+1)
	}
	for i, tx := range s.Txs() {
		if tx.HasEvent(EventFlooded) != (i == maxTxs) {
			t.Errorf("exchange %d: flooded %v", i, tx.HasEvent(EventFlooded))
		}
	}
	if s.Parse(app.Input{Data: adu(1, "\x11x"), Dir: toClient}); !s.Txs()[0].Complete(toClient) {
		t.Error("in a flood responses find no request")
	}
}

func TestALengthThatCannotBePassesOverNoMoreThanThereIs(t *testing.T) {
	for name, length := range map[string]string{"too long": "\xff\xff", "too short": "\x00\x00"} {
		s := newParser().New()
		body := map[string]string{"too long": "\x0a\x11 and more", "too short": ""}[name]
		for _, data := range [][]byte{[]byte("\x00\x01\x00\x00" + length + body), adu(2, "\x11"), adu(3, "\x11")} {
			if r := s.Parse(app.Input{Data: data, Dir: toServer}); r.Status != app.StatusOK || r.Consumed != len(data) {
				t.Fatalf("%s: status %d, %d of %d bytes", name, r.Status, r.Consumed, len(data))
			}
		}
		txs := s.Txs()
		if len(txs) != 3 || !txs[0].HasEvent(EventInvalidLength) || txs[1].HasEvent(EventInvalidLength) {
			t.Errorf("%s: %d exchanges", name, len(txs))
		}
		if r := s.Parse(app.Input{Data: adu(4, "\x11"), Dir: toServer, Gap: 1}); r.Status != app.StatusError {
			t.Error("bytes that are missing do not end the parsing")
		}
	}
}

func TestModbusIsToldByItsFirstMessage(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want app.Answer
	}{
		"a request":                     {string(adu(1, "\x01\x00\x00\x00\x01")), app.Yes},
		"an exception":                  {string(adu(1, "\x81\x02")), app.Yes},
		"two requests":                  {strings.Repeat(string(adu(1, "\x11")), 2), app.Yes},
		"a part of the header":          {"\x00\x01\x00", app.Maybe},
		"a part of a request":           {string(adu(1, "\x01\x00\x00\x00\x01")[:9]), app.Maybe},
		"a function without a name":     {string(adu(1, "\x5a\x00")), app.No},
		"an exception without a name":   {string(adu(1, "\x81\x20")), app.No},
		"another protocol":              {"\x00\x01\x00\x01\x00\x02\x0a\x11", app.No},
		"a length that is too long":     {"\x00\x01\x00\x00\x01\x00\x0a\x11", app.No},
		"a diagnostic without any data": {string(adu(1, "\x08")), app.No},
		"text":                          {"GET / HTTP/1.1\r\n", app.No},
	} {
		if got := NewParser().Probe(app.Input{Data: []byte(c.data)}); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if NewParser().Probe(app.Input{Data: adu(1, "\x11"), Datagram: true}) != app.No {
		t.Error("a datagram is Modbus")
	}
}
