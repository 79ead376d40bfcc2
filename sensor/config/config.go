// Package config is what an operator can tell spanwatch: a YAML file and
// key=value overrides in, one checked Config out.
//
// Every setting stands once, here, with its default (Default), its meaning
// (doc tag), its bounds (min, max, oneof tags) and its unit (the type). Load
// reports every fault of a file at once, each with path, line and column; an
// unknown key is a fault. Secrets may be given as ${NAME} and come from the
// environment. A Config is plain data, read-only once loaded.
package config

import (
	"time"
)

// Config is the whole configuration.
type Config struct {
	Sensor     Sensor     `yaml:"sensor" doc:"Who this sensor is."`
	Workers    int        `yaml:"workers" doc:"Goroutines that own flows; 0 is one per CPU." min:"0" max:"256"`
	Capture    Capture    `yaml:"capture" doc:"Where frames come from and which are looked at."`
	Decode     Decode     `yaml:"decode" doc:"How frames become packets."`
	Defrag     Defrag     `yaml:"defrag" doc:"Reassembly of IP fragments."`
	Flow       Flow       `yaml:"flow" doc:"The flow table."`
	Overload   Overload   `yaml:"overload" doc:"What is given up while the sensor cannot keep up with live traffic. Counting never is."`
	Stream     Stream     `yaml:"stream" doc:"TCP sessions."`
	App        App        `yaml:"app" doc:"Application protocols."`
	Rules      Rules      `yaml:"rules" doc:"Signatures."`
	Events     Events     `yaml:"events" doc:"What is reported and how."`
	FileStore  FileStore  `yaml:"file-store" doc:"Files that rules with filestore ask for."`
	Output     Output     `yaml:"output" doc:"Where events go."`
	Metrics    Metrics    `yaml:"metrics" doc:"The /metrics endpoint."`
	Privileges Privileges `yaml:"privileges" doc:"What spanwatch run gives up when it captures."`
	Enrich     Enrich     `yaml:"enrich" doc:"What is added to addresses."`
}

// Sensor identifies the sensor.
type Sensor struct {
	Name string `yaml:"name" doc:"Name in every event (host) and metric; empty is the host name."`
}

// Capture chooses frames.
type Capture struct {
	Interfaces  []string `yaml:"interfaces" doc:"Interfaces that spanwatch run captures from."`
	Method      string   `yaml:"method" doc:"How frames are captured: afpacket (Linux, one ring for each worker and interface), pcap (libpcap, one reader for all workers), ebpf (afpacket, and the kernel holds back the frames of flows that need no inspection, and of those sampled out: needs accounting in the kernel, and takes no filter), afxdp (AF_XDP sockets: the same before the kernel makes anything of a frame, but what is captured never reaches this host, so for span ports alone), auto (ebpf where the kernel counts and no filter is set, else afpacket, else pcap)." oneof:"auto,afpacket,pcap,ebpf,afxdp"`
	AFXDP       AFXDP    `yaml:"afxdp" doc:"Of method afxdp."`
	Sample      int      `yaml:"sample" doc:"Inspect one flow in so many, chosen by the hash of its key; all are counted. More than 1 needs method ebpf or afxdp." min:"1" max:"1000000"`
	Promiscuous bool     `yaml:"promiscuous" doc:"Take frames to other stations too, as a span port needs."`
	Fanout      string   `yaml:"fanout" doc:"How the kernel deals frames to workers: flow (five-tuple, IPv4 fragments rebuilt by the kernel), hosts (address pair, fragments left alone), queue (receive queue of the device, whose hash must be symmetric). With method afxdp, queue gives each worker its queues; otherwise one reader of all queues deals by five-tuple." oneof:"flow,hosts,queue"`
	RingSize    ByteSize `yaml:"ring-size" doc:"Ring of each worker and interface; kernel memory. With method afxdp a frame takes 2 or 4 KiB of it, whatever its length." min:"1048576" max:"4294967295"`
	FixOffloads bool     `yaml:"fix-offloads" doc:"Switch off what makes the device or the kernel merge received frames (GRO, LRO) while spanwatch run is at work."`
	Filter      string   `yaml:"filter" doc:"BPF filter expression as tcpdump takes it; empty takes everything."`
	Accounting  string   `yaml:"accounting" doc:"What counts every packet: auto takes the best that device, kernel and privileges allow (native XDP, TCX, generic XDP, user space; on veth, which copies frames for native XDP, TCX first); xdp, tcx and xdp-generic demand it; off counts captured frames only." oneof:"auto,xdp,tcx,xdp-generic,off"`
	Kernel      Kernel   `yaml:"kernel" doc:"How the kernel counts, where it does."`
	Batch       int      `yaml:"batch" doc:"Frames handed on at once." min:"1" max:"4096"`
}

// AFXDP configures afxdp.Options.
type AFXDP struct {
	Force    bool          `yaml:"force" doc:"Capture from interfaces that this host uses itself (with an address, in a bridge, below a VLAN): it gets nothing from there any more."`
	Mode     string        `yaml:"mode" doc:"zerocopy has the device write into the sensor's memory, which not every driver can; copy has the kernel copy each frame once; auto takes what there is." oneof:"auto,copy,zerocopy"`
	Coalesce time.Duration `yaml:"coalesce" doc:"Without frames, sleep for so long before waiting to be woken, so that frames come in batches; 0 does not sleep." min:"0s" max:"100ms"`
}

// Kernel configures accounting in the kernel, of each interface.
type Kernel struct {
	Flows           int           `yaml:"flows" doc:"Flows that the table of an interface holds, over all CPUs; 129 bytes each. Flows that find it full make older ones move to user space." min:"1024" max:"67108864"`
	EvictionRing    ByteSize      `yaml:"eviction-ring" doc:"Rings for flows on their way there, over all CPUs: 64 bytes for a flow over IPv4, 128 for others; a power of two." min:"65536" max:"1073741824"`
	ShuntFlows      int           `yaml:"shunt-flows" doc:"Flows that may be held back from inspection at a time." min:"1" max:"16777216"`
	Interval        time.Duration `yaml:"interval" doc:"How often flow records and talkers are brought up to what the kernel counted." min:"100ms" max:"10s"`
	TunnelDepth     int           `yaml:"tunnel-depth" doc:"Tunnels in which the kernel counts the flows too (VXLAN, Geneve, GTP-U on the ports of decode, GRE, ERSPAN, IP in IP); 0 counts outermost flows only, and those in tunnels are counted in user space." min:"0" max:"4"`
	DuplicateWindow time.Duration `yaml:"duplicate-window" doc:"A packet that comes to a CPU twice within this time is counted and inspected once, for span ports that mirror a switch twice: same IP packet but for link header, VLAN, TTL. Needs accounting in the kernel, and capture by any method but pcap, without filter. 0 takes every copy for a packet." min:"0s" max:"1s"`
	Drop            bool          `yaml:"drop" doc:"Frames that inspection does without (of flows that were shunted, all but their ends, and duplicates) are dropped in the driver by XDP once they are counted, so that neither the stack nor any other program on the host sees them. For span ports alone: refused where native XDP is not possible, and where the interface has an address that is not link-local, belongs to a bridge or bond, or carries VLANs or others; pauses when that becomes so. Needs method ebpf."`
	BurstEvery      int           `yaml:"burst-every" doc:"The clock of the millisecond buckets is read with every so many packets, or every 64th of a millisecond if more come meanwhile; 1 is exact and costs 30 ns a packet." min:"1" max:"1024"`
}

// Decode configures decoders.Decoder.
type Decode struct {
	Checksums      string   `yaml:"checksums" doc:"auto: computed, and given up when many of the first packets are wrong (offload); on: always; off: never." oneof:"auto,on,off"`
	MaxTunnelDepth int      `yaml:"max-tunnel-depth" doc:"Tunnels inside tunnels that are unwrapped." min:"0" max:"16"`
	VXLANPorts     []uint16 `yaml:"vxlan-ports" doc:"UDP ports of VXLAN; empty switches it off."`
	GenevePorts    []uint16 `yaml:"geneve-ports" doc:"UDP ports of Geneve; empty switches it off."`
	GTPUPorts      []uint16 `yaml:"gtpu-ports" doc:"UDP ports of GTP-U; empty switches it off."`
	TeredoPorts    []uint16 `yaml:"teredo-ports" doc:"UDP ports of Teredo; empty switches it off."`
}

// Defrag configures defrag.Table.
type Defrag struct {
	MaxDatagrams int           `yaml:"max-datagrams" doc:"Datagrams under reassembly; the oldest goes first." min:"1" max:"10000000"`
	MaxFragments int           `yaml:"max-fragments" doc:"Fragments held in all." min:"1" max:"10000000"`
	MaxMemory    ByteSize      `yaml:"max-memory" doc:"Bytes held in all." min:"65536"`
	Timeout      time.Duration `yaml:"timeout" doc:"Age in packet time at which an incomplete datagram is given up." min:"1s" max:"1h"`
	// HostPolicy maps an overlap policy to the destination prefixes whose
	// hosts reassemble that way; the longest prefix wins.
	HostPolicy    map[string][]string `yaml:"host-policy" doc:"Overlap policy (bsd, bsd-right, linux, windows, solaris, first, last) by destination prefix."`
	DefaultPolicy string              `yaml:"default-policy" doc:"Overlap policy of all other hosts." oneof:"bsd,bsd-right,linux,windows,solaris,first,last"`
}

// Timeouts of one protocol's flows, in packet time.
type Timeouts struct {
	New         time.Duration `yaml:"new" doc:"No reply (TCP: no handshake) seen." min:"1s" max:"24h"`
	Established time.Duration `yaml:"established" doc:"Both sides spoke." min:"1s" max:"240h"`
	Closed      time.Duration `yaml:"closed" doc:"Ended by the protocol." min:"0s" max:"24h"`
}

// Flow configures flow.Table.
type Flow struct {
	MaxFlows        int           `yaml:"max-flows" doc:"Flows held over all workers; the oldest is ended (reason forced) when the bound is reached." min:"16" max:"100000000"`
	TCP             Timeouts      `yaml:"tcp" doc:"Timeouts of TCP flows."`
	UDP             Timeouts      `yaml:"udp" doc:"Timeouts of UDP flows."`
	ICMP            Timeouts      `yaml:"icmp" doc:"Timeouts of ICMP and ICMPv6 flows."`
	Other           Timeouts      `yaml:"other" doc:"Timeouts of all other flows."`
	ReportInterval  time.Duration `yaml:"report-interval" doc:"Report long flows every so often in packet time, with deltas; 0 reports at the end only." min:"0s" max:"24h"`
	OtherProtocols  bool          `yaml:"other-protocols" doc:"Report flows of IP protocols other than TCP, UDP, ICMP and SCTP (GRE, OSPF, …), which Suricata does not have."`
	Seed            uint64        `yaml:"seed" doc:"Hash seed; 0 takes a random one when capturing live and a fixed one in replay."`
	CommunityIDSeed uint16        `yaml:"community-id-seed" doc:"Seed of community_id; the same on all sensors of a site."`
	VLANInKey       bool          `yaml:"vlan-in-key" doc:"Keep equal five-tuples of different VLANs apart."`
	TalkerHosts     int           `yaml:"talker-hosts" doc:"Hosts accounted one by one; traffic of further hosts is counted as other." min:"16" max:"100000000"`
}

// Stream configures how TCP sessions are followed.
type Stream struct {
	Midstream     bool     `yaml:"midstream" doc:"Take up sessions whose opening was not seen; without it their flows are counted and stay new."`
	AsyncOneSide  bool     `yaml:"async-oneside" doc:"Take up sessions of which only one side is seen."`
	Inline        bool     `yaml:"inline" doc:"Inspect data when it comes instead of when it is acknowledged, and let the first copy of every byte win, as an inline sensor does."`
	Depth         ByteSize `yaml:"depth" doc:"Bytes of each direction that are reassembled; 0 is all." min:"0" max:"4294967295"`
	Memory        ByteSize `yaml:"memory" doc:"Memory for data that streams hold until it is acknowledged, inspected and parsed, of all workers; beyond it the session that was silent for longest is not reassembled any more." min:"1048576" max:"1099511627776"`
	Bypass        bool     `yaml:"bypass" doc:"Only count a flow once both sides have sent more than is reassembled."`
	ChunkToServer ByteSize `yaml:"chunk-to-server" doc:"Acknowledged bytes towards the server that rules on the stream inspect at once." min:"1" max:"1073741824"`
	ChunkToClient ByteSize `yaml:"chunk-to-client" doc:"The same towards the client." min:"1" max:"1073741824"`
	// HostPolicy maps an overlap policy to the prefixes of the receivers that
	// resolve overlapping segments that way.
	HostPolicy    map[string][]string `yaml:"host-policy" doc:"Overlap policy (names as in default-policy) by destination prefix."`
	DefaultPolicy string              `yaml:"default-policy" doc:"Overlap policy of all other hosts." oneof:"bsd,bsd-right,old-linux,linux,windows,windows2k3,vista,solaris,old-solaris,hpux10,hpux11,irix,macos,first,last"`
}

// Rules configures the signature engine.
type Rules struct {
	Files              []string          `yaml:"files" path:"read" doc:"Rule files and globs."`
	AddressVars        map[string]string `yaml:"address-vars" doc:"Address variables: NAME to expression."`
	PortVars           map[string]string `yaml:"port-vars" doc:"Port variables: NAME to expression."`
	ClassificationFile string            `yaml:"classification-file" path:"read" doc:"classification.config; empty takes the built-in table."`
	ReferenceFile      string            `yaml:"reference-file" path:"read" doc:"reference.config; empty takes the built-in table."`
	References         bool              `yaml:"references" doc:"Add the references of rules to their alerts, as URLs."`
	ThresholdFile      string            `yaml:"threshold-file" path:"read" doc:"threshold.config: suppressions and thresholds."`
	MaxAlertsPerPacket int               `yaml:"max-alerts-per-packet" doc:"Further alerts of one packet are counted and dropped." min:"1" max:"255"`
	Prefilter          bool              `yaml:"prefilter" doc:"Search candidates with the multi-pattern matcher; off evaluates every rule of a group (for tests)."`
	Strict             bool              `yaml:"strict" doc:"Refuse to start when any rule fails to load, and refuse a reload then."`
	Features           []string          `yaml:"features" doc:"What rules may ask for with requires: feature; output::file-store follows file-store.enabled. Without ja3 or ja4, rules on these fingerprints do not load."`
	ActionOrder        []string          `yaml:"action-order" doc:"Order in which rules of different actions are inspected: pass, drop, reject, alert unless said otherwise."`

	ReputationCategories string   `yaml:"reputation-categories" path:"read" doc:"Categories of host reputation (iprep): number,name,description."`
	ReputationFiles      []string `yaml:"reputation-files" path:"read" doc:"Reputation of hosts: address or prefix,category,score."`

	DataDir   string   `yaml:"data-dir" path:"folder" doc:"Folder that datasets with save or state are written to, and that files named by rules are looked for in before the rule's own; empty writes nothing."`
	CacheDir  string   `yaml:"cache-dir" path:"-" doc:"Folder of compiled patterns, which make the next start fast: auto is the service's or the user's cache folder; empty keeps none."`
	CacheSize ByteSize `yaml:"cache-size" doc:"Bound of that folder; the files not used for longest are removed." min:"1048576"`

	Watch         time.Duration `yaml:"watch" doc:"Reload when a rule file has changed, looked for this often (spanwatch run only); 0 reloads on SIGHUP alone." min:"0s" max:"24h"`
	StepLimit     int           `yaml:"step-limit" doc:"Steps that the conditions of one rule may take on one buffer; it does not match when that is not enough." min:"100" max:"1000000"`
	PacketBudget  int           `yaml:"packet-budget" doc:"Work that all rules together may do on one packet: steps, and 64 bytes searched as one. Candidates beyond it are not inspected, and counted." min:"1000" max:"1000000000"`
	Profile       bool          `yaml:"profile" doc:"Count candidates, inspections, matches and time of every rule, which makes inspection slower."`
	ProfileReport string        `yaml:"profile-report" doc:"File that the profile is written to at the end, the dearest rules first; JSON when it ends in .json. Relative to the output directory; empty writes none."`
}

// Events configures what is reported.
type Events struct {
	Types            []string      `yaml:"types" doc:"Event types to write, by event_type; all stands for every type but arp and netflow."`
	DNSVersion       int           `yaml:"dns-version" doc:"Format of DNS records: 3 as Suricata 8, 2 as Suricata 7." min:"2" max:"3"`
	Ethernet         bool          `yaml:"ethernet" doc:"Add link-layer addresses (ether) to events about packets."`
	HTTPHeaders      bool          `yaml:"http-headers" doc:"Add all header fields to http records."`
	AlertPayload     bool          `yaml:"alert-payload" doc:"Add payload (base64 and printable) to alerts."`
	AlertHTTPBody    bool          `yaml:"alert-http-body" doc:"Add what is at hand of the bodies of HTTP (base64 and printable) to alerts on its transactions."`
	AlertPacket      bool          `yaml:"alert-packet" doc:"Add the whole packet (base64) to alerts."`
	AlertRule        bool          `yaml:"alert-rule" doc:"Add the rule's text to alerts."`
	PayloadLimit     ByteSize      `yaml:"payload-limit" doc:"Longest payload in an alert." min:"0" max:"1048576"`
	StatsInterval    time.Duration `yaml:"stats-interval" doc:"A stats event every so often in packet time; 0 is one at the end only." min:"0s" max:"24h"`
	AnomaliesPerType int           `yaml:"anomalies-per-type" doc:"Decoder anomalies of one type that are written in full; further ones are counted only. 0 is no bound." min:"0"`
}

// Metrics configures the endpoint.
type Metrics struct {
	Listen string        `yaml:"listen" doc:"Address to serve /metrics on, such as 127.0.0.1:9750; empty switches it off."`
	Top    int           `yaml:"top" doc:"Talkers, services and flows listed one by one." min:"0" max:"10000"`
	Window time.Duration `yaml:"window" doc:"Packet time over which bit rates of flows, hosts, services, networks and countries are taken." min:"1s" max:"1h"`
	PProf  bool          `yaml:"pprof" doc:"Serve Go profiles below /debug/pprof/."`
	TLS    MetricsTLS    `yaml:"tls" doc:"Serve HTTPS."`
	Auth   MetricsAuth   `yaml:"auth" doc:"Who may scrape; /healthz and /readyz are open to all."`
}

// MetricsTLS makes the endpoint serve HTTPS.
type MetricsTLS struct {
	CertFile     string `yaml:"cert-file" path:"read" doc:"Certificate (PEM), read again when it changes; empty serves plain HTTP."`
	KeyFile      string `yaml:"key-file" path:"read" doc:"Its private key (PEM)."`
	ClientCAFile string `yaml:"client-ca-file" path:"read" doc:"Certificates (PEM) that clients must be signed by; empty asks for none."`
}

// MetricsAuth is who may scrape. Secrets are read from files.
type MetricsAuth struct {
	User         string `yaml:"user" doc:"User name of basic authentication; empty switches it off."`
	PasswordFile string `yaml:"password-file" path:"read" doc:"File that holds the password, read with every request."`
	TokenFile    string `yaml:"token-file" path:"read" doc:"File that holds a bearer token, read with every request; empty switches it off. With both, either will do."`
}

// Enrich configures look-ups of addresses.
type Enrich struct {
	GeoIP []string          `yaml:"geoip" path:"read" doc:"Databases in MaxMind format (country, city, ASN)."`
	Sites map[string]string `yaml:"sites" doc:"Own prefixes to site names."`
}

// Privileges configures what a running sensor gives up.
type Privileges struct {
	Drop     bool `yaml:"drop" doc:"Give up capabilities once packets are counted and captured."`
	Reattach bool `yaml:"reattach" doc:"But for CAP_NET_RAW and CAP_NET_ADMIN, to go on with interfaces that are removed and made anew."`
	Landlock bool `yaml:"landlock" doc:"Shut the file system (Linux 5.13) but for the folders that the configuration names."`
}

// ByteSize is a number of bytes, written plainly or with kb, mb, gb (1024).
type ByteSize uint64

// Default returns the configuration of an empty file.
func Default() *Config {
	return &Config{
		Workers: 1,
		Capture: Capture{Batch: 256, Method: "auto", AFXDP: AFXDP{Mode: "auto", Coalesce: time.Millisecond}, Sample: 1, Promiscuous: true, Fanout: "hosts", RingSize: 64 << 20,
			Accounting: "auto",
			Kernel:     Kernel{Flows: 1 << 18, EvictionRing: 16 << 20, ShuntFlows: 1 << 16, Interval: time.Second, BurstEvery: 16},
		},
		Decode: Decode{
			Checksums:      "auto",
			MaxTunnelDepth: 4,
			VXLANPorts:     []uint16{4789},
			GenevePorts:    []uint16{6081},
			GTPUPorts:      []uint16{2152},
			TeredoPorts:    []uint16{3544},
		},
		Defrag: Defrag{
			MaxDatagrams:  65535,
			MaxFragments:  65535,
			MaxMemory:     32 << 20,
			Timeout:       time.Minute,
			HostPolicy:    map[string][]string{},
			DefaultPolicy: "bsd",
		},
		Flow: Flow{
			MaxFlows:       1 << 20,
			TCP:            Timeouts{New: 60 * time.Second, Established: 600 * time.Second, Closed: 60 * time.Second},
			UDP:            Timeouts{New: 30 * time.Second, Established: 300 * time.Second},
			ICMP:           Timeouts{New: 30 * time.Second, Established: 300 * time.Second},
			Other:          Timeouts{New: 30 * time.Second, Established: 300 * time.Second},
			OtherProtocols: true,
			VLANInKey:      true,
			TalkerHosts:    1 << 18,
		},
		Stream:   Stream{Depth: 1 << 20, Memory: 256 << 20, ChunkToServer: 2560, ChunkToClient: 2560, HostPolicy: map[string][]string{}, DefaultPolicy: "bsd"},
		Overload: defaultOverload(),
		App:      defaultApp(),
		Rules: Rules{
			References:         true,
			AddressVars:        map[string]string{},
			PortVars:           map[string]string{},
			MaxAlertsPerPacket: 15,
			Prefilter:          true,
			Features:           []string{"ja3", "ja4"},
			CacheDir:           "auto",
			CacheSize:          512 << 20,
			StepLimit:          3000,
			PacketBudget:       1_000_000,
			ProfileReport:      "rule-profile.txt",
		},
		Events: Events{
			Types:            []string{"all"},
			DNSVersion:       3,
			AlertPayload:     true,
			PayloadLimit:     4096,
			AnomaliesPerType: 1000,
		},
		FileStore:  FileStore{MaxFile: 10 << 20, MaxFiles: 100_000, MaxSize: 10 << 30},
		Output:     defaultOutput(),
		Metrics:    Metrics{Top: 20, Window: 10 * time.Second},
		Privileges: Privileges{Drop: true, Reattach: true, Landlock: true},
		Enrich:     Enrich{Sites: map[string]string{}},
	}
}
