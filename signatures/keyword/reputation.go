package keyword

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// Reputation is what is known of hosts: scores of 1 to 127 in categories.
// Immutable once rules are loaded; shared by all workers.
type Reputation struct {
	categories map[string]uint8
	hosts      map[netip.Addr][]reputationScore   // of single addresses
	nets       map[netip.Prefix][]reputationScore // of prefixes
	bits       []int                              // lengths of those in nets, longest first
}

type reputationScore struct{ category, score uint8 }

// maxReputation is the best known a host can be.
const maxReputation = 127

// ErrReputation is wrapped by the errors of ParseReputation.
var ErrReputation = errors.New("bad reputation file")

// ParseReputation reads a file of categories (`number,short name,description`)
// and files of hosts (`address or prefix,number of the category,score`).
func ParseReputation(categories []byte, hosts ...[]byte) (*Reputation, error) {
	r := &Reputation{categories: map[string]uint8{}, hosts: map[netip.Addr][]reputationScore{}, nets: map[netip.Prefix][]reputationScore{}}
	err := eachLine(categories, func(fields []string) error {
		n, err := strconv.ParseUint(fields[0], 10, 8)
		if len(fields) < 2 || err != nil || n == 0 || n > 60 {
			return errors.New("want number from 1 to 60, name and description")
		}
		r.categories[fields[1]] = uint8(n)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: categories: %w", ErrReputation, err)
	}
	for _, text := range hosts {
		if err := eachLine(text, r.host); err != nil {
			return nil, fmt.Errorf("%w: hosts: %w", ErrReputation, err)
		}
	}
	for p := range r.nets {
		if !slices.Contains(r.bits, p.Bits()) {
			r.bits = append(r.bits, p.Bits())
		}
	}
	slices.Sort(r.bits)
	slices.Reverse(r.bits)
	return r, nil
}

func (r *Reputation) host(fields []string) error {
	if len(fields) < 3 {
		return errors.New("want address, category and score")
	}
	category, err := strconv.ParseUint(fields[1], 10, 8)
	if err != nil || category == 0 || category > 60 {
		return fmt.Errorf("bad category %q", fields[1])
	}
	score, err := strconv.ParseUint(fields[2], 10, 8)
	if err != nil || score > maxReputation {
		return fmt.Errorf("bad score %q", fields[2])
	}
	known := reputationScore{uint8(category), uint8(score)}
	if prefix, err := netip.ParsePrefix(fields[0]); err == nil {
		r.nets[prefix.Masked()] = append(r.nets[prefix.Masked()], known)
		return nil
	}
	a, err := netip.ParseAddr(fields[0])
	if err != nil {
		return err
	}
	r.hosts[a] = append(r.hosts[a], known)
	return nil
}

// eachLine calls do with the fields of every line that is no comment.
func eachLine(text []byte, do func(fields []string) error) error {
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := do(splitList(line)); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return nil
}

// score returns the score of an address in a category, which may be 0; ok is
// false when none is known. An address that has a line of its own has 0 in the
// categories that it has no line for, whatever is said of its network, and of
// several lines the last counts; of a network the longest prefix with the
// category counts, and its first line. Suricata does the same.
func (r *Reputation) score(a decoders.Addr, version, category uint8) (score uint8, ok bool) {
	addr := a.Netip(version)
	if known := r.hosts[addr]; len(known) > 0 {
		for _, s := range slices.Backward(known) {
			if s.category == category {
				return s.score, true
			}
		}
		return 0, true
	}
	for _, bits := range r.bits {
		prefix, err := addr.Prefix(bits)
		if err != nil {
			continue // a length of the other family
		}
		for _, s := range r.nets[prefix] {
			if s.category == category {
				return s.score, true
			}
		}
	}
	return 0, false
}

// reputationTest compares the scores of the packet's addresses.
type reputationTest struct {
	data     *Reputation
	category uint8
	side     sideTest
	want     rule.Int
	// presence: isset (1) or isnotset (2) instead of a comparison.
	presence uint8
}

func (t *reputationTest) Match(f *Facts) bool {
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

func (t *reputationTest) holds(a decoders.Addr, version uint8) bool {
	score, known := t.data.score(a, version, t.category)
	switch t.presence {
	case 1:
		return known
	case 2:
		alone := t.side == sideSource || t.side == sideDestination
		return !known || alone && score == 0 // a score of 0 is set and is not, of one side alone
	}
	return known && t.want.Match(uint64(score))
}

// setIPRep is the keyword iprep:
// `iprep:any|src|dst|both,category,<|>|=|<=|>=,0..127` or `…,isset|isnotset`.
func setIPRep(b *Builder, o *rule.Option) *rule.Diagnostic {
	if b.env.Reputation == nil {
		return b.fail(o, "no-database", "iprep without reputation files", "none are configured", "")
	}
	args := splitList(o.Value)
	if len(args) < 3 || len(args) > 4 {
		return b.badValue(o, "iprep needs a side, a category and a comparison")
	}
	side, ok := sideTests[args[0]]
	if !ok {
		return b.badValue(o, "unknown side "+quoted(args[0]))
	}
	t := &reputationTest{data: b.env.Reputation, side: side}
	if t.category, ok = b.env.Reputation.categories[args[1]]; !ok {
		return b.badValue(o, "unknown category "+quoted(args[1]))
	}
	switch {
	case len(args) == 3 && args[2] == "isset":
		t.presence = 1
	case len(args) == 3 && args[2] == "isnotset":
		t.presence = 2
	case len(args) == 3:
		return b.badValue(o, "iprep needs a comparison")
	default:
		comparison := args[2] + args[3]
		switch comparison { // which integers do not take, and scores do
		case ">=0":
			comparison = "<=" + strconv.Itoa(maxReputation)
		case "<0":
			comparison = ">" + strconv.Itoa(maxReputation)
		}
		var d *rule.Diagnostic
		if t.want, d = b.integerText(o, comparison, 8); d != nil {
			return d
		}
	}
	b.plan.Tests = append(b.plan.Tests, t)
	return nil
}
