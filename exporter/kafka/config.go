package kafka

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"spanwatch/exporter/event"
)

// Config says where to deliver and how. Zero values stand for the defaults.
type Config struct {
	// Brokers are host:port of some brokers; the others are learnt from them.
	Brokers []string
	// ClientID names the sensor in the brokers' logs and quotas. Default
	// "spanwatch".
	ClientID string
	// Sensor is the value of the header sensor; without it there is no such
	// header.
	Sensor string
	// Schema is the value of the header schema: what the values of the records
	// follow. Default event.SchemaID.
	Schema string
	// Headers are added to those of every record: tenant, replay and the like.
	Headers []Header

	// Prefix and Topic make the topic names: in Topic, {prefix} and
	// {event_type} are replaced. Defaults "spanwatch" and
	// "{prefix}.{event_type}". Topics must exist; the sensor never makes them
	// by writing.
	Prefix, Topic string
	// Key says which records keep their order: those of one connection
	// (KeyCommunityID, the default), of one flow of this sensor (KeyFlowID), of
	// one source address (KeySrcIP), of the sensor (KeySensor), or none (KeyNone,
	// the partitions take turns).
	Key Key
	// Compression of record batches. Default CompressionLZ4.
	Compression Compression
	// Acks says which brokers must have a record before it counts as delivered.
	// Default AcksAll.
	Acks Acks
	// Oversize says what happens to records beyond MaxRecordBytes. Default
	// OversizeTruncate.
	Oversize Oversize
	// Timestamp of the Kafka record. Default TimestampPacket.
	Timestamp Timestamp

	// BatchBytes is the size, before compression, up to which records share a
	// record batch. Default 512 KiB: half of what a broker takes by default.
	BatchBytes int
	// MaxRecordBytes is the largest record, as the broker counts it: key,
	// value, headers and 64 bytes. Of larger ones Oversize says what becomes;
	// what cannot be sent goes to the topic {prefix}.dlq as a note. Default 1000000
	// (a topic's max.message.bytes is 1048588 by default), at least 16 KiB.
	MaxRecordBytes int
	// NoIdempotence sends batches without producer id, for brokers that forbid
	// it. Batches sent again are then in the topic twice.
	NoIdempotence bool

	// DialTimeout bounds connecting to a broker, TLS and SASL included.
	// Default 3 s. A dead network holds Deliver up for as long, and for a fifth
	// of the time at most; the queue in front must hold the events of that time.
	DialTimeout time.Duration
	// RequestTimeout is how long a broker may take to answer; after that the
	// connection is given up. Default 10 s.
	RequestTimeout time.Duration
	// MaxBackoff bounds the growing time between attempts. Default 5 s. Attempts
	// that run into DialTimeout are followed by four times as long a pause.
	MaxBackoff time.Duration
	// SpoolAfter is how long Deliver waits for the answer before it spools, and
	// how long it may be busy without a pause. Default 1 s. Without a spool it
	// means nothing.
	SpoolAfter time.Duration
	// DeliveryTimeout is how long Deliver tries without a spool before it drops
	// the records. Default 2 minutes.
	DeliveryTimeout time.Duration
	// NoWriteAhead spools alerts only when their delivery fails, as other
	// events are.
	NoWriteAhead bool

	// TLS and SASL secure the connections; plain TCP without authentication
	// when both are zero.
	TLS  TLS
	SASL SASL
}

// Header is a header of Kafka records.
type Header struct{ Key, Value string }

// SASL says who the sensor is. The password comes from exactly one of a file,
// which is read again for every connection, and an environment variable.
type SASL struct {
	// Mechanism is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; none when
	// empty.
	Mechanism    string
	User         string
	PasswordFile string
	PasswordEnv  string
	// TokenFile holds the token of OAUTHBEARER, which needs no user. It is read
	// for every connection, so that another program can renew it.
	TokenFile string
}

// Key says what a record's key is.
type Key uint8

// Keys.
const (
	KeyCommunityID Key = iota // both directions, the same at every sensor
	KeyFlowID
	KeyNone
	KeySrcIP
	KeySensor

	numKeys
)

// Acks says whose answer counts.
type Acks uint8

// Answers.
const (
	AcksAll    Acks = iota // all replicas in sync
	AcksLeader             // the leader alone: what it had not copied when it dies is lost, and nobody knows
)

// wire is the number in a produce request.
func (a Acks) wire() int16 {
	if a == AcksLeader {
		return 1
	}
	return -1
}

// Oversize says what becomes of a record that is too large.
type Oversize uint8

// Policies.
const (
	// OversizeTruncate takes the largest members away (payloads, packets,
	// bodies), which the member truncated says.
	OversizeTruncate Oversize = iota
	// OversizeDeadLetter sends a note in its place and drops it.
	OversizeDeadLetter
)

// Timestamp says what a Kafka record's timestamp is. Brokers remove records by
// it: with packet time, those of an old capture may live only until the next
// check of retention.
type Timestamp uint8

// Timestamps.
const (
	TimestampPacket Timestamp = iota
	TimestampDelivery
)

// Defaults.
const (
	DefaultClientID        = "spanwatch"
	DefaultPrefix          = "spanwatch"
	DefaultTopic           = "{prefix}.{event_type}"
	DefaultBatchBytes      = 512 << 10
	DefaultMaxRecordBytes  = 1_000_000
	MinMaxRecordBytes      = 16 << 10
	DefaultDialTimeout     = 3 * time.Second
	DefaultRequestTimeout  = 10 * time.Second
	DefaultMaxBackoff      = 5 * time.Second
	DefaultSpoolAfter      = time.Second
	DefaultDeliveryTimeout = 2 * time.Minute

	maxTopicName = 249 // org.apache.kafka.common.internals.Topic
)

// SettingError is a fault of one setting.
type SettingError struct {
	Setting string // as configuration files name it, dotted
	Err     error
}

// Error begins with the setting.
func (e *SettingError) Error() string { return e.Setting + ": " + e.Err.Error() }

// Unwrap gives the fault itself.
func (e *SettingError) Unwrap() error { return e.Err }

// faultList gathers SettingErrors.
type faultList []error

func (l *faultList) add(setting, format string, args ...any) {
	*l = append(*l, &SettingError{setting, fmt.Errorf(format, args...)})
}

// Validate returns all faults of c, each a *SettingError, joined.
func (c *Config) Validate() error {
	c2 := *c
	c2.setDefaults()
	c = &c2
	var faults faultList
	fault := faults.add
	if len(c.Brokers) == 0 {
		fault("brokers", "at least one is needed")
	}
	for _, b := range c.Brokers {
		if host, port, err := net.SplitHostPort(b); err != nil || host == "" || port == "" {
			fault("brokers", "%q is not host:port", b)
		}
	}
	if !strings.Contains(c.Topic, "{event_type}") {
		fault("topic", "%q has no {event_type}: alerts must not share a topic with flow volume", c.Topic)
	}
	for _, t := range event.Types() {
		if name := c.topicOf(t); !validTopic(name) {
			fault("topic", "%q is no topic name: at most %d of [a-zA-Z0-9._-]", name, maxTopicName)
			break
		}
	}
	if c.Key >= numKeys {
		fault("key", "unknown")
	}
	if c.Compression > CompressionZstd {
		fault("compression", "unknown")
	}
	if c.Key == KeySensor && c.Sensor == "" {
		fault("key", "the sensor has no name")
	}
	if c.Acks > AcksLeader {
		fault("acks", "unknown")
	}
	if c.Oversize > OversizeDeadLetter {
		fault("oversize", "unknown")
	}
	if c.Timestamp > TimestampDelivery {
		fault("timestamp", "unknown")
	}
	if c.MaxRecordBytes < MinMaxRecordBytes {
		fault("max-record-size", "%d is less than %d", c.MaxRecordBytes, MinMaxRecordBytes)
	}
	if c.BatchBytes < 0 {
		fault("batch-size", "%d is negative", c.BatchBytes)
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{
		{"dial-timeout", c.DialTimeout}, {"request-timeout", c.RequestTimeout}, {"max-backoff", c.MaxBackoff},
		{"spool-after", c.SpoolAfter}, {"delivery-timeout", c.DeliveryTimeout},
	} {
		if d.d < time.Millisecond {
			fault(d.name, "%v is less than 1ms", d.d)
		}
	}
	for _, h := range c.Headers {
		if h.Key == "" {
			fault("headers", "one has no key")
		}
	}
	validateTLS(&c.TLS, &faults)
	c.SASL.validate(&faults)
	return errors.Join(faults...)
}

func (c *Config) setDefaults() {
	text := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	text(&c.ClientID, DefaultClientID)
	text(&c.Prefix, DefaultPrefix)
	text(&c.Topic, DefaultTopic)
	number := func(n *int, d int) {
		if *n == 0 {
			*n = d
		}
	}
	number(&c.BatchBytes, DefaultBatchBytes)
	number(&c.MaxRecordBytes, DefaultMaxRecordBytes)
	span := func(t *time.Duration, d time.Duration) {
		if *t == 0 {
			*t = d
		}
	}
	span(&c.DialTimeout, DefaultDialTimeout)
	span(&c.RequestTimeout, DefaultRequestTimeout)
	span(&c.MaxBackoff, DefaultMaxBackoff)
	span(&c.SpoolAfter, DefaultSpoolAfter)
	span(&c.DeliveryTimeout, DefaultDeliveryTimeout)
	if c.Acks == AcksLeader { // an idempotent producer needs the answer of all
		c.NoIdempotence = true
	}
	if c.Compression == compressionDefault {
		c.Compression = CompressionLZ4
	}
}

// topicOf names the topic of an event type.
func (c *Config) topicOf(t event.Type) string {
	return strings.NewReplacer("{prefix}", c.Prefix, "{event_type}", t.String()).Replace(c.Topic)
}

// deadLetters names the topic of notes about records that could not be sent.
func (c *Config) deadLetters() string { return c.Prefix + ".dlq" }

// Topics names all topics that the sink writes to, for those who make topics
// and access rules. c need not have its defaults set.
func (c Config) Topics() []string {
	c.setDefaults()
	var names []string
	for _, t := range event.Types() {
		names = append(names, c.topicOf(t))
	}
	return append(names, c.deadLetters())
}

func validTopic(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > maxTopicName {
		return false
	}
	for _, r := range []byte(name) {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-') {
			return false
		}
	}
	return true
}
