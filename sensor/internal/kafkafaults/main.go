// Command kafkafaults breaks real Kafka brokers, networks, disks and sensors in
// the course of a run of the real program, one fault after the other, and
// compares three accounts of what became of the events: the sensor's metrics at
// every scrape and at the end, the file that the same sensor wrote beside Kafka,
// and the topics read from beginning to end.
//
//	load.pcap ─► spanwatch replay --speed 1x ─┬─► eve.json          what was made
//	                    │  ▲                  ├─► Kafka (proxy, 1 or 3 brokers) ─► Verify
//	              /metrics  fault             └─► spool ─► a second run delivers what is left
//
//	go run ./sensor/internal/kafkafaults [-run PATTERN] [-short]
//
// It prints a table and fails when an event is not accounted for, an alert is
// lost, an order is broken, copies differ, or memory grows beyond its bound.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"text/tabwriter"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
	"spanwatch/sensor/internal/kafkatest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() (err error) {
	pattern := flag.String("run", "", "only the faults whose name matches this `PATTERN`")
	short := flag.Bool("short", false, "only those that CI runs")
	flag.Parse()
	match, err := regexp.Compile(*pattern)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "spanwatch-faults-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := newBench(ctx, dir)
	if err != nil {
		return err
	}
	defer func() {
		if e := b.close(); err == nil {
			err = e
		}
	}()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, heading)
	failed := 0
	for _, f := range faults {
		if ctx.Err() != nil || !match.MatchString(f.name) || *short && !f.short {
			continue
		}
		o := b.try(ctx, &f)
		fmt.Fprintln(table, o.row(&f))
		for _, what := range o.wrong {
			fmt.Fprintf(os.Stderr, "%s: %s\n", f.name, what)
		}
		if len(o.wrong) > 0 {
			failed++
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%w: %d", errFaults, failed)
	}
	return ctx.Err()
}

// bench is what all faults share.
type bench struct {
	dir     string
	program string
	load    string
	rules   string
	single  *kafkatest.Cluster // started for the first fault that wants it
	three   *kafkatest.Cluster
}

// newBench builds the program and makes the load.
func newBench(ctx context.Context, dir string) (*bench, error) {
	b := &bench{dir: dir, program: filepath.Join(dir, "spanwatch"), load: filepath.Join(dir, "load.pcap"), rules: filepath.Join(dir, "load.rules")}
	root, err := kafkatest.Root()
	if err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", b.program, "./sensor")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w: %s", err, out)
	}
	return b, makeLoad(b.load, b.rules)
}

// cluster returns the shared cluster of one or three brokers.
func (b *bench) cluster(ctx context.Context, nodes int) (*kafkatest.Cluster, error) {
	at := &b.single
	if nodes > 1 {
		at = &b.three
	}
	if *at != nil {
		return *at, nil
	}
	dir := filepath.Join(b.dir, fmt.Sprintf("kafka%d", nodes))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	var err error
	if *at, err = kafkatest.Start(ctx, kafkatest.Options{Nodes: nodes, Dir: dir}); err != nil {
		return nil, err
	}
	return *at, warm(ctx, *at)
}

// warm delivers one record. The first producer of a new cluster waits for its
// id longer than the faults take.
func warm(ctx context.Context, c *kafkatest.Cluster) error {
	cfg := kafka.Config{Brokers: c.Addrs(), Prefix: "warm", DeliveryTimeout: 2 * time.Minute}
	if err := kafka.CreateTopics(ctx, cfg, 1, -1); err != nil {
		return err
	}
	sink, err := kafka.NewSink(cfg, nil)
	if err != nil {
		return err
	}
	var tally exporter.Tally
	err = sink.Deliver(ctx, []exporter.Record{{Type: event.TypeFlow, Body: []byte("{}")}}, &tally)
	return errors.Join(err, sink.Close())
}

func (b *bench) close() (err error) {
	for _, c := range []*kafkatest.Cluster{b.single, b.three} {
		if c == nil {
			continue
		}
		if e := c.Close(); err == nil {
			err = e
		}
	}
	return err
}
