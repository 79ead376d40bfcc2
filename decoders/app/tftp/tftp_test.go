package tftp

import (
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

func newParser() app.Parser { return NewParser() }

func messages() []apptest.Message {
	return []apptest.Message{
		{Dir: decoders.ToServer, Data: []byte("\x00\x01rfc1350.txt\x00octet\x00")},
		{Dir: decoders.ToServer, Data: []byte("\x00\x02a\x00NetASCII\x00blksize\x00512\x00")},
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "requests", Datagram: true, Messages: messages(), Min: 2}})
}

func FuzzConversation(f *testing.F) {
	for _, m := range messages() {
		f.Add(m.Data, []byte{byte(m.Dir)})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func TestRequestsAreToldOf(t *testing.T) {
	s := newParser().New()
	want := []string{`{packet: "read", file: "rfc1350.txt", mode: "octet"}`, `{packet: "write", file: "a", mode: "NetASCII"}`}
	for i, m := range messages() {
		s.Parse(app.Input{Data: m.Data, Datagram: true})
		if got := apptest.RecordText(s.Txs()[i].(*Tx)); got != want[i] {
			t.Errorf("record %s, want %s", got, want[i])
		}
	}
}

func TestWhatIsNoRequest(t *testing.T) {
	for name, data := range map[string]string{
		"data": "\x00\x03\x00\x01abc", "another mode": "\x00\x01a\x00binary\x00", "a mode without end": "\x00\x01a\x00octet",
		"no file": "\x00\x01\x00octet\x00", "a long one": "\x00\x01" + strings.Repeat("a", maxRequest) + "\x00octet\x00", "nothing": "",
	} {
		if NewParser().Probe(app.Input{Data: []byte(data), Datagram: true}) != app.No {
			t.Errorf("%s is one", name)
		}
		if r := newParser().New().Parse(app.Input{Data: []byte(data), Datagram: true}); r.Status != app.StatusError {
			t.Errorf("%s: status %d", name, r.Status)
		}
	}
}
