package http2

import (
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

// request is one of HTTP/1: method, URI, header lines.
type request struct {
	app.Message
	app.NoEvents
	parts []string
}

func (r *request) Buffer(b app.Buffer, i int) ([]byte, bool) {
	at := map[app.Buffer]int{app.HTTPMethod: 0, app.HTTPURIRaw: 1, app.HTTPRequestHeader: 2 + i}
	n, ok := at[b]
	if !ok || n >= len(r.parts) {
		return nil, false
	}
	return []byte(r.parts[n]), true
}

func (r *request) Integer(app.Buffer, int) (uint64, bool) { return 0, false }

func TestTheRequestOfAnUpgradeIsThatOfTheFirstStream(t *testing.T) {
	s := newParser().New()
	s.(app.Heir).Inherit(&request{parts: []string{"GET", "/a", "Host: example.com", "User-Agent: me", "HTTP2-Settings: AAMAAABkAAQAAP__"}})
	s.Parse(app.Input{Dir: toServer, Data: []byte(preface)})
	s.Parse(app.Input{Dir: toClient, Data: frame(typeHeaders, flagEndHeaders|flagEndStream, 1, newEncoder().block(":status", "200"))})
	want := []string{
		`{version: "2", request_headers: [{name: ":method", value: "GET"}, {name: ":path", value: "/a"}, {name: ":authority", value: "example.com"}, ` +
			`{name: "User-Agent", value: "me"}], response_headers: [{name: ":status", value: "200"}], http_method: "GET", url: "/a", ` +
			`hostname: "example.com", http_user_agent: "me", status: 200, http2: {stream_id: 1}}`,
		`{version: "2", http2: {stream_id: 0, request: {settings: [{settings_id: "SETTINGSMAXCONCURRENTSTREAMS", settings_value: 100}, ` +
			`{settings_id: "SETTINGSINITIALWINDOWSIZE", settings_value: 65535}]}}}`,
	}
	if len(s.Txs()) != len(want) {
		t.Fatalf("%d transactions", len(s.Txs()))
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("%d: %s\nwant %s", i, got, want[i])
		}
	}
	tx := s.Txs()[0]
	if b, ok := tx.Buffer(app.HTTPHost, 0); string(b) != "example.com" || !ok || !tx.Complete(toServer) {
		t.Errorf("host %q, complete %v", b, tx.Complete(toServer))
	}
}

func TestSettingsOfAnUpgradeThatAreNone(t *testing.T) {
	for value, want := range map[string]struct {
		txs   int
		event bool
	}{
		"AAMAAABk": {2, false}, "": {2, false}, "AAMAAABk+/8=": {2, true}, "AAM": {2, true}, "?": {1, true},
	} {
		s := newParser().New()
		s.(app.Heir).Inherit(&request{parts: []string{"GET", "/", "HTTP2-Settings: " + value}})
		events := s.Txs()[0].AppendEvents(nil)
		if len(s.Txs()) != want.txs || slices.Contains(events, EventInvalidHTTP1Settings) != want.event {
			t.Errorf("%q: %d transactions, events %v", value, len(s.Txs()), events)
		}
	}
}

func TestWhatIsInheritedIsBounded(t *testing.T) {
	s := newParser().New()
	s.(app.Heir).Inherit(&request{})
	if len(s.Txs()) != 0 {
		t.Error("a request without a method is none")
	}
	parts := []string{"GET", "/"}
	for range 2 * maxCount {
		parts = append(parts, "a: "+strings.Repeat("b", 100))
	}
	s.(app.Heir).Inherit(&request{parts: parts})
	if tx := s.Txs()[0].(*Tx); !tx.HasEvent(EventReassemblyLimitReached) || len(tx.sides[toServer].lines) > maxFields {
		t.Errorf("events %v, %d bytes", tx.AppendEvents(nil), len(tx.sides[toServer].lines))
	}
}
