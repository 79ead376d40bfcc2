package dhcp

import (
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

// message makes one with an operation (1 or 2) and options.
func message(op byte, options string) []byte {
	m := make([]byte, fixedLen, fixedLen+len(cookie)+len(options))
	m[0], m[1], m[2] = op, 1, 6
	copy(m[4:], "\x00\x00\x00\x07")
	copy(m[12:], "\x0a\x00\x00\x01\x0a\x00\x00\x02\x0a\x00\x00\x03\x0a\x00\x00\x04\x02\x00\x00\x00\x00\x09")
	return append(append(m, cookie...), options...)
}

var (
	ask = message(1, "\x35\x01\x03\x3d\x07\x01\x02\x00\x00\x00\x00\x09\x32\x04\x0a\x00\x00\x02\x0c\x03pc1\x3c\x02vc\x37\x04\x01\x03\x02\x0f\x00\xff")
	ack = message(2, "\x35\x01\x05\x33\x04\x00\x00\x0e\x10\x3a\x04\x00\x00\x06\x91\x3b\x04\x00\x00\x0b\xd7\x01\x04\xff\xff\x00\x00"+
		"\x06\x08\x0a\x00\x00\x05\x0a\x00\x00\x06\x03\x04\x0a\x00\x00\x01\xff")
)

func messages() []apptest.Message {
	return []apptest.Message{{Dir: toServer, Data: ask}, {Dir: toClient, Data: ack}}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "lease", Datagram: true, Messages: messages(), Min: 2}})
}

func FuzzConversation(f *testing.F) {
	for _, m := range messages() {
		f.Add(m.Data, []byte{byte(m.Dir)})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func TestMessagesAreToldOf(t *testing.T) {
	s := newParser().New()
	want := []string{
		`{type: "request", id: 7, client_mac: 02:00:00:00:00:09, assigned_ip: 10.0.0.2, client_ip: 10.0.0.1, dhcp_type: "request", ` +
			`client_id: 02:00:00:00:00:09, requested_ip: 10.0.0.2, hostname: "pc1", vendor_class_identifier: "vc", params: ["subnet_mask", "router", "domain"]}`,
		`{type: "reply", id: 7, client_mac: 02:00:00:00:00:09, assigned_ip: 10.0.0.2, client_ip: 10.0.0.1, relay_ip: 10.0.0.4, next_server_ip: 10.0.0.3, ` +
			`dhcp_type: "ack", lease_time: 3600, renewal_time: 1681, rebinding_time: 3031, subnet_mask: 255.255.0.0, dns_servers: [10.0.0.5, 10.0.0.6], routers: [10.0.0.1]}`,
	}
	for i, m := range messages() {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true})
		if got := apptest.RecordText(s.Txs()[i].(*Tx)); got != want[i] {
			t.Errorf("record\n%s\nwant\n%s", got, want[i])
		}
	}
	for name, want := range map[string]string{"dhcp.leasetime": "3600", "dhcp.renewal_time": "1681", "dhcp.rebinding_time": "3031"} {
		if got, ok := apptest.Value(t, NewParser(), s.Txs()[1], toClient, name, 0); !ok || got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
		if _, ok := apptest.Value(t, NewParser(), s.Txs()[0], toServer, name, 0); ok {
			t.Errorf("a request has %s", name)
		}
	}
}

func TestOddities(t *testing.T) {
	for _, c := range []struct {
		name    string
		options string
		want    []app.Event
	}{
		{"options without end", "\x35\x01\x03", []app.Event{EventTruncatedOptions}},
		{"an option longer than the message", "\x35\x09\x03", []app.Event{EventTruncatedOptions, EventMalformedOptions}},
		{"an option shorter than it can be", "\x33\x01\x03\xff", []app.Event{EventMalformedOptions}},
		{"padding", "\x00\x00\xff", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newParser().New()
			s.Parse(app.Input{Data: message(1, c.options), Datagram: true})
			if got := s.Txs()[0].AppendEvents(nil); !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
	for _, bad := range [][]byte{ask[:fixedLen+3], message(3, "\xff"), {}} {
		if r := newParser().New().Parse(app.Input{Data: bad, Datagram: true}); r.Status != app.StatusError {
			t.Errorf("%d bytes that are no message: status %d", len(bad), r.Status)
		}
	}
}
