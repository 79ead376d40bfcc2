package config

import "time"

// Filter chooses the events of a sink.
type Filter struct {
	Types           []string          `yaml:"types" doc:"Event types that pass; empty passes all."`
	Severity        int               `yaml:"severity" doc:"Alerts pass that are at least as severe, 1 being the most severe; 0 passes all. Other events are not touched." min:"0" max:"255"`
	Networks        []string          `yaml:"networks" doc:"Events pass of which one end lies in one of these prefixes; empty passes all. Events without addresses are not touched."`
	ExcludeNetworks []string          `yaml:"exclude-networks" doc:"Events are held back of which one end lies in one of these prefixes."`
	Sample          map[string]string `yaml:"sample" doc:"Share of an event type's events that pass, above 0 and up to 1, chosen by flow: dns: 0.1."`
}

// Redact takes something out of the events of a sink.
type Redact struct {
	Profiles []string `yaml:"profiles" doc:"Ready-made lists: payload (bytes of packets and streams), http-body (bodies of HTTP messages, and payloads of HTTP), credentials (passwords, cookies, tokens, and payloads, which hold them too)."`
	Fields   []string `yaml:"fields" doc:"Paths of EVE to take out, such as http.url or email.to."`
	Action   string   `yaml:"action" doc:"remove, or hash: text becomes its HMAC-SHA256, so that equal values still look equal." oneof:",remove,hash"`
	KeyFile  string   `yaml:"key-file" path:"read" doc:"File that holds the key of the hashes; without one, values that can be guessed can be found by trying."`
	KeyEnv   string   `yaml:"key-env" doc:"Or the environment variable that does."`
}

// Rotate puts a file aside now and then.
type Rotate struct {
	Size      ByteSize      `yaml:"size" doc:"Begin a new file before this one grows beyond; 0 is no bound. The old one gets the time in its name: eve-20260102T150405Z.json." max:"17592186044416"`
	Interval  time.Duration `yaml:"interval" doc:"Begin a new file so often, on the wall clock, with the next event; 0 is never." min:"0s" max:"8760h"`
	Compress  string        `yaml:"compress" doc:"Pack files that were put aside; empty leaves them as they are." oneof:",gzip,zstd"`
	KeepFiles int           `yaml:"keep-files" doc:"Files put aside that stay, the oldest go first; 0 is no bound." min:"0" max:"1000000"`
	KeepAge   time.Duration `yaml:"keep-age" doc:"Older ones go; 0 keeps them for ever." min:"0s" max:"87600h"`
	KeepSize  ByteSize      `yaml:"keep-size" doc:"Their bytes in all; 0 is no bound." max:"17592186044416"`
}

// EveFile is one more file of JSON lines.
type EveFile struct {
	Path   string `yaml:"path" path:"output" doc:"File, relative to the output directory."`
	Append bool   `yaml:"append" doc:"Keep what the file holds instead of starting anew."`
	Rotate Rotate `yaml:"rotate" doc:"Put the file aside now and then. Without it, logrotate can: a file that was moved is begun anew, also on SIGHUP."`
	Schema string `yaml:"schema" doc:"eve, or ecs: the Elastic Common Schema." oneof:",eve,ecs"`
	Filter Filter `yaml:"filter" doc:"Which events are written."`
	Redact Redact `yaml:"redact" doc:"What is taken out of them."`
}

// Stdout writes JSON lines to standard output.
type Stdout struct {
	Enabled bool   `yaml:"enabled" doc:"Write events to standard output too."`
	Schema  string `yaml:"schema" doc:"eve, or ecs: the Elastic Common Schema." oneof:"eve,ecs"`
	Filter  Filter `yaml:"filter" doc:"Which events are written."`
	Redact  Redact `yaml:"redact" doc:"What is taken out of them."`
}

// Socket writes JSON lines to a Unix socket.
type Socket struct {
	Path        string        `yaml:"path" path:"-" doc:"Unix socket that a program listens on; empty switches it off. The sensor connects, and comes back when the program was restarted."`
	Type        string        `yaml:"type" doc:"stream, or datagram: one event in each." oneof:"stream,datagram"`
	GiveUpAfter time.Duration `yaml:"give-up-after" doc:"How long events wait for a listener before they are dropped (unreachable)." min:"0s" max:"24h"`
	Schema      string        `yaml:"schema" doc:"eve, or ecs: the Elastic Common Schema." oneof:"eve,ecs"`
	Filter      Filter        `yaml:"filter" doc:"Which events are sent."`
	Redact      Redact        `yaml:"redact" doc:"What is taken out of them."`
}

// Syslog sends events as syslog messages.
type Syslog struct {
	Address     string        `yaml:"address" doc:"host:port of a receiver of RFC 5424 over TCP, commonly port 514, or over TLS, 6514; empty switches it off."`
	Facility    string        `yaml:"facility" doc:"Facility of the messages. Their severity follows alert.severity: 1 is crit, 2 err, others warning; anomalies are notice, all else info." oneof:"kern,user,mail,daemon,auth,syslog,lpr,news,uucp,cron,authpriv,ftp,ntp,audit,alert,clock,local0,local1,local2,local3,local4,local5,local6,local7"`
	Cookie      bool          `yaml:"cookie" doc:"Put @cee: before the event, by which some receivers know JSON."`
	MaxSize     ByteSize      `yaml:"max-size" doc:"Largest message that the receiver takes whole (rsyslog: maxMessageSize); larger ones are dropped (too_large). 0 is no bound." max:"1073741824"`
	GiveUpAfter time.Duration `yaml:"give-up-after" doc:"How long events wait for the receiver before they are dropped (unreachable)." min:"0s" max:"24h"`
	TLS         TLSClient     `yaml:"tls" doc:"Encryption. The files are read again when they change."`
	Schema      string        `yaml:"schema" doc:"eve, or ecs: the Elastic Common Schema." oneof:"eve,ecs"`
	Filter      Filter        `yaml:"filter" doc:"Which events are sent."`
	Redact      Redact        `yaml:"redact" doc:"What is taken out of them."`
}

func defaultRedact() Redact {
	return Redact{Profiles: []string{}, Fields: []string{}, Action: "remove"}
}

func defaultFilter() Filter {
	return Filter{Types: []string{}, Networks: []string{}, ExcludeNetworks: []string{}, Sample: map[string]string{}}
}

func defaultStdout() Stdout {
	return Stdout{Schema: "eve", Filter: defaultFilter(), Redact: defaultRedact()}
}

func defaultSocket() Socket {
	return Socket{Type: "stream", GiveUpAfter: 10 * time.Second, Schema: "eve", Filter: defaultFilter(), Redact: defaultRedact()}
}

func defaultSyslog() Syslog {
	return Syslog{
		Facility: "local5", MaxSize: 64 << 10, GiveUpAfter: 10 * time.Second,
		Schema: "eve", Filter: defaultFilter(), Redact: defaultRedact(),
	}
}
