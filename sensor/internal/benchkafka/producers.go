package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
	"spanwatch/exporter/spool"
	"spanwatch/sensor/internal/kafkatest"
)

// deliverBytes is what one Deliver call gets: the queue of a busy sensor.
const deliverBytes = 1 << 20

var errNotDelivered = errors.New("not everything was delivered")

// ours measures one of this project's ways of sending all records, with a spool
// or without.
func (b *bench) ours(ctx context.Context, c kafka.Compression, spooled bool, send func(context.Context, *kafka.Sink) error) (f figure, err error) {
	prefix, err := b.newTopics(ctx)
	if err != nil {
		return f, err
	}
	cfg := kafka.Config{Brokers: []string{b.broker}, Prefix: prefix, Sensor: "probe-1", Compression: c}
	var sp *spool.Spool
	if spooled {
		dir := b.file("spool-" + prefix)
		if sp, err = spool.Open(spool.Config{Dir: dir, MaxBytes: 4 << 30}); err != nil {
			return f, err
		}
		defer os.RemoveAll(dir)
	}
	sink, err := kafka.NewSink(cfg, sp)
	if err != nil {
		return f, err
	}
	before, err := processCPU()
	if err != nil {
		return f, err
	}
	start := time.Now()
	err = send(ctx, sink)
	f = figure{events: len(b.events.records), took: time.Since(start)}
	after, cpuErr := processCPU()
	f.cpu = after - before
	return f, errors.Join(err, cpuErr, sink.Close())
}

// direct gives the sink finished records.
func (b *bench) direct(ctx context.Context, sink *kafka.Sink) error {
	for rest := b.events.records; len(rest) > 0; {
		n := take(rest)
		var tally exporter.Tally
		if err := sink.Deliver(ctx, rest[:n], &tally); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// queued does what the sensor does from the encoded event on: number it, gather
// batches, queue them, deliver what has queued up.
func (b *bench) queued(ctx context.Context, sink *kafka.Sink) error {
	e, err := event.NewEncoder(event.Options{Sensor: "probe-1", Run: "bench"})
	if err != nil {
		return err
	}
	outlet := exporter.NewOutlet(sink, exporter.Config{
		Block: true, QueueBytes: 32 << 20, GatherBytes: 4 * kafka.DefaultBatchBytes, Linger: 5 * time.Millisecond, FlushTimeout: 10 * time.Minute,
	})
	x := exporter.New(e, 0, outlet)
	ended := make(chan error, 1)
	go func() { ended <- outlet.Run(ctx) }()
	for i := range b.events.records {
		r := &b.events.records[i]
		x.Append(r.Type, b.events.opens[i], r.ID, r.Key, r.Time)
	}
	x.Close()
	if err := <-ended; err != nil {
		return err
	}
	counts := outlet.Snapshot()
	if total := counts.Total(); total.Delivered != uint64(len(b.events.records)) {
		return fmt.Errorf("%w: %+v", errNotDelivered, total)
	}
	return nil
}

// throughSpool writes everything to the disk first, as in an outage.
func (b *bench) throughSpool(ctx context.Context, sink *kafka.Sink) error {
	for rest := b.events.records; len(rest) > 0; {
		n := take(rest)
		if _, _, err := sink.Spool().Append(event.TypeFlow, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if err := sink.Drain(ctx, 10*time.Minute); err != nil {
		return err
	}
	if got := sink.Later()[event.TypeFlow].Delivered; got != uint64(len(b.events.records)) {
		return fmt.Errorf("%w: %d", errNotDelivered, got)
	}
	return nil
}

// take is how many of the records make a Deliver call.
func take(records []exporter.Record) (n int) {
	for size := 0; n < len(records) && size < deliverBytes; n++ {
		size += len(records[n].Body)
	}
	return n
}

// external runs a producer and measures it.
func (b *bench) external(cmd *exec.Cmd) (f figure, err error) {
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return f, fmt.Errorf("%w: %s", err, out)
	}
	return figure{events: len(b.events.records), took: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

// input writes the records as lines, once.
func (b *bench) input(name string, line func(r *exporter.Record) string) (string, error) {
	path := b.file(name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	list := make([]string, len(b.events.records))
	for i := range list {
		list[i] = line(&b.events.records[i])
	}
	return path, os.WriteFile(path, []byte(lines(list)), 0o600)
}

// kcat is librdkafka, with the settings that match ours: same key, same
// partitioner, headers of the same size.
func (b *bench) kcat(ctx context.Context, codec string) (f figure, err error) {
	path, err := b.input("keyed", func(r *exporter.Record) string { return string(r.Key) + "\t" + string(r.Body) })
	if err != nil {
		return f, err
	}
	prefix, err := b.newTopics(ctx)
	if err != nil {
		return f, err
	}
	return b.external(exec.CommandContext(ctx, "kcat", "-P", "-b", b.broker, "-t", prefix+".flow", "-K", "\t", "-z", codec,
		"-X", "acks=all", "-X", "enable.idempotence=true", "-X", "linger.ms=5", "-X", "partitioner=murmur2_random",
		"-X", "batch.size=524288", "-H", "event_type=flow", "-H", "schema="+event.SchemaID, "-H", "content-type=application/json",
		"-H", "sensor=probe-1", "-H", "event_id="+event.ID{}.String(), "-l", path))
}

// perfTest is the Java client. Starting Java is part of what it costs.
func (b *bench) perfTest(ctx context.Context, codec string) (f figure, err error) {
	path, err := b.input("plain", func(r *exporter.Record) string { return string(r.Body) })
	if err != nil {
		return f, err
	}
	jars, err := kafkatest.Jars(ctx, kafkatest.Version4, true)
	if err != nil {
		return f, err
	}
	prefix, err := b.newTopics(ctx)
	if err != nil {
		return f, err
	}
	return b.external(exec.CommandContext(ctx, "java", "-Xmx512m", "-cp", filepath.Join(jars, "*"),
		"org.apache.kafka.tools.ProducerPerformance", "--topic", prefix+".flow", "--num-records", fmt.Sprint(len(b.events.records)),
		"--throughput", "-1", "--payload-file", path, "--producer-props", "bootstrap.servers="+b.broker, "acks=all",
		"compression.type="+codec, "batch.size=524288", "linger.ms=5"))
}
