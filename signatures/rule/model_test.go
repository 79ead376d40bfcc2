package rule

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// addressModel evaluates an expression by the definition of its meaning (see
// resolver), as slowly as that is: every part of it becomes the list of its
// members among some points. The points are the ends of all ranges of the
// expression and their neighbours; between them nothing changes, so that two
// sets with the same points are the same set.
type addressModel struct {
	vars   map[string]string
	points []netip.Addr
}

var errModel = errors.New("not a set")

// side is what a pool lists and takes away, by point.
type side struct{ in, out []bool }

func newAddressModel(text string, vars map[string]string) *addressModel {
	m := &addressModel{vars: vars, points: []netip.Addr{allIPv4.from, allIPv4.to, allIPv6.from, allIPv6.to}}
	for _, source := range append([]string{text}, mapValues(vars)...) {
		for _, leaf := range strings.FieldsFunc(source, func(r rune) bool { return strings.ContainsRune("[]!, \t\r\v\f\n", r) }) {
			if from, to, ok := modelLeaf(leaf); ok {
				for _, a := range []netip.Addr{from.Prev(), from, to, to.Next()} {
					if a.IsValid() {
						m.points = append(m.points, a)
					}
				}
			}
		}
	}
	slices.SortFunc(m.points, netip.Addr.Compare)
	m.points = slices.Compact(m.points)
	return m
}

func mapValues(m map[string]string) []string {
	var values []string
	for _, v := range m {
		values = append(values, v)
	}
	return values
}

// modelLeaf reads an address, prefix or range with the standard library.
func modelLeaf(text string) (from, to netip.Addr, ok bool) {
	if left, right, cut := strings.Cut(text, "/"); cut {
		a, err := netip.ParseAddr(left)
		if err != nil || a.Zone() != "" {
			return from, to, false
		}
		ones, bits := -1, 0
		if mask := net.ParseIP(right); mask != nil && a.Is4() && !strings.Contains(right, ":") {
			ones, bits = net.IPMask(mask.To4()).Size()
			if bits == 0 {
				return from, to, false
			}
		} else if n, good := smallNumber(right); good && n <= a.BitLen() {
			ones = n
		}
		if ones < 0 {
			return from, to, false
		}
		b := netip.PrefixFrom(a, ones).Masked().Addr().AsSlice()
		from, _ = netip.AddrFromSlice(b)
		for i := ones; i < a.BitLen(); i++ {
			b[i/8] |= 1 << (7 - i%8)
		}
		to, _ = netip.AddrFromSlice(b)
		return from, to, true
	}
	left, right, cut := strings.Cut(text, "-")
	if !cut {
		right = left
	}
	from, err1 := netip.ParseAddr(strings.Trim(left, " \t\r\v\f\n"))
	to, err2 := netip.ParseAddr(strings.Trim(right, " \t\r\v\f\n"))
	ok = err1 == nil && err2 == nil && from.Zone() == "" && to.Zone() == "" && from.Is4() == to.Is4() && !to.Less(from)
	return from, to, ok
}

// set returns the members of the set that a list is on its own.
func (m *addressModel) set(list string, depth int) ([]bool, error) {
	s := side{make([]bool, len(m.points)), make([]bool, len(m.points))}
	if err := m.pool(list, depth, s); err != nil {
		return nil, err
	}
	result := make([]bool, len(m.points))
	none, all4 := true, true
	for i, p := range m.points {
		if p.Is4() && !s.out[i] {
			all4 = false
		}
		lone := m.anyOf(s.out, p.Is4()) && !m.anyOf(s.in, p.Is4())
		result[i] = (s.in[i] || lone) && !s.out[i]
		none = none && !result[i]
	}
	if none || all4 {
		return nil, errModel
	}
	return result, nil
}

func (m *addressModel) anyOf(members []bool, is4 bool) bool {
	for i, p := range m.points {
		if members[i] && p.Is4() == is4 {
			return true
		}
	}
	return false
}

// pool adds the items of a list to the two sides.
func (m *addressModel) pool(list string, depth int, s side) error {
	if depth > 40 {
		return errModel
	}
	items, err := modelSplit(list)
	if err != nil {
		return err
	}
	for i, item := range items {
		item = strings.Trim(item, " \t\r\v\f\n")
		if item == "" && i > 0 && i == len(items)-1 {
			continue
		}
		inner, negated := strings.CutPrefix(item, "!")
		inner = strings.Trim(inner, " \t\r\v\f\n")
		to := s.in
		if negated {
			to = s.out
		}
		if sub, ok := m.sublist(inner); ok {
			if !negated {
				if err := m.pool(sub, depth+1, s); err != nil {
					return err
				}
				continue
			}
			members, err := m.set(sub, depth+1)
			if err != nil {
				return err
			}
			for j := range members {
				to[j] = to[j] || members[j]
			}
			continue
		}
		isAny := strings.EqualFold(inner, "any")
		from, last, ok := modelLeaf(inner)
		if !isAny && !ok || isAny && negated {
			return errModel
		}
		for j, p := range m.points {
			to[j] = to[j] || isAny || from.Compare(p) <= 0 && p.Compare(last) <= 0
		}
	}
	return nil
}

// sublist returns the list behind a bracket or a variable.
func (m *addressModel) sublist(item string) (string, bool) {
	if strings.HasPrefix(item, "[") && strings.HasSuffix(item, "]") && item != "[" {
		return item[1 : len(item)-1], true
	}
	if name, ok := strings.CutPrefix(item, "$"); ok {
		value, known := m.vars[name]
		return value, known
	}
	return "", false
}

func modelSplit(list string) ([]string, error) {
	items, depth := []string{""}, 0
	for i := range len(list) {
		switch c := list[i]; {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth == 0:
			items = append(items, "")
			continue
		}
		if depth < 0 {
			return nil, errModel
		}
		items[len(items)-1] += list[i : i+1]
	}
	if depth != 0 {
		return nil, errModel
	}
	return items, nil
}

// checkAddresses compares ParseAddresses with the model and says whether text
// is a set.
func checkAddresses(t *testing.T, text string) bool {
	t.Helper()
	vars := testVars()
	model := newAddressModel(text, vars.Addresses)
	want, modelErr := model.set(text, 0)
	set, err := ParseAddresses(text, vars)
	if (err == nil) != (modelErr == nil) {
		t.Fatalf("%q: error %v, model %v", text, err, modelErr)
	}
	if err != nil {
		if v := err.(*ValueError); v.At < 0 || v.At > len(text) {
			t.Fatalf("%q: fault at %d", text, v.At)
		}
		return false
	}
	canonical := set.Canonical()
	for i, p := range model.points {
		if got := set.Contains(p); got != want[i] {
			t.Fatalf("%q: Contains(%v) = %v, the model says %v\nset %+v", text, p, got, want[i], set)
		}
		in := slices.ContainsFunc(canonical, func(r Address) bool { return r.From.Compare(p) <= 0 && p.Compare(r.To) <= 0 })
		if in != want[i] {
			t.Fatalf("%q: canonical form and %v: %v, the model says %v\n%+v", text, p, in, want[i], canonical)
		}
	}
	for i, r := range canonical {
		if r.Negated || r.To.Less(r.From) || r.From.Is4() != r.To.Is4() {
			t.Fatalf("%q: canonical range %+v", text, r)
		}
		if i > 0 && r.From.Is4() == canonical[i-1].To.Is4() && r.From.Compare(canonical[i-1].To.Next()) <= 0 {
			t.Fatalf("%q: canonical ranges %+v and %+v overlap or touch", text, canonical[i-1], r)
		}
	}
	return true
}

func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{
		"any", "!any", "[10.0.0.0/8,![10.1.0.0/16,!10.1.2.0/24]]", "!$EXT4", "[$HOME,!$DMZ]", "10.0.0.1-10.0.0.9", "10.0.0.0/255.0.0.0",
		"[::1, !2001:db8::/32,]", "$PING", "[[[!10.0.0.1]]]", "[any,!0.0.0.0/0]", "![::/0]", "!255.255.255.255", "[", "$", "!", ",",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Count(text, "[") > 10 || len(text) > 300 {
			t.Skip("the model is slow")
		}
		checkAddresses(t, text)
	})
}
