package keyword

import (
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// AppProtocol is an application protocol that rules can be about: it has a
// parser.
type AppProtocol struct {
	Name   string // as in a rule's header
	Proto  app.Proto
	Layers decoders.Layers // transports, any of them
}

// AppProtocols is the table of them. A protocol adds its line here.
func AppProtocols() []AppProtocol {
	return []AppProtocol{
		{"dns", app.ProtoDNS, decoders.LayerUDP | decoders.LayerTCP},
	}
}

// Protocol finds an application protocol with a parser by its name in rules.
func Protocol(name string) (app.Proto, bool) {
	for _, p := range AppProtocols() {
		if p.Name == name {
			return p.Proto, true
		}
	}
	return app.ProtoUnknown, false
}

// noParser says why a protocol cannot be used.
func (b *Builder) noParser(o *rule.Option, name string) *rule.Diagnostic {
	if p, ok := rule.LookupProtocol(name); ok && p.App {
		return b.fail(o, "unsupported-protocol", "protocol "+name+" has no parser yet", "", "")
	}
	return b.fail(o, "unknown-protocol", "unknown application protocol "+quoted(name), "", rule.Nearest(name, rule.ProtocolNames()))
}

// protocolTest is app-layer-protocol: what detection found on the flow.
type protocolTest struct {
	protos  []app.Proto
	negated bool
}

func (t *protocolTest) Match(f *Facts) bool {
	if !f.HasFlow {
		return false
	}
	for _, p := range t.protos {
		if f.App == p {
			return !t.negated
		}
	}
	// While detection is still looking, nothing can be ruled out.
	return t.negated && f.App != app.ProtoUnknown
}

// setAppLayerProtocol is the keyword app-layer-protocol:
// `app-layer-protocol:[!]proto[|proto...][,either|exact]`.
func setAppLayerProtocol(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) == 0 {
		return b.badValue(o, "app-layer-protocol needs a protocol")
	}
	for _, mode := range args[1:] {
		switch mode {
		case "either", "exact":
		case "to_server", "toserver", "to_client", "toclient", "direction", "final", "original":
			return b.fail(o, "unsupported-value", "app-layer-protocol mode "+mode+" is not supported yet", "detection keeps one protocol per flow", "")
		default:
			return b.badValue(o, "unknown mode "+quoted(mode))
		}
	}
	if b.plan.App != app.ProtoUnknown {
		return b.fail(o, "bad-combination", "app-layer-protocol in a rule of protocol "+b.plan.App.String(), "the protocol is known already", "")
	}
	text, negated := strings.CutPrefix(args[0], "!")
	t := &protocolTest{negated: negated}
	for name := range strings.SplitSeq(text, "|") {
		name = strings.ToLower(strings.TrimSpace(name))
		switch name {
		case "failed":
			t.protos = append(t.protos, app.ProtoFailed)
		case "unknown":
			t.protos = append(t.protos, app.ProtoUnknown)
		default:
			p, ok := Protocol(name)
			if !ok {
				return b.noParser(o, name)
			}
			t.protos = append(t.protos, p)
		}
	}
	b.plan.NeedsFlow, b.plan.AppTest = true, true
	b.plan.IPOnly, b.plan.EventOnly = false, false
	b.plan.Tests = append(b.plan.Tests, t)
	return nil
}
