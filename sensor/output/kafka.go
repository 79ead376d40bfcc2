package output

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"spanwatch/exporter"
	"spanwatch/exporter/ecs"
	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
	"spanwatch/exporter/metrics"
	"spanwatch/exporter/spool"
	"spanwatch/sensor/config"
)

// KafkaConfig is output.kafka as the sink takes it. replay is the id of a run
// over files, or empty.
func KafkaConfig(c *config.Config, replay string) (kafka.Config, error) {
	o := &c.Output.Kafka
	k := kafka.Config{
		Brokers: o.Brokers, ClientID: o.ClientID, Sensor: c.Sensor.Name, Prefix: o.TopicPrefix, Topic: o.Topic,
		BatchBytes: int(o.BatchSize), MaxRecordBytes: int(o.MaxRecordSize), NoIdempotence: !o.Idempotence, NoWriteAhead: !o.WriteAhead,
		DialTimeout: o.DialTimeout, RequestTimeout: o.RequestTimeout, MaxBackoff: o.MaxBackoff,
		SpoolAfter: o.SpoolAfter, DeliveryTimeout: o.DeliveryTimeout,
		TLS: kafka.TLS{
			Enabled: o.TLS.Enabled, CAFile: o.TLS.CAFile, CertFile: o.TLS.CertFile, KeyFile: o.TLS.KeyFile,
			ServerName: o.TLS.ServerName, MinVersion: o.TLS.MinVersion,
		},
		SASL: kafka.SASL{
			Mechanism: o.SASL.Mechanism, User: o.SASL.User, PasswordFile: o.SASL.PasswordFile, PasswordEnv: o.SASL.PasswordEnv,
			TokenFile: o.SASL.TokenFile,
		},
	}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		k.Headers = append(k.Headers, kafka.Header{Key: name, Value: o.Headers[name]})
	}
	if replay != "" {
		k.Prefix = ReplayPrefix(c)
		k.Headers = append(k.Headers, kafka.Header{Key: "replay", Value: replay})
	}
	if o.Schema == "ecs" {
		k.Schema = ecs.SchemaID
	}
	var err error
	if k.Compression, err = kafka.ParseCompression(o.Compression); err != nil {
		return k, fmt.Errorf("output.kafka.compression: %w", err)
	}
	// The words are bounded by the configuration's oneof.
	k.Key = map[string]kafka.Key{
		"community_id": kafka.KeyCommunityID, "flow_id": kafka.KeyFlowID, "src_ip": kafka.KeySrcIP, "sensor": kafka.KeySensor, "none": kafka.KeyNone,
	}[o.Key]
	k.Acks = map[string]kafka.Acks{"all": kafka.AcksAll, "leader": kafka.AcksLeader}[o.Acks]
	k.Oversize = map[string]kafka.Oversize{"truncate": kafka.OversizeTruncate, "dead-letter": kafka.OversizeDeadLetter}[o.Oversize]
	if o.Timestamp == "delivery" || o.Timestamp == "auto" && replay != "" {
		k.Timestamp = kafka.TimestampDelivery
	}
	return k, nil
}

// ReplayPrefix is the prefix of the topics that replays write to.
func ReplayPrefix(c *config.Config) string {
	if p := c.Output.Kafka.ReplayPrefix; p != "" {
		return p
	}
	return c.Output.Kafka.TopicPrefix + "-replay"
}

func checkKafka(c *config.Config) (faults []config.Fault) {
	const section = "output.kafka"
	o := &c.Output.Kafka
	if len(o.Brokers) == 0 {
		return nil
	}
	_, faults = shapeOf(section, o.Schema, &o.Filter, &o.Redact)
	if ReplayPrefix(c) == o.TopicPrefix {
		faults = append(faults, config.Fault{Path: section + ".replay-prefix", What: "is the same as topic-prefix: replays would be taken for live events"})
	}
	if o.Schema == "ecs" && (o.Key == "flow_id" || o.Key == "src_ip") {
		faults = append(faults, config.Fault{Path: section + ".key", What: o.Key + " is not to be had with schema ecs"})
	}
	if o.BatchSize < o.MaxRecordSize/64 {
		faults = append(faults, config.Fault{Path: section + ".batch-size", What: "is less than a 64th of max-record-size"})
	}
	named := *c
	if named.Sensor.Name == "" { // spanwatch run takes the host's, if need be
		named.Sensor.Name, _ = os.Hostname()
	}
	k, err := KafkaConfig(&named, "")
	if err == nil {
		err = k.Validate()
	}
	for _, fault := range each(err) {
		f := config.Fault{Path: section, What: fault.Error()}
		if s := new(kafka.SettingError); errors.As(fault, &s) {
			f = config.Fault{Path: section + "." + s.Setting, What: s.Err.Error()}
		}
		faults = append(faults, f)
	}
	return faults
}

// each takes a joined error apart.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func openKafka(c *config.Config, r *Run) ([]opened, error) {
	o := &c.Output.Kafka
	if len(o.Brokers) == 0 {
		return nil, nil
	}
	replay := ""
	if r.Replay {
		replay = r.ID
	}
	k, err := KafkaConfig(c, replay)
	if err != nil {
		return nil, err
	}
	sp, tidy, err := openSpoolFolder(c, r)
	if err != nil {
		return nil, err
	}
	sink, err := kafka.NewSink(k, sp)
	if err != nil {
		if sp != nil {
			err = errors.Join(err, sp.Close())
		}
		return nil, err
	}
	const batchesPerCall = 4 // a request has one for each partition that the broker leads
	gather := min(batchesPerCall*int64(o.BatchSize), int64(o.QueueSize)/batchesPerCall)
	shaped, _ := shapeOf("output.kafka", o.Schema, &o.Filter, &o.Redact)
	return []opened{{
		sink:    sink,
		shape:   shaped,
		queue:   exporter.Config{QueueBytes: int64(o.QueueSize), GatherBytes: gather, Linger: o.Linger},
		where:   "Kafka at " + strings.Join(o.Brokers, ",") + ", topics " + topicsOf(&k),
		metrics: func(outlet *exporter.Outlet) metrics.Source { return kafkaSource(sink, outlet) },
		tidy:    tidy,
	}}, nil
}

// topicsOf names the topics, for people.
func topicsOf(k *kafka.Config) string {
	return strings.NewReplacer("{prefix}", k.Prefix, "{event_type}", "*").Replace(k.Topic)
}

func kafkaSource(sink *kafka.Sink, outlet *exporter.Outlet) metrics.Source {
	return func(w *metrics.Writer) {
		status := sink.Status()
		for _, b := range status.Brokers {
			w.Uint(metrics.KafkaBrokerConnected, flag(b.Connected), b.Addr)
		}
		w.Uint(metrics.KafkaFault, flag(status.Fault != nil))
		w.Uint(metrics.KafkaDeadLetters, status.Letters.Sent, "sent")
		w.Uint(metrics.KafkaDeadLetters, status.Letters.Dropped, "dropped")
		counts := outlet.Snapshot()
		for _, t := range event.Types() {
			topic := sink.TopicOf(t)
			w.Uint(metrics.KafkaTopicRecords, counts[t].Delivered, topic)
			for why := exporter.DropNone + 1; why < exporter.NumDropReasons; why++ {
				if n := counts[t].Dropped[why]; n > 0 {
					w.Uint(metrics.KafkaTopicDropped, n, topic, why.String())
				}
			}
		}
		if sp := sink.Spool(); sp != nil {
			spoolSource(w, sp)
		}
	}
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// spoolSource shows the spool's own books, which are kept apart from those of
// the outlet.
func spoolSource(w *metrics.Writer, sp *spool.Spool) {
	var in, out, pending uint64
	for _, c := range sp.Counts() {
		in += c.Recovered.Records + c.Written.Records
		out += c.Taken.Records
		pending += c.Pending.Records
		for _, lost := range c.Lost {
			out += lost.Records
		}
	}
	w.Uint(metrics.SpoolBytes, uint64(sp.DiskBytes()))
	w.Uint(metrics.SpoolRecords, pending)
	w.Equation("spool", in, out+pending)
}
