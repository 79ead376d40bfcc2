package kafka

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	kafka "github.com/segmentio/kafka-go"
)

func TestVerifyFindsGapsCopiesConflictsAndDisorder(t *testing.T) {
	v := verifier{maxKeys: 3, runs: map[runKey]*run{}, order: map[orderKey]uint64{}}
	give := func(run string, seq uint64, id, key string) {
		t.Helper()
		value := fmt.Sprintf(`{"event_type":"flow","sensor":{"id":"s","run":%q},"seq":%d,"event_id":%q}`, run, seq, id)
		r := &kafka.Record{Value: kafka.NewBytes([]byte(value))}
		if key != "" {
			r.Key = kafka.NewBytes([]byte(key))
		}
		if err := v.record(r); err != nil {
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
	if err := v.record(&kafka.Record{Value: kafka.NewBytes([]byte("not JSON"))}); err != nil {
		t.Fatal(err)
	}
	got := v.verdict()
	want := []RunVerdict{
		{Sensor: "s", Run: "a", Records: 4, First: 1, Last: 70000, Missing: 69996, Gaps: []Gap{{3, 4}, {6, 69999}}, Duplicates: 2, Conflicts: 1},
		{Sensor: "s", Run: "b", Records: 3, First: 1, Last: 3},
	}
	if !reflect.DeepEqual(got.Runs, want) {
		t.Errorf("got  %+v\nwant %+v", got.Runs, want)
	}
	if got.Unordered != 1 || got.Unchecked != 1 || got.Foreign != 1 || got.Records != 11 || got.OK() {
		t.Errorf("got %+v", got)
	}
	var text strings.Builder
	got.print(&text)
	for _, line := range []string{"11 records", "1 out of order", "sensor s run a: 4 events", "69996 missing, 2 duplicates, 1 conflicts", "  missing 3 to 4\n"} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("no %q in\n%s", line, text.String())
		}
	}
}

func TestVerifyStopsAtTenGapsAndBearsAnySeq(t *testing.T) {
	v := verifier{maxKeys: 1, runs: map[runKey]*run{}, order: map[orderKey]uint64{}}
	for i := range 30 {
		value := fmt.Sprintf(`{"seq":%d,"event_id":"%d"}`, 1+uint64(i)*1e18/2, i)
		if err := v.record(&kafka.Record{Value: kafka.NewBytes([]byte(value))}); err != nil {
			t.Fatal(err)
		}
	}
	if got := v.verdict(); len(got.Runs) != 1 || len(got.Runs[0].Gaps) != maxGaps {
		t.Errorf("got %+v", got)
	}
}
