package dcerpc

import (
	"encoding/binary"
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/dce"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

// iface is 12345678-1234-5678-1234-567812345678 as a little-endian peer sends it.
const iface = "\x78\x56\x34\x12\x34\x12\x78\x56\x12\x34\x56\x78\x12\x34\x56\x78"

// fragment makes a PDU in the byte order of o.
func fragment(o binary.ByteOrder, kind dce.Type, flags uint8, call uint32, body string) []byte {
	drep := byte(0x10)
	if o == binary.BigEndian {
		drep = 0
	}
	out := []byte{5, 0, byte(kind), flags, drep, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	o.PutUint16(out[8:], uint16(len(out)+len(body)))
	o.PutUint32(out[12:], call)
	return append(out, body...)
}

const whole = dce.FlagFirst | dce.FlagLast

var (
	little  = binary.LittleEndian
	syntax  = string(make([]byte, 20))
	bind    = fragment(little, dce.Bind, whole, 1, "\xb8\x10\xb8\x10\x00\x00\x00\x00\x02\x00\x00\x00"+"\x00\x00\x01\x00"+iface+"\x03\x00\x01\x00"+syntax+"\x01\x00\x01\x00"+iface+"\x03\x00\x01\x00"+syntax)
	bindAck = fragment(little, dce.BindAck, whole, 1, "\xb8\x10\xb8\x10\x01\x00\x00\x00"+"\x04\x00135\x00"+"\x00\x00"+"\x02\x00\x00\x00"+"\x00\x00\x00\x00"+syntax+"\x02\x00\x01\x00"+syntax)
	first   = fragment(little, dce.Request, dce.FlagFirst, 2, "\x00\x00\x00\x00\x00\x00\x0f\x00"+"abc")
	last    = fragment(little, dce.Request, dce.FlagLast, 2, "\x00\x00\x00\x00\x00\x00\x0f\x00"+"def")
	answer  = fragment(little, dce.Response, whole, 2, "\x01\x00\x00\x00\x00\x00\x00\x00"+"ok")
	fault   = fragment(little, dce.Fault, whole, 3, string(make([]byte, 16)))
	other   = fragment(binary.BigEndian, dce.Request, whole, 3, "\x00\x00\x00\x00\x00\x01\x00\x02")
)

func conversation() []apptest.Message {
	return []apptest.Message{
		{Dir: toServer, Data: bind}, {Dir: toClient, Data: bindAck}, {Dir: toServer, Data: first}, {Dir: toServer, Data: last},
		{Dir: toClient, Data: answer}, {Dir: toServer, Data: other}, {Dir: toClient, Data: fault},
	}
}

// pdu makes a connectionless PDU in little-endian order.
func pdu(kind dce.Type, flags uint8, sequence uint32, opnum uint16, stub string) []byte {
	out := make([]byte, datagramHeader)
	out[0], out[1], out[2], out[4] = 4, byte(kind), flags, 0x10
	copy(out[24:], iface)
	out[40], out[60] = 0xaa, 2
	little.PutUint32(out[64:], sequence)
	little.PutUint16(out[68:], opnum)
	little.PutUint16(out[74:], uint16(len(stub)))
	return append(out, stub...)
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "connection", Messages: conversation(), Min: 3, Grows: true},
		{Name: "datagrams", Datagram: true, Messages: []apptest.Message{
			{Dir: toServer, Data: pdu(dce.Request, 0, 7, 4, "stub")}, {Dir: toClient, Data: pdu(dce.Response, 0, 7, 4, "answer")},
		}},
	})
}

func FuzzConversation(f *testing.F) {
	var all, ops []byte
	for _, m := range conversation() {
		all, ops = append(all, m.Data...), append(ops, byte(len(m.Data)-1)<<1|byte(m.Dir))
	}
	f.Add(all, ops)
	f.Add(pdu(dce.Request, flagFragment, 7, 4, "stub"), []byte{0})
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed(datagram bool, messages ...apptest.Message) app.State {
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: datagram})
	}
	return s
}

func TestCallsAreToldOf(t *testing.T) {
	const uuid = `uuid: "12345678-1234-5678-1234-567812345678", version: "3.1"`
	want := []string{
		`{request: "BIND", interfaces: [{` + uuid + `, ack_result: 0}, {` + uuid + `, ack_result: 2}], response: "BINDACK", call_id: 1, rpc_version: "5.0"}`,
		`{request: "REQUEST", req: {opnum: 15, frag_cnt: 2, stub_data_size: 6}, interfaces: [{` + uuid + `, ack_result: 0}], ` +
			`response: "RESPONSE", res: {frag_cnt: 1, stub_data_size: 10}, call_id: 2, rpc_version: "5.0"}`,
		`{request: "REQUEST", req: {opnum: 2, frag_cnt: 1, stub_data_size: 0}, interfaces: [{` + uuid + `, ack_result: 0}], ` +
			`response: "FAULT", call_id: 3, rpc_version: "5.0"}`,
	}
	for i, tx := range parsed(false, conversation()...).Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("record %d\n%s\nwant\n%s", i, got, want[i])
		}
		if !tx.Complete(toServer) || !tx.Complete(toClient) {
			t.Errorf("call %d is not complete", i)
		}
	}
	s := parsed(true, apptest.Message{Dir: toServer, Data: pdu(dce.Request, flagFragment, 7, 4, "st")},
		apptest.Message{Dir: toServer, Data: pdu(dce.Request, flagFragment|flagLastFragment, 7, 4, "ub")})
	got := apptest.RecordText(s.Txs()[0].(*Tx))
	if want := `{request: "REQUEST", req: {opnum: 4, frag_cnt: 2, stub_data_size: 4}, interfaces: [{uuid: "12345678-1234-5678-1234-567812345678", ` +
		`version: "2.0"}], response: "UNREPLIED", activityuuid: "000000aa-0000-0000-0000-000000000000", seqnum: 7, rpc_version: "4.0"}`; got != want {
		t.Errorf("datagrams\n%s\nwant\n%s", got, want)
	}
}

func TestCallsGiveWhatRulesAskFor(t *testing.T) {
	txs := parsed(false, conversation()...).Txs()
	if stub, _ := txs[1].Buffer(app.DCEStubData, 0); string(stub) != "abcdef" {
		t.Errorf("stub data %q", stub)
	}
	if stub, _ := txs[1].Buffer(app.DCEStubData.In(toClient), 0); string(stub) != "\x01\x00\x00\x00\x00\x00\x00\x00ok" {
		t.Errorf("stub data of the answer %q", stub)
	}
	want := "\x12\x34\x56\x78\x12\x34\x56\x78\x12\x34\x56\x78\x12\x34\x56\x78\x00\x03\x01"
	if got, ok := txs[1].Buffer(app.DCEInterface, 0); !ok || string(got) != want {
		t.Errorf("interface %x", got)
	}
	if _, ok := txs[1].Buffer(app.DCEInterface, 1); ok {
		t.Error("a call can be meant for an interface that was refused")
	}
	if _, ok := txs[0].Buffer(app.DCEInterface, 0); ok {
		t.Error("a bind is a call")
	}
	if _, ok := txs[2].Buffer(app.DCEInterface, 0); ok {
		t.Error("a call can be meant for an interface of another context")
	}
	for i, want := range []uint64{1, 1, 0} {
		if got, _ := txs[i].Integer(app.DCELittle, 0); got != want {
			t.Errorf("call %d: little-endian %d, want %d", i, got, want)
		}
	}
	if n, ok := txs[1].Integer(app.DCEOpnum, 0); !ok || n != 15 {
		t.Errorf("operation %d", n)
	}
}

func TestWhatIsNoCall(t *testing.T) {
	for _, c := range []struct {
		name     string
		data     []byte
		datagram bool
		want     app.Status
	}{
		{"another version", []byte("\x06\x00\x00\x03\x10\x00\x00\x00\x18\x00\x00\x00\x01\x00\x00\x00"), false, app.StatusError},
		{"a length below that of a header", []byte("\x05\x00\x00\x03\x10\x00\x00\x00\x0f\x00\x00\x00\x01\x00\x00\x00"), false, app.StatusError},
		{"the start of a fragment", bind[:40], false, app.StatusIncomplete},
		{"a bind that ends early", fragment(little, dce.Bind, whole, 1, string(bind[dce.HeaderLen:50])), false, app.StatusError},
		{"a request that ends early", fragment(little, dce.Request, whole, 1, "abc"), false, app.StatusError},
		{"a datagram that ends early", pdu(dce.Request, 0, 7, 4, "stub")[:81], true, app.StatusError},
		{"a datagram that acknowledges", pdu(7, 0, 7, 4, ""), true, app.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := newParser().New().Parse(app.Input{Data: c.data, Datagram: c.datagram}); r.Status != c.want {
				t.Errorf("status %d, want %d", r.Status, c.want)
			}
		})
	}
	if r := parsed(false, conversation()[:2]...).Parse(app.Input{Data: first, Gap: 1}); r.Status != app.StatusError {
		t.Error("bytes that are missing do not end the parsing")
	}
}

func TestAuthenticationIsNoStubData(t *testing.T) {
	body := "\x00\x00\x00\x00\x00\x00\x0f\x00" + "stub\x00\x00" + "\x0a\x02\x02\x00\x00\x00\x00\x00" + "signature"
	data := fragment(little, dce.Request, whole, 2, body)
	little.PutUint16(data[10:], uint16(len("signature")))
	s := parsed(false, apptest.Message{Dir: toServer, Data: data})
	if stub, _ := s.Txs()[0].Buffer(app.DCEStubData, 0); string(stub) != "stub" {
		t.Errorf("stub data %q", stub)
	}
}

func TestDirectionTellsAnswersFromRequests(t *testing.T) {
	p := NewParser()
	if p.Direction(app.Input{Data: bindAck}) != toClient || p.Direction(app.Input{Data: bind, Dir: toClient}) != toServer {
		t.Error("a bind goes to the client or its answer to the server")
	}
	if got := slices.Collect(func(yield func(app.Answer) bool) {
		for _, data := range [][]byte{bind, bind[:5], []byte("GET / HTTP/1.1\r\n\r\n"), append([]byte{5, 0, 30}, bind[3:]...)} {
			yield(p.Probe(app.Input{Data: data}))
		}
	}); !slices.Equal(got, []app.Answer{app.Yes, app.Maybe, app.No, app.No}) {
		t.Errorf("probes %v", got)
	}
}
