package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"spanwatch/sensor/config"
	"spanwatch/sensor/internal/suriconf"
)

// This file has the two configurations that are compared: what Suricata ships,
// with everything switched on that it logs, nothing random, and memory enough
// that no bound is met; and ours to the same effect.

type object = map[string]any

var homeNet = "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"

// maxAlerts of one packet; mutated rules are alike and match in crowds. It is
// the most that ours takes.
const maxAlerts = 255

// suricataConfig is in JSON, which is YAML too. options are further ones,
// NAME=VALUE; checksums is what its -k wants. With members it writes all that it
// knows of alerts.
func suricataConfig(o *oracle, options []string, members bool) (config []byte, checksums string, err error) {
	on := object{"enabled": "yes"}
	ports := func(list string) object {
		return object{"enabled": "yes", "detection-ports": object{"dp": list}}
	}
	c := object{
		"vars": object{
			"address-groups": object{
				"HOME_NET": homeNet, "EXTERNAL_NET": "!$HOME_NET", "HTTP_SERVERS": "$HOME_NET", "SMTP_SERVERS": "$HOME_NET",
				"SQL_SERVERS": "$HOME_NET", "DNS_SERVERS": "$HOME_NET", "TELNET_SERVERS": "$HOME_NET", "AIM_SERVERS": "$EXTERNAL_NET",
				"DC_SERVERS": "$HOME_NET", "DNP3_SERVER": "$HOME_NET", "DNP3_CLIENT": "$HOME_NET", "MODBUS_CLIENT": "$HOME_NET",
				"MODBUS_SERVER": "$HOME_NET", "ENIP_CLIENT": "$HOME_NET", "ENIP_SERVER": "$HOME_NET",
			},
			"port-groups": object{
				"HTTP_PORTS": "80", "SHELLCODE_PORTS": "!80", "ORACLE_PORTS": "1521", "SSH_PORTS": "22", "DNP3_PORTS": "20000",
				"MODBUS_PORTS": "502", "FILE_DATA_PORTS": "[$HTTP_PORTS,110,143]", "FTP_PORTS": "21", "GENEVE_PORTS": "6081",
				"VXLAN_PORTS": "4789", "TEREDO_PORTS": "3544", "SIP_PORTS": "[5060, 5061]",
			},
		},
		"app-layer": object{"protocols": object{
			"telnet": on, "rfb": ports("5900, 5901, 5902, 5903, 5904, 5905, 5906, 5907, 5908, 5909"), "mqtt": on, "krb5": on,
			"bittorrent-dht": on, "snmp": on, "ike": on, "tls": object{"enabled": "yes", "detection-ports": object{"dp": "443"}, "ja3-fingerprints": "yes", "ja4-fingerprints": "yes"}, "pgsql": object{"enabled": "yes", "stream-depth": 0},
			"dcerpc": on, "ftp": on, "ssh": object{"enabled": "yes", "hassh": "yes"}, "doh2": on, "http2": on, "imap": object{"enabled": "detection-only"},
			"pop3": ports("110"), "smb": ports("139, 445"), "nfs": on, "tftp": on, "ntp": on, "quic": on, "dhcp": on, "mdns": on,
			"websocket": on, "rdp": on, "sip": on, "modbus": ports("502"), "dnp3": ports("20000"),
			"enip": object{"enabled": "yes", "detection-ports": object{"dp": 44818, "sp": 44818}},
			"dns":  object{"tcp": ports("53"), "udp": ports("53")},
			"ldap": object{"tcp": ports("389, 3268"), "udp": ports("389, 3268")},
			"smtp": object{
				"enabled": "yes", "raw-extraction": "no",
				"mime": object{"decode-mime": "yes", "decode-base64": "yes", "decode-quoted-printable": "yes",
					"header-value-depth": 2000, "extract-urls": "yes", "body-md5": "no"},
				"inspected-tracker": object{"content-limit": 100000, "content-inspect-min-size": 32768, "content-inspect-window": 4096},
			},
			"http": object{"enabled": "yes", "libhtp": object{"default-config": object{
				"personality": "IDS", "request-body-limit": "100kb", "response-body-limit": "100kb",
				"request-body-minimal-inspect-size": "32kb", "request-body-inspect-window": "4kb",
				"response-body-minimal-inspect-size": "40kb", "response-body-inspect-window": "16kb",
				"response-body-decompress-layer-limit": 2, "http-body-inline": "auto",
				"swf-decompression": object{"enabled": "no"}, "double-decode-path": "no", "double-decode-query": "no",
				"randomize-inspection-sizes": "no",
			}}},
		}},
		"asn1-max-frames":  256,
		"pcre":             object{"match-limit": 3500, "match-limit-recursion": 1500},
		"host-os-policy":   object{"windows": []string{"0.0.0.0/0"}},
		"defrag":           object{"memcap": "512mb", "hash-size": 65536, "trackers": 65535, "max-frags": 65535, "prealloc": "yes", "timeout": 60},
		"flow":             object{"memcap": "2gb", "hash-size": 65536, "prealloc": 10000, "emergency-recovery": 30},
		"packet-alert-max": maxAlerts,
		"stream": object{
			"memcap": "2gb", "checksum-validation": "no", "inline": "auto",
			"reassembly": object{"memcap": "4gb", "depth": "1mb", "toserver-chunk-size": 2560, "toclient-chunk-size": 2560,
				"randomize-chunk-size": "no", "urgent": object{"policy": "oob", "oob-limit-policy": "drop"}},
		},
		"decoder": object{
			"teredo": object{"enabled": "true", "ports": "$TEREDO_PORTS"}, "vxlan": object{"enabled": "true", "ports": "$VXLAN_PORTS"},
			"geneve": object{"enabled": "true", "ports": "$GENEVE_PORTS"},
		},
		"detect":  object{"profile": "medium", "sgh-mpm-context": "auto", "prefilter": object{"default": "mpm"}},
		"stats":   object{"enabled": "no"},
		"logging": object{"default-log-level": "notice", "outputs": []object{{"console": on}}},
		"outputs": []object{{"eve-log": object{
			"enabled": "yes", "filetype": "regular", "filename": "eve.json", "community-id": "true", "types": eveTypes(members),
		}}},
	}
	if o.root != "" {
		etc := filepath.Join(o.root, "etc/suricata")
		c["classification-file"], c["reference-config-file"] = filepath.Join(etc, "classification.config"), filepath.Join(etc, "reference.config")
		if magic := filepath.Join(o.root, "usr/lib/file/magic.mgc"); exists(magic) {
			c["magic-file"] = magic
		}
	}
	checksums = "none"
	for _, option := range options {
		name, value, ok := strings.Cut(option, "=")
		switch {
		case !ok:
			return nil, "", fmt.Errorf("-option %s: NAME=VALUE is wanted", option)
		case name == "-k":
			checksums = value
		default:
			if err := setOption(c, strings.Split(name, "."), value); err != nil {
				return nil, "", fmt.Errorf("-option %s: %w", option, err)
			}
		}
	}
	text, err := json.MarshalIndent(c, "", " ")
	return append([]byte("%YAML 1.1\n---\n"), text...), checksums, err
}

// setOption puts a value where its path says; [a,b] is a list.
func setOption(c object, path []string, value string) error {
	name := path[0]
	if len(path) > 1 {
		if c[name] == nil {
			c[name] = object{}
		}
		inner, ok := c[name].(object)
		if !ok {
			return fmt.Errorf("%s has no members", name)
		}
		return setOption(inner, path[1:], value)
	}
	c[name] = value
	if elements, ok := listOf(value); ok {
		c[name] = elements
	}
	return nil
}

// listOf is what a value in brackets lists.
func listOf(value string) ([]string, bool) {
	inner, ok := strings.CutPrefix(value, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	return strings.Split(inner, ","), ok && closed
}

// customHeaders of mail are written beside those that always are.
var customHeaders = []string{
	"reply-to", "bcc", "message-id", "subject", "x-mailer", "user-agent", "received", "x-originating-ip", "in-reply-to",
	"references", "importance", "priority", "sensitivity", "organization", "content-md5", "date", "relays",
}

func eveTypes(members bool) []any {
	alert := object{"metadata": object{"app-layer": "false", "flow": "false", "rule": object{"metadata": "false"}}, "tagged-packets": "no"}
	if members {
		alert = object{
			"payload": "yes", "payload-buffer-size": "4kb", "payload-printable": "yes", "packet": "yes", "http-body": "yes", "http-body-printable": "yes",
			"websocket-payload": "yes", "websocket-payload-printable": "yes", "tagged-packets": "no",
			"metadata": object{"app-layer": "true", "flow": "true", "rule": object{"metadata": "true", "raw": "false", "reference": "false"}},
		}
	}
	types := []any{
		object{"alert": alert},
		object{"anomaly": object{"enabled": "yes", "types": object{"decode": "yes", "stream": "yes", "applayer": "yes"}}},
		object{"http": object{"extended": "yes", "dump-all-headers": "both"}},
		object{"dns": object{"version": 3, "enabled": "yes"}},
		object{"tls": object{"extended": "yes", "session-resumption": "yes"}},
		object{"files": object{"force-magic": "no", "force-hash": []string{"md5", "sha1", "sha256"}}},
		object{"smtp": object{"extended": "yes", "md5": []string{"body", "subject"}, "custom": customHeaders}},
		object{"mqtt": object{"enabled": "yes", "passwords": "yes"}}, object{"pgsql": object{"enabled": "yes", "passwords": "yes"}}, object{"dhcp": object{"enabled": "yes", "extended": "yes"}},
	}
	for _, name := range []string{
		"mdns", "dnp3", "websocket", "enip", "ftp", "rdp", "nfs", "ntp", "smb", "tftp", "ike", "dcerpc", "krb5", "bittorrent-dht",
		"snmp", "rfb", "sip", "quic", "ldap", "pop3", "arp", "ssh", "http2", "doh2", "modbus", "flow",
	} {
		types = append(types, object{name: object{"enabled": "yes"}})
	}
	return types
}

// ourConfig is the same for spanwatch; sets are further settings of its own,
// options those of both, with Suricata's names.
func ourConfig(sets, options []string) (*config.Config, error) {
	all := append(suriconf.Baseline(), "workers=1", "rules.max-alerts-per-packet=255", "file-store.enabled=false")
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		if name == "-k" {
			setting, ok := suriconf.Checksums(value)
			if !ok {
				return nil, fmt.Errorf("-option %s: unknown", option)
			}
			all = append(all, setting)
			continue
		}
		values, ok := listOf(value)
		if !ok || strings.HasPrefix(name, "vars.") {
			values = []string{value}
		}
		settings, ok := suriconf.Settings("", name, values)
		if !ok {
			return nil, fmt.Errorf("-option %s: spanwatch has nothing of the kind", option)
		}
		all = append(all, settings...)
	}
	return config.Load("", append(all, sets...))
}
