package keyword

import (
	"iter"
	"math/bits"
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// AppProtocol is an application protocol that rules can be about: detection
// knows it, and for some there is a parser.
type AppProtocol struct {
	Name   string // as in a rule's header
	Proto  app.Proto
	Layers decoders.Layers // transports, any of them
}

// AppProtocols is the table of them. A protocol adds its line here.
func AppProtocols() []AppProtocol {
	const tcp, udp = decoders.LayerTCP, decoders.LayerUDP
	return []AppProtocol{
		{"dns", app.ProtoDNS, udp | tcp},
		{"http", app.ProtoHTTP, tcp},
		{"http1", app.ProtoHTTP1, tcp},
		{"http2", app.ProtoHTTP2, tcp},
		{"tls", app.ProtoTLS, tcp},
		{"quic", app.ProtoQUIC, udp},
		{"ssh", app.ProtoSSH, tcp},
		{"ftp", app.ProtoFTP, tcp},
		{"ftp-data", app.ProtoFTPData, tcp},
		{"smtp", app.ProtoSMTP, tcp},
		{"imap", app.ProtoIMAP, tcp},
		{"pop3", app.ProtoPOP3, tcp},
		{"smb", app.ProtoSMB, tcp},
		{"dcerpc", app.ProtoDCERPC, tcp | udp},
		{"rdp", app.ProtoRDP, tcp},
		{"mqtt", app.ProtoMQTT, tcp},
		{"telnet", app.ProtoTelnet, tcp},
		{"ntp", app.ProtoNTP, udp},
		{"dhcp", app.ProtoDHCP, udp},
		{"snmp", app.ProtoSNMP, udp},
	}
}

// ProtoSet is a set of application protocols of flows. The empty set stands
// for any.
type ProtoSet uint64

// Protos makes a set.
func Protos(protos ...app.Proto) (s ProtoSet) {
	for _, p := range protos {
		s |= 1 << p
	}
	return s
}

// Has reports whether p is in the set.
func (s ProtoSet) Has(p app.Proto) bool { return s&(1<<p) != 0 }

// All yields the protocols of the set.
func (s ProtoSet) All() iter.Seq[app.Proto] {
	return func(yield func(app.Proto) bool) {
		for ; s != 0; s &= s - 1 {
			if !yield(app.Proto(bits.TrailingZeros64(uint64(s)))) {
				return
			}
		}
	}
}

func (s ProtoSet) names() (names []string) {
	for p := range s.All() {
		names = append(names, p.String())
	}
	return names
}

// covered are the protocols of flows that a rule for p, or a keyword of p, is
// meant for.
func covered(p app.Proto) (s ProtoSet) {
	for _, a := range AppProtocols() {
		if p.Covers(a.Proto) {
			s |= Protos(a.Proto)
		}
	}
	return s
}

// Protocol finds an application protocol by its name in rules.
func Protocol(name string) (app.Proto, bool) {
	p, ok := app.ProtoByName(name)
	if !ok {
		return app.ProtoUnknown, false
	}
	for _, a := range AppProtocols() {
		if a.Proto == p {
			return p, true
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
	exact   bool // http is HTTP/1 only, and so on
}

func (t *protocolTest) Match(f *Facts) bool {
	if !f.HasFlow {
		return false
	}
	for _, p := range t.protos {
		if f.App == p || !t.exact && p.Covers(f.App) {
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
	exact := false
	for _, mode := range args[1:] {
		switch mode {
		case "either":
		case "exact":
			exact = true
		case "to_server", "toserver", "to_client", "toclient", "direction", "final", "original":
			return b.fail(o, "unsupported-value", "app-layer-protocol mode "+mode+" is not supported yet", "detection keeps one protocol per flow", "")
		default:
			return b.badValue(o, "unknown mode "+quoted(mode))
		}
	}
	if b.plan.Apps != 0 {
		return b.fail(o, "bad-combination", "app-layer-protocol in a rule of protocol "+strings.Join(b.plan.Apps.names(), ", "), "the protocol is known already", "")
	}
	text, negated := strings.CutPrefix(args[0], "!")
	t := &protocolTest{negated: negated, exact: exact}
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
