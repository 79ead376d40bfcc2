package kafka

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/spool"
)

// TestAFlightThatDoesNotFitTheSpoolIsCountedOnce spools a Deliver that is
// larger than the whole spool while it is in the air: making room for its end
// must not give up its beginning, which may be delivered yet.
func TestAFlightThatDoesNotFitTheSpoolIsCountedOnce(t *testing.T) {
	c := newFakeCluster(t, 1, 1)
	var away atomic.Bool
	away.Store(true)
	c.answer = func(int, string, int32, int) (int16, bool, bool) {
		if away.Load() {
			return int16(kafka.NotEnoughReplicas), false, false
		}
		return 0, true, false
	}
	sp, err := spool.Open(spool.Config{Dir: t.TempDir(), MaxBytes: spool.MinMaxBytes})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := NewSink(quick(c), sp)
	if err != nil {
		t.Fatal(err)
	}
	outlet := exporter.NewOutlet(sink, exporter.Config{Block: true, GatherBytes: 1 << 20, Linger: 50 * time.Millisecond})
	e, err := event.NewEncoder(event.Options{Sensor: "probe-1", Run: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, sink: sink, outlet: outlet, encoder: e, ended: make(chan error, 1)}
	r.x = exporter.New(e, 16<<10, outlet)
	go func() { r.ended <- outlet.Run(t.Context()) }()
	for i := range 3000 {
		env := event.Envelope{Time: int64(i) * 1e6, Packet: uint64(i), FlowID: uint64(i%20 + 1)}
		open := e.AppendFlow(nil, &event.Flow{Envelope: env})
		r.x.Append(event.TypeFlow, open, e.ID(event.TypeFlow, &env, 0, 0), fmt.Appendf(nil, "1:key-%d", i%20), env.Time)
		if i%1000 == 999 {
			r.x.Flush()
			time.Sleep(300 * time.Millisecond)
		}
	}
	away.Store(false)
	total := r.end()
	dropped := uint64(0)
	for _, n := range total.Dropped {
		dropped += n
	}
	if total.Made != 3000 || total.Delivered+dropped != 3000 || total.Spooled != 0 || total.Dropped[exporter.DropSpoolFull] == 0 {
		t.Errorf("got %+v, want 3000 delivered or dropped, some of them by the full spool", total)
	}
	for typ, n := range sp.Counts() {
		if n.Balance() != 0 {
			t.Errorf("spool, %s: %+v", event.Type(typ), n)
		}
	}
}
