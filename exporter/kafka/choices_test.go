package kafka

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

func TestKeysAreTakenFromTheEvent(t *testing.T) {
	e, err := event.NewEncoder(event.Options{Sensor: "probe-1"})
	if err != nil {
		t.Fatal(err)
	}
	env := event.Envelope{Time: 1, FlowID: 42, IPVersion: 4, Src: event.Addr{192, 0, 2, 1}, Dst: event.Addr{192, 0, 2, 2}, Proto: 6}
	flow := e.AppendFlow(nil, &event.Flow{Envelope: env})
	whole := exporter.Record{Type: event.TypeFlow, Key: []byte("1:abc"), Body: flow}
	bare := exporter.Record{Type: event.TypeStats, Body: []byte(`{"timestamp":"x","event_type":"stats"}`)}
	sly := exporter.Record{Type: event.TypeFlow, Body: []byte(`{"timestamp":"x","in_iface":"e,\"src_ip\":\"9","src_ip":"192.0.2.7","x":1}`)}
	cut := exporter.Record{Type: event.TypeFlow, Body: []byte(`{"timestamp":"x","src_ip":"192.0.2.7`)}
	for _, c := range []struct {
		name   string
		key    Key
		record exporter.Record
		want   string
	}{
		{"community id", KeyCommunityID, whole, "1:abc"},
		{"flow id", KeyFlowID, whole, "42"},
		{"source address", KeySrcIP, whole, "192.0.2.1"},
		{"sensor", KeySensor, whole, "probe-1"},
		{"none", KeyNone, whole, ""},
		{"no community id", KeyCommunityID, bare, ""},
		{"no flow", KeyFlowID, bare, ""},
		{"no source address", KeySrcIP, bare, ""},
		{"the sensor's own event", KeySensor, bare, "probe-1"},
		{"a name that looks like the member", KeySrcIP, sly, "192.0.2.7"},
		{"a text that does not end", KeySrcIP, cut, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := batchEncoder{key: c.key, sensor: []byte("probe-1")}
			if got := string(b.keyOf(&c.record)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheLeadersAnswerIsEnoughWhereThatIsChosen(t *testing.T) {
	c := newFakeCluster(t, 1, 1)
	c.acks = AcksLeader
	cfg := quick(c)
	cfg.Acks = AcksLeader
	s, err := NewSink(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := deliver(t, s, exporter.Record{Type: event.TypeFlow, Body: []byte(`{"seq":1}`)}); err != nil {
		t.Fatal(err)
	}
	if got := c.stored("spanwatch.flow"); len(got) != 1 || len(c.last) != 0 {
		t.Errorf("got %v, producers %v; want the record, without producer id", got, c.last)
	}
}

func TestOversizeRecordsAreDeadLettersWhereThatIsChosen(t *testing.T) {
	c := newFakeCluster(t, 1, 1)
	cfg := quick(c)
	cfg.MaxRecordBytes, cfg.Oversize = MinMaxRecordBytes, OversizeDeadLetter
	s, err := NewSink(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	big := fmt.Appendf(nil, `{"event_type":"alert","payload":"%s","seq":1}`, strings.Repeat("A", 20<<10))
	record := exporter.Record{Type: event.TypeAlert, Body: big}
	tally, err := deliver(t, s, record)
	if err != nil {
		t.Fatal(err)
	}
	var want exporter.Tally
	want.Dropped(&record, exporter.DropTooLarge)
	if tally != want {
		t.Errorf("got %+v, want it dropped as too large", tally)
	}
	if err := s.Drain(context.Background(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if len(c.stored("spanwatch.alert")) != 0 || len(c.stored("spanwatch.dlq")) != 1 {
		t.Errorf("alerts %v, dead letters %v", c.stored("spanwatch.alert"), c.stored("spanwatch.dlq"))
	}
}

func TestTokensComeFromAFileAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("a.b.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]SASL{
		"":                         {Mechanism: MechanismOAuthBearer, TokenFile: file},
		"sasl.token-file: must":    {Mechanism: MechanismOAuthBearer},
		"takes a token-file only":  {Mechanism: MechanismOAuthBearer, TokenFile: file, User: "u"},
		"is for OAUTHBEARER only":  {Mechanism: MechanismPlain, User: "u", PasswordFile: file, TokenFile: file},
		"sasl.token-file: open":    {Mechanism: MechanismOAuthBearer, TokenFile: file + "x"},
		"sasl.mechanism: is empty": {TokenFile: file},
	} {
		c := Config{Brokers: []string{"h:1"}, SASL: s}
		if err := c.Validate(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", s, err, want)
		}
	}
	m, err := (&SASL{Mechanism: MechanismOAuthBearer, TokenFile: file}).mechanism()
	if err != nil {
		t.Fatal(err)
	}
	_, hello, err := m.Start(t.Context())
	if err != nil || string(hello) != "n,,\x01auth=Bearer a.b.\x01\x01" {
		t.Errorf("got %q, %v", hello, err)
	}
}
