package keyword

import (
	"spanwatch/signatures/rule"
)

// onlyRebuilt is flow:only_frag and no_frag: whether the packet was put
// together from IP fragments.
type onlyRebuilt bool

func (want onlyRebuilt) Match(f *Facts) bool { return f.Packet.Rebuilt == bool(want) }

// setFlow is the keyword flow:
// `flow:[to_server|to_client|from_client|from_server][,established|not_established|stateless][,only_stream|no_stream][,only_frag|no_frag]`.
// All that is given must hold. States and fragments are of flows; a packet without
// one goes to the server.
func setFlow(b *Builder, o *rule.Option) *rule.Diagnostic {
	var direction, state, stream, fragment bool
	p := b.plan
	if d := b.once(o); d != nil {
		return d
	}
	for _, word := range splitList(o.Value) {
		var twice *bool
		switch word {
		case "to_server", "from_client", "to_client", "from_server":
			twice = &direction
			dirs := DirToServer
			if word == "to_client" || word == "from_server" {
				dirs = DirToClient
			}
			if direction {
				return b.fail(o, "duplicate-option", "flow has two directions", "", "")
			}
			if d := b.narrow(o, dirs); d != nil {
				return d
			}
		case "established", "not_established", "stateless":
			twice = &state
			switch word {
			case "established":
				p.Established = Yes
			case "not_established":
				p.Established = No
			}
		case "only_stream", "no_stream":
			twice = &stream
			if word == "only_stream" {
				p.StreamOnly = true
			} else {
				p.PacketOnly, p.PacketOnlyBy = true, "flow:no_stream"
			}
		case "only_frag", "no_frag":
			twice = &fragment
			p.Tests = append(p.Tests, onlyRebuilt(word == "only_frag"))
		default:
			hint := rule.Nearest(word, []string{"to_server", "to_client", "from_client", "from_server", "established",
				"not_established", "stateless", "only_stream", "no_stream", "only_frag", "no_frag"})
			return b.fail(o, "bad-value", "unknown flow condition "+quoted(word), "", hint)
		}
		if *twice {
			return b.fail(o, "duplicate-option", "flow has two conditions of one kind", "the second is "+word, "")
		}
		*twice = true
	}
	if state || fragment {
		p.NeedsFlow = true
	}
	// What is said of streams is about payload: without any it says nothing.
	if direction || state || fragment {
		p.IPOnly = false
	}
	if state || stream || fragment {
		p.AppOnly, p.FlowState = false, true
	}
	return nil
}
