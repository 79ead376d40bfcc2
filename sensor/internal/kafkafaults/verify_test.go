package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
)

// planted is a record that a test puts into a topic.
type planted struct {
	seq uint64
	id  byte
	key string
}

func (p planted) record() exporter.Record {
	id := event.ID{15: p.id}
	return exporter.Record{
		Type: event.TypeFlow, Time: time.Now().UnixNano(), ID: id, Key: []byte(p.key),
		Body: fmt.Appendf(nil, `{"event_type":"flow","sensor":{"id":"probe-1","run":"r1"},"seq":%d,"event_id":%q}`, p.seq, id),
	}
}

// TestVerifyFindsWhatIsPlantedInRealTopics runs the command as people do.
func TestVerifyFindsWhatIsPlantedInRealTopics(t *testing.T) {
	b := shared(t)
	c, err := b.cluster(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	good := []planted{{1, 1, "k"}, {2, 2, "l"}, {3, 3, "k"}}
	cases := []struct {
		name    string
		records []planted
		strict  bool
		status  int
		want    kafka.RunVerdict
	}{
		{"nothing", good, true, 0, kafka.RunVerdict{Records: 3, Last: 3}},
		{"a gap", append(good[:3:3], planted{6, 6, "k"}), false, 3,
			kafka.RunVerdict{Records: 4, Last: 6, Missing: 2, Gaps: []kafka.Gap{{From: 4, To: 5}}}},
		{"a copy", append(good[:3:3], planted{2, 2, "l"}), false, 0, kafka.RunVerdict{Records: 3, Last: 3, Duplicates: 1}},
		{"a copy, strictly", append(good[:3:3], planted{2, 2, "l"}), true, 3, kafka.RunVerdict{Records: 3, Last: 3, Duplicates: 1}},
		{"two events with one seq", append(good[:3:3], planted{3, 9, "k"}), false, 3, kafka.RunVerdict{Records: 3, Last: 3, Conflicts: 1}},
		{"disorder within a key", []planted{{1, 1, "k"}, {3, 3, "k"}, {2, 2, "k"}}, false, 3, kafka.RunVerdict{Records: 3, Last: 3, Unordered: 1}},
		{"other order of two keys", []planted{{1, 1, "k"}, {3, 3, "k"}, {2, 2, "l"}}, false, 0, kafka.RunVerdict{Records: 3, Last: 3}},
	}
	for i, one := range cases {
		t.Run(one.name, func(t *testing.T) {
			cfg := kafka.Config{Brokers: c.Addrs(), Prefix: fmt.Sprintf("planted-%d", i), Timestamp: kafka.TimestampDelivery}
			plant(t, cfg, one.records)
			args := []string{"kafka", "verify", "--kafka", c.Addrs()[0], "--prefix", cfg.Prefix, "--json"}
			if one.strict {
				args = append(args, "--strict")
			}
			status, stdout, stderr := b.command(t, args...)
			if status != one.status {
				t.Errorf("exit status %d, want %d: %s", status, one.status, stderr)
			}
			var v kafka.Verdict
			if err := json.Unmarshal([]byte(stdout), &v); err != nil {
				t.Fatalf("%v: %s", err, stdout)
			}
			one.want.Sensor, one.want.Run, one.want.First = "probe-1", "r1", 1
			if len(v.Runs) != 1 || !reflect.DeepEqual(v.Runs[0], one.want) {
				t.Errorf("got  %+v\nwant %+v", v.Runs, one.want)
			}
		})
	}
	status, stdout, _ := b.command(t, "kafka", "verify", "--kafka", c.Addrs()[0], "--prefix", "planted-1")
	if status != 3 || !strings.Contains(stdout, "missing: sensor probe-1 run r1 seq 4 to 5") {
		t.Errorf("the table with a gap: status %d\n%s", status, stdout)
	}
	if status, _, stderr := b.command(t, "kafka", "verify", "--kafka", "127.0.0.1:1", "--timeout", "2s"); status != 1 || stderr == "" {
		t.Errorf("without a broker: status %d, %q", status, stderr)
	}
}

// plant makes the topics and delivers the records in order.
func plant(t *testing.T, cfg kafka.Config, list []planted) {
	t.Helper()
	if err := kafka.CreateTopics(t.Context(), cfg, 3, -1); err != nil {
		t.Fatal(err)
	}
	sink, err := kafka.NewSink(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	for _, p := range list {
		var tally exporter.Tally
		if err := sink.Deliver(t.Context(), []exporter.Record{p.record()}, &tally); err != nil {
			t.Fatal(err)
		}
	}
}

// command runs the program to its end.
func (b *bench) command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), b.program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}
