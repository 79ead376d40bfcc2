package kafka

import (
	"fmt"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/spool"
)

// hung makes a cluster that gives no answers until the returned function is
// called.
func hung(t *testing.T) (c *fakeCluster, heal func()) {
	t.Helper()
	c = newFakeCluster(t, 1, 3)
	away := true
	c.answer = func(int, string, int32, int) (int16, bool, bool) { return 0, !away, away }
	return c, func() { c.set(func() { away = false }) }
}

// TestAlertsAreOnTheDiskWhileDeliverWaitsForTheBroker kills nobody: what counts is
// that everything is written before the first answer has come.
func TestAlertsAreOnTheDiskWhileDeliverWaitsForTheBroker(t *testing.T) {
	c, heal := hung(t)
	cfg := quick(c)
	cfg.SpoolAfter, cfg.RequestTimeout = time.Minute, time.Second
	sp := openSpool(t, t.TempDir())
	r := newRig(t, cfg, sp)
	for range 10 {
		r.make(40)
	}
	written := func() uint64 { return sp.Counts()[event.TypeAlert].Written.Records }
	for end := time.Now().Add(5 * time.Second); written() < 100 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	counts := r.outlet.Snapshot()[event.TypeAlert]
	if written() != 100 || counts.Queued == 0 || counts.Balance() != 0 {
		t.Errorf("%d of 100 alerts are on the disk, accounts %+v", written(), counts)
	}
	heal()
	r.settle()
	if total := r.end(); total.Delivered != 400 || total.Spooled != 0 {
		t.Errorf("at the end: %+v", total)
	}
	c.check(t, cfg, 400)
	for typ, n := range sp.Counts() {
		if n.Balance() != 0 || n.Pending.Records != 0 {
			t.Errorf("spool, %s: %+v", event.Type(typ), n)
		}
	}
}

// TestAlertsThatTheSpoolRefusesKeepTheirOrder fills the spool with alerts, so
// that some are staged and others not.
func TestAlertsThatTheSpoolRefusesKeepTheirOrder(t *testing.T) {
	c, heal := hung(t)
	cfg := quick(c)
	sp, err := spool.Open(spool.Config{Dir: t.TempDir(), MaxBytes: spool.MinMaxBytes})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, cfg, sp)
	refusals := func() uint64 { return r.outlet.Snapshot()[event.TypeAlert].Dropped[exporter.DropSpoolFull] }
	for end := time.Now().Add(20 * time.Second); refusals() == 0 && time.Now().Before(end); {
		r.make(200)
		for n := r.outlet.Snapshot(); n.Total().Queued > 200; n = r.outlet.Snapshot() {
			time.Sleep(time.Millisecond)
		}
	}
	heal()
	for range 10 {
		r.make(100)
		time.Sleep(10 * time.Millisecond)
	}
	r.settle()
	total := r.end()
	alerts := r.outlet.Snapshot()[event.TypeAlert]
	refused := alerts.Dropped[exporter.DropSpoolFull]
	if refused == 0 || alerts.Delivered == 0 || total.Spooled != 0 {
		t.Errorf("alerts %+v, want some refused and the rest delivered", alerts)
	}
	seen, last := map[string]bool{}, map[string]uint64{}
	for _, w := range c.stored("spanwatch.alert") {
		var seq uint64
		if id, ok := identify([]byte(w.value)); ok {
			seq = id.Seq
		}
		if name := fmt.Sprint(seq); seen[name] || seq <= last[w.key] {
			t.Errorf("seq %d of key %s came after %d", seq, w.key, last[w.key])
		} else {
			seen[name], last[w.key] = true, seq
		}
	}
	if got := uint64(len(seen)); got < alerts.Delivered || got > alerts.Delivered+refused {
		t.Errorf("%d alerts arrived, %d were called delivered", got, alerts.Delivered)
	}
	for typ, n := range sp.Counts() {
		if n.Balance() != 0 {
			t.Errorf("spool, %s: %+v", event.Type(typ), n)
		}
	}
}

// TestAlertsAcceptedByOnePartitionOnlyAreCountedAsTheSpoolHasThem ends a sensor
// whose alerts the broker took in part. The spool gives them up as a whole, so
// the next process finds all of them, and no account may call them delivered
// before.
func TestAlertsAcceptedByOnePartitionOnlyAreCountedAsTheSpoolHasThem(t *testing.T) {
	c := newFakeCluster(t, 1, 3)
	refuse := true
	c.answer = func(_ int, topic string, partition int32, _ int) (int16, bool, bool) {
		if refuse && topic == "spanwatch.alert" && partition != 0 {
			return int16(kafka.NotEnoughReplicas), false, false
		}
		return 0, true, false
	}
	dir := t.TempDir()
	cfg := quick(c)
	r := newRig(t, cfg, openSpool(t, dir))
	r.make(400)
	r.end()
	first := r.outlet.Snapshot()[event.TypeAlert]
	if n := len(c.stored("spanwatch.alert")); n == 0 || n == 100 {
		t.Fatalf("%d of 100 alerts arrived, want some", n)
	}
	c.set(func() { refuse = false })
	again := newRig(t, cfg, openSpool(t, dir))
	recovered := again.outlet.Snapshot()[event.TypeAlert].Recovered
	if first.Spooled != recovered || first.Delivered+recovered != 100 {
		t.Errorf("%d delivered, %d left, the next process found %d of 100 alerts", first.Delivered, first.Spooled, recovered)
	}
	again.settle()
	again.end()
	second := again.outlet.Snapshot()[event.TypeAlert]
	arrived := map[string]bool{}
	for _, w := range c.stored("spanwatch.alert") {
		arrived[w.headers["event_id"]] = true
	}
	if len(arrived) != 100 || second.Delivered != recovered || second.Spooled != 0 {
		t.Errorf("%d of 100 alerts arrived; the next process: %+v", len(arrived), second)
	}
}
