package keyword

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

func TestPhasesOfASession(t *testing.T) {
	for _, tt := range []struct {
		value                string
		established, closing bool
		want                 bool
	}{
		{"setup", false, false, true},
		{"setup", true, false, false},
		{"established", true, false, true},
		{"established", true, true, true},
		{"closing", true, false, false},
		{"closing", true, true, true},
		{"setup,closing", false, false, true},
		{"setup, closing", true, false, false},
	} {
		b := &Builder{plan: &Plan{}, text: &rule.Rule{Proto: "tcp"}}
		if d := setTCPSession(b, &rule.Option{Name: "tcp.session", Value: tt.value}); d != nil {
			t.Fatal(d)
		}
		f := &Facts{Packet: &decoders.Packet{Layers: decoders.LayerTCP}, Established: tt.established, Closing: tt.closing}
		got := true
		for _, test := range b.plan.Tests {
			got = got && test.Match(f)
		}
		if got != tt.want {
			t.Errorf("%s of a packet with established %v, closing %v: %v", tt.value, tt.established, tt.closing, got)
		}
		if f.Packet.Layers = decoders.LayerUDP; b.plan.Tests[0].Match(f) {
			t.Errorf("%s matches UDP", tt.value)
		}
	}
	for _, value := range []string{"closed", "!closing", ""} {
		if setTCPSession(&Builder{plan: &Plan{}, text: &rule.Rule{Proto: "tcp"}}, &rule.Option{Value: value}) == nil {
			t.Errorf("tcp.session:%s loads", value)
		}
	}
}
