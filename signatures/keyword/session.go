package keyword

import (
	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// sessionPhases is a set of phases of a TCP session, any of which the packet is
// to belong to.
type sessionPhases struct{ setup, established, closing bool }

func (t sessionPhases) Match(f *Facts) bool {
	return t.setup && !f.Established || t.established && f.Established || t.closing && f.Closing
}

// setTCPSession is the keyword tcp.session:
// `tcp.session:setup|established|closing[,…]`. A packet is of the set-up until it is
// established as flow:established defines it, and of the closing from the first FIN
// to the last acknowledgment.
func setTCPSession(b *Builder, o *rule.Option) *rule.Diagnostic {
	if b.text.Proto == "udp" || b.text.Proto == "icmp" {
		return b.fail(o, "wrong-protocol", "tcp.session in a rule on "+b.text.Proto, "", "")
	}
	var t sessionPhases
	words := splitList(o.Value)
	for _, word := range words {
		switch word {
		case "setup":
			t.setup = true
		case "established":
			t.established = true
		case "closing":
			t.closing = true
		default:
			return b.badValue(o, "unknown phase of a session "+quoted(word))
		}
	}
	if len(words) == 0 {
		return b.badValue(o, "tcp.session needs a phase")
	}
	b.plan.NeedsFlow = true
	b.plan.Tests = append(b.plan.Tests, ofTCP{}, t)
	return nil
}

// ofTCP asks that the packet is one of TCP.
type ofTCP struct{}

func (ofTCP) Match(f *Facts) bool { return f.Packet.Layers.Has(decoders.LayerTCP) }
