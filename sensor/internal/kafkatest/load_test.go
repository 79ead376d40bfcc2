package kafkatest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
	"spanwatch/exporter/spool"
	"spanwatch/sensor/internal/kafkatest"
)

// load is a sensor's exporter with the Kafka sink, fed with events at a steady
// rate as by a live capture: nothing waits for the sink.
type load struct {
	t       *testing.T
	cfg     kafka.Config
	sink    *kafka.Sink
	outlet  *exporter.Outlet
	x       *exporter.Exporter
	encoder *event.Encoder
	ended   chan error
	stop    chan struct{} // ends the ticker that drains
	ticking sync.WaitGroup
	made    int

	mu    sync.Mutex
	fault error // the last that was reported
}

const (
	sensorName = "probe-1"
	// maxHeap is far below what the events of an outage take.
	maxHeap = 96 << 20
)

// config is for a cluster's plain listeners, with topics of the test's own.
func config(t *testing.T, addrs ...string) kafka.Config {
	t.Helper()
	return kafka.Config{
		Brokers: addrs, Sensor: sensorName, Prefix: topicPrefix(t), DialTimeout: time.Second, RequestTimeout: 3 * time.Second,
		MaxBackoff: time.Second, SpoolAfter: 500 * time.Millisecond,
	}
}

// topicPrefix makes a prefix from the name of the test.
func topicPrefix(t *testing.T) string {
	name := bytes.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, []byte(t.Name()))
	return string(name)
}

func createTopics(t *testing.T, c *kafkatest.Cluster, cfg kafka.Config) {
	t.Helper()
	admin := kafka.Config{Brokers: c.Addrs(), Prefix: cfg.Prefix, RequestTimeout: 20 * time.Second}
	if err := kafka.CreateTopics(t.Context(), admin, 3, -1); err != nil {
		t.Fatal(err)
	}
}

func newLoad(t *testing.T, cfg kafka.Config, sp *spool.Spool, run string) *load {
	t.Helper()
	sink, err := kafka.NewSink(cfg, sp)
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.NewEncoder(event.Options{Sensor: sensorName, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	l := &load{t: t, cfg: cfg, sink: sink, encoder: e, ended: make(chan error, 1), stop: make(chan struct{})}
	l.outlet = exporter.NewOutlet(sink, exporter.Config{QueueBytes: 8 << 20, Report: func(_ string, err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if err != nil {
			l.fault = err
		}
	}})
	l.x = exporter.New(e, 64<<10, l.outlet)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { l.ended <- l.outlet.Run(ctx) }()
	l.ticking.Go(func() {
		for {
			select {
			case <-l.stop:
				return
			case <-time.After(100 * time.Millisecond):
				_ = sink.Drain(ctx, 20*time.Millisecond) // what is left is checked at the end
			}
		}
	})
	t.Cleanup(func() { cancel(); l.x.Close() })
	return l
}

func openSpool(t *testing.T, cfg spool.Config) *spool.Spool {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	s, err := spool.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// append makes n events; one in twenty is an alert, the others are flow
// records, of 500 connections.
func (l *load) append(n int) {
	rule := event.AppendRule(nil, &event.Rule{GID: 1, SID: 7, Message: "a rule of the test"})
	var open, key []byte
	for range n {
		i := l.made
		l.made++
		env := event.Envelope{Time: time.Now().UnixNano(), Packet: uint64(i), FlowID: uint64(i%500 + 1)}
		key = fmt.Appendf(key[:0], "1:connection-%d", i%500)
		if i%20 == 0 {
			a := event.Alert{Envelope: env, SID: 7, GID: 1, Rule: rule}
			open = l.encoder.AppendAlert(open[:0], &a)
			l.x.Append(event.TypeAlert, open, l.encoder.ID(event.TypeAlert, &env, 1, 7), key, env.Time)
			continue
		}
		f := event.Flow{Envelope: env}
		open = l.encoder.AppendFlow(open[:0], &f)
		l.x.Append(event.TypeFlow, open, l.encoder.ID(event.TypeFlow, &env, 0, 0), key, env.Time)
	}
	l.x.Flush()
}

// feed makes events for d, perSecond of them each second.
func (l *load) feed(d time.Duration, perSecond int) {
	done := 0
	for start := time.Now(); time.Since(start) < d; time.Sleep(20 * time.Millisecond) {
		due := int(time.Since(start) * time.Duration(perSecond) / time.Second)
		l.append(due - done)
		done = due
	}
}

// reported is the last fault that the outlet told people.
func (l *load) reported() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault
}

// settle waits until nothing is queued and the spool is empty.
func (l *load) settle(patience time.Duration) {
	l.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := l.sink.Drain(context.Background(), 200*time.Millisecond)
		counts := l.outlet.Snapshot()
		if err == nil && counts.Total().Queued == 0 {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("not settled after %v: %v; %+v", patience, err, counts.Total())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// outcome is what the sensor says became of the events.
type outcome struct {
	counts exporter.Counts
	total  exporter.TypeCounts
	lost   uint64 // by the spool
	left   uint64 // in the spool
	heap   uint64
}

// end ends the sensor and checks its accounts.
func (l *load) end() outcome {
	l.t.Helper()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	l.x.Close()
	close(l.stop)
	select {
	case err := <-l.ended:
		if err != nil {
			l.t.Error(err)
		}
	case <-time.After(30 * time.Second):
		l.t.Fatal("the outlet did not end")
	}
	l.ticking.Wait()
	o := outcome{counts: l.outlet.Snapshot(), heap: m.HeapInuse}
	later := l.sink.Later()
	for t := range o.counts {
		c := &o.counts[t]
		if b := c.Balance(); b != 0 {
			l.t.Errorf("%s: made is not delivered + spooled + dropped: %+v", event.Type(t), c)
		}
		if c.Queued != 0 {
			l.t.Errorf("%s: %d are queued after the end", event.Type(t), c.Queued)
		}
		if c.Replayed != later[t].Delivered {
			l.t.Errorf("%s: %d replayed by the outlet's accounts, %d by the sink's", event.Type(t), c.Replayed, later[t].Delivered)
		}
	}
	o.total = o.counts.Total()
	if sp := l.sink.Spool(); sp != nil {
		for t, c := range sp.Counts() {
			if b := c.Balance(); b != 0 {
				l.t.Errorf("spool, %s: balance %d: %+v", event.Type(t), b, c)
			}
			if n := o.counts[t].Spooled; n != c.Pending.Records {
				l.t.Errorf("%s: %d spooled by the outlet's accounts, %d by the spool's", event.Type(t), n, c.Pending.Records)
			}
			o.left += c.Pending.Records
			for _, a := range c.Lost {
				o.lost += a.Records
			}
		}
	}
	if o.heap > maxHeap {
		l.t.Errorf("%d bytes of heap in use", o.heap)
	}
	return o
}

// noAlertLost checks that every alert was delivered or will be.
func (o *outcome) noAlertLost(t *testing.T) {
	t.Helper()
	c := &o.counts[event.TypeAlert]
	if c.Made == 0 || c.Delivered+c.Spooled != c.Made+c.Recovered {
		t.Errorf("alerts: %+v, want all delivered or spooled", c)
	}
}

// proof reads the topics and compares them with the accounts: what arrived is
// what was called delivered, what is missing is what was called lost.
func (o *outcome) proof(t *testing.T, cfg kafka.Config) kafka.Verdict {
	t.Helper()
	var text bytes.Buffer
	v := verify(t, cfg, &text)
	arrived, missing, copies := uint64(0), uint64(0), uint64(0)
	for _, r := range v.Runs {
		arrived += r.Records
		missing += o.total.Made - r.Records
		copies += r.Duplicates
		if r.Conflicts > 0 {
			t.Errorf("%d events share a seq with others", r.Conflicts)
		}
	}
	said := o.total.Delivered
	dropped := o.left
	for _, n := range o.total.Dropped {
		dropped += n
	}
	if arrived != said || missing != dropped || v.Foreign != 0 {
		t.Errorf("%d arrived, %d called delivered; %d missing, %d called lost\n%s", arrived, said, missing, dropped, text.String())
	}
	if v.Unordered > 0 {
		t.Errorf("%d events out of order", v.Unordered)
	}
	t.Logf("made %d = delivered %d (%d by the spool) + spooled %d + dropped %v; copies %d, out of order %d, heap %d MB",
		o.total.Made, o.total.Delivered, o.total.Replayed, o.total.Spooled, o.total.Dropped, copies, v.Unordered, o.heap>>20)
	return v
}

func verify(t *testing.T, cfg kafka.Config, out io.Writer) kafka.Verdict {
	t.Helper()
	cfg.RequestTimeout = 20 * time.Second
	v, err := kafka.Verify(t.Context(), kafka.VerifyConfig{Config: cfg})
	if err == nil {
		err = v.Table(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}
