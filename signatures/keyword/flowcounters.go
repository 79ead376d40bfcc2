package keyword

import (
	"time"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// flowAge compares the whole seconds since the flow's first packet.
//
// Seconds are those of the clock: a flow that began at 0.9 is a second old at 1.0.
type flowAge struct{ want rule.Int }

func (t flowAge) Match(f *Facts) bool {
	const second = int64(time.Second)
	return f.HasFlow && t.want.Match(uint64(max(f.Packet.Timestamp/second-f.FlowStart/second, 0)))
}

// flowCount compares the packets or bytes of a flow so far.
type flowCount struct {
	want  rule.Int
	bytes bool
	side  flowSide
}

type flowSide uint8

const (
	sideServer flowSide = iota
	sideClient
	sideEither
	sideBoth
)

func (t flowCount) Match(f *Facts) bool {
	if !f.HasFlow {
		return false
	}
	n := &f.FlowPackets
	if t.bytes {
		n = &f.FlowBytes
	}
	switch t.side {
	case sideServer:
		return t.want.Match(n[decoders.ToServer])
	case sideClient:
		return t.want.Match(n[decoders.ToClient])
	case sideEither:
		return t.want.Match(n[0]) || t.want.Match(n[1])
	}
	return t.want.Match(n[0] + n[1])
}

// setFlowAge is the keyword flow.age: `flow.age:int`, in seconds.
func setFlowAge(b *Builder, o *rule.Option) *rule.Diagnostic {
	n, d := b.integer(o, 32)
	b.plan.NeedsFlow = true
	b.plan.Tests = append(b.plan.Tests, flowAge{n})
	return d
}

// flowCounter makes the Setup of flow.pkts_toserver and its like:
// `flow.pkts_toserver:int`.
func flowCounter(bytes bool, side flowSide) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		n, d := b.integer(o, 64)
		b.plan.NeedsFlow = true
		b.plan.Tests = append(b.plan.Tests, flowCount{n, bytes, side})
		return d
	}
}

// flowCounterSides makes the Setup of flow.pkts and flow.bytes:
// `flow.pkts:toserver|toclient|either|both,int`.
func flowCounterSides(bytes bool) func(*Builder, *rule.Option) *rule.Diagnostic {
	sides := map[string]flowSide{"toserver": sideServer, "toclient": sideClient, "either": sideEither, "both": sideBoth}
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		args := splitList(o.Value)
		if len(args) != 2 {
			return b.badValue(o, o.Name+" needs a side and a number")
		}
		side, ok := sides[args[0]]
		if !ok {
			return b.badValue(o, "unknown side "+quoted(args[0]))
		}
		n, d := b.integerText(o, args[1], 64)
		b.plan.NeedsFlow = true
		b.plan.Tests = append(b.plan.Tests, flowCount{n, bytes, side})
		return d
	}
}

// firstOfSide asks that the packet is the first of its direction: the hook
// flow_start of a rule's header.
type firstOfSide struct{}

func (firstOfSide) Match(f *Facts) bool { return f.HasFlow && f.FlowPackets[f.Dir] == 1 }

// AddPacketHook adds the condition of a hook of packets, as in tcp:flow_start;
// false for one that does not exist.
func (b *Builder) AddPacketHook(name string) bool {
	switch name {
	case "all":
	case "flow_start":
		b.plan.NeedsFlow = true
		b.plan.Tests = append(b.plan.Tests, firstOfSide{})
	default:
		return false
	}
	b.plan.IPOnly = false
	return true
}
