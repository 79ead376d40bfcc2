package config

import "time"

// Output configures sinks. Those that are switched on all get every event that
// their filter lets through, each from a queue of its own.
type Output struct {
	FlushTimeout time.Duration      `yaml:"flush-timeout" doc:"How long the end of a run waits for sinks and for what is spooled; what is left in the spool is sent by the next run." min:"100ms" max:"10m"`
	Eve          Eve                `yaml:"eve" doc:"JSON lines."`
	Kafka        Kafka              `yaml:"kafka" doc:"Apache Kafka, one topic per event type."`
	Files        map[string]EveFile `yaml:"files" doc:"More files of JSON lines, by a name that metrics have: alerts: {path: alerts.json, filter: {types: [alert]}}."`
	Stdout       Stdout             `yaml:"stdout" doc:"JSON lines on standard output."`
	Socket       Socket             `yaml:"socket" doc:"JSON lines on a Unix socket."`
	Syslog       Syslog             `yaml:"syslog" doc:"Syslog messages over TCP or TLS."`
	Spool        Spool              `yaml:"spool" doc:"Events on disk until Kafka takes them; without Kafka a sink of its own."`
}

// Eve configures the JSON-lines sink.
type Eve struct {
	Path   string `yaml:"path" path:"output" doc:"File, relative to the output directory; - is stdout; empty switches it off."`
	Append bool   `yaml:"append" doc:"Keep what the file holds instead of starting anew."`
	Rotate Rotate `yaml:"rotate" doc:"Put the file aside now and then. Without it, logrotate can: a file that was moved is begun anew, also on SIGHUP."`
	Schema string `yaml:"schema" doc:"eve, or ecs: the Elastic Common Schema." oneof:"eve,ecs"`
	Filter Filter `yaml:"filter" doc:"Which events are written."`
	Redact Redact `yaml:"redact" doc:"What is taken out of them."`
}

// Kafka configures the Kafka sink.
type Kafka struct {
	Brokers      []string          `yaml:"brokers" doc:"host:port of some brokers; the others are learnt from them. Empty switches Kafka off."`
	ClientID     string            `yaml:"client-id" doc:"Name in the brokers' logs and quotas."`
	TopicPrefix  string            `yaml:"topic-prefix" doc:"What {prefix} in topic stands for."`
	ReplayPrefix string            `yaml:"replay-prefix" doc:"The same for spanwatch replay, so that a test does not reach a SIEM; empty is topic-prefix with -replay. Records of a replay also have a header replay."`
	Topic        string            `yaml:"topic" doc:"Topic names: {prefix} and {event_type} are replaced, and {event_type} must be there. Topics must exist."`
	Headers      map[string]string `yaml:"headers" doc:"Added to the headers of every record, such as tenant."`
	Key          string            `yaml:"key" doc:"Which records keep their order, by sharing a partition." oneof:"community_id,flow_id,src_ip,sensor,none"`
	Compression  string            `yaml:"compression" doc:"Of record batches." oneof:"none,gzip,snappy,lz4,zstd"`
	Acks         string            `yaml:"acks" doc:"Whose answer makes a record delivered: that of all in-sync replicas, or of the leader, which can die with what only it had." oneof:"all,leader"`
	Idempotence  bool              `yaml:"idempotence" doc:"Let the brokers drop the copies of batches that are sent again; needs acks all."`
	WriteAhead   bool              `yaml:"write-ahead" doc:"Write alerts to the spool as soon as they are queued, before they are sent and also while the brokers are waited for, so that a killed sensor loses none."`
	Timestamp    string            `yaml:"timestamp" doc:"Timestamp of Kafka records, by which brokers delete them: that of the packet or of the delivery. auto is the packet's when capturing live and the delivery's in a replay, whose packets may be older than the brokers' retention." oneof:"auto,packet,delivery"`

	MaxRecordSize ByteSize `yaml:"max-record-size" doc:"Largest record with key and headers; at most the brokers' max.message.bytes." min:"16384" max:"1073741824"`
	Oversize      string   `yaml:"oversize" doc:"What happens to larger ones: their payloads, packets and bodies are taken away, largest first (member truncated), or a note goes to the topic {prefix}.dlq. What is too large without them goes there too." oneof:"truncate,dead-letter"`

	BatchSize ByteSize      `yaml:"batch-size" doc:"Record batch before compression; at most the brokers' max.message.bytes." min:"16384" max:"1073741824"`
	Linger    time.Duration `yaml:"linger" doc:"How long to wait for a fuller batch." min:"0s" max:"10s"`
	QueueSize ByteSize      `yaml:"queue-size" doc:"Events waiting in memory; a quarter is for alerts alone. It should hold those of dial-timeout, for which a dead network holds up the way to the spool. Beyond it they are dropped (queue_full), in a replay waited for." min:"1048576" max:"17179869184"`

	DialTimeout     time.Duration `yaml:"dial-timeout" doc:"To connect to a broker, TLS and SASL included." min:"10ms" max:"1m"`
	RequestTimeout  time.Duration `yaml:"request-timeout" doc:"For a broker's answer; after it the connection is given up." min:"10ms" max:"5m"`
	MaxBackoff      time.Duration `yaml:"max-backoff" doc:"Longest pause between attempts." min:"10ms" max:"5m"`
	SpoolAfter      time.Duration `yaml:"spool-after" doc:"How long an answer may take before events go to the spool." min:"10ms" max:"1m"`
	DeliveryTimeout time.Duration `yaml:"delivery-timeout" doc:"How long to try without a spool before events are dropped (unreachable, rejected, expired)." min:"10ms" max:"24h"`

	TLS  TLSClient `yaml:"tls" doc:"Encryption. The files are read again when they change."`
	SASL KafkaSASL `yaml:"sasl" doc:"Authentication. Secrets are read from a file or the environment only."`

	Schema string `yaml:"schema" doc:"eve, or ecs: the Elastic Common Schema." oneof:"eve,ecs"`
	Filter Filter `yaml:"filter" doc:"Which events are sent."`
	Redact Redact `yaml:"redact" doc:"What is taken out of them."`
}

// TLSClient configures encryption towards brokers and syslog receivers.
type TLSClient struct {
	Enabled    bool   `yaml:"enabled" doc:"Connect by TLS."`
	CAFile     string `yaml:"ca-file" path:"read" doc:"Certificates (PEM) that servers are checked by; empty takes the system's."`
	CertFile   string `yaml:"cert-file" path:"read" doc:"The sensor's certificate (PEM), for mutual TLS."`
	KeyFile    string `yaml:"key-file" path:"read" doc:"Its private key (PEM)."`
	ServerName string `yaml:"server-name" doc:"Name expected in the servers' certificates; empty is the host connected to."`
	MinVersion string `yaml:"min-version" doc:"Oldest version of TLS; empty is 1.2." oneof:",1.2,1.3"`
}

// KafkaSASL configures authentication to the brokers.
type KafkaSASL struct {
	Mechanism    string `yaml:"mechanism" doc:"Empty is no authentication." oneof:",PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER"`
	User         string `yaml:"user" doc:"User name of PLAIN and SCRAM."`
	PasswordFile string `yaml:"password-file" path:"read" doc:"File that holds the password; read for every connection."`
	PasswordEnv  string `yaml:"password-env" doc:"Or the environment variable that does."`
	TokenFile    string `yaml:"token-file" path:"read" doc:"File that holds the token of OAUTHBEARER; read for every connection."`
}

// Spool configures the disk queue.
type Spool struct {
	Dir         string        `yaml:"dir" path:"folder" doc:"Folder, made if missing and used by one sensor at a time; empty switches the spool off."`
	MaxSize     ByteSize      `yaml:"max-size" doc:"Bound on all its files." min:"65536" max:"17592186044416"`
	SegmentSize ByteSize      `yaml:"segment-size" doc:"Size of a file, and the piece in which old events are given up; at most a sixteenth of max-size is used." min:"4096" max:"1073741824"`
	MaxAge      time.Duration `yaml:"max-age" doc:"Older events are given up (expired); 0 keeps them for ever." min:"0s" max:"8760h"`
	Sync        string        `yaml:"sync" doc:"When events are forced to the disk: every sync-interval, always before they count as spooled, or never. It makes a difference when the machine crashes or loses power, not when the sensor is killed." oneof:"interval,always,never"`
	SyncEvery   time.Duration `yaml:"sync-interval" doc:"Time between two syncs." min:"10ms" max:"1h"`
	Keep        []string      `yaml:"keep" doc:"Event types that are never given up for room."`
	GiveUp      []string      `yaml:"give-up" doc:"Event types that are given up first, oldest first; all others follow."`
}

func defaultOutput() Output {
	return Output{
		FlushTimeout: 10 * time.Second,
		Eve:          Eve{Path: "eve.json", Schema: "eve", Filter: defaultFilter(), Redact: defaultRedact()},
		Files:        map[string]EveFile{},
		Stdout:       defaultStdout(), Socket: defaultSocket(), Syslog: defaultSyslog(),
		Kafka: Kafka{
			Brokers:  []string{},
			ClientID: "spanwatch", TopicPrefix: "spanwatch", Topic: "{prefix}.{event_type}", Headers: map[string]string{},
			Key: "community_id", Compression: "lz4", Acks: "all", Idempotence: true, WriteAhead: true, Timestamp: "auto",
			MaxRecordSize: 1_000_000, Oversize: "truncate",
			BatchSize: 512 << 10, Linger: 5 * time.Millisecond, QueueSize: 32 << 20,
			DialTimeout: 3 * time.Second, RequestTimeout: 10 * time.Second, MaxBackoff: 5 * time.Second,
			SpoolAfter: time.Second, DeliveryTimeout: 2 * time.Minute,
			Schema: "eve", Filter: defaultFilter(), Redact: defaultRedact(),
		},
		Spool: Spool{
			MaxSize: 1 << 30, SegmentSize: 8 << 20, MaxAge: 72 * time.Hour, Sync: "interval", SyncEvery: time.Second,
			Keep: []string{"alert"}, GiveUp: []string{"flow", "netflow"},
		},
	}
}
