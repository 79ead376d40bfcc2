package keyword

import (
	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// streamSize compares the bytes that the sides of a TCP session have sent, by
// sequence number: retransmissions do not count, lost segments do.
type streamSize struct {
	want rule.Int
	side flowSide
}

func (t streamSize) Match(f *Facts) bool {
	server, client := uint64(f.StreamSize[decoders.ToClient]), uint64(f.StreamSize[decoders.ToServer])
	if server|client == 0 {
		return false // no session: a SYN counts one
	}
	switch t.side {
	case sideServer:
		return t.want.Match(server)
	case sideClient:
		return t.want.Match(client)
	case sideEither:
		return t.want.Match(server) || t.want.Match(client)
	}
	return t.want.Match(server) && t.want.Match(client)
}

// setStreamSize is the keyword stream_size:
// `stream_size:server|client|both|either,<|>|=|!=|<=|>=,N`.
func setStreamSize(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) != 3 {
		return b.badValue(o, "stream_size needs a side, an operator and a number")
	}
	sides := map[string]flowSide{"server": sideServer, "client": sideClient, "either": sideEither, "both": sideBoth}
	side, ok := sides[args[0]]
	if !ok {
		return b.badValue(o, "unknown side "+quoted(args[0]))
	}
	n, d := b.integerText(o, args[1]+args[2], 32)
	if d != nil {
		return d
	}
	b.plan.NeedsFlow, b.plan.StreamSize = true, true
	b.plan.Tests = append(b.plan.Tests, streamSize{n, side})
	return nil
}
