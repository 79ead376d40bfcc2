package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	kafka "github.com/segmentio/kafka-go"
)

// newClient makes a client of the library for what is not the delivery of
// events, where its cached metadata do no harm. close ends its connections.
func newClient(cfg *Config, topics []string) (client *kafka.Client, end func(), err error) {
	d := &dialer{cfg: cfg}
	t := &kafka.Transport{
		DialTimeout:    cfg.DialTimeout,
		ClientID:       cfg.ClientID,
		MetadataTopics: topics,
		// TLS is done here, so that files are read as the sink reads them. The
		// library dials from several goroutines.
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return d.open(ctx, network, addr)
		},
	}
	if cfg.SASL.Mechanism != "" {
		if t.SASL, err = cfg.SASL.mechanism(); err != nil {
			return nil, nil, err
		}
	}
	addrs := kafka.TCP(cfg.Brokers...)
	return &kafka.Client{Addr: addrs, Timeout: cfg.RequestTimeout, Transport: t}, t.CloseIdleConnections, nil
}

// CreateTopics makes the topics that a sink with cfg writes to, those that do
// not exist yet, with the given number of partitions and replicas (-1: what the
// broker has as default). It is for set-up; the sink never makes topics.
func CreateTopics(ctx context.Context, cfg Config, partitions, replicas int) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	cfg.setDefaults()
	client, end, err := newClient(&cfg, nil)
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	defer end()
	var list []kafka.TopicConfig
	for _, name := range cfg.Topics() {
		list = append(list, kafka.TopicConfig{Topic: name, NumPartitions: partitions, ReplicationFactor: replicas})
	}
	answer, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: list})
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	var faults []error
	for name, err := range answer.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			faults = append(faults, fmt.Errorf("kafka: topic %s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

// DeleteTopics removes topics by name.
func DeleteTopics(ctx context.Context, cfg Config, names ...string) error {
	cfg.setDefaults()
	client, end, err := newClient(&cfg, nil)
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	defer end()
	answer, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: names})
	if err != nil {
		return fmt.Errorf("kafka: %s: %w", strings.Join(names, ", "), err)
	}
	var faults []error
	for name, err := range answer.Errors {
		if err != nil {
			faults = append(faults, fmt.Errorf("kafka: topic %s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}
