package keyword

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// registrableDomain is the transform domain: what somebody can register of a
// host name, by the public suffix list. Of a name that has none, such as a
// public suffix itself, nothing is left.
func registrableDomain(_ *Machine, dst, src []byte) ([]byte, bool) {
	domain, _ := domainOf(string(src))
	return append(dst, domain...), true
}

// topDomain is the transform tld: the public suffix of a host name that has
// something before it, such as co.uk.
func topDomain(_ *Machine, dst, src []byte) ([]byte, bool) {
	_, suffix := domainOf(string(src))
	return append(dst, suffix...), true
}

// domainOf returns the registrable domain of a name and its public suffix, ""
// for both when it has none. A dot at the end belongs to them; labels may be
// empty, as that before the dot of dotprefix is.
func domainOf(name string) (domain, suffix string) {
	body := strings.TrimSuffix(name, ".")
	if !strings.Contains(body, ".") {
		return "", ""
	}
	public, _ := publicsuffix.PublicSuffix(body)
	if _, err := netip.ParseAddr(body); err == nil { // an address is a name like others here
		public = body[strings.LastIndexByte(body, '.')+1:]
	}
	before, found := strings.CutSuffix(body, "."+public)
	if !found || before == "" {
		return "", ""
	}
	return name[strings.LastIndexByte(before, '.')+1:], name[len(before)+1:]
}
