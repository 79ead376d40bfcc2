package signatures

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	dt "spanwatch/decoders/decoderstest"
)

// randomRules makes rules of every shape that decides where a signature is
// kept: protocols, ports, addresses, patterns, buffers, negation.
func randomRules(r *rand.Rand, n int) string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var out strings.Builder
	for sid := 1; sid <= n; sid++ {
		proto := pick("ip", "udp", "udp", "tcp", "dns", "icmp", "tcp-pkt", "pkthdr")
		port := func() string {
			if proto == "icmp" {
				return "any"
			}
			return pick("any", "any", "53", "[80,53]", "!53", "1024:", "4000")
		}
		address := func() string {
			return pick("any", "any", "10.0.0.0/8", "!10.0.0.1", "[10.0.0.1,192.0.2.0/24]", "$HOME_NET")
		}
		fmt.Fprintf(&out, "alert %s %s %s %s %s %s (", proto, address(), port(), pick("->", "->", "<>"), address(), port())
		for range r.IntN(3) {
			out.WriteString(pick("", "", `content:"abc"; `, `content:"ab"; nocase; `, `content:"abcdefgh"; `, `content:!"xyz"; `,
				`content:"a"; `, `content:"cdef"; distance:0; `, `content:"bcdefghijklm"; fast_pattern; `, `content:"abcd"; fast_pattern:1,3; `, `content:"cd"; offset:2; depth:4; `))
		}
		if proto == "dns" || proto == "udp" && r.IntN(4) == 0 {
			out.WriteString(pick(`dns.query; content:"example"; `, `dns.query; dotprefix; content:".com"; endswith; `, `dns.rrtype:1; `, `dns.query; content:!"other"; `))
		}
		out.WriteString(pick("", "", "flow:to_server; ", "flow:established; ", "flow:to_client; ", "flowbits:set,x; ", "flowbits:isset,x; "))
		fmt.Fprintf(&out, "sid:%d;)\n", sid)
	}
	return out.String()
}

func randomPacket(t *testing.T, r *rand.Rand) *decoders.Packet {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var payload strings.Builder
	for range r.IntN(6) {
		payload.WriteString(pick("abc", "abcdefghijklm", "ABCDEFGH", "xyz", "-", "cdef", "a"))
	}
	ip := dt.IP4{Src: pick("10.0.0.1", "10.0.0.2", "192.0.2.7"), Dst: pick("10.0.0.1", "192.0.2.7", "203.0.113.5")}
	ports := []uint16{53, 80, 4000, 5000}
	src, dst := ports[r.IntN(4)], ports[r.IntN(4)]
	switch r.IntN(4) {
	case 0:
		return packet(t, ip, dt.TCP{Src: src, Dst: dst, Flags: decoders.TCPAck}, dt.Bytes(payload.String()))
	case 1:
		return packet(t, ip, dt.ICMP4{Type: 8}, dt.Bytes(payload.String()))
	}
	return packet(t, ip, dt.UDP{Src: src, Dst: dst}, dt.Bytes(payload.String()))
}

// TestPrefilterChangesNoMatch is the safety guarantee: with and without the
// prefilter the same signatures match the same packets, in the same order.
func TestPrefilterChangesNoMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	matched := 0
	for range 25 {
		rules := randomRules(r, 60)
		with, report := Load([]Source{{Name: "random", Text: []byte(rules)}}, Options{})
		without, _ := Load([]Source{{Name: "random", Text: []byte(rules)}}, Options{NoPrefilter: true})
		if report.Loaded < 30 {
			t.Fatalf("only %d of 60 random rules load: %+v", report.Loaded, report.Reasons)
		}
		cfg := InspectorConfig{AlertMax: 1000}
		fast, slow := NewInspector(with, cfg), NewInspector(without, cfg)
		for range 10 {
			a, b := &flow{}, &flow{}
			for range 6 {
				p, d := randomPacket(t, r), decoders.Direction(r.IntN(2))
				a.established = r.IntN(2) == 0
				b.established = a.established
				if r.IntN(2) == 0 {
					a.app, b.app = app.ProtoDNS, app.ProtoDNS
				}
				in, other := a.input(p, d), b.input(p, d)
				if a.app == app.ProtoDNS {
					tx := func() []app.Tx {
						return []app.Tx{&fakeTx{names: []string{"www.example.com"}, types: []uint64{1}, complete: true}}
					}
					in.Txs, other.Txs = tx(), tx()
				}
				got, want := sids(fast.Inspect(in, nil)), sids(slow.Inspect(other, nil))
				if got != want {
					t.Fatalf("prefilter on: %q, off: %q\npayload %q\n%s", got, want, p.Payload(), rules)
				}
				if want != "" {
					matched++
				}
			}
		}
	}
	if matched < 500 {
		t.Errorf("only %d packets matched anything", matched)
	}
}
