package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// HostBit is one use of a bit that belongs to a host or to a pair of hosts
// (xbits, hostbits), and so to flows of several workers. It is therefore no
// Test or Effect: who sees the matches of all workers in packet order decides.
type HostBit struct {
	Op     BitOp
	Name   uint16 // index into Names.Hostbits
	Track  BitTrack
	Expire uint32 // seconds of packet time after which a set bit is gone
}

// BitOp is what is done with a bit.
type BitOp uint8

// Operations. The first two are conditions.
const (
	BitIsSet BitOp = iota + 1
	BitIsNotSet
	BitSet
	BitUnset
	BitToggle
)

// Condition reports whether the operation only asks.
func (op BitOp) Condition() bool { return op <= BitIsNotSet }

// BitTrack is what a bit belongs to.
type BitTrack uint8

// Owners of bits.
const (
	BitOfSource BitTrack = iota + 1
	BitOfDestination
	BitOfBoth // of source and destination each
	BitOfPair // of the two together, whichever way round
)

var bitOps = map[string]BitOp{"isset": BitIsSet, "isnotset": BitIsNotSet, "set": BitSet, "unset": BitUnset, "toggle": BitToggle}

// Seconds that a bit lives when the rule does not say.
const (
	xbitsExpire    = 30
	hostbitsExpire = 300
)

// setXbits is the keyword xbits:
// `xbits:set|unset|toggle|isset|isnotset,name,track ip_src|ip_dst|ip_pair[,expire N]`
// and `xbits:set|isset,name,track tx`.
func setXbits(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) < 1 || bitOps[args[0]] == 0 {
		if args != nil && args[0] == "noalert" {
			b.plan.Meta.NoAlert = true
			return nil
		}
		return b.badValue(o, "unknown xbits command")
	}
	if len(args) < 3 || len(args) > 4 {
		return b.badValue(o, "xbits needs a command, a name and what to track")
	}
	bit := HostBit{Op: bitOps[args[0]], Expire: xbitsExpire}
	switch strings.Join(strings.Fields(args[2]), " ") {
	case "track ip_src":
		bit.Track = BitOfSource
	case "track ip_dst":
		bit.Track = BitOfDestination
	case "track ip_pair":
		bit.Track = BitOfPair
	case "track tx":
		return b.txBit(o, bit.Op, args[1])
	default:
		return b.badValue(o, "xbits tracks ip_src, ip_dst, ip_pair or tx, not "+quoted(args[2]))
	}
	if len(args) == 4 {
		text, found := strings.CutPrefix(args[3], "expire")
		n, ok := parse32(strings.TrimSpace(text))
		if !found || !ok || n == 0 {
			return b.badValue(o, "bad expire "+quoted(args[3]))
		}
		bit.Expire = n
	}
	return b.addHostBit(o, args[1], bit)
}

// setHostbits is the keyword hostbits:
// `hostbits:set|unset|toggle|isset|isnotset,name[,src|dst|both][,expire N]`.
func setHostbits(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) < 2 || len(args) > 4 || bitOps[args[0]] == 0 {
		return b.badValue(o, "hostbits needs a command and a name")
	}
	bit := HostBit{Op: bitOps[args[0]], Track: BitOfSource, Expire: hostbitsExpire}
	for _, arg := range args[2:] {
		switch arg {
		case "src":
			bit.Track = BitOfSource
		case "dst":
			bit.Track = BitOfDestination
		case "both":
			bit.Track = BitOfBoth
		default:
			n, ok := parse32(strings.TrimSpace(strings.TrimPrefix(arg, "expire")))
			if !ok {
				return b.badValue(o, "unknown argument "+quoted(arg))
			}
			bit.Expire = n
		}
	}
	return b.addHostBit(o, args[1], bit)
}

func (b *Builder) addHostBit(o *rule.Option, name string, bit HostBit) *rule.Diagnostic {
	if d := b.bitName(o, name); d != nil {
		return d
	}
	var ok bool
	if bit.Name, ok = b.names.hostbit(name); !ok {
		return b.fail(o, "too-many", "more than 65535 bit names", "", "")
	}
	b.plan.HostBits = append(b.plan.HostBits, bit)
	return nil
}

func (b *Builder) bitName(o *rule.Option, name string) *rule.Diagnostic {
	if name == "" || strings.ContainsAny(name, " \t") {
		return b.badValue(o, "bad bit name "+quoted(name))
	}
	return nil
}
