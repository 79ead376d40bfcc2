// Command benchkafka measures delivery to a real Kafka broker: events per
// second and CPU time per event for each compression, beside kcat -P
// (librdkafka) and kafka-producer-perf-test with the same records on the same
// broker, and the delivery latency at a steady rate.
//
//	go run ./sensor/internal/benchkafka [-broker 127.0.0.1:9092] [-events 300000] [-runs 3]
//
// Without -broker it starts one. The CPU time is that of the producing process,
// user and system. kcat gets keys and headers of the same size; the perf test
// has neither. Run it on a machine that has nothing else to do.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"spanwatch/exporter/kafka"
	"spanwatch/sensor/internal/kafkatest"
)

// bench is what all measurements share.
type bench struct {
	broker string
	dir    string
	events *events
	runs   int
	topics int // made so far
}

// figure is one measurement.
type figure struct {
	events int
	took   time.Duration
	cpu    time.Duration
}

func (f figure) perSecond() float64 { return float64(f.events) / f.took.Seconds() }

func (f figure) cpuPerEvent() time.Duration { return f.cpu / time.Duration(f.events) }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() (err error) {
	broker := flag.String("broker", "", "host:port of a broker; empty starts one")
	count := flag.Int("events", 300_000, "events per measurement")
	runs := flag.Int("runs", 3, "measurements of each, of which the median is shown")
	rate := flag.Int("rate", 10_000, "events per second for the latency; 0 leaves it out")
	peers := flag.Bool("peers", true, "measure kcat and kafka-producer-perf-test too")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := bench{broker: *broker, runs: *runs}
	if b.dir, err = os.MkdirTemp("", "spanwatch-benchkafka-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.broker == "" {
		cluster, err := kafkatest.Start(ctx, kafkatest.Options{Dir: b.dir, Java: []string{"-Xmx1g", "-Xms1g"}, Properties: map[string]string{
			"log.segment.bytes": "268435456", "log.retention.bytes": "536870912", "log.retention.check.interval.ms": "10000",
		}})
		if err != nil {
			return err
		}
		defer func() {
			if e := cluster.Close(); err == nil {
				err = e
			}
		}()
		b.broker = cluster.Brokers[0].Addr()
	}
	if b.events, err = makeEvents(*count); err != nil {
		return err
	}
	fmt.Printf("%d flow records of %d bytes on average, 3 partitions, acks=all\n", *count, b.events.bytes / *count)
	if err := b.throughput(ctx, *peers); err != nil {
		return err
	}
	if *rate > 0 {
		return b.latency(ctx, *rate)
	}
	return nil
}

// throughput measures everybody with every codec and prints the table.
func (b *bench) throughput(ctx context.Context, peers bool) error {
	if _, err := b.ours(ctx, kafka.CompressionLZ4, false, b.direct); err != nil { // warms the broker up
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "producer\tcodec\tevents/s\tCPU µs/event\tevents per CPU second\t")
	for _, codec := range []string{"none", "lz4", "snappy", "zstd", "gzip"} {
		c, err := kafka.ParseCompression(codec)
		if err != nil {
			return err
		}
		producers := []producer{
			{"spanwatch, the sink alone", func() (figure, error) { return b.ours(ctx, c, false, b.direct) }},
			{"spanwatch, numbered and queued", func() (figure, error) { return b.ours(ctx, c, false, b.queued) }},
			{"spanwatch, all by the spool", func() (figure, error) { return b.ours(ctx, c, true, b.throughSpool) }},
		}
		if peers {
			producers = append(producers,
				producer{"kcat -P", func() (figure, error) { return b.kcat(ctx, codec) }},
				producer{"producer-perf-test", func() (figure, error) { return b.perfTest(ctx, codec) }})
		}
		for _, p := range producers {
			f, err := b.median(p.measure)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", p.name, codec, err)
			}
			fmt.Fprintf(table, "%s\t%s\t%.0f\t%.2f\t%.0f\t\n", p.name, codec, f.perSecond(),
				float64(f.cpuPerEvent())/1000, float64(f.events)/f.cpu.Seconds())
		}
	}
	return table.Flush()
}

type producer struct {
	name    string
	measure func() (figure, error)
}

func (b *bench) median(measure func() (figure, error)) (figure, error) {
	var all []figure
	for range b.runs {
		f, err := measure()
		if err != nil {
			return f, err
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(x, y figure) int { return int(x.cpu - y.cpu) })
	return all[len(all)/2], nil
}

// newTopics makes topics that nobody has written to, and returns their prefix.
func (b *bench) newTopics(ctx context.Context) (string, error) {
	b.topics++
	prefix := fmt.Sprintf("bench%d", b.topics)
	return prefix, kafka.CreateTopics(ctx, kafka.Config{Brokers: []string{b.broker}, Prefix: prefix}, 3, 1)
}

// file is a path in the working folder.
func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }

// processCPU is the CPU time of this process.
func processCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// lines joins text for a file of lines.
func lines(list []string) string { return strings.Join(list, "\n") + "\n" }
