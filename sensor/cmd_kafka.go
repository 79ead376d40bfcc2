package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"spanwatch/exporter/kafka"
	"spanwatch/sensor/output"
)

const kafkaUsage = `usage: spanwatch kafka verify|topics [--kafka HOST:PORT] [--config FILE] [options]

verify  reads the sensor's topics from beginning to end and checks, by seq and
        event_id, that nothing is missing, doubled or out of order
topics  prints the names of all topics; with --create makes those that are missing

  spanwatch kafka verify --kafka 127.0.0.1:9092 --replay
  spanwatch kafka topics --config spanwatch.yaml --create --partitions 6 --replicas 3

Exit status of verify: 0 all is there, in order; 1 the topics could not be read;
2 wrong usage; 3 something is missing or out of order, or with --strict doubled.

options:
`

// kafkaOptions are the command line of kafka.
type kafkaOptions struct {
	config     configFlags
	brokers    list
	prefix     string
	replay     bool
	json       bool
	strict     bool
	create     bool
	partitions int
	replicas   int
	timeout    time.Duration
}

func (o *kafkaOptions) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("kafka", flag.ContinueOnError)
	fs.Usage = func() {
		fmt.Print(kafkaUsage)
		fs.PrintDefaults()
	}
	o.config.register(fs)
	fs.Var(&o.brokers, "kafka", "`HOST:PORT` of a broker; may be repeated (default: the configuration's)")
	fs.StringVar(&o.prefix, "prefix", "", "topic `PREFIX` (default: the configuration's)")
	fs.BoolVar(&o.replay, "replay", false, "the topics of replays")
	fs.BoolVar(&o.json, "json", false, "print the verdict as JSON")
	fs.BoolVar(&o.strict, "strict", false, "exit with status 3 also for duplicates")
	fs.BoolVar(&o.create, "create", false, "make the topics that do not exist")
	fs.IntVar(&o.partitions, "partitions", 3, "partitions of topics that are made")
	fs.IntVar(&o.replicas, "replicas", -1, "replicas of topics that are made; -1 is the brokers' default")
	fs.DurationVar(&o.timeout, "timeout", 10*time.Minute, "give up after this long")
	return fs
}

// kafka returns the sink's configuration with the command line's words on top.
func (o *kafkaOptions) kafka() (kafka.Config, error) {
	cfg, err := o.config.load()
	if err != nil {
		return kafka.Config{}, err
	}
	if len(o.brokers) > 0 {
		cfg.Output.Kafka.Brokers = o.brokers
	}
	if len(cfg.Output.Kafka.Brokers) == 0 {
		return kafka.Config{}, fmt.Errorf("%w: no broker is named; use --kafka or output.kafka.brokers", errUsage)
	}
	k, err := output.KafkaConfig(cfg, "")
	switch {
	case o.prefix != "":
		k.Prefix = o.prefix
	case o.replay:
		k.Prefix = output.ReplayPrefix(cfg)
	}
	return k, errors.Join(err, k.Validate())
}

// runKafka is the command kafka.
func runKafka(ctx context.Context, args []string) (int, error) {
	var o kafkaOptions
	verbs, err := parseMixed(o.flags(), args)
	if err != nil {
		return flagStatus(err)
	}
	if len(verbs) != 1 || verbs[0] != "verify" && verbs[0] != "topics" {
		return exitUsage, fmt.Errorf("%w: want verify or topics; see spanwatch kafka --help", errUsage)
	}
	k, err := o.kafka()
	if err != nil {
		return exitUsage, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if verbs[0] == "topics" {
		return o.topics(ctx, k)
	}
	return o.verify(ctx, k)
}

func (o *kafkaOptions) topics(ctx context.Context, k kafka.Config) (int, error) {
	if o.create {
		if err := kafka.CreateTopics(ctx, k, o.partitions, o.replicas); err != nil {
			return exitFailure, err
		}
	}
	for _, name := range k.Topics() {
		fmt.Println(name)
	}
	return exitOK, nil
}

func (o *kafkaOptions) verify(ctx context.Context, k kafka.Config) (int, error) {
	v, err := kafka.Verify(ctx, kafka.VerifyConfig{Config: k})
	if err != nil {
		return exitFailure, err
	}
	if o.json {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(&v)
	} else {
		err = v.Table(os.Stdout)
	}
	if err != nil {
		return exitFailure, err
	}
	if !v.OK() || o.strict && v.Duplicates() > 0 {
		return exitFaulty, nil
	}
	return exitOK, nil
}
