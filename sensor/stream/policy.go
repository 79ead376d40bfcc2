package stream

import (
	"slices"

	"spanwatch/decoders"
)

// Policy is how a receiving host resolves segments that overlap with different
// bytes, and which resets and timestamps it takes (Novak and Sturges,
// "Target-Based TCP Stream Reassembly", 2007). As in Suricata, bsd-right does
// for streams what bsd does, and old-solaris what solaris does.
type Policy uint8

// Policies.
const (
	PolicyBSD Policy = iota
	PolicyBSDRight
	PolicyOldLinux
	PolicyLinux
	PolicyWindows
	PolicyWindows2k3
	PolicyVista
	PolicySolaris
	PolicyOldSolaris
	PolicyHPUX10
	PolicyHPUX11
	PolicyIRIX
	PolicyMacOS
	PolicyFirst
	PolicyLast
	policyCount
)

var policyNames = [policyCount]string{"bsd", "bsd-right", "old-linux", "linux", "windows", "windows2k3", "vista",
	"solaris", "old-solaris", "hpux10", "hpux11", "irix", "macos", "first", "last"}

// String returns the name as the configuration writes it.
func (p Policy) String() string {
	if p < policyCount {
		return policyNames[p]
	}
	return "invalid"
}

// PolicyByName is the inverse of Policy.String.
func PolicyByName(name string) (Policy, bool) {
	for p, n := range policyNames {
		if n == name {
			return Policy(p), true
		}
	}
	return 0, false
}

// newWins says whether, where a new segment and a stored one overlap with
// different bytes, the receiver keeps the bytes of the new one.
func (p Policy) newWins(newStart, newEnd, oldStart, oldEnd decoders.Seq) bool {
	switch p {
	case PolicyFirst, PolicyVista:
		return false
	case PolicyLast:
		return true
	}
	switch {
	case newStart.Less(oldStart):
		if p.solaris() {
			return oldEnd.LessEq(newEnd)
		}
		return true
	case newStart == oldStart:
		switch p {
		case PolicyOldLinux, PolicySolaris, PolicyOldSolaris, PolicyHPUX11:
			return oldEnd.LessEq(newEnd)
		case PolicyLinux:
			return oldEnd.Less(newEnd)
		}
		return false
	default:
		return p.solaris() && oldEnd.Less(newEnd)
	}
}

// solaris says whether the longer of two overlapping segments tends to win.
func (p Policy) solaris() bool {
	return p == PolicySolaris || p == PolicyOldSolaris || p == PolicyHPUX11
}

// hostPolicies looks policies up by address, longest prefix first.
type hostPolicies struct {
	nets    [2][]HostPolicy // IPv4, IPv6
	without Policy
}

func newHostPolicies(c *Config) hostPolicies {
	h := hostPolicies{without: c.Policy}
	for _, n := range c.Hosts {
		n.Prefix = n.Prefix.Masked()
		if n.Prefix.Addr().Is4() {
			h.nets[0] = append(h.nets[0], n)
		} else {
			h.nets[1] = append(h.nets[1], n)
		}
	}
	for _, list := range h.nets {
		slices.SortStableFunc(list, func(a, b HostPolicy) int { return b.Prefix.Bits() - a.Prefix.Bits() })
	}
	return h
}

// of returns the policy of an address. Networks are few, and a session asks
// once for each side.
func (h *hostPolicies) of(addr decoders.Addr, version uint8) Policy {
	list := h.nets[1]
	if version == 4 {
		list = h.nets[0]
	}
	if len(list) == 0 {
		return h.without
	}
	ip := addr.Netip(version)
	for i := range list {
		if list[i].Prefix.Contains(ip) {
			return list[i].Policy
		}
	}
	return h.without
}
