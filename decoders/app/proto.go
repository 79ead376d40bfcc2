package app

// Proto is an application protocol.
type Proto uint8

// Protocols. ProtoUnknown means detection has not decided yet, ProtoFailed
// that it gave up. That a protocol has a name does not mean that it has a
// parser: registry knows those. ProtoHTTP1 is named by rules only; flows of
// HTTP/1 are ProtoHTTP.
const (
	ProtoUnknown Proto = iota
	ProtoFailed
	ProtoDNS
	ProtoHTTP
	ProtoHTTP1
	ProtoHTTP2
	ProtoDOH2
	ProtoWebSocket
	ProtoTLS
	ProtoQUIC
	ProtoSSH
	ProtoFTP
	ProtoFTPData
	ProtoTFTP
	ProtoSMTP
	ProtoIMAP
	ProtoPOP3
	ProtoSMB
	ProtoDCERPC
	ProtoNFS
	ProtoKRB5
	ProtoLDAP
	ProtoRDP
	ProtoRFB
	ProtoTelnet
	ProtoMDNS
	ProtoLLMNR
	ProtoDHCP
	ProtoNTP
	ProtoSNMP
	ProtoSIP
	ProtoIKE
	ProtoMQTT
	ProtoPgSQL
	ProtoModbus
	ProtoDNP3
	ProtoENIP
	ProtoBittorrentDHT
	protoCount
)

var protoNames = [protoCount]string{
	ProtoUnknown:       "unknown",
	ProtoFailed:        "failed",
	ProtoDNS:           "dns",
	ProtoHTTP:          "http",
	ProtoHTTP1:         "http1",
	ProtoHTTP2:         "http2",
	ProtoDOH2:          "doh2",
	ProtoWebSocket:     "websocket",
	ProtoTLS:           "tls",
	ProtoQUIC:          "quic",
	ProtoSSH:           "ssh",
	ProtoFTP:           "ftp",
	ProtoFTPData:       "ftp-data",
	ProtoTFTP:          "tftp",
	ProtoSMTP:          "smtp",
	ProtoIMAP:          "imap",
	ProtoPOP3:          "pop3",
	ProtoSMB:           "smb",
	ProtoDCERPC:        "dcerpc",
	ProtoNFS:           "nfs",
	ProtoKRB5:          "krb5",
	ProtoLDAP:          "ldap",
	ProtoRDP:           "rdp",
	ProtoRFB:           "rfb",
	ProtoTelnet:        "telnet",
	ProtoMDNS:          "mdns",
	ProtoLLMNR:         "llmnr",
	ProtoDHCP:          "dhcp",
	ProtoNTP:           "ntp",
	ProtoSNMP:          "snmp",
	ProtoSIP:           "sip",
	ProtoIKE:           "ike",
	ProtoMQTT:          "mqtt",
	ProtoPgSQL:         "pgsql",
	ProtoModbus:        "modbus",
	ProtoDNP3:          "dnp3",
	ProtoENIP:          "enip",
	ProtoBittorrentDHT: "bittorrent-dht",
}

// String returns the protocol's name in events and rules.
func (p Proto) String() string {
	if p < protoCount {
		return protoNames[p]
	}
	return "unknown"
}

// ProtoByName finds the protocol that a rule names, by its own name or an
// older one that rules still use. "unknown" is no name, "failed" is.
func ProtoByName(name string) (Proto, bool) {
	switch name {
	case "ssl":
		return ProtoTLS, true
	case "ikev2":
		return ProtoIKE, true
	}
	for p := ProtoFailed; p < protoCount; p++ {
		if protoNames[p] == name {
			return p, true
		}
	}
	return ProtoUnknown, false
}

// Covers reports whether a rule for p is meant for flows of protocol flow:
// http stands for both versions, and a protocol carried by another one for
// both (DNS over HTTP/2, DCERPC over SMB).
func (p Proto) Covers(flow Proto) bool {
	switch p {
	case flow:
		return true
	case ProtoHTTP:
		return flow == ProtoHTTP2 || flow == ProtoDOH2
	case ProtoHTTP1:
		return flow == ProtoHTTP
	case ProtoHTTP2, ProtoDNS:
		return flow == ProtoDOH2
	case ProtoDCERPC:
		return flow == ProtoSMB
	}
	return false
}
