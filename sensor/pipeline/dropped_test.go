package pipeline

import (
	"path/filepath"
	"strings"
	"testing"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/capture/capturetest"
	"spanwatch/sensor/config"
)

// TestADroppedFlowIsInspectedNoMore: as in Suricata without inline mode, a rule
// with drop or reject ends the inspection of its flow, whose record says so.
// Transactions are reported as they become complete; what only the end of the flow
// would bring up is not.
func TestADroppedFlowIsInspectedNoMore(t *testing.T) {
	turns := []said{
		{decoders.ToServer, "GET /one HTTP/1.1\r\nHost: a\r\n\r\n"},
		{decoders.ToClient, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		{decoders.ToServer, "GET /two HTTP/1.1\r\nHost: a\r\n\r\n"},
		{decoders.ToClient, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		{decoders.ToServer, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"},
	}
	const looker = `alert http any any -> any any (http.uri; content:"/"; sid:2;)`
	for _, c := range []struct {
		action       string
		alerts, http int
		member       string
	}{
		{"drop", 1, 2, `"action":"drop"`},
		{"reject", 1, 2, `"action":"drop"`},
		{"alert", 3, 3, ""},
	} {
		rules := c.action + ` http any any -> any any (http.uri; content:"/one"; sid:1;)` + "\n" + looker
		r := replay(t, rules, nil, exchange(t, 80, turns, false))
		text := string(r.text)
		if n := strings.Count(text, `"signature_id":2,`); n != c.alerts {
			t.Errorf("%s: %d alerts of the other rule, want %d", c.action, n, c.alerts)
		}
		if n := strings.Count(text, `"event_type":"http"`); n != c.http {
			t.Errorf("%s: %d http records, want %d", c.action, n, c.http)
		}
		if c.member != "" && !strings.Contains(lineOf(text, `"event_type":"flow"`), c.member) {
			t.Errorf("%s: flow record without %s: %s", c.action, c.member, lineOf(text, `"event_type":"flow"`))
		}
	}
}

// lineOf returns the first event that contains a text.
func lineOf(events, text string) string {
	for line := range strings.Lines(events) {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// TestRecordsSayWhatRulesRememberOfTheirFlow: flowbits are in records of
// transactions and of flows, not only in alerts; an alert on a transaction says how
// far its sides have come, and has the bodies of HTTP where they are wanted.
func TestRecordsSayWhatRulesRememberOfTheirFlow(t *testing.T) {
	turns := []said{
		{decoders.ToServer, "POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nq=12"},
		{decoders.ToClient, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
	}
	rules := `alert http any any -> any any (http.method; content:"POST"; flowbits:set,seen; sid:1;)
alert http any any -> any any (http.stat_code; content:"200"; sid:2;)`
	withBodies := func(c *config.Config) { c.Events.AlertHTTPBody = true }
	text := string(replay(t, rules, withBodies, exchange(t, 80, turns, true)).text)
	for _, kind := range []string{"alert", "http", "fileinfo", "flow"} {
		if line := lineOf(text, `"event_type":"`+kind+`"`); !strings.Contains(line, `"metadata":{"flowbits":["seen"]}`) {
			t.Errorf("%s without flowbits: %s", kind, line)
		}
	}
	alert := lineOf(text, `"signature_id":2,`)
	for _, member := range []string{`"ts_progress":"request_complete"`, `"tc_progress":"response_complete"`,
		`"http_request_body":"cT0xMg=="`, `"http_request_body_printable":"q=12"`, `"http_response_body_printable":"ok"`} {
		if !strings.Contains(alert, member) {
			t.Errorf("alert without %s: %s", member, alert)
		}
	}
	if strings.Contains(lineOf(text, `"event_type":"fileinfo"`), "http_request_body") {
		t.Error("a file record has bodies")
	}
}

// TestPacketsOfOtherProtocolsAreInspectedOneByOne: a flow of OSPF is kept for the
// accounts; as Suricata has none, a rule on addresses or the IP protocol matches
// each of its packets.
func TestPacketsOfOtherProtocolsAreInspectedOneByOne(t *testing.T) {
	var frames []decoders.Frame
	for i := range 3 {
		b := dt.Build(dt.Ether{}, dt.IP4{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 89}, dt.Bytes("\x02\x01\x00\x08hello"))
		frames = append(frames, decoders.Frame{Data: b, Timestamp: int64(i+1) * 1e6, WireLen: uint32(len(b))})
	}
	path := filepath.Join(t.TempDir(), "ospf.pcap")
	if err := capturetest.WritePcap(path, decoders.LinkEthernet, frames); err != nil {
		t.Fatal(err)
	}
	rules := `alert ip any any -> any any (ip_proto:89; sid:1;)
alert ip 10.0.0.1 any -> any any (sid:2;)`
	text := string(replay(t, rules, nil, path).text)
	for _, sid := range []string{`"signature_id":1,`, `"signature_id":2,`} {
		if n := strings.Count(text, sid); n != len(frames) {
			t.Errorf("%d alerts with %s, want %d", n, sid, len(frames))
		}
	}
	if n := strings.Count(text, `"event_type":"flow"`); n != 1 {
		t.Errorf("%d flow records, want 1", n)
	}
}
