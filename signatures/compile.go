package signatures

import (
	"strings"

	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/pack"
	"spanwatch/signatures/rule"
)

// compiler turns rules into signatures and keeps what rules share.
type compiler struct {
	keywords *keyword.Set
	names    *keyword.Names
	env      keyword.Environment
	sets     *setTable
	keepText bool
	// noReferences: alerts have none.
	noReferences bool

	// Where signatures lie.
	parts      *alertParts
	partLists  pack.Of[uint32]
	signatures pack.Of[Signature]
	lists      pack.Of[*keyword.List]
	txParts    pack.Of[txPart]
}

func newCompiler(env keyword.Environment) *compiler {
	return &compiler{keywords: keyword.NewSet(), names: keyword.NewNames(), env: env, sets: newSetTable(), parts: newAlertParts()}
}

// compile returns the signatures of r, two for `<>`. The diagnostic says why
// there are none; warnings come with signatures.
func (c *compiler) compile(r *rule.Rule) (sigs []*Signature, warnings []*rule.Diagnostic, d *rule.Diagnostic) {
	b := keyword.NewBuilder(c.keywords, c.names, &c.env, r)
	if d := requirements(b, r); d != nil {
		return nil, nil, d
	}
	action, h, proto, d := c.header(r)
	if d != nil {
		return nil, nil, d
	}
	b.SetApp(proto)
	hook, d := c.hook(b, r, proto)
	if d != nil {
		return nil, nil, d
	}
	for i := range r.Options {
		if d := b.Add(&r.Options[i]); d != nil {
			return nil, nil, withSid(d, r)
		}
	}
	plan, warnings, d := b.Finish()
	if d != nil {
		return nil, nil, withSid(d, r)
	}
	if hook == nil {
		hook = plan.Hook
	}
	s := c.signatures.Put(Signature{pos: r.Pos, print: fingerprint(r.Text), plan: plan, action: action, header: h, apps: plan.Apps, rates: plan.Rates, hook: hook, bothWays: r.Direction == rule.Transactional})
	for _, l := range plan.Lists {
		switch {
		case l.Payload():
			s.payload = l
		case l.Source.Packet != nil:
			s.packet = append(s.packet, l)
		case l.Source.Frame:
			s.frames = append(s.frames, l)
		default:
			s.tx = append(s.tx, l)
		}
	}
	s.packet, s.frames, s.tx = c.lists.Copy(s.packet), c.lists.Copy(s.frames), c.lists.Copy(s.tx)
	s.kind = ruleType(r, plan, &s.header)
	if plan.OneIPProto {
		s.header.transports &= transportOf(plan.IPProto) // so that it is not asked about every packet
	}
	if d := s.validate(r); d != nil {
		return nil, nil, withSid(d, r)
	}
	s.need = needOf(s)
	s.fast = chooseFastPattern(s.prefiltered())
	s.trigger = s.chooseTrigger()
	if s.kind == TypeTx {
		s.parts = c.txParts.Copy(s.txParts())
	}
	s.details = c.details(s)
	plan.Meta.Details = nil
	if c.keepText {
		s.text = r.Text
	}
	if r.Direction == rule.BothWays && s.header != s.header.reversed() {
		back := c.signatures.Put(*s)
		back.header = s.header.reversed()
		return []*Signature{s, back}, warnings, nil
	}
	return []*Signature{s}, warnings, nil
}

// prefiltered are the lists that a candidate may be found through: those of
// the engine that runs the signature.
func (s *Signature) prefiltered() []*keyword.List {
	if s.kind == TypeTx {
		return s.tx
	}
	if s.payload != nil {
		return []*keyword.List{s.payload}
	}
	return nil
}

// unmet returns the diagnostic of a rule that requires something this engine
// lacks; nil for other rules.
func (c *compiler) unmet(r *rule.Rule) *rule.Diagnostic {
	d := requirements(keyword.NewBuilder(c.keywords, c.names, &c.env, r), r)
	if d == nil || d.Code != keyword.CodeRequires {
		return nil
	}
	return d
}

// requirements evaluates `requires` before everything else: a rule for
// another engine may hold anything.
func requirements(b *keyword.Builder, r *rule.Rule) *rule.Diagnostic {
	for i := range r.Options {
		if r.Options[i].Name == "requires" {
			if d := b.Add(&r.Options[i]); d != nil {
				return withSid(d, r)
			}
		}
	}
	return nil
}

// header compiles the first half of the rule.
func (c *compiler) header(r *rule.Rule) (Action, header, app.Proto, *rule.Diagnostic) {
	fail := func(code, what, why string) (Action, header, app.Proto, *rule.Diagnostic) {
		return 0, header{}, 0, withSid(&rule.Diagnostic{Pos: r.Pos, Code: code, What: what, Why: why}, r)
	}
	action, ok := actions[r.Action]
	if !ok {
		return fail("unsupported-action", "action "+r.Action+" is not supported yet", "")
	}
	name := r.Proto
	if p, known := rule.LookupProtocol(name); known {
		name = p.Name
	}
	h, ok := protocolHeader(name)
	if !ok {
		if p, known := rule.LookupProtocol(name); known && p.App {
			return fail("unsupported-protocol", "protocol "+name+" is not recognised yet", "")
		}
		return fail("unknown-protocol", "unknown protocol "+name, "")
	}
	proto, _ := keyword.Protocol(name)
	h.src, h.dst = c.sets.addressSet(r.Src), c.sets.addressSet(r.Dst)
	h.srcPorts, h.dstPorts = c.sets.portSet(r.SrcPorts), c.sets.portSet(r.DstPorts)
	return action, h, proto, nil
}

// withSid completes a diagnostic that was made before the sid was read.
func withSid(d *rule.Diagnostic, r *rule.Rule) *rule.Diagnostic {
	if d.Sid != 0 {
		return d
	}
	for i := range r.Options {
		if r.Options[i].Name == "sid" {
			d.Sid = parseSid(r.Options[i].Value)
			break
		}
	}
	return d
}

func parseSid(text string) (sid uint32) {
	for _, c := range strings.TrimSpace(text) {
		if c < '0' || c > '9' || sid > (1<<32-10)/10 {
			return 0
		}
		sid = sid*10 + uint32(c-'0')
	}
	return sid
}
