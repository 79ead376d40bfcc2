package event

// Type is the kind of an event, written as event_type. It also indexes the
// counters of the exporter and names the Kafka topic.
type Type uint8

// Event types. TypeNone is not a type of any event.
const (
	TypeNone Type = iota
	TypeAlert
	TypeFlow
	TypeNetflow
	TypeAnomaly
	TypeDNS
	TypeStats
	TypeHTTP
	TypeFileInfo
	TypeTLS
	TypeSSH
	TypeSMTP
	TypeFTP
	TypeFTPData
	TypeARP
	TypeOverload
	TypeSIP
	TypeMQTT
	TypeDCERPC
	TypeEngine
	TypeSMB
	TypeDHCP
	TypeNTP
	TypeTFTP
	TypeKRB5
	TypeQUIC
	TypeWebSocket
	TypeModbus
	TypeNFS
	TypeDNP3
	TypeIKE
	TypeENIP
	TypeLDAP
	TypeSNMP
	TypePgSQL
	TypeRFB
	TypeMDNS
	TypeRDP
	TypeBittorrentDHT
	TypePOP3

	// NumTypes is the length of an array indexed by Type.
	NumTypes
)

var typeNames = [NumTypes]string{
	TypeNone:          "none",
	TypeAlert:         "alert",
	TypeFlow:          "flow",
	TypeNetflow:       "netflow",
	TypeAnomaly:       "anomaly",
	TypeDNS:           "dns",
	TypeStats:         "stats",
	TypeHTTP:          "http",
	TypeFileInfo:      "fileinfo",
	TypeTLS:           "tls",
	TypeSSH:           "ssh",
	TypeSMTP:          "smtp",
	TypeFTP:           "ftp",
	TypeFTPData:       "ftp_data",
	TypeARP:           "arp",
	TypeOverload:      "overload",
	TypeSIP:           "sip",
	TypeMQTT:          "mqtt",
	TypeDCERPC:        "dcerpc",
	TypeEngine:        "engine",
	TypeSMB:           "smb",
	TypeDHCP:          "dhcp",
	TypeNTP:           "ntp",
	TypeTFTP:          "tftp",
	TypeKRB5:          "krb5",
	TypeQUIC:          "quic",
	TypeWebSocket:     "websocket",
	TypeModbus:        "modbus",
	TypeNFS:           "nfs",
	TypeDNP3:          "dnp3",
	TypeIKE:           "ike",
	TypeENIP:          "enip",
	TypeLDAP:          "ldap",
	TypeSNMP:          "snmp",
	TypePgSQL:         "pgsql",
	TypeRFB:           "rfb",
	TypeMDNS:          "mdns",
	TypeRDP:           "rdp",
	TypeBittorrentDHT: "bittorrent_dht",
	TypePOP3:          "pop3",
}

// String returns the value of event_type.
func (t Type) String() string {
	if t < NumTypes {
		return typeNames[t]
	}
	return typeNames[TypeNone]
}

// TypeByName finds a type by its event_type.
func TypeByName(name string) (Type, bool) {
	for t := TypeNone + 1; t < NumTypes; t++ {
		if typeNames[t] == name {
			return t, true
		}
	}
	return TypeNone, false
}

// Types lists every event type, for tables and tests.
func Types() []Type {
	all := make([]Type, 0, NumTypes-1)
	for t := TypeNone + 1; t < NumTypes; t++ {
		all = append(all, t)
	}
	return all
}
