package keyword

import (
	"strings"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// CountryFunc finds the country of an address, as two upper-case letters (ISO
// 3166-1 alpha-2); ok is false when it is not known. Several workers call it
// at once.
type CountryFunc func(addr decoders.Addr, version uint8) (code [2]byte, ok bool)

// sideTest applies a condition on an address to the packet's two.
type sideTest uint8

const (
	sideAny sideTest = iota
	sideSource
	sideDestination
	sideEach
)

var sideTests = map[string]sideTest{"any": sideAny, "src": sideSource, "dst": sideDestination, "both": sideEach}

// geoTest compares the countries of addresses.
type geoTest struct {
	country CountryFunc
	codes   [][2]byte
	negated bool
	side    sideTest
}

func (t *geoTest) Match(f *Facts) bool {
	switch p := f.Packet; {
	case p.IPVersion == 0:
		return false
	case t.side == sideSource:
		return t.holds(p.Src, p.IPVersion)
	case t.side == sideDestination:
		return t.holds(p.Dst, p.IPVersion)
	case t.side == sideEach:
		return t.holds(p.Src, p.IPVersion) && t.holds(p.Dst, p.IPVersion)
	default:
		return t.holds(p.Src, p.IPVersion) || t.holds(p.Dst, p.IPVersion)
	}
}

func (t *geoTest) holds(a decoders.Addr, version uint8) bool {
	code, ok := t.country(a, version)
	if !ok {
		return false
	}
	for _, c := range t.codes {
		if c == code {
			return !t.negated
		}
	}
	return t.negated
}

// setGeoip is the keyword geoip: `geoip:[src|dst|both|any,][!]CC[,CC...]`.
func setGeoip(b *Builder, o *rule.Option) *rule.Diagnostic {
	if b.env.Country == nil {
		return b.fail(o, "no-database", "geoip without a country database", "none is configured", "")
	}
	t := &geoTest{country: b.env.Country}
	args := splitList(o.Value)
	if side, ok := sideTests[strings.ToLower(args[0])]; ok {
		t.side = side
		args = args[1:]
	}
	for i, arg := range args {
		code, negated := strings.CutPrefix(arg, "!")
		code = strings.ToUpper(strings.TrimSpace(code))
		if len(code) != 2 || i > 0 && negated {
			return b.badValue(o, "bad country code "+quoted(arg))
		}
		t.negated = t.negated || negated
		t.codes = append(t.codes, [2]byte{code[0], code[1]})
	}
	if len(t.codes) == 0 {
		return b.badValue(o, "geoip needs a country code")
	}
	b.plan.Tests = append(b.plan.Tests, t)
	return nil
}
