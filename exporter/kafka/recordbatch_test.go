package kafka

import (
	"fmt"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

func TestRecordBatchesAreReadByTheLibrary(t *testing.T) {
	h := newHeaders(&Config{Sensor: "s", Headers: []Header{{"tenant", "a"}}})
	e := batchEncoder{headers: h, key: KeyFlowID}
	body := []byte(`{"timestamp":"2024-01-01T00:00:00.000000+0000","flow_id":123456,"seq":1}`)
	records := []exporter.Record{{Type: event.TypeDNS, Time: 5e9, Body: body}, {Type: event.TypeDNS, Time: 4e9, Body: body}}
	b, err := e.encode(nil, records, []int32{0, 1}, time.Unix(100, 0), false)
	if err != nil {
		t.Fatal(err)
	}
	stamp(b, producer{77, 3}, 9)
	c := &fakeCluster{t: t}
	got, from := decodeBatch(t, c, b)
	if from != (origin{77, 9}) || len(got) != 2 {
		t.Fatalf("got %d records from %+v", len(got), from)
	}
	want := written{key: "123456", value: string(body), time: 4000, headers: map[string]string{
		"event_type": "dns", "schema": event.SchemaID, "content-type": "application/json", "sensor": "s", "tenant": "a",
		"event_id": event.ID{}.String(),
	}}
	if g := got[1]; g.key != want.key || g.value != want.value || g.time != want.time || fmt.Sprint(g.headers) != fmt.Sprint(want.headers) {
		t.Errorf("got %+v, want %+v", g, want)
	}
}

func sampleBatch(n int) (records []exporter.Record, index []int32) {
	body := make([]byte, 600)
	for i := range body {
		body[i] = byte('a' + i%20)
	}
	for i := range n {
		records = append(records, exporter.Record{Type: event.TypeFlow, Time: int64(i) * 1e6, Key: []byte("1:abcdefghijklmnopqrstuvwxyz0="), Body: body})
		index = append(index, int32(i))
	}
	return records, index
}

func TestEncodingABatchAllocatesNothingOnceItsMemoryIsThere(t *testing.T) {
	records, index := sampleBatch(200)
	e := batchEncoder{headers: newHeaders(&Config{Sensor: "probe-1"})}
	now := time.Unix(100, 0)
	dst, err := e.encode(nil, records, index, now, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(50, func() {
		dst, err = e.encode(dst[:0], records, index, now, false)
		stamp(dst, nobody, -1)
	}); n != 0 || err != nil {
		t.Errorf("%v allocations for 200 records, error %v", n, err)
	}
}

func BenchmarkEncodeBatch(b *testing.B) {
	records, index := sampleBatch(500)
	for c := CompressionNone; c <= CompressionZstd; c++ {
		b.Run(c.String(), func(b *testing.B) {
			e := batchEncoder{headers: newHeaders(&Config{Sensor: "probe-1"}), codec: c.codec()}
			var dst []byte
			var err error
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = e.encode(dst[:0], records, index, time.Unix(100, 0), false); err != nil {
					b.Fatal(err)
				}
				stamp(dst, nobody, -1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(index)), "ns/record")
		})
	}
}
