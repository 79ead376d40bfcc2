package keyword

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// registrableDomain is the transform domain: what somebody can register of a
// host name, by the public suffix list. A name that is a public suffix itself
// has none.
func registrableDomain(_ *Machine, dst, src []byte) ([]byte, bool) {
	name := string(src)
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	return append(dst, domain...), err == nil
}

// topDomain is the transform tld: the public suffix of a host name, such as
// co.uk.
func topDomain(_ *Machine, dst, src []byte) ([]byte, bool) {
	name := string(src)
	if name == "" || strings.HasPrefix(name, ".") {
		return dst, false
	}
	suffix, _ := publicsuffix.PublicSuffix(name)
	return append(dst, suffix...), true
}
