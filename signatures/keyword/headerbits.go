package keyword

import (
	"strings"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// flagModifier says how flag bits are compared.
type flagModifier uint8

const (
	flagsExact flagModifier = iota // these and no others
	flagsAll                       // + : these, others may be set too
	flagsAny                       // * : one of these at least
	flagsNot                       // ! : not all of these
)

// tcpFlags compares the flag byte, leaving out the bits of ignored.
type tcpFlags struct {
	want, ignored uint8
	modifier      flagModifier
	groups        []uint8 // of each, the packet has one flag at least
}

// flagGroups are the flags that Suricata tells packets apart by before it looks
// at rules: one that names any of a group is asked about packets with any of it
// only, also where it says * or !.
var flagGroups = [...]uint8{
	decoders.TCPSyn | decoders.TCPFin | decoders.TCPRst,
	decoders.TCPUrg | decoders.TCPEce | decoders.TCPCwr,
}

func (t *tcpFlags) Match(f *Facts) bool {
	if !f.Packet.Layers.Has(decoders.LayerTCP) {
		return false
	}
	flags := f.Packet.TCPFlags
	for _, group := range t.groups {
		if flags&group == 0 {
			return false
		}
	}
	if t.want == 0 && t.modifier != flagsAll && t.modifier != flagsAny {
		none := flags&^t.ignored == 0
		return none != (t.modifier == flagsNot)
	}
	return t.modifier.holds(uint32(flags&^t.ignored), uint32(t.want))
}

func (m flagModifier) holds(flags, want uint32) bool {
	switch m {
	case flagsAll:
		return flags&want == want
	case flagsAny:
		return flags&want != 0
	case flagsNot:
		return flags&want != want
	}
	return flags == want
}

var tcpFlagLetters = map[rune]uint8{
	'F': decoders.TCPFin, 'S': decoders.TCPSyn, 'R': decoders.TCPRst, 'P': decoders.TCPPsh, 'A': decoders.TCPAck,
	'U': decoders.TCPUrg, 'E': decoders.TCPEce, 'C': decoders.TCPCwr, '1': decoders.TCPCwr, '2': decoders.TCPEce, '0': 0,
}

// setFlags is the keyword tcp.flags: `flags:[+|*|!]FSRPAUCE0[,ignored]`.
func setFlags(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) == 0 || len(args) > 2 {
		return b.badValue(o, "flags needs letters, and may name letters to ignore")
	}
	t := &tcpFlags{}
	text, modifier := cutModifier(args[0])
	t.modifier = modifier
	bits, ok := tcpFlagBits(text)
	if !ok {
		return b.badValue(o, "bad TCP flags "+quoted(args[0]))
	}
	t.want = bits
	for _, group := range flagGroups {
		if bits&group != 0 {
			t.groups = append(t.groups, group)
		}
	}
	if len(args) == 2 {
		if t.ignored, ok = tcpFlagBits(args[1]); !ok {
			return b.badValue(o, "bad TCP flags to ignore "+quoted(args[1]))
		}
	}
	b.plan.Tests = append(b.plan.Tests, t)
	return nil
}

func tcpFlagBits(text string) (bits uint8, ok bool) {
	for _, c := range strings.ToUpper(text) {
		bit, known := tcpFlagLetters[c]
		if !known {
			return 0, false
		}
		bits |= bit
	}
	return bits, text != ""
}

// cutModifier takes a modifier sign off either end of a list of flags.
func cutModifier(text string) (string, flagModifier) {
	signs := map[byte]flagModifier{'+': flagsAll, '*': flagsAny, '!': flagsNot, '=': flagsExact, '-': flagsNot}
	text = strings.TrimSpace(text)
	if text == "" {
		return text, flagsExact
	}
	if m, ok := signs[text[0]]; ok {
		return strings.TrimSpace(text[1:]), m
	}
	if m, ok := signs[text[len(text)-1]]; ok {
		return strings.TrimSpace(text[:len(text)-1]), m
	}
	return text, flagsExact
}

// fragmentBits compares the flag bits of an IPv4 header.
type fragmentBits struct {
	want     uint32
	modifier flagModifier
}

const (
	bitMore = 1 << iota
	bitDont
	bitReserved
)

func (t *fragmentBits) Match(f *Facts) bool {
	p := f.Packet
	if !p.Layers.Has(decoders.LayerIPv4) {
		return false
	}
	var have uint32
	if p.MoreFragments {
		have |= bitMore
	}
	if p.DontFragment {
		have |= bitDont
	}
	const flagsByte, reserved = 6, 0x80 // RFC 791: the flags are the upper bits of byte 6
	if h := window(p.Data, p.IPOffset, uint32(p.IPHeaderLen)); len(h) > flagsByte && h[flagsByte]&reserved != 0 {
		have |= bitReserved
	}
	if t.modifier == flagsAll && have == t.want {
		return false // here + wants others beside them, as in Suricata
	}
	return t.modifier.holds(have, t.want)
}

// setFragbits is the keyword fragbits: `fragbits:[+|*|!]MDR`.
func setFragbits(b *Builder, o *rule.Option) *rule.Diagnostic {
	text, modifier := cutModifier(o.Value)
	t := &fragmentBits{modifier: modifier}
	for _, c := range strings.ToUpper(text) {
		switch c {
		case 'M':
			t.want |= bitMore
		case 'D':
			t.want |= bitDont
		case 'R':
			t.want |= bitReserved
		default:
			return b.badValue(o, "fragbits are of M, D and R")
		}
	}
	if text == "" {
		return b.badValue(o, "fragbits needs letters of M, D and R")
	}
	b.plan.Tests = append(b.plan.Tests, t)
	return nil
}
