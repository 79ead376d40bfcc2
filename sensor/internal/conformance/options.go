package main

import (
	"path/filepath"
	"strings"
)

// baseline is the dataset's canonical configuration where it differs from
// spanwatch's defaults: no checksum validation, Windows reassembly for all
// hosts, and no flows that Suricata does not have.
func baseline() []string {
	return []string{
		"--set", "decode.checksums=off",
		"--set", "decode.gtpu-ports=",
		"--set", "defrag.default-policy=windows",
		"--set", "stream.host-policy.windows=0.0.0.0/0",
		"--set", "flow.other-protocols=false",
		"--set", "events.http-headers=true",
		"--set", "events.alert-packet=true",
		"--set", "events.types=all,arp",
	}
}

// direct maps options whose value means the same to both.
var direct = map[string]string{
	"stream.midstream":                               "stream.midstream",
	"stream.async-oneside":                           "stream.async-oneside",
	"packet-alert-max":                               "rules.max-alerts-per-packet",
	"defrag.trackers":                                "defrag.max-datagrams",
	"defrag.max-frags":                               "defrag.max-fragments",
	"app-layer.protocols.dns.udp.enabled":            "app.dns.enabled",
	"app-layer.protocols.dns.udp.detection-ports.dp": "app.dns.ports",
	"vlan.use-for-tracking":                          "flow.vlan-in-key",
	"action-order":                                   "rules.action-order",
}

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

// mapOption returns the --set arguments for one Suricata option, or false when
// spanwatch has nothing of the kind.
func mapOption(dir, option string, values []string) ([]string, bool) {
	set := func(key, value string) ([]string, bool) { return []string{"--set", key + "=" + value}, true }
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
	if name, ok := strings.CutPrefix(option, "vars.address-groups."); ok {
		return set("rules.address-vars."+name, value)
	}
	if name, ok := strings.CutPrefix(option, "vars.port-groups."); ok {
		return set("rules.port-vars."+name, value)
	}
	if name, ok := strings.CutPrefix(option, "host-os-policy."); ok {
		args, _ := set("stream.host-policy."+name, value)
		if fragments := hostPolicies[name]; fragments != "" {
			args = append(args, "--set", "defrag.host-policy."+fragments+"="+value)
		}
		return args, true
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
