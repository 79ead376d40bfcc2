package kafkatest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
	"spanwatch/exporter/spool"
)

// childEnv makes the test program play the sensor that is killed. Its value is
// the configuration.
const childEnv = "SPANWATCH_KAFKATEST_CHILD"

type childConfig struct {
	Broker, Prefix, Spool, Run string
}

func (c *childConfig) kafka() kafka.Config {
	return kafka.Config{
		Brokers: []string{c.Broker}, Prefix: c.Prefix, Sensor: sensorName, DialTimeout: time.Second,
		RequestTimeout: 3 * time.Second, MaxBackoff: 500 * time.Millisecond, SpoolAfter: 300 * time.Millisecond,
	}
}

// witness is a sink that prints, after each Deliver, up to which seq the sink
// has taken the responsibility.
type witness struct {
	exporter.Sink
	done uint64
}

func (w *witness) Deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	_ = w.Sink.Deliver(ctx, records, tally) // what could not be delivered is spooled
	w.done += uint64(len(records))
	fmt.Println(w.done)
	return nil
}

// child makes events until it is killed.
func child() error {
	var cfg childConfig
	if err := json.Unmarshal([]byte(os.Getenv(childEnv)), &cfg); err != nil {
		return err
	}
	sp, err := spool.Open(spool.Config{Dir: cfg.Spool})
	if err != nil {
		return err
	}
	sink, err := kafka.NewSink(cfg.kafka(), sp)
	if err != nil {
		return err
	}
	e, err := event.NewEncoder(event.Options{Sensor: sensorName, Run: cfg.Run})
	if err != nil {
		return err
	}
	o := exporter.NewOutlet(&witness{Sink: sink}, exporter.Config{Block: true})
	x := exporter.New(e, 32<<10, o)
	ended := make(chan error, 1)
	go func() { ended <- o.Run(context.Background()) }()
	l := &load{x: x, encoder: e}
	l.feed(time.Minute, rate)
	x.Close()
	return <-ended
}

// TestSensorKilledInTheMiddle kills the sensor while part of its events is in
// flight and part in the spool, twice, and lets a third one deliver the rest:
// nothing is missing that an earlier one had taken.
func TestSensorKilledInTheMiddle(t *testing.T) {
	c := single(t)
	p := c.Brokers[0].Proxy
	t.Cleanup(p.Thaw)
	cfg := childConfig{Broker: c.Brokers[0].ProxyAddr(), Prefix: topicPrefix(t), Spool: t.TempDir()}
	createTopics(t, c, cfg.kafka())
	taken := map[string]uint64{}
	for i, run := range []string{"first", "second"} {
		cfg.Run = run
		taken[run] = killedChild(t, cfg, func() {
			time.Sleep(700 * time.Millisecond)
			p.Freeze()
			time.Sleep(1200 * time.Millisecond)
			if i == 1 { // the second is killed while it empties the spool
				p.Thaw()
				time.Sleep(2 * time.Millisecond) // it needs some twenty for all
			}
		})
		p.Thaw()
		if taken[run] < rate/2 {
			t.Errorf("run %s took %d events only", run, taken[run])
		}
	}
	sp := openSpool(t, spool.Config{Dir: cfg.Spool})
	recovered := uint64(0)
	for _, n := range sp.Counts() {
		recovered += n.Recovered.Records
	}
	sink, err := kafka.NewSink(cfg.kafka(), sp)
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Drain(t.Context(), 30*time.Second); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	v := verify(t, cfg.kafka(), io.Discard)
	if len(v.Runs) != 2 || recovered == 0 || v.Unordered > 0 {
		t.Errorf("%d runs, %d recovered, %d out of order", len(v.Runs), recovered, v.Unordered)
	}
	for _, r := range v.Runs {
		if r.Conflicts > 0 || len(r.Gaps) > 0 && r.Gaps[0].From <= taken[r.Run] {
			t.Errorf("run %s had taken %d events; %d conflicts, missing %+v", r.Run, taken[r.Run], r.Conflicts, r.Gaps)
		}
		t.Logf("run %s: taken %d, arrived %d, copies %d", r.Run, taken[r.Run], r.Records, r.Duplicates)
	}
}

// killedChild runs a sensor, kills it after f, and returns the last seq that it
// said it had taken.
func killedChild(t *testing.T, cfg childConfig, f func()) (taken uint64) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		f()
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
	}()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // the last line may be torn
			break
		}
		if _, err := fmt.Sscan(strings.TrimSpace(line), &taken); err != nil {
			t.Error(err)
		}
	}
	_ = cmd.Wait() // was killed
	return taken
}
