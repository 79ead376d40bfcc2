package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

func TestOversizeRecordsLosePayloadsOrBecomeDeadLetters(t *testing.T) {
	c := newFakeCluster(t, 1, 1)
	cfg := quick(c)
	cfg.MaxRecordBytes = MinMaxRecordBytes
	s, err := NewSink(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("A", 20<<10)
	shrinks := `{"event_type":"alert","payload":"` + big + `","seq":1,"event_id":"x"}`
	hopeless := `{"event_type":"alert","dns":"` + big + `","seq":2}`
	small := `{"event_type":"alert","seq":3}`
	records := []exporter.Record{
		{Type: event.TypeAlert, Body: []byte(shrinks)}, {Type: event.TypeAlert, Body: []byte(hopeless)}, {Type: event.TypeAlert, Body: []byte(small)},
	}
	tally, err := deliver(t, s, records...)
	if err != nil {
		t.Fatal(err)
	}
	want := exporter.Tally{}
	want.Dropped(&records[1], exporter.DropTooLarge)
	cut := records[0]
	cut.Body = truncate(cut.Body, 0)
	want.Delivered(&cut)
	want.Delivered(&records[2])
	if tally != want {
		t.Errorf("tally %+v, want %+v", tally, want)
	}
	got := c.stored("spanwatch.alert")
	if len(got) != 2 || !strings.Contains(got[0].value, `"truncated":{"members":["payload"],"bytes":20`) || got[1].value != small {
		t.Errorf("got %d records: %.2000s", len(got), fmt.Sprint(got))
	}
	if err := s.Drain(context.Background(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	notes := c.stored("spanwatch.dlq")
	if len(notes) != 1 || !strings.Contains(notes[0].value, "record too large") || s.DeadLetters().Sent != 1 {
		t.Errorf("dead letters: %v, %+v", notes, s.DeadLetters())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAPoisonRecordIsSetAsideAndTheOthersArrive(t *testing.T) {
	c := newFakeCluster(t, 1, 1)
	cfg := quick(c)
	poisoned := func(n int) (int16, bool, bool) { return int16(kafka.InvalidRecord), false, false }
	s, err := NewSink(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	var records []exporter.Record
	for i := range 32 {
		records = append(records, exporter.Record{Type: event.TypeFlow, ID: event.ID{byte(i)}, Body: fmt.Appendf(nil, `{"seq":%d}`, i)})
	}
	sizes := map[int]bool{}
	done := 0
	c.answer = func(_ int, topic string, _ int32, n int) (int16, bool, bool) {
		if !strings.HasSuffix(topic, ".flow") {
			return 0, true, false
		}
		sizes[n] = true
		from := done // batches come in order, so the poison, 13, is in this one or not
		if from <= 13 && 13 < from+n {
			if n == 1 {
				done++
			}
			return poisoned(n)
		}
		done += n
		return 0, true, false
	}
	tally, err := deliver(t, s, records...)
	if err == nil || !errors.Is(err, kafka.InvalidRecord) {
		t.Errorf("error %v, want the broker's", err)
	}
	var want exporter.Tally
	for i := range records {
		if i == 13 {
			want.Dropped(&records[i], exporter.DropRejected)
		} else {
			want.Delivered(&records[i])
		}
	}
	if tally != want {
		t.Errorf("got %+v", tally)
	}
	var values []string
	for _, w := range c.stored("spanwatch.flow") {
		values = append(values, w.value)
	}
	wantValues := []string{}
	for i := range 32 {
		if i != 13 {
			wantValues = append(wantValues, fmt.Sprintf(`{"seq":%d}`, i))
		}
	}
	if !slices.Equal(values, wantValues) {
		t.Errorf("got %v", values)
	}
	if !sizes[1] || !sizes[32] {
		t.Errorf("batches of %v records came", sizes)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
