package rule

import "strings"

// Protocol is what the language knows of a name in a header's second field.
// The names are those of Suricata 8 (detect-engine-proto and the list of
// application protocols).
type Protocol struct {
	Name  string
	App   bool // an application protocol, found in the payload
	Ports bool // its packets have ports
}

// protocols by name, in the order messages list them.
var protocols = []Protocol{
	{Name: "ip", Ports: true},
	{Name: "ipv4", Ports: true},
	{Name: "ipv6", Ports: true},
	{Name: "tcp", Ports: true},
	{Name: "tcp-pkt", Ports: true},
	{Name: "tcp-stream", Ports: true},
	{Name: "udp", Ports: true},
	{Name: "sctp", Ports: true},
	{Name: "icmp"},
	{Name: "icmpv4"},
	{Name: "icmpv6"},
	{Name: "igmp"},
	{Name: "pkthdr", Ports: true},
	{Name: "ether"},
	{Name: "arp"},
	{Name: "http", App: true, Ports: true},
	{Name: "http1", App: true, Ports: true},
	{Name: "http2", App: true, Ports: true},
	{Name: "tls", App: true, Ports: true},
	{Name: "quic", App: true, Ports: true},
	{Name: "dns", App: true, Ports: true},
	{Name: "doh2", App: true, Ports: true},
	{Name: "mdns", App: true, Ports: true},
	{Name: "llmnr", App: true, Ports: true},
	{Name: "ssh", App: true, Ports: true},
	{Name: "ftp", App: true, Ports: true},
	{Name: "ftp-data", App: true, Ports: true},
	{Name: "smtp", App: true, Ports: true},
	{Name: "imap", App: true, Ports: true},
	{Name: "pop3", App: true, Ports: true},
	{Name: "smb", App: true, Ports: true},
	{Name: "dcerpc", App: true, Ports: true},
	{Name: "nfs", App: true, Ports: true},
	{Name: "ntp", App: true, Ports: true},
	{Name: "dhcp", App: true, Ports: true},
	{Name: "tftp", App: true, Ports: true},
	{Name: "ike", App: true, Ports: true},
	{Name: "krb5", App: true, Ports: true},
	{Name: "snmp", App: true, Ports: true},
	{Name: "sip", App: true, Ports: true},
	{Name: "rfb", App: true, Ports: true},
	{Name: "rdp", App: true, Ports: true},
	{Name: "mqtt", App: true, Ports: true},
	{Name: "telnet", App: true, Ports: true},
	{Name: "websocket", App: true, Ports: true},
	{Name: "ldap", App: true, Ports: true},
	{Name: "pgsql", App: true, Ports: true},
	{Name: "modbus", App: true, Ports: true},
	{Name: "dnp3", App: true, Ports: true},
	{Name: "enip", App: true, Ports: true},
	{Name: "bittorrent-dht", App: true, Ports: true},
}

// ProtocolNames returns every name and alias that LookupProtocol knows.
func ProtocolNames() []string {
	names := make([]string, 0, len(protocols)+4)
	for _, p := range protocols {
		names = append(names, p.Name)
	}
	return append(names, "ip4", "ip6", "ssl", "ikev2")
}

// LookupProtocol finds a protocol by name or alias, in any case. Its Name is
// the canonical one: ip4 is ipv4, ssl is tls.
func LookupProtocol(name string) (Protocol, bool) {
	name = strings.ToLower(name)
	switch name {
	case "ip4":
		name = "ipv4"
	case "ip6":
		name = "ipv6"
	case "ssl":
		name = "tls"
	case "ikev2":
		name = "ike"
	}
	for _, p := range protocols {
		if p.Name == name {
			return p, true
		}
	}
	return Protocol{}, false
}

// actions of rules. Those with a scope are written verb:scope; accept exists
// only in Suricata's firewall mode.
var actions = []string{
	"alert", "pass", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth", "config",
	"accept:hook", "accept:packet", "accept:flow", "accept:tx",
	"drop:packet", "drop:flow", "pass:packet", "pass:flow",
}

// ActionNames returns every action of the language.
func ActionNames() []string { return append([]string(nil), actions...) }

// ActionScope cuts the rule's action into its verb and, for drop:flow and the
// like, the scope.
func (r *Rule) ActionScope() (verb, scope string) {
	verb, scope, _ = strings.Cut(r.Action, ":")
	return verb, scope
}

func knownAction(name string) bool {
	for _, a := range actions {
		if a == name {
			return true
		}
	}
	return false
}
