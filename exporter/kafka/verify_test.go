package kafka

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	kafka "github.com/segmentio/kafka-go"
)

func TestVerifyFindsGapsCopiesConflictsAndDisorder(t *testing.T) {
	v := verifier{maxKeys: 3, runs: map[runKey]*run{}, order: map[orderKey]uint64{}, topic: &TopicVerdict{Topic: "t"}}
	give := func(run string, seq uint64, id, key string) {
		t.Helper()
		value := fmt.Sprintf(`{"event_type":"flow","sensor":{"id":"s","run":%q},"seq":%d,"event_id":%q}`, run, seq, id)
		r := &kafka.Record{Value: kafka.NewBytes([]byte(value))}
		if key != "" {
			r.Key = kafka.NewBytes([]byte(key))
		}
		if err := v.record(r, 0); err != nil {
			t.Fatal(err)
		}
	}
	give("a", 2, "id2", "k")
	give("a", 1, "id1", "k")    // disorder
	give("a", 5, "id5", "k")    // 3 and 4 are missing
	give("a", 5, "id5", "k")    // a copy
	give("a", 2, "id2", "k")    // a late copy is no disorder
	give("a", 1, "other", "k")  // a conflict
	give("a", 70000, "id7", "") // without key, far away
	give("b", 1, "id1", "k")
	give("b", 2, "id2", "l")
	give("b", 3, "id3", "m") // beyond maxKeys
	if err := v.record(&kafka.Record{Value: kafka.NewBytes([]byte("not JSON"))}, 0); err != nil {
		t.Fatal(err)
	}
	ecs := `{"event":{"sequence":4,"id":"id4"},"spanwatch":{"sensor":{"id":"s","run":"b"}}}`
	if err := v.record(&kafka.Record{Value: kafka.NewBytes([]byte(ecs))}, 0); err != nil {
		t.Fatal(err)
	}
	got := v.verdict()
	want := []RunVerdict{
		{Sensor: "s", Run: "a", Records: 4, First: 1, Last: 70000, Missing: 69996, Gaps: []Gap{{3, 4}, {6, 69999}}, Duplicates: 2, Conflicts: 1, Unordered: 1},
		{Sensor: "s", Run: "b", Records: 4, First: 1, Last: 4},
	}
	if !reflect.DeepEqual(got.Runs, want) {
		t.Errorf("got  %+v\nwant %+v", got.Runs, want)
	}
	if got.Unordered != 1 || got.Unchecked != 1 || got.Foreign != 1 || got.Records != 12 || got.OK() {
		t.Errorf("got %+v", got)
	}
	var text strings.Builder
	if err := got.Table(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"12 records", "1 out of order", "s       a    4       1…70000  69996    2           1          1", "missing: sensor s run a seq 3 to 4\n",
		"out of order: topic t partition 0 offset 0 key k: seq 1 of sensor s run a stands behind 2\n"} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("no %q in\n%s", line, text.String())
		}
	}
}

func TestVerifyStopsAtTenGapsAndBearsAnySeq(t *testing.T) {
	v := verifier{maxKeys: 1, topic: &TopicVerdict{}, runs: map[runKey]*run{}, order: map[orderKey]uint64{}}
	for i := range 30 {
		value := fmt.Sprintf(`{"seq":%d,"event_id":"%d"}`, 1+uint64(i)*1e18/2, i)
		if err := v.record(&kafka.Record{Value: kafka.NewBytes([]byte(value))}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if got := v.verdict(); len(got.Runs) != 1 || len(got.Runs[0].Gaps) != maxGaps {
		t.Errorf("got %+v", got)
	}
}
