package signatures

import (
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
)

// validate refuses combinations that can never match or that cannot be
// honoured, once everything about the rule is known.
func (s *Signature) validate() *rule.Diagnostic {
	p := s.plan
	fail := func(code, what, why, hint string) *rule.Diagnostic {
		return &rule.Diagnostic{Pos: s.rule.Pos, Sid: p.Meta.Sid, Code: code, What: what, Why: why, Hint: hint}
	}
	if p.Meta.Sid == 0 {
		return fail("missing-sid", "rule has no sid", "alerts are named by it", "add sid:N;")
	}
	txRule := len(s.tx) > 0 || len(p.TxTests) > 0
	if txRule && p.PacketOnly {
		return fail("bad-combination", p.PacketOnlyBy+" beside conditions on a transaction",
			"one asks about a packet, the other about a message that may span several", "")
	}
	if txRule && len(s.packet) > 0 {
		return fail("bad-combination", "packet header buffer beside conditions on a transaction",
			"one asks about a packet, the other about a message that may span several", "")
	}
	if p.StreamOnly && p.PacketOnly {
		return fail("bad-combination", p.PacketOnlyBy+" beside flow:only_stream", "a stream has no packets", "")
	}
	if s.app != app.ProtoUnknown {
		if carries := appTransports(s.app); carries&s.header.transports == 0 {
			return fail("wrong-protocol", "protocol "+s.rule.Proto+" does not carry "+s.app.String(), "", "")
		}
	}
	if d := s.contradiction(fail); d != nil {
		return d
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

func appTransports(p app.Proto) transport {
	for _, a := range keyword.AppProtocols() {
		if a.Proto == p {
			h, _ := protocolHeader(a.Name)
			return h.transports
		}
	}
	return 0
}
