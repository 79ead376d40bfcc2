package rule

import (
	"net/netip"
	"slices"
	"strings"
)

var (
	allIPv4 = span[netip.Addr]{netip.AddrFrom4([4]byte{}), netip.AddrFrom4([4]byte{255, 255, 255, 255})}
	allIPv6 = span[netip.Addr]{netip.IPv6Unspecified(), lastAddr(netip.PrefixFrom(netip.IPv6Unspecified(), 0))}
)

// ParseAddresses resolves an address expression outside a rule, such as an ip
// list of threshold.config. The error is a *ValueError; warnings are dropped.
// A nil vars stands for DefaultVars.
func ParseAddresses(text string, vars *Vars) (AddressSet, error) {
	if vars == nil {
		vars = DefaultVars()
	}
	res := resolveAddresses(text, vars)
	return res.set, res.err()
}

func resolveAddresses(text string, vars *Vars) resolved[AddressSet] {
	var out resolved[AddressSet]
	r := resolver[netip.Addr]{kind: addressKind(vars), report: out.add}
	t, f := r.resolve(text, 0)
	if f != nil {
		out.add(*f)
		return out
	}
	out.set = addressSet(t, text)
	return out
}

// Contains says whether a belongs to the set. An IPv4-mapped IPv6 address is
// an IPv6 address here. The cost grows with the number of ranges: for packets
// build a tree from Canonical.
func (s AddressSet) Contains(a netip.Addr) bool {
	in := s.Any && a.IsValid()
	for _, r := range s.Ranges {
		if r.From.Compare(a) <= 0 && a.Compare(r.To) <= 0 {
			if r.Negated {
				return false
			}
			in = true
		}
	}
	return in
}

// Canonical returns the set as ranges that are sorted, disjoint, not
// adjacent and all included; IPv4 before IPv6. Two sets with the same members
// have the same canonical form.
func (s AddressSet) Canonical() []Address {
	var t terms[netip.Addr]
	if s.Any {
		t.include = append(t.include, allIPv4, allIPv6)
	}
	for _, r := range s.Ranges {
		if r.Negated {
			t.exclude = append(t.exclude, span[netip.Addr]{r.From, r.To})
		} else {
			t.include = append(t.include, span[netip.Addr]{r.From, r.To})
		}
	}
	t.include, t.exclude = merge(t.include), merge(t.exclude)
	left := t.set()
	out := make([]Address, len(left))
	for i, s := range left {
		out[i] = Address{From: s.from, To: s.to}
	}
	return out
}

// clone returns a set that shares no memory with s.
func (s AddressSet) clone() AddressSet {
	s.Ranges = slices.Clone(s.Ranges)
	return s
}

func addressKind(vars *Vars) kind[netip.Addr] {
	return kind[netip.Addr]{
		noun: "address", code: CodeAddress, vars: vars.Addresses, others: vars.Ports,
		spaces: []span[netip.Addr]{allIPv4, allIPv6},
		// Suricata refuses an expression that negates the whole of IPv4, even
		// when IPv6 addresses would be left.
		needed: allIPv4,
		leaf:   parseAddress,
	}
}

// addressSet makes the AST form of resolved terms: the included ranges, then
// the negated ones, each merged and sorted.
func addressSet(t terms[netip.Addr], written string) AddressSet {
	set := AddressSet{Written: written}
	set.Any = covers(t.include, allIPv4) && covers(t.include, allIPv6)
	if !set.Any {
		for _, s := range t.include {
			set.Ranges = append(set.Ranges, Address{From: s.from, To: s.to})
		}
	}
	for _, s := range t.exclude {
		set.Ranges = append(set.Ranges, Address{From: s.from, To: s.to, Negated: true})
	}
	return set
}

// parseAddress reads an address, a prefix (length or IPv4 netmask) or a range
// from-to. A prefix with host bits is taken as the network, with a warning.
func parseAddress(text string) (span[netip.Addr], *fault) {
	if i := strings.IndexByte(text, '/'); i >= 0 {
		return parsePrefix(text, i)
	}
	if i := strings.IndexByte(text, '-'); i >= 0 {
		left, _ := trim(text[:i])
		right, front := trim(text[i+1:])
		from, f := parseOneAddress(left, 0)
		if f != nil {
			return span[netip.Addr]{}, f
		}
		to, f := parseOneAddress(right, i+1+front)
		if f != nil {
			return span[netip.Addr]{}, f
		}
		if from.Is4() != to.Is4() {
			return span[netip.Addr]{}, &fault{code: CodeAddress, what: "range " + quote(text) + " mixes IPv4 and IPv6"}
		}
		if to.Less(from) {
			return span[netip.Addr]{}, &fault{code: CodeAddress, what: "range " + quote(text) + " ends before it begins", hint: "write " + right + "-" + left}
		}
		return span[netip.Addr]{from, to}, nil
	}
	a, f := parseOneAddress(text, 0)
	return span[netip.Addr]{a, a}, f
}

func parseOneAddress(text string, at int) (netip.Addr, *fault) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		f := &fault{at: at, code: CodeAddress, what: "not an address: " + quote(text)}
		if isVariableName(text) {
			f.hint = "a variable is written $" + text
		}
		return a, f
	}
	return a, nil
}

func parsePrefix(text string, slash int) (span[netip.Addr], *fault) {
	var none span[netip.Addr]
	addr, f := parseOneAddress(text[:slash], 0)
	if f != nil {
		return none, f
	}
	bits, ok := prefixBits(text[slash+1:], addr)
	if !ok {
		f := &fault{at: slash + 1, code: CodeAddress, what: "bad prefix length " + quote(text[slash+1:]), why: "0 to 128 bits for IPv6"}
		if addr.Is4() {
			f.why = "0 to 32 bits, or a netmask, for IPv4"
		}
		return none, f
	}
	p := netip.PrefixFrom(addr, bits)
	network := p.Masked()
	s := span[netip.Addr]{network.Addr(), lastAddr(network)}
	if network.Addr() != addr {
		return s, &fault{
			code: CodeHostBits, what: "address " + quote(text) + " has bits set behind its prefix",
			hint: "it is taken as " + network.String(), warning: true,
		}
	}
	return s, nil
}

// prefixBits reads the part behind the slash: a length, or for IPv4 a
// netmask whose ones stand together.
func prefixBits(text string, addr netip.Addr) (int, bool) {
	if strings.IndexByte(text, '.') < 0 {
		n, ok := smallNumber(text)
		return n, ok && n <= addr.BitLen()
	}
	mask, err := netip.ParseAddr(text)
	if err != nil || !mask.Is4() || !addr.Is4() {
		return 0, false
	}
	b := mask.As4()
	m := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	bits := 0
	for ; m&(1<<31) != 0; m <<= 1 {
		bits++
	}
	return bits, m == 0
}

// smallNumber reads up to five decimal digits.
func smallNumber(text string) (int, bool) {
	if text == "" || len(text) > 5 {
		return 0, false
	}
	n := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, true
}

// lastAddr returns the highest address of a prefix.
func lastAddr(p netip.Prefix) netip.Addr {
	if p.Addr().Is4() {
		b := p.Addr().As4()
		setHostBits(b[:], p.Bits())
		return netip.AddrFrom4(b)
	}
	b := p.Addr().As16()
	setHostBits(b[:], p.Bits())
	return netip.AddrFrom16(b)
}

func setHostBits(b []byte, bits int) {
	for i := bits; i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
}

// isVariableName says whether text looks like the name of a variable whose $
// was forgotten.
func isVariableName(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < 'A' || c > 'Z') && c != '_' && (c < '0' || c > '9' || i == 0) {
			return false
		}
	}
	return text != ""
}
