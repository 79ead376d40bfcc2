package main

import "fmt"

// variant is a set of options that families are run with.
type variant struct {
	name    string
	options []string
}

const (
	ofProtocols = "app-layer.protocols."
	ofHTTP      = ofProtocols + "http.libhtp.default-config."
	ofStream    = "stream.reassembly."
)

// everyHost is all of IPv4 in networks that are longer than the one of the common
// configuration, whose policy they take the place of.
const everyHost = "[0.0.0.0/1,128.0.0.0/1]"

// variants are settings that change what rules see, one at a time.
func variants() []variant {
	all := []variant{
		{"midstream", []string{"stream.midstream=true"}},
		{"async", []string{"stream.midstream=true", "stream.async-oneside=true"}},
		{"depth-none", []string{ofStream + "depth=0"}},
		{"depth-small", []string{ofStream + "depth=2000"}},
		{"chunks-small", []string{ofStream + "toserver-chunk-size=200", ofStream + "toclient-chunk-size=300"}},
		{"chunks-large", []string{ofStream + "toserver-chunk-size=20000", ofStream + "toclient-chunk-size=20000"}},
		{"checksums-all", []string{"-k=all"}},
		{"defrag-few", []string{"defrag.max-frags=4", "defrag.trackers=2"}},
		{"defrag-short", []string{"defrag.timeout=1"}},
		{"bodies-short", []string{ofHTTP + "request-body-limit=100", ofHTTP + "response-body-limit=200"}},
		{"bodies-windows", []string{ofHTTP + "request-body-minimal-inspect-size=100", ofHTTP + "request-body-inspect-window=50",
			ofHTTP + "response-body-minimal-inspect-size=300", ofHTTP + "response-body-inspect-window=100"}},
		{"decode-layers", []string{ofHTTP + "response-body-decompress-layer-limit=1"}},
		{"double-decode", []string{ofHTTP + "double-decode-path=yes", ofHTTP + "double-decode-query=yes"}},
		{"tls-bypass", []string{ofProtocols + "tls.encryption-handling=bypass"}},
		{"tls-full", []string{ofProtocols + "tls.encryption-handling=full"}},
		{"ja3-off", []string{ofProtocols + "tls.ja3-fingerprints=no"}},
		{"ports", []string{ofProtocols + "smb.detection-ports.dp=445", ofProtocols + "tls.detection-ports.dp=[8443, 4443]",
			ofProtocols + "modbus.detection-ports.dp=5020", ofProtocols + "dnp3.detection-ports.dp=20001"}},
		{"few-transactions", []string{ofProtocols + "ftp.max-tx=2", ofProtocols + "mqtt.max-tx=2", ofProtocols + "smb.max-tx=2"}},
		{"mime-off", []string{ofProtocols + "smtp.mime.decode-mime=no"}},
		{"mail-raw", []string{ofProtocols + "smtp.mime.decode-mime=no", ofProtocols + "smtp.raw-extraction=yes"}},
		{"no-tunnels", []string{"decoder.vxlan.enabled=false", "decoder.geneve.enabled=false", "decoder.teredo.enabled=false"}},
		{"tunnel-ports", []string{"decoder.vxlan.ports=[8472]", "decoder.geneve.ports=[6080]", "decoder.teredo.ports=[3545]"}},
		{"vlan-apart", []string{"vlan.use-for-tracking=false"}},
		{"inline-no", []string{"stream.inline=no"}},
		{"prefilter-auto", []string{"detect.prefilter.default=auto"}},
	}
	for _, policy := range []string{"linux", "bsd", "bsd-right", "old-linux", "solaris", "macos", "vista", "windows2k3", "hpux10", "irix", "first", "last"} {
		all = append(all, variant{"policy-" + policy, []string{"host-os-policy." + policy + "=" + everyHost}})
	}
	for _, name := range []string{"http", "tls", "smb", "ssh", "smtp", "ftp", "dcerpc", "mqtt", "http2", "sip"} {
		all = append(all,
			variant{"no-" + name, []string{ofProtocols + name + ".enabled=no"}},
			variant{"detected-" + name, []string{ofProtocols + name + ".enabled=detection-only"}})
	}
	return append(all, variant{"no-dns", []string{ofProtocols + "dns.udp.enabled=no", ofProtocols + "dns.tcp.enabled=no"}})
}

// chosenVariants are those of the names; without one the common configuration.
func chosenVariants(names []string) ([]variant, error) {
	if len(names) == 0 {
		return []variant{{}}, nil
	}
	all := variants()
	if len(names) == 1 && names[0] == "all" {
		return all, nil
	}
	var chosen []variant
	for _, name := range names {
		found := false
		for _, v := range all {
			if v.name == name {
				chosen, found = append(chosen, v), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no variant is called %q", name)
		}
	}
	return chosen, nil
}
