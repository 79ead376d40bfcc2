package pipeline

import (
	"path/filepath"
	"strings"
	"testing"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/capture/capturetest"
)

// TestAnAlertOnADatagramTellsOfItsTransaction: of a rule that names the protocol;
// one on UDP does not.
func TestAnAlertOnADatagramTellsOfItsTransaction(t *testing.T) {
	query := "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01"
	b := dt.Build(dt.Ether{}, dt.IP4{Src: "10.0.0.1", Dst: "10.0.0.2"}, dt.UDP{Src: 40000, Dst: 53}, dt.Bytes(query))
	path := filepath.Join(t.TempDir(), "query.pcap")
	if err := capturetest.WritePcap(path, decoders.LinkEthernet, []decoders.Frame{{Data: b, Timestamp: 1e9, WireLen: uint32(len(b))}}); err != nil {
		t.Fatal(err)
	}
	for rule, want := range map[string]bool{
		`alert dns any any -> any any (content:"example"; sid:1;)`: true,
		`alert udp any any -> any any (content:"example"; sid:1;)`: false,
	} {
		r := replay(t, rule, nil, path)
		for _, line := range strings.Split(string(r.text), "\n") {
			if strings.Contains(line, `"event_type":"alert"`) && strings.Contains(line, `"rrname":"example.org"`) != want {
				t.Errorf("%s: %s", rule, line)
			}
		}
	}
}
