package keyword

import (
	"iter"
	"math/bits"
	"strings"
	"sync"

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

// AppProtocols returns all of them. Callers do not change the list.
func AppProtocols() []AppProtocol { return appProtocols() }

// appProtocols is the table of them: those that do not define themselves,
// parsed or only recognised, then those that do.
var appProtocols = sync.OnceValue(func() []AppProtocol {
	const tcp, udp = decoders.LayerTCP, decoders.LayerUDP
	return withDefined([]AppProtocol{
		{"dns", app.ProtoDNS, udp | tcp},
		{"http", app.ProtoHTTP, tcp},
		{"http1", app.ProtoHTTP1, tcp},
		{"http2", app.ProtoHTTP2, tcp},
		{"doh2", app.ProtoDOH2, tcp},
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
	})
})

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

// protocolTest is app-layer-protocol: what detection found on the flow, or on
// one of its sides.
type protocolTest struct {
	protos  []app.Proto
	negated bool
	exact   bool // http is HTTP/1 only, and so on
	of      protocolOf
}

// protocolOf says whose protocol is meant.
type protocolOf uint8

const (
	ofDirection protocolOf = iota // that of the packet's direction
	ofServerward
	ofClientward
	ofEither
	ofFlow
)

var protocolModes = map[string]protocolOf{
	"direction": ofDirection, "to_server": ofServerward, "toserver": ofServerward, "to_client": ofClientward, "toclient": ofClientward,
	"either": ofEither, "final": ofFlow, "original": ofFlow,
}

func (t *protocolTest) Match(f *Facts) bool {
	if !f.HasFlow {
		return false
	}
	switch t.of {
	case ofServerward:
		return t.matches(f.AppSides[decoders.ToServer])
	case ofClientward:
		return t.matches(f.AppSides[decoders.ToClient])
	case ofEither:
		return t.matches(f.AppSides[0]) || t.matches(f.AppSides[1])
	case ofFlow:
		return t.matches(f.App)
	}
	return t.matches(f.AppSides[f.Dir])
}

func (t *protocolTest) matches(have app.Proto) bool {
	for _, p := range t.protos {
		if have == p || !t.exact && p.Covers(have) {
			return !t.negated
		}
	}
	// While detection is still looking, nothing can be ruled out.
	return t.negated && have != app.ProtoUnknown
}

// setAppLayerProtocol is the keyword app-layer-protocol:
// `app-layer-protocol:[!]proto[|proto...][,direction|to_server|to_client|either|final|original][,exact]`.
func setAppLayerProtocol(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) == 0 {
		return b.badValue(o, "app-layer-protocol needs a protocol")
	}
	t := &protocolTest{}
	for _, mode := range args[1:] {
		of, ok := protocolModes[mode]
		switch {
		case mode == "exact":
			t.exact = true
		case ok:
			t.of = of
		default:
			return b.badValue(o, "unknown mode "+quoted(mode))
		}
	}
	if b.plan.Apps != 0 {
		return b.fail(o, "bad-combination", "app-layer-protocol in a rule of protocol "+strings.Join(b.plan.Apps.names(), ", "), "the protocol is known already", "")
	}
	var text string
	text, t.negated = strings.CutPrefix(args[0], "!")
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
