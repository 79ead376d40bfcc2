package signatures

import (
	"fmt"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/signatures/ruleconf"
)

// load compiles rules that must all load.
func load(t testing.TB, rules string, opts Options) *Ruleset {
	t.Helper()
	rs, report := Load([]Source{{Name: "test.rules", Text: []byte(rules)}}, opts)
	if report.Failed+report.Skipped > 0 || report.Loaded == 0 {
		t.Fatalf("%d loaded; %v %v", report.Loaded, report.Failures, report.Skips)
	}
	return rs
}

// packet builds and decodes a packet inside an Ethernet frame.
func packet(t testing.TB, layers ...dt.Layer) *decoders.Packet {
	t.Helper()
	return frame(t, append([]dt.Layer{dt.Ether{}}, layers...)...)
}

func frame(t testing.TB, layers ...dt.Layer) *decoders.Packet {
	t.Helper()
	d, err := decoders.NewDecoder(decoders.Config{Checksums: decoders.ChecksumsOn})
	if err != nil {
		t.Fatal(err)
	}
	p := &decoders.Packet{}
	d.Decode(dt.Frame(dt.Build(layers...)), p)
	return p
}

func udp(t testing.TB, payload string) *decoders.Packet {
	return packet(t, dt.IP4{Src: "10.0.0.1", Dst: "192.0.2.9"}, dt.UDP{Src: 4000, Dst: 53}, dt.Bytes(payload))
}

func tcp(t testing.TB, flags uint8, payload string) *decoders.Packet {
	return packet(t, dt.IP4{Src: "10.0.0.1", Dst: "192.0.2.9"}, dt.TCP{Src: 4000, Dst: 80, Flags: flags}, dt.Bytes(payload))
}

// flow is a flow in which packets are inspected one after the other.
type flow struct {
	state       FlowState
	established bool
	app         app.Proto
	packets     [2]uint64
}

func (f *flow) input(p *decoders.Packet, d decoders.Direction) *Input {
	f.packets[d]++
	return &Input{Packet: p, Flow: &f.state, Dir: d, Established: f.established, FlowPackets: f.packets, App: f.app, FlowStart: 1e9}
}

// sids formats matches that alert, in order.
func sids(matches []Match) string {
	var s []string
	for _, m := range matches {
		if m.Alert {
			s = append(s, fmt.Sprint(m.Sig.Sid()))
		}
	}
	return strings.Join(s, " ")
}

func TestRulesOnPackets(t *testing.T) {
	udpPacket := udp(t, "GET /index.html")
	syn := tcp(t, decoders.TCPSyn, "")
	icmp := packet(t, dt.IP4{Src: "10.0.0.1", Dst: "192.0.2.9"}, dt.ICMP4{Type: 8, Rest: 0x00070001}, dt.Bytes("ping"))
	v6 := packet(t, dt.IP6{}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("six"))
	arp := frame(t, dt.Ether{Type: 0x0806}, dt.Bytes("\x00\x01\x08\x00\x06\x04\x00\x01aaaaaa\x0a\x00\x00\x01bbbbbb\x0a\x00\x00\x02"))
	fragment := packet(t, dt.IP4{Src: "10.0.0.1", Dst: "192.0.2.9", Proto: 17, MF: true}, dt.UDP{Src: 4000, Dst: 53}, dt.Bytes("GET /in"))
	broken := packet(t, dt.IP4{TotalLen: 10}, dt.Bytes("x"))
	tests := []struct {
		name, rule string
		packet     *decoders.Packet
		want       bool
	}{
		{"content", `udp any any -> any any (content:"index";`, udpPacket, true},
		{"content of one byte", `udp any any -> any any (content:"G";`, udpPacket, true},
		{"content absent", `udp any any -> any any (content:"missing";`, udpPacket, false},
		{"only a negated content", `udp any any -> any any (content:!"missing";`, udpPacket, true},
		{"chop", `udp any any -> any any (content:"index.html"; fast_pattern:2,4;`, udpPacket, true},
		{"nocase", `udp any any -> any any (content:"INDEX.HTML"; nocase;`, udpPacket, true},
		{"protocol", `tcp any any -> any any (content:"index";`, udpPacket, false},
		{"ip covers udp", `ip any any -> any any (content:"index";`, udpPacket, true},
		{"destination port", `udp any any -> any 53 (content:"index";`, udpPacket, true},
		{"other port", `udp any any -> any 54 (content:"index";`, udpPacket, false},
		{"port range", `udp any 1024: -> any [1:52,53] (content:"index";`, udpPacket, true},
		{"negated port", `udp any any -> any !53 (content:"index";`, udpPacket, false},
		{"source address", `udp 10.0.0.0/8 any -> any any (content:"index";`, udpPacket, true},
		{"negated address", `udp !10.0.0.0/8 any -> any any (content:"index";`, udpPacket, false},
		{"address list", `udp [10.0.0.2,10.0.0.1] any -> 192.0.2.0/28 any (content:"index";`, udpPacket, true},
		{"variable", `udp $HOME_NET any -> $EXTERNAL_NET any (content:"index";`, udpPacket, true},
		{"reversed", `udp any 53 -> any any (content:"index";`, udpPacket, false},
		{"both ways", `udp any 53 <> any any (content:"index";`, udpPacket, true},
		{"both ways with equal sides alerts once", `udp any any <> any any (content:"index";`, udpPacket, true},
		{"a packet without a flow goes to the server", `udp any any -> any any (content:"index"; flow:to_server;`, udpPacket, true},
		{"and not to the client", `udp any any -> any any (content:"index"; flow:to_client;`, udpPacket, false},
		{"state of a flow without one", `udp any any -> any any (content:"index"; flow:stateless;`, udpPacket, false},
		{"flowbits set without a flow", `udp any any -> any any (content:"index"; flowbits:set,x;`, udpPacket, true},
		{"flowbits asked for without a flow", `udp any any -> any any (content:"index"; flowbits:isnotset,x;`, udpPacket, false},
		{"flags", `tcp any any -> any any (flags:S;`, syn, true},
		{"tcp-pkt without payload", `tcp-pkt any any -> any any (content:"index";`, syn, false},
		{"isdataat on an empty payload", `tcp any any -> any any (isdataat:!1;`, syn, false},
		{"dsize on an empty payload", `tcp any any -> any any (dsize:0;`, syn, true},
		{"header buffer", `tcp any any -> any any (tcp.hdr; content:"|00 50|"; offset:2; depth:2;`, syn, true},
		{"header size", `ip any any -> any any (ipv4.hdr; bsize:20;`, syn, true},
		{"no such header", `ip any any -> any any (ipv6.hdr; content:!"zz";`, syn, false},
		{"address buffer", `ip any any -> any any (ip.src; content:"|0a 00 00 01|"; bsize:4;`, syn, true},
		{"icmp", `icmp any any -> any any (itype:8; content:"ping";`, icmp, true},
		{"icmpv6 is not icmpv4", `icmpv6 any any -> any any (itype:8;`, icmp, false},
		{"ports on icmp", `ip any any -> any 53 (msg:"x";`, icmp, false},
		{"icmp id", `icmp any any -> any any (icmp_id:7; icmp_seq:1;`, icmp, true},
		{"ipv6", `ipv6 any any -> any any (content:"six";`, v6, true},
		{"ipv4 only", `ipv4 any any -> any any (content:"six";`, v6, false},
		{"ipv6 address", `ip 2001:db8::/32 any -> any any (content:"six";`, v6, true},
		{"address only", `ip 10.0.0.0/24 any -> any any (msg:"x";`, udpPacket, true},
		{"address only, the other side", `ip any any -> 192.0.2.9 any (msg:"x";`, udpPacket, true},
		{"address only, none", `ip 10.0.1.0/24 any -> any any (msg:"x";`, udpPacket, false},
		{"negated address only", `ip !10.0.1.0/24 any -> any any (msg:"x";`, udpPacket, true},
		{"tcp by address only", `tcp 10.0.0.1 any -> any any (msg:"x";`, udpPacket, false},
		{"arp", `arp any any -> any any (msg:"x";`, arp, true},
		{"pkthdr", `pkthdr any any -> any any (msg:"x";`, arp, true},
		{"ip is not arp", `ip any any -> any any (msg:"x";`, arp, false},
		{"ether", `ether any any -> any any (msg:"x";`, udpPacket, true},
		{"decoder event", `pkthdr any any -> any any (decode-event:ipv4.iplen_smaller_than_hlen;`, broken, true},
		{"another decoder event", `pkthdr any any -> any any (decode-event:ipv4.trunc_pkt;`, broken, false},
		{"ports on a fragment", `udp any any -> any 53 (msg:"x";`, fragment, false},
		{"fragment by protocol", `udp any any -> any any (fragbits:M;`, fragment, true},
		{"ip_proto", `ip any any -> any any (ip_proto:udp; content:"index";`, udpPacket, true},
		{"ip_proto of another protocol", `ip any any -> any any (ip_proto:tcp; content:"index";`, udpPacket, false},
		{"ip_proto without content", `ip any any -> any any (ip_proto:17;`, udpPacket, true},
		{"ip_proto without content of another protocol", `ip any any -> any any (ip_proto:41;`, udpPacket, false},
		{"ip_proto negated", `ip any any -> any any (ip_proto:!41;`, udpPacket, true},
		{"checksum", `udp any any -> any any (udpv4-csum:valid;`, udpPacket, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, off := range []bool{false, true} {
				rs := load(t, "alert "+tt.rule+" sid:1;)\n", Options{NoPrefilter: off})
				got := NewInspector(rs, InspectorConfig{}).Inspect(&Input{Packet: tt.packet}, nil)
				if (len(got) == 1) != tt.want || len(got) > 1 {
					t.Errorf("prefilter %v: %d matches, want %v", !off, len(got), tt.want)
				}
			}
		})
	}
}

func TestRulesOnFlows(t *testing.T) {
	rs := load(t, `
alert udp any any -> any any (content:"abc"; flow:to_server; sid:1;)
alert udp any any -> any any (content:"abc"; flow:to_client; sid:2;)
alert udp any any -> any any (content:"abc"; flow:established; sid:3;)
alert udp any any -> any any (content:"abc"; flow:not_established; sid:4;)
alert udp any any -> any any (content:"abc"; flow:stateless; sid:5;)
alert ip 10.0.0.1 any -> any any (msg:"first of the direction"; sid:6;)
`, Options{})
	in := NewInspector(rs, InspectorConfig{})
	p := udp(t, "abc")
	f := &flow{}
	if got := sids(in.Inspect(f.input(p, decoders.ToServer), nil)); got != "1 4 5 6" {
		t.Errorf("first packet: %s", got)
	}
	if got := sids(in.Inspect(f.input(p, decoders.ToServer), nil)); got != "1 4 5" {
		t.Errorf("second packet: %s", got)
	}
	f.established = true
	if got := sids(in.Inspect(f.input(p, decoders.ToClient), nil)); got != "2 3 5 6" {
		t.Errorf("packet to the client: %s", got)
	}
	if got := sids(in.Inspect(&Input{Packet: p}, nil)); got != "1 6" {
		t.Errorf("packet without a flow: %s", got)
	}
}

func TestFlowbitsConnectRules(t *testing.T) {
	rs := load(t, `
alert udp any any -> any any (content:"second"; flowbits:isset,one; flowbits:isnotset,never; sid:1;)
alert udp any any -> any any (content:"first"; flowbits:set,one; noalert; sid:2;)
alert udp any any -> any any (content:"either"; flowbits:isset,never|one; sid:3;)
alert udp any any -> any any (content:"clear"; flowbits:unset,one; sid:4;)
alert udp any any -> any any (content:"flip"; flowbits:toggle,one; sid:5;)
`, Options{})
	in := NewInspector(rs, InspectorConfig{})
	f := &flow{}
	see := func(payload string) string {
		return sids(in.Inspect(f.input(udp(t, payload), decoders.ToServer), nil))
	}
	if got := see("second"); got != "" {
		t.Errorf("bit is set before it was: %s", got)
	}
	got := in.Inspect(f.input(udp(t, "first"), decoders.ToServer), nil)
	if len(got) != 1 || got[0].Alert {
		t.Errorf("noalert rule: %+v", got)
	}
	if got := see("second either"); got != "1 3" {
		t.Errorf("after set: %s", got)
	}
	if names := in.Flowbits(&f.state, nil); len(names) != 1 || names[0] != "one" {
		t.Errorf("names of the flow's bits are %v", names)
	}
	if got := see("first second"); got != "1" {
		t.Errorf("bit set in the same packet: %s", got)
	}
	if got := see("clear"); got != "4" {
		t.Errorf("clear: %s", got)
	}
	if got := see("second"); got != "" {
		t.Errorf("after unset: %s", got)
	}
	for n, want := range []string{"1", ""} {
		see("flip")
		if got := see("second"); got != want {
			t.Errorf("after toggle %d: %q, want %q", n+1, got, want)
		}
	}
	in.EndFlow(&f.state)
	if s := in.Stats(); s.BitNodesInUse != 0 {
		t.Errorf("%d nodes in use after the flow", s.BitNodesInUse)
	}
}

func TestSwapKeepsFlowbits(t *testing.T) {
	in := NewInspector(load(t, `alert udp any any -> any any (content:"first"; flowbits:set,one; sid:1;)`, Options{}), InspectorConfig{})
	f := &flow{}
	in.Inspect(f.input(udp(t, "first"), decoders.ToServer), nil)
	in.Swap(load(t, `
alert udp any any -> any any (content:"second"; flowbits:isset,zero; sid:2;)
alert udp any any -> any any (content:"second"; flowbits:isset,one; sid:3;)`, Options{}))
	if got := sids(in.Inspect(f.input(udp(t, "second"), decoders.ToServer), nil)); got != "3" {
		t.Errorf("after the swap: %s, want 3", got)
	}
}

func TestAlertsComeInOrder(t *testing.T) {
	rs := load(t, `
alert udp any any -> any any (content:"abc"; priority:3; sid:1;)
alert udp any any -> any any (content:"abc"; priority:1; sid:2;)
drop udp any any -> any any (content:"abc"; priority:3; sid:3;)
alert udp any any -> any any (content:"abc"; flowbits:isset,x; priority:3; sid:4;)
alert udp any any -> any any (content:"abc"; flowbits:set,x; priority:3; sid:5;)
reject udp any any -> any any (content:"abc"; sid:6;)
`, Options{})
	f := &flow{}
	got := NewInspector(rs, InspectorConfig{}).Inspect(f.input(udp(t, "abc"), decoders.ToServer), nil)
	if s := sids(got); s != "3 6 5 4 2 1" {
		t.Errorf("order %s, want 3 6 5 4 2 1", s)
	}
	if v := got[0].Sig.Action().Verdict() + " " + got[1].Sig.Action().Verdict(); v != "allowed blocked" {
		t.Errorf("verdicts of drop and reject are %s", v)
	}
}

func TestPassStopsAlerts(t *testing.T) {
	rules := `
alert udp any any -> any any (content:"abc"; sid:1;)
pass udp any any -> any any (content:"pass-packet"; sid:2;)
pass ip 10.9.9.9 any -> any any (sid:3;)
`
	in := NewInspector(load(t, rules, Options{}), InspectorConfig{})
	f := &flow{}
	if got := sids(in.Inspect(f.input(udp(t, "abc pass-packet"), decoders.ToServer), nil)); got != "" {
		t.Errorf("alerts behind a pass: %s", got)
	}
	if got := sids(in.Inspect(f.input(udp(t, "abc"), decoders.ToServer), nil)); got != "1" {
		t.Errorf("a packet rule passed the flow: %q", got)
	}
	p := packet(t, dt.IP4{Src: "10.9.9.9", Dst: "192.0.2.9"}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("abc"))
	f = &flow{}
	for range 2 {
		if got := sids(in.Inspect(f.input(p, decoders.ToServer), nil)); got != "" {
			t.Errorf("alert in a passed flow: %s", got)
		}
	}
	if !f.state.Passed() || in.Stats().Passed != 1 {
		t.Errorf("flow passed %v, packets passed %d", f.state.Passed(), in.Stats().Passed)
	}
}

func TestAlertsOfOnePacketAreBounded(t *testing.T) {
	var rules strings.Builder
	for sid := 1; sid <= 20; sid++ {
		fmt.Fprintf(&rules, "alert udp any any -> any any (content:\"abc\"; sid:%d;)\n", sid)
	}
	in := NewInspector(load(t, rules.String(), Options{}), InspectorConfig{})
	if got := in.Inspect(&Input{Packet: udp(t, "abc")}, nil); len(got) != 15 {
		t.Errorf("%d alerts, want 15", len(got))
	}
	if n := in.Stats().Overflow; n != 5 {
		t.Errorf("%d counted as overflow, want 5", n)
	}
}

// fakeTx is a DNS transaction made for a test.
type fakeTx struct {
	id       uint64
	names    []string
	types    []uint64
	events   []app.Event
	complete bool
	state    app.TxState
}

func (x *fakeTx) ID() uint64                        { return x.id }
func (x *fakeTx) Progress(decoders.Direction) uint8 { return 1 }
func (x *fakeTx) Complete(decoders.Direction) bool  { return x.complete }
func (x *fakeTx) State() *app.TxState               { return &x.state }

func (x *fakeTx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if b != app.DNSQuery || i >= len(x.names) {
		return nil, false
	}
	return []byte(x.names[i]), true
}

func (x *fakeTx) Integer(b app.Buffer, i int) (uint64, bool) {
	if b != app.DNSRRType || i >= len(x.types) {
		return 0, false
	}
	return x.types[i], true
}

func (x *fakeTx) AppendEvents(dst []app.Event) []app.Event { return append(dst, x.events...) }

func (x *fakeTx) HasEvent(e app.Event) bool {
	for _, have := range x.events {
		if have == e {
			return true
		}
	}
	return false
}

func TestRulesOnTransactions(t *testing.T) {
	tests := []struct {
		name, options string
		want          bool
	}{
		{"buffer", `dns.query; content:"example.com";`, true},
		{"buffer under its old name", `dns_query; content:"example.com";`, true},
		{"second instance", `dns.query; content:"second.test"; startswith; endswith;`, true},
		{"two contents on one instance", `dns.query; content:"example"; content:"second";`, false},
		{"two groups on two instances", `dns.query; content:"example"; dns.query; content:"second";`, true},
		{"dotprefix", `dns.query; dotprefix; content:".example.com"; endswith;`, true},
		{"nocase", `dns.query; content:"EXAMPLE"; nocase;`, true},
		{"negated", `dns.query; content:!"example"; bsize:11;`, true},
		{"absent buffer", `dns.answers.rrname; content:!"x";`, false},
		{"a buffer whose absence is not seen", `dns.answers.rrname; absent;`, false},
		{"number", `dns.rrtype:28;`, true},
		{"number by name", `dns.rrtype:aaaa;`, true},
		{"number not there", `dns.rrtype:a;`, false},
		{"all numbers", `dns.rrtype:>20,all;`, true},
		{"buffer and number", `dns.query; content:"example"; dns.rrtype:28;`, true},
		{"event", `app-layer-event:dns.z_flag_set;`, true},
		{"event not there", `app-layer-event:dns.malformed_data;`, false},
		{"payload too", `content:"PAY"; dns.query; content:"example";`, true},
		{"payload not there", `content:"NOT"; dns.query; content:"example";`, false},
		{"protocol and payload", `content:"PAY";`, true},
		{"protocol only", `msg:"x";`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, off := range []bool{false, true} {
				in := NewInspector(load(t, "alert dns any any -> any any ("+tt.options+" sid:1;)", Options{NoPrefilter: off}), InspectorConfig{})
				f := &flow{app: app.ProtoDNS}
				input := f.input(udp(t, "PAYLOAD"), decoders.ToServer)
				tx := &fakeTx{id: 7, names: []string{"www.example.com", "second.test"}, types: []uint64{28, 65}, events: []app.Event{app.EventDNSZFlagSet}, complete: true}
				input.Txs = []app.Tx{tx}
				got := in.Inspect(input, nil)
				if (len(got) == 1) != tt.want {
					t.Fatalf("prefilter %v: %d matches, want %v", !off, len(got), tt.want)
				}
				if len(got) == 1 && got[0].Tx != nil && got[0].TxID != 7 {
					t.Errorf("transaction %d, want 7", got[0].TxID)
				}
				f.app = app.ProtoUnknown
				if got := in.Inspect(f.input(udp(t, "PAYLOAD"), decoders.ToServer), nil); len(got) != 0 {
					t.Errorf("matches a flow of another protocol")
				}
			}
		})
	}
}

func TestATransactionAlertsOncePerRule(t *testing.T) {
	in := NewInspector(load(t, `alert dns any any -> any any (dns.query; content:"example"; sid:1;)`, Options{}), InspectorConfig{})
	f := &flow{app: app.ProtoDNS}
	tx := &fakeTx{names: []string{"example"}}
	total := 0
	for range 3 {
		input := f.input(udp(t, "x"), decoders.ToServer)
		input.Txs = []app.Tx{tx}
		total += len(in.Inspect(input, nil))
	}
	if total != 1 || in.Stats().NotesInUse != 2 {
		t.Errorf("%d alerts, %d notes while the transaction goes on; want 1 and 2", total, in.Stats().NotesInUse)
	}
	tx.complete = true
	input := f.input(udp(t, "x"), decoders.ToServer)
	input.Txs = []app.Tx{tx}
	if got := in.Inspect(input, nil); len(got) != 0 || in.Stats().NotesInUse != 0 {
		t.Errorf("%d alerts, %d notes at the end; want none", len(got), in.Stats().NotesInUse)
	}
}

func TestTransactionsOfOnePacketAlertLatestFirst(t *testing.T) {
	in := NewInspector(load(t, `alert dns any any -> any any (dns.query; content:"example"; sid:1;)`, Options{}), InspectorConfig{})
	f := &flow{app: app.ProtoDNS}
	input := f.input(udp(t, "x"), decoders.ToServer)
	for id := range uint64(3) {
		input.Txs = append(input.Txs, &fakeTx{id: id, names: []string{"example"}, complete: true})
	}
	got := in.Inspect(input, nil)
	if len(got) != 3 || got[0].TxID != 2 || got[2].TxID != 0 {
		t.Errorf("matches %+v, want transactions 2 1 0", got)
	}
}

func TestInspectAllocatesNothingInSteadyState(t *testing.T) {
	rs := load(t, `
alert udp any any -> any any (content:"index"; fast_pattern; content:"html"; distance:0; flowbits:set,a; sid:1;)
alert udp any any -> any any (flowbits:isset,a; content:!"zzz"; sid:2;)
alert ip 10.0.0.0/8 any -> any any (sid:3;)
alert dns any any -> any any (dns.query; dotprefix; content:".example.com"; dns.rrtype:28; sid:4;)
alert udp any any -> any any (content:"G"; threshold:type limit,track by_flow,count 1,seconds 60; sid:5;)
alert udp any any -> any any (ipv4.hdr; content:"|45|"; startswith; sid:6;)
`, Options{})
	in := NewInspector(rs, InspectorConfig{})
	f := &flow{app: app.ProtoDNS}
	input := f.input(udp(t, "GET /index.html"), decoders.ToServer)
	tx := &fakeTx{names: []string{"a"}, types: []uint64{28}, complete: true}
	name := []byte("www.example.com")
	input.Txs = []app.Tx{steadyTx{tx, name}}
	var out []Match
	run := func() {
		tx.state = app.TxState{}
		f.state.flags = 0
		out = in.Inspect(input, out[:0])
	}
	run()
	if s := sids(out); s != "1 2 3 4 5 6" {
		t.Fatalf("matches %s", s)
	}
	if n := testing.AllocsPerRun(200, run); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// steadyTx gives its buffer without allocating.
type steadyTx struct {
	*fakeTx
	name []byte
}

func (x steadyTx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	return x.name, b == app.DNSQuery && i == 0
}

func TestSuppressAndFlowThresholds(t *testing.T) {
	conf, diags := ruleconf.ParseThresholds("threshold.config", []byte(`
suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.0/8
suppress gen_id 1, sig_id 2, track by_dst, ip 10.0.0.0/8
suppress gen_id 1, sig_id 3, track by_either, ip 192.0.2.9
suppress gen_id 1, sig_id 4
`), nil)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	rs := load(t, `
alert udp any any -> any any (content:"abc"; flowbits:set,x; sid:1;)
alert udp any any -> any any (content:"abc"; sid:2;)
alert udp any any -> any any (content:"abc"; sid:3;)
alert udp any any -> any any (content:"abc"; sid:4;)
alert udp any any -> any any (content:"abc"; flowbits:isset,x; sid:5;)
alert udp any any -> any any (content:"abc"; threshold:type backoff,track by_flow,count 2,multiplier 2; sid:6;)
`, Options{Thresholds: conf})
	in := NewInspector(rs, InspectorConfig{})
	f := &flow{}
	for i, want := range []string{"5 2", "5 2 6", "5 2", "5 2 6", "5 2", "5 2", "5 2", "5 2 6"} {
		if got := sids(in.Inspect(f.input(udp(t, "abc"), decoders.ToServer), nil)); got != want {
			t.Errorf("packet %d: %s, want %s", i+1, got, want)
		}
	}
	if in.Stats().Suppressed == 0 {
		t.Error("nothing counted as suppressed")
	}
}
