// Package suriconf says with spanwatch's settings what Suricata's options say,
// for the commands that compare the two: an option's name and values go in,
// KEY=VALUE settings come out.
package suriconf

import (
	"path/filepath"
	"strings"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/registry"
)

// Baseline is Suricata's shipped configuration where it differs from spanwatch's
// defaults, with every event on: no checksum validation, Windows reassembly for
// all hosts, and no flows that Suricata does not have.
func Baseline() []string {
	return []string{
		"decode.checksums=off",
		"decode.gtpu-ports=",
		"defrag.default-policy=windows",
		"stream.host-policy.windows=0.0.0.0/0",
		"flow.other-protocols=false",
		"events.http-headers=true",
		"events.alert-packet=true",
		"events.alert-http-body=true",
		"rules.references=false",
		"file-store.enabled=true",
		"events.types=all,arp",
	}
}

// direct maps options whose value means the same to both.
var direct = map[string]string{
	"stream.midstream":                               "stream.midstream",
	"stream.async-oneside":                           "stream.async-oneside",
	"stream.bypass":                                  "stream.bypass",
	"app-layer.protocols.tls.encryption-handling":    "app.tls.encryption-handling",
	"packet-alert-max":                               "rules.max-alerts-per-packet",
	"defrag.trackers":                                "defrag.max-datagrams",
	"defrag.max-frags":                               "defrag.max-fragments",
	"app-layer.protocols.dns.udp.enabled":            "app.dns.enabled",
	"app-layer.protocols.dns.udp.detection-ports.dp": "app.dns.ports",
	"vlan.use-for-tracking":                          "flow.vlan-in-key",
	"stream.inline":                                  "stream.inline",
	"stream.reassembly.toserver-chunk-size":          "stream.chunk-to-server",
	"stream.reassembly.toclient-chunk-size":          "stream.chunk-to-client",
	"stream.reassembly.depth":                        "stream.depth",
	"app-layer.protocols.ftp.max-tx":                 "app.ftp.max-transactions",
	"app-layer.protocols.dnp3.max-tx":                "app.dnp3.max-transactions",
	"app-layer.protocols.dnp3.max-points":            "app.dnp3.max-points",
	"app-layer.protocols.dnp3.max-objects":           "app.dnp3.max-objects",
	"app-layer.protocols.mqtt.max-tx":                "app.mqtt.max-transactions",
	"app-layer.protocols.mqtt.max-messages":          "app.mqtt.max-messages",
	"app-layer.protocols.mqtt.max-msg-length":        "app.mqtt.max-msg-length",
	"app-layer.protocols.smb.max-tx":                 "app.smb.max-transactions",
	"app-layer.protocols.smb.max-read-size":          "app.smb.max-read-size",
	"app-layer.protocols.smb.max-write-size":         "app.smb.max-write-size",
	"app-layer.protocols.smb.max-read-queue-size":    "app.smb.max-read-queue-size",
	"app-layer.protocols.smb.max-read-queue-cnt":     "app.smb.max-read-queue-cnt",
	"app-layer.protocols.smb.max-write-queue-size":   "app.smb.max-write-queue-size",
	"app-layer.protocols.smb.max-write-queue-cnt":    "app.smb.max-write-queue-cnt",
	"app-layer.protocols.smtp.raw-extraction":        "app.smtp.raw-extraction",
	"app-layer.protocols.smtp.mime.decode-mime":      "app.smtp.decode-mime",
	libhtp + "request-body-limit":                    "app.http.request.limit",
	libhtp + "response-body-limit":                   "app.http.response.limit",
	libhtp + "request-body-minimal-inspect-size":     "app.http.request.min-inspect",
	libhtp + "response-body-minimal-inspect-size":    "app.http.response.min-inspect",
	libhtp + "request-body-inspect-window":           "app.http.request.window",
	libhtp + "response-body-inspect-window":          "app.http.response.window",
	libhtp + "response-body-decompress-layer-limit":  "app.http.decode-layers",
	libhtp + "double-decode-path":                    "app.http.double-decode-path",
	libhtp + "double-decode-query":                   "app.http.double-decode-query",
	"action-order":                                   "rules.action-order",
}

// libhtp is where Suricata has the settings of HTTP/1.
const libhtp = "app-layer.protocols.http.libhtp.default-config."

// seconds maps options that are a number of seconds.
var seconds = map[string]string{
	"defrag.timeout":                    "defrag.timeout",
	"flow-timeouts.tcp.new":             "flow.tcp.new",
	"flow-timeouts.tcp.established":     "flow.tcp.established",
	"flow-timeouts.tcp.closed":          "flow.tcp.closed",
	"flow-timeouts.udp.new":             "flow.udp.new",
	"flow-timeouts.udp.established":     "flow.udp.established",
	"flow-timeouts.icmp.new":            "flow.icmp.new",
	"flow-timeouts.icmp.established":    "flow.icmp.established",
	"flow-timeouts.default.new":         "flow.other.new",
	"flow-timeouts.default.established": "flow.other.established",
	"flow-timeouts.default.closed":      "flow.other.closed",
}

// files maps options that name a file relative to the case.
var files = map[string]string{
	"threshold-file":        "rules.threshold-file",
	"classification-file":   "rules.classification-file",
	"reference-config-file": "rules.reference-file",
	"geoip-database":        "enrich.geoip",

	"reputation-categories-file": "rules.reputation-categories",
	"reputation-files":           "rules.reputation-files",
	"reputation-files.0":         "rules.reputation-files",
}

// hostPolicies are the host-os-policy names that IP reassembly knows too;
// stream reassembly knows them all.
var hostPolicies = map[string]string{
	"windows": "windows", "bsd": "bsd", "bsd-right": "bsd-right", "linux": "linux",
	"old-linux": "linux", "solaris": "solaris", "first": "first", "last": "last",
}

// Settings returns those for one Suricata option, or false when spanwatch has
// nothing of the kind. Names of files are relative to dir.
func Settings(dir, option string, values []string) ([]string, bool) {
	set := func(key, value string) ([]string, bool) { return []string{key + "=" + value}, true }
	value := strings.Join(values, ",")
	if key, ok := direct[option]; ok {
		return set(key, value)
	}
	if key, ok := seconds[option]; ok {
		return set(key, value+"s")
	}
	if key, ok := files[option]; ok {
		return set(key, filepath.Join(dir, value))
	}
	if option == "detect.prefilter.default" {
		return nil, true // how candidates are found, which changes no result
	}
	if name, ok := strings.CutPrefix(option, "vars.address-groups."); ok {
		return set("rules.address-vars."+name, value)
	}
	if name, ok := strings.CutPrefix(option, "vars.port-groups."); ok {
		return set("rules.port-vars."+name, value)
	}
	if name, ok := strings.CutPrefix(option, "app-layer.protocols."); ok {
		return protocolOption(name, value)
	}
	if name, ok := strings.CutPrefix(option, "host-os-policy."); ok {
		settings, _ := set("stream.host-policy."+name, value)
		if fragments := hostPolicies[name]; fragments != "" {
			settings = append(settings, "defrag.host-policy."+fragments+"="+value)
		}
		return settings, true
	}
	for tunnel, key := range map[string]string{"vxlan": "decode.vxlan-ports", "geneve": "decode.geneve-ports", "teredo": "decode.teredo-ports"} {
		switch {
		case option == "decoder."+tunnel+".ports":
			return set(key, strings.Trim(value, "[] "))
		case option == "decoder."+tunnel+".enabled" && (value == "false" || value == "no"):
			return set(key, "")
		}
	}
	return nil, false
}

// Checksums returns the setting for what -k of Suricata says.
func Checksums(k string) (setting string, ok bool) {
	switch k {
	case "none":
		return "decode.checksums=off", true
	case "auto":
		return "decode.checksums=auto", true
	case "all":
		return "decode.checksums=on", true
	}
	return "", false
}

// protocolOption maps NAME.enabled, NAME.detection-ports.dp and the same with a
// transport between.
func protocolOption(option, value string) ([]string, bool) {
	name, what, _ := strings.Cut(option, ".")
	transport := "tcp"
	for _, t := range []string{"tcp", "udp"} {
		if rest, ok := strings.CutPrefix(what, t+"."); ok {
			transport, what = t, rest
		}
	}
	switch what {
	case "ja3-fingerprints", "ja4-fingerprints":
		others := map[string]string{"ja3-fingerprints": "ja4", "ja4-fingerprints": "ja3"}
		if value == "no" {
			return []string{"rules.features=" + others[what]}, true
		}
		return nil, true
	case "enabled":
		if value == "no" || value == "false" {
			return []string{"app.disabled=" + name}, true
		}
		return nil, hasParser(name)
	case "detection-ports.dp":
		return []string{"app." + transport + "-ports." + name + "=" + strings.Trim(value, "[] ")}, hasParser(name)
	}
	return nil, false
}

// hasParser says whether spanwatch has the protocol at all.
func hasParser(name string) bool {
	p, ok := app.ProtoByName(name)
	if !ok {
		return false
	}
	if p == app.ProtoDOH2 { // is HTTP/2 that carries DNS
		p = app.ProtoHTTP2
	}
	_, ok = registry.New().Parser(p)
	return ok
}
