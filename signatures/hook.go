package signatures

import (
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
)

// hook returns that of the rule's header, nil for none. Hooks of packets are
// conditions of b's plan.
func (c *compiler) hook(b *keyword.Builder, r *rule.Rule, proto app.Proto) (*keyword.Hook, *rule.Diagnostic) {
	if r.Hook == "" || proto == app.ProtoUnknown && b.AddPacketHook(r.Hook) {
		return nil, nil
	}
	h, ok := keyword.FindHook(proto, r.Hook)
	if !ok {
		return nil, withSid(&rule.Diagnostic{Pos: r.Pos, Code: "unsupported-hook", What: "protocol " + r.Proto + " has no hook " + r.Hook}, r)
	}
	if proto == app.ProtoDCERPC {
		b.SetHookApp(proto) // its calls in SMB have the stages of SMB
	}
	b.NarrowHook(h.Dirs)
	return &h, nil
}

// hookOfBuffers refuses a buffer that is to be had at another stage than that
// of the hook, as Suricata does.
func (s *Signature) hookOfBuffers(fail func(code, what, why, hint string) *rule.Diagnostic) *rule.Diagnostic {
	if s.hook == nil {
		return nil
	}
	for _, l := range s.tx {
		if from := l.Source.From(); from != 0 && (s.hook.Done || from != s.hook.Stage) {
			return fail("bad-combination", l.Source.Name+" is not to be had at the hook of the rule's header", "a hook is one stage of a transaction, and the buffer belongs to another", "")
		}
	}
	return nil
}
