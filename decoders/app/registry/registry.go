// Package registry is the one list of application protocol parsers. A new
// protocol is a folder beside dns and a line here.
//
// Input is nothing, output a Set of parsers with the ports at which each is
// probed by default. A Set belongs to one worker: parsers own the memory that
// their states reuse.
package registry

import (
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/bittorrent"
	"spanwatch/decoders/app/dcerpc"
	"spanwatch/decoders/app/dhcp"
	"spanwatch/decoders/app/dnp3"
	"spanwatch/decoders/app/dns"
	"spanwatch/decoders/app/enip"
	"spanwatch/decoders/app/file"
	"spanwatch/decoders/app/ftp"
	"spanwatch/decoders/app/http1"
	"spanwatch/decoders/app/http2"
	"spanwatch/decoders/app/ike"
	"spanwatch/decoders/app/krb5"
	"spanwatch/decoders/app/ldap"
	"spanwatch/decoders/app/modbus"
	"spanwatch/decoders/app/mqtt"
	"spanwatch/decoders/app/nfs"
	"spanwatch/decoders/app/ntp"
	"spanwatch/decoders/app/pgsql"
	"spanwatch/decoders/app/pop3"
	"spanwatch/decoders/app/quic"
	"spanwatch/decoders/app/rdp"
	"spanwatch/decoders/app/recognised"
	"spanwatch/decoders/app/rfb"
	"spanwatch/decoders/app/sip"
	"spanwatch/decoders/app/smb"
	"spanwatch/decoders/app/smtp"
	"spanwatch/decoders/app/snmp"
	"spanwatch/decoders/app/ssh"
	"spanwatch/decoders/app/tftp"
	"spanwatch/decoders/app/tls"
	"spanwatch/decoders/app/websocket"
)

// Set has a parser of every protocol, for one worker.
type Set []app.Candidate

// Config is what parsers can be told.
type Config struct {
	HTTP http1.Config
	SMTP smtp.Config
	FTP  ftp.Config
	DNP3 dnp3.Config
	MQTT mqtt.Config
	SMB  smb.Config
	// DoH2 looks for DNS in HTTP/2.
	DoH2 bool
	// Transfers is what is computed of files of FTP and NFS.
	Transfers file.Hashes
}

// DefaultConfig returns the defaults of all parsers.
func DefaultConfig() Config {
	return Config{
		HTTP: http1.DefaultConfig(), SMTP: smtp.DefaultConfig(), FTP: ftp.DefaultConfig(), DNP3: dnp3.DefaultConfig(), MQTT: mqtt.DefaultConfig(),
		SMB:  smb.DefaultConfig(),
		DoH2: true, Transfers: file.AllHashes,
	}
}

// New makes a Set of parsers with their defaults.
func New() Set { return NewWith(DefaultConfig()) }

// NewWith makes a Set. The ports are Suricata's detection-ports; the caller may
// change them before it makes a Detector.
func NewWith(c Config) Set {
	domains := dns.NewParser()
	var carried http2.Messages
	if c.DoH2 {
		carried = domains
	}
	set := Set{
		{Parser: domains, TCPPorts: []uint16{53}, UDPPorts: []uint16{53}},
		{Parser: ftp.NewParserWith(c.FTP), TCPPorts: []uint16{21}},
		{Parser: ftp.NewDataParserWith(c.Transfers)},
		{Parser: http1.NewParserWith(c.HTTP)}, // by its methods, at any port
		{Parser: smtp.NewParserWith(c.SMTP), TCPPorts: []uint16{25, 465}},
		{Parser: ssh.NewParser(), TCPPorts: []uint16{22}},
		{Parser: tls.NewParser(), TCPPorts: []uint16{443}},
	}
	for _, p := range append([]app.Described{
		bittorrent.NewParser(),
		dcerpc.NewParser(),
		dhcp.NewParser(),
		dnp3.NewParserWith(c.DNP3),
		enip.NewParser(),
		ike.NewParser(),
		http2.NewParser(carried),
		krb5.NewParser(),
		ldap.NewParser(),
		dns.NewMulticastParser(domains),
		modbus.NewParser(),
		mqtt.NewParserWith(c.MQTT),
		nfs.NewParserWith(c.Transfers),
		ntp.NewParser(),
		pgsql.NewParser(),
		pop3.NewParser(),
		quic.NewParser(),
		rfb.NewParser(),
		rdp.NewParser(),
		sip.NewParser(),
		smb.NewParserWith(c.SMB),
		snmp.NewParser(),
		tftp.NewParser(),
		websocket.NewParser(),
	}, recognised.Parsers()...) {
		d := p.Definition()
		set = append(set, app.Candidate{Parser: p, TCPPorts: d.TCPPorts, UDPPorts: d.UDPPorts})
	}
	return set
}

// Parser returns the parser of a protocol; false when there is none.
func (s Set) Parser(p app.Proto) (app.Parser, bool) {
	for i := range s {
		if s[i].Parser.Proto() == p {
			return s[i].Parser, true
		}
	}
	return nil, false
}

// Has reports whether a protocol, or one that a rule for it covers, has a
// parser.
func (s Set) Has(p app.Proto) bool {
	for i := range s {
		if p.Covers(s[i].Parser.Proto()) {
			return true
		}
	}
	return false
}
