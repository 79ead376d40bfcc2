package app

import "testing"

func TestProtocolNamesComeBack(t *testing.T) {
	for p := ProtoFailed; p < protoCount; p++ {
		if p.String() == "" {
			t.Errorf("protocol %d has no name", p)
		}
		if got, ok := ProtoByName(p.String()); !ok || got != p {
			t.Errorf("%v: %v, %v", p, got, ok)
		}
	}
	for name, want := range map[string]Proto{"ssl": ProtoTLS, "ikev2": ProtoIKE} {
		if got, ok := ProtoByName(name); !ok || got != want {
			t.Errorf("%s: %v, %v, want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "unknown", "tcp", "DNS"} {
		if got, ok := ProtoByName(name); ok {
			t.Errorf("%q is %v", name, got)
		}
	}
	if protoCount.String() != "unknown" {
		t.Errorf("a number beyond the list is %q", protoCount.String())
	}
}

func TestRulesCoverFlows(t *testing.T) {
	cases := []struct {
		rule, flow Proto
		want       bool
	}{
		{ProtoDNS, ProtoDNS, true},
		{ProtoDNS, ProtoDOH2, true},
		{ProtoDNS, ProtoMDNS, false},
		{ProtoHTTP, ProtoHTTP, true},
		{ProtoHTTP, ProtoHTTP2, true},
		{ProtoHTTP1, ProtoHTTP, true},
		{ProtoHTTP1, ProtoHTTP2, false},
		{ProtoHTTP2, ProtoHTTP, false},
		{ProtoHTTP2, ProtoDOH2, true},
		{ProtoDCERPC, ProtoSMB, true},
		{ProtoSMB, ProtoDCERPC, false},
		{ProtoTLS, ProtoQUIC, false},
	}
	for _, c := range cases {
		if got := c.rule.Covers(c.flow); got != c.want {
			t.Errorf("a rule for %v and a flow of %v: %v, want %v", c.rule, c.flow, got, c.want)
		}
	}
}

func TestEventsHaveNames(t *testing.T) {
	for e := EventNone + 1; e < EventCount; e++ {
		if e.String() == "" {
			t.Errorf("event %d has no name", e)
		}
	}
}
