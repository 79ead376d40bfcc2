package rule

import (
	"maps"
	"slices"
	"strings"
)

// homeNet is RFC 1918: what a network is taken to own until its config says
// otherwise.
const homeNet = "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"

// DefaultVars returns a fresh copy of the variables that public rulesets
// expect, with the values that Suricata 8 ships.
func DefaultVars() *Vars {
	return &Vars{
		Addresses: map[string]string{
			"HOME_NET":       homeNet,
			"EXTERNAL_NET":   "!$HOME_NET",
			"HTTP_SERVERS":   "$HOME_NET",
			"SMTP_SERVERS":   "$HOME_NET",
			"SQL_SERVERS":    "$HOME_NET",
			"DNS_SERVERS":    "$HOME_NET",
			"TELNET_SERVERS": "$HOME_NET",
			"AIM_SERVERS":    "$EXTERNAL_NET",
			"DC_SERVERS":     "$HOME_NET",
			"DNP3_SERVER":    "$HOME_NET",
			"DNP3_CLIENT":    "$HOME_NET",
			"MODBUS_CLIENT":  "$HOME_NET",
			"MODBUS_SERVER":  "$HOME_NET",
			"ENIP_CLIENT":    "$HOME_NET",
			"ENIP_SERVER":    "$HOME_NET",
		},
		Ports: map[string]string{
			"HTTP_PORTS":      "80",
			"SHELLCODE_PORTS": "!80",
			"ORACLE_PORTS":    "1521",
			"SSH_PORTS":       "22",
			"DNP3_PORTS":      "20000",
			"MODBUS_PORTS":    "502",
			"FILE_DATA_PORTS": "[$HTTP_PORTS,110,143]",
			"FTP_PORTS":       "21",
			"GENEVE_PORTS":    "6081",
			"VXLAN_PORTS":     "4789",
			"TEREDO_PORTS":    "3544",
			"SIP_PORTS":       "[5060,5061]",
		},
	}
}

func sortedNames(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// Check resolves every variable, used or not, and reports those that cannot
// be and, as warnings, negations that leave out a whole address family. The
// file of a position is "variable $NAME", its column that in the value.
func (v *Vars) Check() []*Diagnostic {
	var diags []*Diagnostic
	report := func(name string, faults []fault) bool {
		p := parser{places: places{"variable $" + name, []segment{{line: 1, col: 1}}}}
		p.reportAt(0, faults)
		diags = append(diags, p.diags...)
		return !p.failed
	}
	for _, name := range sortedNames(v.Addresses) {
		res := resolveAddresses(v.Addresses[name], v)
		if report(name, res.faults) && strings.HasPrefix(v.Addresses[name], "!") {
			if f := oneFamily(res.set); f != nil {
				report(name, []fault{*f})
			}
		}
	}
	for _, name := range sortedNames(v.Ports) {
		report(name, resolvePorts(v.Ports[name], v).faults)
	}
	return diags
}

// oneFamily warns of a negation that speaks of one address family only and so
// leaves the other out: Suricata's rule, and a blind spot for whoever takes
// !$HOME_NET for "all the rest".
func oneFamily(s AddressSet) *fault {
	v4, v6 := false, false
	for _, r := range s.Canonical() {
		v4 = v4 || r.From.Is4()
		v6 = v6 || r.From.Is6()
	}
	if v4 && v6 {
		return nil
	}
	f := &fault{code: CodeOneFamily, what: "the negation leaves out IPv6", why: "a negation covers only the address families that it names", hint: "name IPv6 networks, too", warning: true}
	if v6 {
		f.what, f.hint = "the negation leaves out IPv4", "name IPv4 networks, too"
	}
	return f
}
