package signatures

import (
	"slices"

	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
)

// validate refuses combinations that can never match or that cannot be
// honoured, once everything about the rule is known.
func (s *Signature) validate(r *rule.Rule) *rule.Diagnostic {
	p := s.plan
	fail := func(code, what, why, hint string) *rule.Diagnostic {
		return &rule.Diagnostic{Pos: r.Pos, Sid: p.Meta.Sid, Code: code, What: what, Why: why, Hint: hint}
	}
	if p.Meta.Sid == 0 {
		return fail("missing-sid", "rule has no sid", "alerts are named by it", "add sid:N;")
	}
	txRule := len(s.tx) > 0 || len(p.TxTests) > 0
	if len(s.frames) > 0 {
		const why = "a frame is looked at by itself, when its bytes have come"
		switch {
		case txRule:
			return fail("bad-combination", "frame beside conditions on a transaction", why, "")
		case p.PacketOnly:
			return fail("bad-combination", p.PacketOnlyBy+" beside frame", why, "")
		case s.bothWays:
			return fail("bad-combination", "frame in a transactional rule", why, "")
		case slices.ContainsFunc(s.frames, func(l *keyword.List) bool { return l.Source != s.frames[0].Source }):
			return fail("bad-combination", "frames of several kinds", why, "")
		}
	}
	if txRule && p.PacketOnly {
		return fail("bad-combination", p.PacketOnlyBy+" beside conditions on a transaction",
			"one asks about a packet, the other about a message that may span several", "")
	}
	if txRule && slices.ContainsFunc(s.packet, func(l *keyword.List) bool { return !l.Source.Address }) {
		return fail("bad-combination", "packet header buffer beside conditions on a transaction",
			"one asks about a packet, the other about a message that may span several", "")
	}
	if (p.StreamOnly || r.Proto == "tcp-stream") && p.PacketOnly {
		return fail("bad-combination", p.PacketOnlyBy+" in a rule on the stream alone", "a stream has no packets", "")
	}
	if p.StreamOnly && r.Proto == "tcp-pkt" {
		return fail("bad-combination", "flow:only_stream in a rule on packets alone", "a stream has no packets", "")
	}
	if s.apps != 0 && appTransports(s.apps)&s.header.transports == 0 {
		return fail("wrong-protocol", "protocol "+r.Proto+" does not carry that of the keywords", "", "")
	}
	if len(s.tx)+len(p.TxTests)+2 > maxTxParts {
		return fail("too-many", "more conditions on a transaction than can be remembered", "", "")
	}
	if s.bothWays {
		if d := s.transactional(fail); d != nil {
			return d
		}
	}
	if d := s.hookOfBuffers(fail); d != nil {
		return d
	}
	if d := s.lateBits(fail); d != nil {
		return d
	}
	if d := s.contradiction(fail); d != nil {
		return d
	}
	return nil
}

// lateBits refuses what cannot be put off: conditions on bits of hosts are
// decided after the flow's own worker is done with the packet.
func (s *Signature) lateBits(fail func(code, what, why, hint string) *rule.Diagnostic) *rule.Diagnostic {
	for i := range s.plan.HostBits {
		if !s.plan.HostBits[i].Op.Condition() {
			continue
		}
		const why = "bits of hosts are known when the packets of all workers are put in order, too late for the flow"
		switch {
		case s.action == ActionPass:
			return fail("unsupported-value", "pass with a condition on xbits or hostbits is not supported yet", why, "")
		case len(s.plan.Effects) > 0 || s.plan.Meta.Bypass:
			return fail("unsupported-value", "a condition on xbits or hostbits beside something done to the flow is not supported yet", why, "set the flowbit in a rule of its own")
		}
	}
	return nil
}

// contradiction finds contents that dsize leaves no room for.
func (s *Signature) contradiction(fail func(code, what, why, hint string) *rule.Diagnostic) *rule.Diagnostic {
	if s.payload == nil {
		return nil
	}
	most, ok := s.plan.PayloadMost()
	if ok && uint64(s.payload.Chain.MinLength) > most {
		return fail("never-matches", "contents need more bytes than dsize allows", "", "")
	}
	return nil
}

// transactional checks a rule with =>: it needs conditions on both sides, each
// on a buffer that exists on one side, or that the rule gives one.
func (s *Signature) transactional(fail func(code, what, why, hint string) *rule.Diagnostic) *rule.Diagnostic {
	var sides keyword.DirectionSet
	for _, l := range s.tx {
		if l.Dirs == keyword.DirBoth {
			return fail("ambiguous-buffer", "buffer "+l.Source.Name+" exists on both sides of a transaction", "a rule with => must say which is meant", "write "+l.Source.Name+":to_server; or :to_client;")
		}
		sides |= l.Dirs
	}
	if sides != keyword.DirBoth {
		return fail("bad-combination", "a rule with => that is about one side only", "", "use -> or name a buffer of the other side")
	}
	return nil
}

func appTransports(apps keyword.ProtoSet) (t transport) {
	for _, a := range keyword.AppProtocols() {
		if apps.Has(a.Proto) {
			h, _ := protocolHeader(a.Name)
			t |= h.transports
		}
	}
	return t
}
