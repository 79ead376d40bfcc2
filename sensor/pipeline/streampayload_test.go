package pipeline

import (
	"encoding/base64"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/config"
	"spanwatch/signatures"
)

func TestPayloadOfAStreamSaysWhatWasLost(t *testing.T) {
	chunk := func(offset uint64, data string) signatures.StreamChunk {
		return signatures.StreamChunk{Offset: offset, Data: []byte(data)}
	}
	for _, tt := range []struct {
		chunks []signatures.StreamChunk
		want   string
	}{
		{nil, ""},
		{[]signatures.StreamChunk{chunk(9, "one")}, "one"},
		{[]signatures.StreamChunk{chunk(0, "VERY"), chunk(8, "DATA")}, "VERY[4 bytes missing]DATA"},
		{[]signatures.StreamChunk{chunk(5, "a"), chunk(6, "b"), chunk(30, "c")}, "ab[23 bytes missing]c"},
	} {
		var m eventMaker
		if got := m.streamPayload(&signatures.Input{Packet: &decoders.Packet{}, Stream: tt.chunks}); string(got) != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// TestAnAlertOnATransactionCarriesItsBytes: the packet that completes it may be
// an acknowledgement without payload.
func TestAnAlertOnATransactionCarriesItsBytes(t *testing.T) {
	const request = "GET /evidence HTTP/1.1\r\nHost: a\r\n\r\n"
	path := session(t, 80, []said{{decoders.ToServer, request}, {decoders.ToClient, "HTTP/1.1 204 none\r\n\r\n"}})
	r := replay(t, `alert http any any -> any any (http.uri; content:"evidence"; sid:1;)`, func(c *config.Config) { c.Events.AlertPayload = true }, path)
	alerts := 0
	for _, line := range strings.Split(string(r.text), "\n") {
		if !strings.Contains(line, `"event_type":"alert"`) {
			continue
		}
		alerts++
		if !strings.Contains(line, `"stream":1`) || !strings.Contains(line, `"payload":"`+base64.StdEncoding.EncodeToString([]byte(request))+`"`) {
			t.Error(line)
		}
	}
	if alerts != 1 {
		t.Errorf("%d alerts", alerts)
	}
}
