package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// bitTest is flowbits:isset and isnotset. Several names are alternatives.
type bitTest struct {
	bits []uint16
	set  bool
}

func (t *bitTest) Match(f *Facts) bool {
	if !f.HasFlow {
		return false
	}
	for _, b := range t.bits {
		if f.Bits.Has(b) == t.set {
			return true
		}
	}
	return false
}

// bitEffect is flowbits:set, unset and toggle.
type bitEffect struct {
	bits []uint16
	op   BitOp
}

func (e *bitEffect) Apply(f *Facts) {
	if !f.HasFlow {
		return
	}
	for _, b := range e.bits {
		if e.op == BitSet || e.op == BitToggle && !f.Bits.Has(b) {
			f.Bits.Set(b)
		} else {
			f.Bits.Clear(b)
		}
	}
}

// BitUse is how a rule uses flowbits: rules that set are inspected before
// rules that read.
type BitUse struct {
	Sets, Reads []uint16
}

// FlowBitUse collects the flowbits that the rule writes and reads.
func (p *Plan) FlowBitUse() (use BitUse) {
	for _, e := range p.Effects {
		if e, ok := e.(*bitEffect); ok {
			use.Sets = append(use.Sets, e.bits...)
		}
	}
	for _, t := range p.Tests {
		if t, ok := t.(*bitTest); ok {
			use.Reads = append(use.Reads, t.bits...)
		}
	}
	return use
}

// setFlowbits is the keyword flowbits:
// `flowbits:set|unset|toggle|isset|isnotset,name[|name...]` and `flowbits:noalert`.
func setFlowbits(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) == 1 && args[0] == "noalert" {
		b.plan.Meta.NoAlert = true
		return nil
	}
	if len(args) != 2 {
		return b.badValue(o, "flowbits needs a command and a name")
	}
	var bits []uint16
	for name := range strings.SplitSeq(args[1], "|") {
		name = strings.TrimSpace(name)
		if name == "" || strings.ContainsAny(name, " \t") {
			return b.badValue(o, "bad flowbit name "+quoted(name))
		}
		n, ok := b.names.flowbit(name)
		if !ok {
			return b.fail(o, "too-many", "more than 65535 flowbit names", "", "")
		}
		bits = append(bits, n)
	}
	switch args[0] {
	case "set":
		b.plan.Effects = append(b.plan.Effects, &bitEffect{bits, BitSet})
		return nil
	case "unset", "toggle":
		b.plan.Effects = append(b.plan.Effects, &bitEffect{bits, bitOps[args[0]]})
	case "isset", "isnotset":
		b.plan.NeedsFlow = true
		b.plan.Tests = append(b.plan.Tests, &bitTest{bits, args[0] == "isset"})
	default:
		return b.badValue(o, "unknown flowbits command "+quoted(args[0]))
	}
	b.plan.IPOnly, b.plan.AppOnly = false, false
	return nil
}

// Names numbers the names that the rules of one ruleset share.
type Names struct {
	Flowbits  []string // by number
	Variables []string // of flowint, flowvar and pktvar, by number
	Hostbits  []string // of xbits and hostbits, by number
	txBits    []string // of xbits with track tx, by number
	index     [4]map[string]uint16
}

// NewNames makes an empty numbering.
func NewNames() *Names {
	return &Names{index: [4]map[string]uint16{{}, {}, {}, {}}}
}

func (n *Names) flowbit(name string) (uint16, bool)  { return n.number(&n.Flowbits, 0, name) }
func (n *Names) variable(name string) (uint16, bool) { return n.number(&n.Variables, 1, name) }
func (n *Names) hostbit(name string) (uint16, bool)  { return n.number(&n.Hostbits, 2, name) }

func (n *Names) txBit(name string) (uint16, bool) { return n.number(&n.txBits, 3, name) }

// number returns the number of a name in a list, giving it one when it is new;
// ok is false when there are none left.
func (n *Names) number(list *[]string, which int, name string) (i uint16, ok bool) {
	if i, ok := n.index[which][name]; ok {
		return i, true
	}
	if len(*list) == 1<<16-1 {
		return 0, false
	}
	i = uint16(len(*list))
	name = strings.Clone(name) // it lies in the text of its rule
	*list = append(*list, name)
	n.index[which][name] = i
	return i, true
}
