package defrag

import (
	"errors"
	"fmt"
	"net/netip"
	"sort"

	"spanwatch/decoders"
)

// Policy is how a family of hosts resolves fragments that overlap.
//
// Systems of today rather drop such datagrams (Linux since 4.19, RFC 8200
// section 4.5 for IPv6); what the sensor reads then is what an older or a
// differently minded host would. Datagram.Overlap and the frag_overlap events
// tell of every case.
type Policy uint8

// Policies, by the systems that Novak and Sturges found to behave so.
// PolicyDefault stands for the configured default.
const (
	PolicyDefault  Policy = iota
	PolicyBSD             // FreeBSD, AIX, IRIX, HP-UX 10, OpenVMS
	PolicyBSDRight        // HP JetDirect
	PolicyLinux           // Linux 2, OpenBSD
	PolicyWindows         // Windows 95 to 2003
	PolicySolaris         // Solaris 9 and 10
	PolicyFirst           // HP-UX 11, Mac OS, SunOS 5.5 to 5.8
	PolicyLast            // Cisco IOS
	policyCount
)

var policyNames = [policyCount]string{
	PolicyDefault:  "default",
	PolicyBSD:      "bsd",
	PolicyBSDRight: "bsd-right",
	PolicyLinux:    "linux",
	PolicyWindows:  "windows",
	PolicySolaris:  "solaris",
	PolicyFirst:    "first",
	PolicyLast:     "last",
}

// String returns the policy's name in configuration files.
func (p Policy) String() string {
	if p < policyCount {
		return policyNames[p]
	}
	return fmt.Sprintf("Policy(%d)", uint8(p))
}

// ErrUnknownPolicy says that a name is neither a policy nor a system.
var ErrUnknownPolicy = errors.New("unknown fragment policy")

// ParsePolicy finds a policy by its own name or by one of the system names
// that Suricata's host-os-policy uses for TCP and IP alike.
func ParsePolicy(name string) (Policy, error) {
	for p := PolicyBSD; p < policyCount; p++ {
		if policyNames[p] == name {
			return p, nil
		}
	}
	switch name {
	case "hpux10", "irix":
		return PolicyBSD, nil
	case "old-linux":
		return PolicyLinux, nil
	case "old-solaris", "hpux11", "macos":
		return PolicyFirst, nil
	case "vista", "windows2k3":
		return PolicyWindows, nil
	}
	return PolicyDefault, fmt.Errorf("%w %q", ErrUnknownPolicy, name)
}

// newWins reports whether an arriving fragment [from,to) takes the bytes that
// it shares with a held piece [start,end).
func (p Policy) newWins(from, to, start, end uint32) bool {
	switch p {
	case PolicyBSD:
		return from < start
	case PolicyBSDRight:
		return from >= start
	case PolicyLinux:
		return from <= start
	case PolicyWindows:
		return from < start && to > end
	case PolicySolaris:
		return from < start && to >= end
	case PolicyLast:
		return true
	default: // PolicyFirst
		return false
	}
}

// endMoves reports whether a fragment that reaches beyond the end of the
// datagram moves the end. In the BSD family, which keeps a sorted list, the
// fragment that reaches furthest says whether it is the last; Linux drops what
// contradicts an end it has seen.
func (p Policy) endMoves() bool {
	return p == PolicyBSD || p == PolicyBSDRight || p == PolicyLast
}

// Target gives the hosts of a prefix their policy.
type Target struct {
	Prefix netip.Prefix
	Policy Policy
}

// targets is the compiled list: most specific prefix first, per IP version.
type targets struct {
	fallback Policy
	v4, v6   []target
}

type target struct {
	addr   decoders.Addr
	bits   int
	policy Policy
}

func compileTargets(list []Target, fallback Policy) (targets, error) {
	t := targets{fallback: fallback}
	if fallback == PolicyDefault || fallback >= policyCount {
		return t, fmt.Errorf("default policy: %w %q", ErrUnknownPolicy, fallback)
	}
	for i, e := range list {
		if !e.Prefix.IsValid() {
			return t, fmt.Errorf("target %d: prefix is not valid", i)
		}
		if e.Policy >= policyCount {
			return t, fmt.Errorf("target %d: %w %q", i, ErrUnknownPolicy, e.Policy)
		}
		policy := e.Policy
		if policy == PolicyDefault {
			policy = fallback
		}
		addr, version := decoders.AddrFrom(e.Prefix.Masked().Addr())
		c := target{addr: addr, bits: e.Prefix.Bits(), policy: policy}
		if version == 4 {
			t.v4 = append(t.v4, c)
		} else {
			t.v6 = append(t.v6, c)
		}
	}
	for _, l := range [2][]target{t.v4, t.v6} {
		sort.SliceStable(l, func(i, j int) bool { return l[i].bits > l[j].bits })
	}
	return t, nil
}

// policy returns the policy of the most specific prefix that holds dst. Only
// the first fragment of a datagram asks, so a scan is enough for the few dozen
// prefixes of a configuration.
func (t *targets) policy(dst *decoders.Addr, version uint8) Policy {
	list := t.v4
	if version != 4 {
		list = t.v6
	}
	for i := range list {
		if matchesPrefix(dst, &list[i].addr, list[i].bits) {
			return list[i].policy
		}
	}
	return t.fallback
}

func matchesPrefix(a, prefix *decoders.Addr, bits int) bool {
	whole := bits / 8
	for i := 0; i < whole; i++ {
		if a[i] != prefix[i] {
			return false
		}
	}
	if rest := bits % 8; rest != 0 {
		mask := byte(0xff) << (8 - rest)
		return (a[whole]^prefix[whole])&mask == 0
	}
	return true
}
