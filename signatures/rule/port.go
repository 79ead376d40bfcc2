package rule

import (
	"slices"
	"strings"
)

// portNumber is a port as an end of a range.
type portNumber uint16

func (p portNumber) Compare(q portNumber) int { return int(p) - int(q) }
func (p portNumber) Next() portNumber         { return p + 1 }
func (p portNumber) Prev() portNumber         { return p - 1 }

var allPorts = span[portNumber]{0, 65535}

// ParsePorts resolves a port expression outside a rule, as ParseAddresses
// does for addresses.
func ParsePorts(text string, vars *Vars) (PortSet, error) {
	if vars == nil {
		vars = DefaultVars()
	}
	res := resolvePorts(text, vars)
	return res.set, res.err()
}

func resolvePorts(text string, vars *Vars) resolved[PortSet] {
	var out resolved[PortSet]
	r := resolver[portNumber]{kind: portKind(vars), report: out.add}
	t, f := r.resolve(text, 0)
	if f != nil {
		out.add(*f)
		return out
	}
	out.set = portSet(t, text)
	return out
}

// Contains says whether port belongs to the set. A packet without ports is
// the caller's matter: it belongs only to a set that is Any without ranges.
func (s PortSet) Contains(port uint16) bool {
	in := s.Any
	for _, r := range s.Ranges {
		if r.From <= port && port <= r.To {
			if r.Negated {
				return false
			}
			in = true
		}
	}
	return in
}

// Canonical returns the set as ranges that are sorted, disjoint, not
// adjacent and all included.
func (s PortSet) Canonical() []Port {
	var t terms[portNumber]
	if s.Any {
		t.include = append(t.include, allPorts)
	}
	for _, r := range s.Ranges {
		if r.Negated {
			t.exclude = append(t.exclude, span[portNumber]{portNumber(r.From), portNumber(r.To)})
		} else {
			t.include = append(t.include, span[portNumber]{portNumber(r.From), portNumber(r.To)})
		}
	}
	t.include, t.exclude = merge(t.include), merge(t.exclude)
	left := t.set()
	out := make([]Port, len(left))
	for i, s := range left {
		out[i] = Port{From: uint16(s.from), To: uint16(s.to)}
	}
	return out
}

// clone returns a set that shares no memory with s.
func (s PortSet) clone() PortSet {
	s.Ranges = slices.Clone(s.Ranges)
	return s
}

func portKind(vars *Vars) kind[portNumber] {
	return kind[portNumber]{
		noun: "port", code: CodePort, vars: vars.Ports, others: vars.Addresses,
		spaces: []span[portNumber]{allPorts},
		needed: allPorts,
		leaf:   parsePortRange,
	}
}

func portSet(t terms[portNumber], written string) PortSet {
	set := PortSet{Written: written}
	set.Any = covers(t.include, allPorts)
	if !set.Any {
		for _, s := range t.include {
			set.Ranges = append(set.Ranges, Port{From: uint16(s.from), To: uint16(s.to)})
		}
	}
	for _, s := range t.exclude {
		set.Ranges = append(set.Ranges, Port{From: uint16(s.from), To: uint16(s.to), Negated: true})
	}
	return set
}

// parsePortRange reads N, N:M, N: or :M.
func parsePortRange(text string) (span[portNumber], *fault) {
	var none span[portNumber]
	colon := strings.IndexByte(text, ':')
	if colon < 0 {
		n, f := parsePort(text, 0)
		return span[portNumber]{n, n}, f
	}
	left, _ := trim(text[:colon])
	right, front := trim(text[colon+1:])
	if left == "" && right == "" {
		return none, &fault{code: CodePort, what: "range without ports", hint: "write any"}
	}
	s := allPorts
	var f *fault
	if left != "" {
		if s.from, f = parsePort(left, 0); f != nil {
			return none, f
		}
	}
	if strings.HasPrefix(right, "!") {
		return none, &fault{at: colon + 1 + front, code: CodePort, what: "! inside a port range", hint: "negate the whole range: !" + left + ":" + strings.TrimPrefix(right, "!")}
	}
	if right != "" {
		if s.to, f = parsePort(right, colon+1+front); f != nil {
			return none, f
		}
	}
	if s.to < s.from {
		return none, &fault{code: CodePort, what: "port range " + quote(text) + " ends before it begins", hint: "write " + right + ":" + left}
	}
	return s, nil
}

func parsePort(text string, at int) (portNumber, *fault) {
	n, ok := smallNumber(text)
	if ok && n <= 65535 {
		return portNumber(n), nil
	}
	if ok || isDigits(text) {
		return 0, &fault{at: at, code: CodePortRange, what: "port " + quote(text) + " is out of range", why: "ports are 0 to 65535"}
	}
	f := &fault{at: at, code: CodePort, what: "not a port: " + quote(text)}
	if a, b, dash := strings.Cut(text, "-"); dash && isDigits(a) && isDigits(b) {
		f.hint = "a port range is written " + a + ":" + b
	} else if isVariableName(text) {
		f.hint = "a variable is written $" + text
	}
	return 0, f
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
