package decoderstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
)

// A packetEvent is a decoder event of one packet of a capture.
type packetEvent struct {
	number uint64
	event  string
}

// TestEventsAreThoseOfSuricata compares the events of every packet with the
// anomaly records that Suricata wrote for the conformance cases.
func TestEventsAreThoseOfSuricata(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(Shared(t), "conformance", "dev", "*", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, path := range cases {
		name := filepath.Base(filepath.Dir(path))
		want := suricataEvents(t, path)
		got := map[packetEvent]bool{}
		captures, err := filepath.Glob(filepath.Join(filepath.Dir(path), "input.pcap*"))
		if err != nil || len(captures) != 1 {
			t.Fatalf("%s: captures %v, %v", name, captures, err)
		}
		frames, err := ReadFile(captures[0], 0)
		if err != nil {
			t.Logf("%s: %v", name, err)
		}
		for i := range frames {
			Chain(d, &frames[i], func(p *decoders.Packet) {
				for _, e := range p.Events.Append(nil) {
					got[packetEvent{p.Number, e.String()}] = true
				}
			})
		}
		compared += len(want)
		for e := range want {
			if !got[e] {
				t.Errorf("%s: packet %d: no event %s", name, e.number, e.event)
			}
		}
		for _, e := range slices.SortedFunc(maps.Keys(got), func(a, b packetEvent) int { return int(a.number) - int(b.number) }) {
			if !want[e] {
				t.Errorf("%s: packet %d: event %s is not Suricata's", name, e.number, e.event)
			}
		}
	}
	if compared == 0 {
		t.Error("no event compared")
	}
	t.Logf("%d events in %d cases", compared, len(cases))
}

func suricataEvents(t *testing.T, path string) map[packetEvent]bool {
	t.Helper()
	var expected struct {
		Anomalies []struct {
			Number  uint64 `json:"pcap_cnt"`
			Anomaly struct{ Type, Event string }
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", path, err))
	}
	out := map[packetEvent]bool{}
	for _, a := range expected.Anomalies {
		if a.Anomaly.Type == "decode" && !strings.Contains(a.Anomaly.Event, "frag_overlap") && !strings.Contains(a.Anomaly.Event, "frag_pkt_too_large") {
			out[packetEvent{a.Number, strings.TrimPrefix(a.Anomaly.Event, "decoder.")}] = true
		}
	}
	return out
}
