package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// statsFile writes stats events and reads their counters.
func statsFile(t *testing.T, lines ...string) counters {
	t.Helper()
	path := filepath.Join(t.TempDir(), "eve.json")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := readCounters(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheLastStatsEventCounts(t *testing.T) {
	c := statsFile(t, `{"event_type":"stats","stats":{"tcp":{"syn":1}}}`, `{"event_type":"alert"}`,
		`{"event_type":"stats","stats":{"uptime":3,"tcp":{"syn":2},"detect":{"engines":[{"id":0}]}}}`)
	if len(c) != 2 || c["tcp.syn"] != 2 || c["uptime"] != 3 {
		t.Errorf("%v", c)
	}
}

func TestProtocolsOverBothTransportsAreAddedUp(t *testing.T) {
	c := counters{"app_layer.flow.dns_tcp": 1, "app_layer.flow.dns_udp": 2, "app_layer.flow.failed_udp": 3, "app_layer.error.sip_udp.parser": 4, "tcp.syn": 5}
	c.rename()
	if len(c) != 4 || c["app_layer.flow.dns"] != 3 || c["app_layer.flow.failed_udp"] != 3 || c["app_layer.error.sip.parser"] != 4 {
		t.Errorf("%v", c)
	}
}

func TestCountersThatDifferAreNamedWithTheirCaptures(t *testing.T) {
	a := counterTally{paths: map[string]bool{}, differ: map[string]*counterDifference{}}
	a.add("one.pcap", counters{"tcp.syn": 2, "stream.fin_syn": 0}, counters{"tcp.syn": 2, "tcp.memuse": 7})
	a.add("two.pcap", counters{"tcp.syn": 2, "stream.fin_syn": 1}, counters{"tcp.syn": 3})
	var out bytes.Buffer
	a.print(&out, 1)
	got := out.String()
	for _, want := range []string{
		"1 of 2 captures have equal counters", "2 differ somewhere",
		"stream.fin_syn: on 1 captures, Suricata 1, spanwatch 0\n\t1 0 two.pcap\n",
		"tcp.syn: on 1 captures, Suricata 2, spanwatch 3\n\t2 3 two.pcap\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "memuse") {
		t.Errorf("what does not mean the same is compared:\n%s", got)
	}
}

func TestSuricataIsToldToWriteItsCounters(t *testing.T) {
	config, _, err := suricataConfig(&oracle{}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if config, err = withStats(config); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"%YAML 1.1\n---\n", `"stream-events": "yes"`, `"memcap": "2gb"`} {
		if !bytes.Contains(config, []byte(want)) {
			t.Errorf("%s is missing in\n%s", want, config)
		}
	}
}
