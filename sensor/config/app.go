package config

// App configures protocol detection and parsers. The defaults are those of the
// configuration that Suricata 8 ships.
type App struct {
	Disabled []string            `yaml:"disabled" doc:"Protocols that are neither recognised nor parsed."`
	TCPPorts map[string][]string `yaml:"tcp-ports" doc:"TCP ports whose payload is probed, by protocol, instead of the usual ones; patterns are looked for at all ports."`
	UDPPorts map[string][]string `yaml:"udp-ports" doc:"The same for UDP."`
	DNS      AppDNS              `yaml:"dns" doc:"DNS."`
	HTTP     AppHTTP             `yaml:"http" doc:"HTTP/1."`
	TLS      AppTLS              `yaml:"tls" doc:"TLS."`
	SMTP     AppSMTP             `yaml:"smtp" doc:"SMTP and mails."`
	FTP      AppFTP              `yaml:"ftp" doc:"FTP."`
	DNP3     AppDNP3             `yaml:"dnp3" doc:"DNP3."`
	MQTT     AppMQTT             `yaml:"mqtt" doc:"MQTT."`
	SMB      AppSMB              `yaml:"smb" doc:"SMB."`
}

// AppDNS configures the DNS parser.
type AppDNS struct {
	Enabled bool     `yaml:"enabled" doc:"Parse DNS."`
	Ports   []uint16 `yaml:"ports" doc:"UDP ports whose payload is probed for DNS."`
}

// AppHTTP configures the HTTP/1 parser.
type AppHTTP struct {
	Request  AppBody `yaml:"request" doc:"Bodies of requests."`
	Response AppBody `yaml:"response" doc:"Bodies of responses."`

	DecodeLayers int `yaml:"decode-layers" doc:"Content encodings upon each other that are undone." min:"0" max:"16"`
	LZMALayers   int `yaml:"lzma-layers" doc:"How many of them may be LZMA." min:"0" max:"16"`

	DoubleDecodePath  bool `yaml:"double-decode-path" doc:"Decode paths twice for http.uri, for servers that do."`
	DoubleDecodeQuery bool `yaml:"double-decode-query" doc:"Decode queries twice for http.uri, for servers that do."`
}

// AppBody says how bodies of one direction are inspected.
type AppBody struct {
	Limit      ByteSize `yaml:"limit" doc:"Bytes of a decoded body that are followed, for rules and files; 0 is all." min:"0"`
	MinInspect ByteSize `yaml:"min-inspect" doc:"Bytes that have to come, unless the body ends before, until it is inspected for the first time." min:"0" max:"1073741824"`
	Window     ByteSize `yaml:"window" doc:"The least that is inspected at a time after that." min:"0" max:"1073741824"`
}

// AppTLS configures the TLS parser.
type AppTLS struct {
	EncryptionHandling string `yaml:"encryption-handling" doc:"What happens to a session once it is encrypted: track-only (rules on the stream see no more of it, heartbeats are still looked at), bypass (the flow is only counted), full (rules see the encrypted bytes too)." oneof:"track-only,bypass,full"`
}

// AppSMTP configures the SMTP parser.
type AppSMTP struct {
	DecodeMIME    bool     `yaml:"decode-mime" doc:"Read mails as RFC 5322 and MIME; attachments are files."`
	RawExtraction bool     `yaml:"raw-extraction" doc:"Take each mail as one file named rawmsg; decode-mime has to be off."`
	MinInspect    ByteSize `yaml:"min-inspect" doc:"Bytes of an attachment that have to come, unless it ends before, until it is inspected for the first time." min:"0" max:"1073741824"`
	Window        ByteSize `yaml:"window" doc:"How far an inspection reaches back over what the one before saw." min:"0" max:"1073741824"`
}

// AppFTP configures the FTP parser.
type AppFTP struct {
	MaxTransactions int `yaml:"max-transactions" doc:"Commands of a connection that may wait for their reply; one more ends its parsing." min:"1" max:"1000000"`
}

// AppDNP3 configures the DNP3 parser.
type AppDNP3 struct {
	MaxTransactions int `yaml:"max-transactions" doc:"Fragments of a flow that may be under way; with one more the flow is flooded, which is an event, and old ones without an end are given up." min:"1" max:"1000"`
	MaxPoints       int `yaml:"max-points" doc:"Points of one fragment that are read." min:"1" max:"1000000"`
	MaxObjects      int `yaml:"max-objects" doc:"Objects of one fragment that are read." min:"1" max:"1000000"`
}

// AppMQTT configures the MQTT parser.
type AppMQTT struct {
	MaxTransactions  int      `yaml:"max-transactions" doc:"Exchanges of a connection that may be under way; one more ends its parsing." min:"1" max:"1000000"`
	MaxMessages      int      `yaml:"max-messages" doc:"Packets of an exchange; further ones are an event and left out." min:"4" max:"1000000"`
	MaxMessageLength ByteSize `yaml:"max-msg-length" doc:"Longest packet that is read; longer ones are passed over." min:"1" max:"268435455"`
}

// AppSMB configures the SMB parser. What goes beyond a bound is an event, and
// what was to be read or written is passed over; 0 sets no bound.
type AppSMB struct {
	MaxTransactions int      `yaml:"max-transactions" doc:"Requests and files of a connection that may be under way; one more ends its parsing." min:"1" max:"1000000"`
	MaxReadSize     ByteSize `yaml:"max-read-size" doc:"Bytes that one READ may ask for, answer or be agreed on; 0 is any number." min:"0" max:"4294967295"`
	MaxWriteSize    ByteSize `yaml:"max-write-size" doc:"Bytes that one WRITE may have or be agreed on; 0 is any number." min:"0" max:"4294967295"`

	MaxReadQueueSize   ByteSize `yaml:"max-read-queue-size" doc:"Bytes of a file that is read that may wait for what lies before them; 0 is any number." min:"0"`
	MaxReadQueueCount  int      `yaml:"max-read-queue-cnt" doc:"Pieces of a file that is read that may wait so; 0 is any number." min:"0" max:"1000000"`
	MaxWriteQueueSize  ByteSize `yaml:"max-write-queue-size" doc:"Bytes of a file that is written that may wait for what lies before them; 0 is any number." min:"0"`
	MaxWriteQueueCount int      `yaml:"max-write-queue-cnt" doc:"Pieces of a file that is written that may wait so; 0 is any number." min:"0" max:"1000000"`
}

func defaultApp() App {
	return App{
		Disabled: []string{}, TCPPorts: map[string][]string{}, UDPPorts: map[string][]string{},
		DNS: AppDNS{Enabled: true, Ports: []uint16{53}},
		HTTP: AppHTTP{
			Request:      AppBody{Limit: 100 << 10, MinInspect: 32 << 10, Window: 4 << 10},
			Response:     AppBody{Limit: 100 << 10, MinInspect: 40 << 10, Window: 16 << 10},
			DecodeLayers: 2, LZMALayers: 1,
		},
		TLS:  AppTLS{EncryptionHandling: "track-only"},
		SMTP: AppSMTP{DecodeMIME: true, MinInspect: 32 << 10, Window: 4 << 10},
		FTP:  AppFTP{MaxTransactions: 1024},
		DNP3: AppDNP3{MaxTransactions: 32, MaxPoints: 16384, MaxObjects: 2048},
		MQTT: AppMQTT{MaxTransactions: 4096, MaxMessages: 1024, MaxMessageLength: 1 << 20},
		SMB: AppSMB{MaxTransactions: 1024, MaxReadSize: 16 << 20, MaxWriteSize: 16 << 20,
			MaxReadQueueSize: 64 << 20, MaxReadQueueCount: 64, MaxWriteQueueSize: 64 << 20, MaxWriteQueueCount: 64},
	}
}

// FileStore configures where files are kept that rules ask for.
type FileStore struct {
	Enabled  bool     `yaml:"enabled" doc:"Keep them; the content of every file under way is held in memory for it."`
	Dir      string   `yaml:"dir" path:"output" doc:"Folder, relative to the output directory; empty is filestore there. A file is ab/abcd… by its SHA-256."`
	MaxFile  ByteSize `yaml:"max-file" doc:"Largest file that is kept." min:"1" max:"33554432"`
	MaxFiles int      `yaml:"max-files" doc:"Files that one run writes at most." min:"1"`
	MaxSize  ByteSize `yaml:"max-size" doc:"Bytes that one run writes at most." min:"1"`
}
