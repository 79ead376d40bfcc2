package signatures

import (
	"fmt"
	"math/rand/v2"
	"slices"
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
		proto := pick("ip", "udp", "udp", "tcp", "dns", "icmp", "tcp-pkt", "pkthdr", "http", "http", "tcp-stream")
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
		if proto == "http" {
			for range 1 + r.IntN(3) {
				out.WriteString(pick(`http.uri; content:"/abc"; `, `http.uri; content:"index"; nocase; `, `http.header; content:"needle"; `, `http.user_agent; content:!"xyz"; `,
					`http.request_body; content:"bodypart"; `, `http.request_body; content:"part"; fast_pattern; depth:20; `, `file.data; content:"bodypart"; `,
					`http.referer; absent; `, `http.uri; pcre:"/^.abc/"; `, `http.host; dotprefix; content:".example"; `, `pkt_data; content:"abc"; `, `urilen:>3; `))
			}
		}
		out.WriteString(pick("", "", "flow:to_server; ", "flow:established; ", "flow:to_client; ", "flowbits:set,x; ", "flowbits:isset,x; "))
		fmt.Fprintf(&out, "sid:%d;)\n", sid)
	}
	return out.String()
}

// ends are the two sides of a flow, the client first.
type ends struct {
	addresses [2]string
	ports     [2]uint16
	proto     int
}

func randomEnds(r *rand.Rand) (e ends) {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	ports := []uint16{53, 80, 4000, 5000}
	e.addresses = [2]string{pick("10.0.0.1", "10.0.0.2", "192.0.2.7"), pick("10.0.0.1", "192.0.2.7", "203.0.113.5")}
	e.ports = [2]uint16{ports[r.IntN(4)], ports[r.IntN(4)]}
	e.proto = r.IntN(4)
	return e
}

func randomPacket(t *testing.T, r *rand.Rand, e ends, d decoders.Direction) *decoders.Packet {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var payload strings.Builder
	for range r.IntN(6) {
		payload.WriteString(pick("abc", "abcdefghijklm", "ABCDEFGH", "xyz", "-", "cdef", "a"))
	}
	ip := dt.IP4{Src: e.addresses[d], Dst: e.addresses[d.Opposite()]}
	src, dst := e.ports[d], e.ports[d.Opposite()]
	switch e.proto {
	case 0:
		return packet(t, ip, dt.TCP{Src: src, Dst: dst, Flags: decoders.TCPAck}, dt.Bytes(payload.String()))
	case 1:
		return packet(t, ip, dt.ICMP4{Type: 8}, dt.Bytes(payload.String()))
	}
	return packet(t, ip, dt.UDP{Src: src, Dst: dst}, dt.Bytes(payload.String()))
}

// randomTurn lets a message grow in one direction.
func randomTurn(r *rand.Rand, x *message, d decoders.Direction) {
	before := x.progress[d]
	x.progress[d] = min(before+uint8(r.IntN(3)), 5)
	x.complete[d] = x.progress[d] == 5
	pick := func(s ...string) []string { return []string{s[r.IntN(len(s))]} }
	if d == decoders.ToServer && x.progress[d] >= 1 && x.buffers[app.HTTPURI] == nil {
		x.buffers[app.HTTPURI] = pick("/abc/index", "/INDEX", "/")
		x.numbers[app.HTTPURI] = []uint64{uint64(len(x.buffers[app.HTTPURI][0]))}
	}
	if x.progress[d] >= 2 && x.buffers[app.HTTPHeader.In(d)] == nil {
		x.buffers[app.HTTPHeader.In(d)] = pick("a: needle", "b: hay")
		if d == decoders.ToServer {
			x.buffers[app.HTTPHost] = pick("www.example.com", "other")
			if r.IntN(2) == 0 {
				x.buffers[app.HTTPUserAgent] = pick("xyz", "abc")
				x.buffers[app.HTTPReferer] = pick("http")
			}
		}
	}
	if x.progress[d] >= 3 && before <= 3 { // a body grows until what follows it begins
		body := []app.Piece{{Data: []byte(pick("bodypart", "a part", "")[0]), Offset: uint64(r.IntN(20)), EOF: x.complete[d]}}
		x.pieces[app.FileData.In(d)] = body
		if d == decoders.ToServer {
			x.pieces[app.HTTPRequestBody] = body
		}
	}
}

func clonePieces(m map[app.Buffer][]app.Piece) map[app.Buffer][]app.Piece {
	out := map[app.Buffer][]app.Piece{}
	for b, p := range m {
		out[b] = slices.Clone(p)
	}
	return out
}

// TestPrefilterChangesNoMatch is the safety guarantee: with and without the
// prefilter the same signatures match the same packets, in the same order.
func TestPrefilterChangesNoMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	matched := 0
	for range 60 {
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
			web := r.IntN(2) == 0
			x, y := newMessage(), newMessage()
			yState := y.state
			sides := randomEnds(r)
			for range 6 {
				d := decoders.Direction(r.IntN(2))
				p := randomPacket(t, r, sides, d)
				if web {
					randomTurn(r, x, d)
					*y = *x
					y.state, y.pieces = yState, clonePieces(x.pieces)
				}
				a.established = a.established || r.IntN(2) == 0 // and it stays so
				b.established = a.established
				if !web && r.IntN(2) == 0 {
					a.app, b.app = app.ProtoDNS, app.ProtoDNS
				}
				in, other := a.input(p, d), b.input(p, d)
				in.InStream = r.IntN(2) == 0
				for range r.IntN(3) {
					in.Stream = append(in.Stream, StreamChunk{Data: []byte([]string{"abc", "abcdefgh", "xyz cdef", "-"}[r.IntN(4)]), Dir: d})
				}
				other.InStream, other.Stream = in.InStream, in.Stream
				if web {
					a.app, b.app = app.ProtoHTTP, app.ProtoHTTP
					in.App, other.App = a.app, b.app
					in.Txs, other.Txs = []app.Tx{x}, []app.Tx{y}
				}
				if a.app == app.ProtoDNS {
					tx := func() []app.Tx {
						return []app.Tx{&fakeTx{names: []string{"www.example.com"}, types: []uint64{1}, complete: true}}
					}
					in.Txs, other.Txs = tx(), tx()
				}
				got, want := sids(fast.Inspect(in, nil)), sids(slow.Inspect(other, nil))
				yState = y.state
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
