// Command cmd starts one Kafka broker on the loopback interface, makes the
// sensor's topics, says how to use it, and ends it on Ctrl-C. The data are
// removed at the end.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

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
	version := flag.String("version", kafkatest.Version4, "version of Apache Kafka")
	port := flag.Int("port", 9092, "port on 127.0.0.1")
	prefix := flag.String("prefix", kafka.DefaultPrefix, "prefix of the topics to make; empty for none")
	partitions := flag.Int("partitions", 3, "partitions of each topic")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "spanwatch-kafka-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("starting Apache Kafka %s (the first time Maven fetches some 40 MB)\n", *version)
	cluster, err := kafkatest.Start(ctx, kafkatest.Options{Version: *version, Dir: dir, Port: *port})
	if err != nil {
		return err
	}
	defer func() {
		if e := cluster.Close(); err == nil {
			err = e
		}
	}()
	if *prefix != "" {
		// Replays have topics of their own.
		for _, p := range []string{*prefix, *prefix + "-replay"} {
			cfg := kafka.Config{Brokers: cluster.Addrs(), Prefix: p}
			if err := kafka.CreateTopics(ctx, cfg, *partitions, 1); err != nil {
				return err
			}
			fmt.Println("topics:", cfg.Topics())
		}
	}
	fmt.Printf("Kafka listens on %s; Ctrl-C ends it\n", cluster.Brokers[0].Addr())
	<-ctx.Done()
	return nil
}
