package http2

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

// fakeDNS takes everything that begins with "dns" for a message.
type fakeDNS struct{}

// fakeMessage has its text as the name asked for.
type fakeMessage struct {
	app.Message
	app.NoEvents
	text string
}

func (fakeDNS) Carried(msg []byte, dir decoders.Direction) app.Tx {
	if !bytes.HasPrefix(msg, []byte("dns")) {
		return nil
	}
	m := &fakeMessage{text: string(msg)}
	m.Sent(dir)
	return m
}

func (fakeDNS) Return(app.Tx) {}

func (m *fakeMessage) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if _, ok := b.OfDNS(); !ok || i > 0 {
		return nil, false
	}
	return []byte(m.text), true
}

func (m *fakeMessage) Integer(b app.Buffer, i int) (uint64, bool) { return uint64(len(m.text)), i == 0 }

// query is the path of a GET with a message.
func query(message string) string {
	return dnsPath + base64.RawURLEncoding.EncodeToString([]byte(message))
}

func TestDNSIsCarried(t *testing.T) {
	const accept, kind = "accept=" + dnsType, "content-type=" + dnsType
	fields := func(lines ...string) []byte {
		var pairs []string
		for _, line := range lines {
			name, value, _ := strings.Cut(line, "=")
			pairs = append(pairs, name, value)
		}
		return newEncoder().block(pairs...)
	}
	get := func(path string, more ...string) []byte {
		return frame(typeHeaders, flagEndHeaders|flagEndStream, 1, fields(append([]string{":method=GET", ":path=" + path}, more...)...))
	}
	post := func(body string) []byte {
		return append(frame(typeHeaders, flagEndHeaders, 1, fields(":method=POST", ":path=/x", kind)), frame(typeData, flagEndStream, 1, []byte(body))...)
	}
	answer := func(kind string, bodies ...string) []byte {
		b := frame(typeHeaders, flagEndHeaders, 1, fields(":status=200", kind))
		for i, body := range bodies {
			flags := uint8(0)
			if i == len(bodies)-1 {
				flags = flagEndStream
			}
			b = append(b, frame(typeData, flags, 1, []byte(body))...)
		}
		return b
	}
	long := "dns" + strings.Repeat("x", 16000)
	for _, c := range []struct {
		name              string
		request, response []byte
		asked, answered   string
		events            []app.Event
	}{
		{"in a path and a body", get(query("dns?a"), accept), answer(kind, "dns!", "b"), "dns?a", "dns!b", nil},
		{"in a path that has plus signs and padding", get(dnsPath+base64.StdEncoding.EncodeToString([]byte("dns\xfb\xff?")), accept), nil, "dns\xfb\xff?", "", nil},
		{"in bodies", post("dns?c"), answer(kind, "dns!d"), "dns?c", "dns!d", nil},
		{"not in a path without the type that is wanted", get(query("dns?a")), nil, "", "", nil},
		{"not in another path", get("/other?dns="+base64.RawURLEncoding.EncodeToString([]byte("dns?a")), accept), nil, "", "", nil},
		{"not in base64 that is none", get(dnsPath+"%%%", accept), nil, "", "", nil},
		{"not what is no message", get(query("http"), accept), answer(kind, "http"), "", "", nil},
		{"not in a body of another type", post("dns?c"), answer("content-type=text/html", "dns!d"), "dns?c", "", nil},
		{"not in a body that goes on", post("dns?c"), frame(typeData, 0, 1, []byte("dns!")), "dns?c", "", nil},
		{"not in what is too long", nil, answer(kind, long, long, long, long, long), "", "", []app.Event{EventDNSResponseTooLong}},
	} {
		s := parsed(t, apptest.Message{Dir: toServer, Data: append([]byte(preface), c.request...)}, apptest.Message{Dir: toClient, Data: c.response})
		tx := s.Txs()[0]
		for b, want := range map[app.Buffer]string{
			app.DNSQuery: c.asked, app.DNSResponseRRName: c.answered,
			app.DNSQueriesRRName.In(toServer): c.asked, app.DNSQueriesRRName.In(toClient): c.answered,
		} {
			if got, ok := tx.Buffer(b, 0); string(got) != want || ok != (want != "") {
				t.Errorf("%s: buffer %d is %q %v, want %q", c.name, b, got, ok, want)
			}
		}
		if n, ok := tx.Integer(app.DNSOpcode, 0); ok != (c.asked != "") || int(n) != len(c.asked) {
			t.Errorf("%s: the number is %d %v", c.name, n, ok)
		}
		want := app.ProtoUnknown
		if c.asked+c.answered != "" {
			want = app.ProtoDOH2
		}
		if got := s.(app.Refined).Refined(); got != want {
			t.Errorf("%s: the flow is %v", c.name, got)
		}
		if got := tx.AppendEvents(nil); !slices.Equal(got, c.events) {
			t.Errorf("%s: events %v, want %v", c.name, got, c.events)
		}
		s.Reset()
		if s.(app.Refined).Refined() != app.ProtoUnknown {
			t.Errorf("%s: after Reset there is DNS", c.name)
		}
	}
}

func TestWithoutDNSNothingIsCarried(t *testing.T) {
	s := NewParser(nil).New()
	s.Parse(app.Input{Data: append([]byte(preface), frame(typeHeaders, flagEndHeaders|flagEndStream, 1,
		newEncoder().block(":path", query("dns?a"), "accept", dnsType))...)})
	if s.Txs()[0].(*Tx).Carried(toServer) != nil || s.(app.Refined).Refined() != app.ProtoUnknown {
		t.Error("DNS is looked for")
	}
}
