package keyword

import (
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// plan compiles the options of a rule; sid and msg are added.
func plan(t testing.TB, options string) *Plan {
	t.Helper()
	p, d := tryPlan(t, options)
	if d != nil {
		t.Fatalf("%s: %v", options, d)
	}
	return p
}

func tryPlan(t testing.TB, options string) (*Plan, *rule.Diagnostic) {
	t.Helper()
	r, err := rule.ParseOne(`alert ip any any -> any any (msg:"x"; `+options+` sid:1;)`, nil)
	if err != nil {
		t.Fatalf("%s: %v", options, err)
	}
	return planOf(r)
}

func planOf(r *rule.Rule) (*Plan, *rule.Diagnostic) {
	b := NewBuilder(NewSet(), NewNames(), &Environment{Features: []string{FeatureJA3, FeatureJA4}}, r)
	for i := range r.Options {
		if d := b.Add(&r.Options[i]); d != nil {
			return nil, d
		}
	}
	p, _, d := b.Finish()
	return p, d
}

// payloadMatches evaluates a plan's payload conditions.
func payloadMatches(p *Plan, payload string) bool {
	var m Machine
	for _, l := range p.Lists {
		if !m.Match(&l.Chain, []byte(payload)) {
			return false
		}
	}
	return true
}

// testsHold evaluates a plan's conditions on packet and flow.
func testsHold(p *Plan, f *Facts) bool {
	for _, t := range p.Tests {
		if !t.Match(f) {
			return false
		}
	}
	return true
}

func TestTableIsConsistent(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Table() {
		for _, name := range append([]string{k.Name}, k.Aliases...) {
			if seen[name] {
				t.Errorf("%s stands twice in the table", name)
			}
			seen[name] = true
		}
		if k.Kind == 0 || k.Setup == nil || k.Syntax == "" {
			t.Errorf("%s lacks kind, syntax or Setup", k.Name)
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d names in the table", len(seen))
	}
}

func TestUnsupportedAndUnknownKeywordsAreToldApart(t *testing.T) {
	tests := []struct{ options, code, what string }{
		{"template2:x;", "unsupported-keyword", "keyword template2 is not supported yet"},
		{"lua:x.lua;", "unsupported-keyword", "keyword lua is not supported yet"},
		{"ssh.protoversion:2.0;", "unsupported-keyword", "keyword ssh.protoversion is obsolete"},
		{"contnet:\"x\";", "unknown-keyword", `unknown keyword "contnet"`},
		{"zzzzzzzz:1;", "unknown-keyword", `unknown keyword "zzzzzzzz"`},
	}
	for _, tt := range tests {
		_, d := tryPlan(t, tt.options)
		if d == nil || d.Code != tt.code || d.What != tt.what {
			t.Errorf("%s: got %v, want %s: %s", tt.options, d, tt.code, tt.what)
		}
	}
	if _, d := tryPlan(t, "contnet:\"x\";"); d.Hint != "did you mean content?" {
		t.Errorf("hint for contnet is %q", d.Hint)
	}
	if _, d := tryPlan(t, "ssh.protoversion:2.0;"); d.Hint != "use ssh.proto" {
		t.Errorf("hint for ssh.protoversion is %q", d.Hint)
	}
}

func TestOptionsThatCannotBeHonouredAreRefused(t *testing.T) {
	tests := []struct{ name, options, code string }{
		{"depth below content", `content:"abcd"; depth:3;`, "never-matches"},
		{"within below content", `content:"a"; content:"abcd"; within:3;`, "never-matches"},
		{"modifier without content", `nocase;`, "no-content"},
		{"modifier after another buffer", `content:"a"; ipv4.hdr; nocase;`, "no-content"},
		{"startswith with depth", `content:"a"; depth:4; startswith;`, "bad-combination"},
		{"depth after startswith", `content:"a"; startswith; depth:4;`, "bad-combination"},
		{"two depths", `content:"a"; depth:4; depth:5;`, "duplicate-option"},
		{"content longer than bsize", `content:"abcdef"; bsize:3;`, "never-matches"},
		{"negated fast pattern with position", `content:!"abcdef"; depth:10; fast_pattern;`, "bad-combination"},
		{"chop outside of content", `content:"abcdef"; fast_pattern:4,4;`, "bad-value"},
		{"sticky buffer without condition", `ipv4.hdr; content:"a"; tcp.hdr;`, "empty-buffer"},
		{"sticky buffer followed by another", `tcp.hdr; ipv4.hdr; content:"a";`, "empty-buffer"},
		{"transform without buffer", `to_md5; content:"a";`, "misplaced-transform"},
		{"transform behind a transformed buffer's content", `ipv4.hdr; to_md5; content:"a"; to_sha1; content:"b";`, "misplaced-transform"},
		{"two flow directions", `flow:to_server,to_client;`, "duplicate-option"},
		{"two flow states", `flow:established,not_established;`, "duplicate-option"},
		{"flow twice", `flow:established; flow:to_server;`, "duplicate-option"},
		{"unknown flow word", `flow:to_sever;`, "bad-value"},
		{"flow against buffer", `flow:to_client; dns.query; content:"a";`, "wrong-direction"},
		{"undefined byte variable", `content:"a"; content:"b"; distance:x;`, "undefined-variable"},
		{"byte_test of nine bytes", `byte_test:9,=,1,0;`, "bad-value"},
		{"byte_test operator", `byte_test:1,~,1,0;`, "bad-value"},
		{"byte_jump base without string", `byte_jump:1,0,hex;`, "bad-value"},
		{"unknown event", `decode-event:ipv4.nonsense;`, "unknown-event"},
		{"unknown app event", `app-layer-event:dns.nonsense;`, "unknown-event"},
		{"threshold and detection_filter", `threshold:type limit,track by_src,count 1,seconds 1; detection_filter:track by_src,count 1,seconds 1;`, "bad-combination"},
		{"threshold without track", `threshold:type limit,count 1,seconds 1;`, "bad-value"},
		{"backoff by source", `threshold:type backoff,track by_src,count 1,multiplier 2;`, "bad-value"},
		{"missing value", `depth;`, "missing-value"},
		{"value too many", `content:"a"; nocase:1;`, "unexpected-value"},
		{"priority zero", `priority:0;`, "bad-value"},
		{"target of nobody", `target:both;`, "bad-value"},
		{"protocol not recognised", `app-layer-protocol:llmnr;`, "unsupported-protocol"},
		{"unmet requirement", `requires:feature no-such-thing;`, CodeRequires},
		{"unknown requirement", `requires:wings;`, CodeRequires},
		{"bits of transactions without a hook", `xbits:isset,x,track tx;`, "bad-combination"},
		{"bits of transactions that are unset", `xbits:unset,x,track tx;`, "bad-value"},
		{"dce in a rule of HTTP", `http.uri; byte_test:1,=,1,0,dce;`, "wrong-protocol"},
		{"unmet version", `requires:version >= 99.0;`, CodeRequires},
		{"two versions", `requires:version >= 7, version >= 8;`, "bad-value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, d := tryPlan(t, tt.options)
			if d == nil {
				t.Fatalf("%s loads", tt.options)
			}
			if d.Code != tt.code {
				t.Errorf("%s: code %q (%v), want %q", tt.options, d.Code, d, tt.code)
			}
			if d.Pos.Col == 0 {
				t.Errorf("%s: no position: %v", tt.options, d)
			}
		})
	}
}

func TestRequirementsThatAreMetLoad(t *testing.T) {
	for _, value := range []string{"version >= 7.0.3", "version >= 7.0.3 < 8 | >= 8.0.1", "keyword content", "version>=8", "feature ja3", "feature ja4"} {
		if _, d := tryPlan(t, "requires:"+value+";"); d != nil {
			t.Errorf("requires:%s: %v", value, d)
		}
	}
}

func TestFingerprintsThatAreSwitchedOffDoNotLoad(t *testing.T) {
	for options, code := range map[string]string{"ja4.hash; content:\"a\";": "feature-off", "ja3_string; content:\"a\";": "feature-off", "requires: feature ja4;": CodeRequires} {
		r, err := rule.ParseOne(`alert tls any any -> any any (`+options+` sid:1;)`, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := NewBuilder(NewSet(), NewNames(), &Environment{}, r)
		if d := b.Add(&r.Options[0]); d == nil || d.Code != code {
			t.Errorf("%s: %v, want %s", options, d, code)
		}
	}
}

func TestMetaIsKept(t *testing.T) {
	p := plan(t, `reference:url,example.com/a; reference:cve,2024-1; metadata:a 1, b two words, a 2; target:dest_ip; rev:7; gid:9; priority:2; noalert; classtype:bad-unknown;`)
	m := p.Meta
	if m.Sid != 1 || m.Rev != 7 || m.Gid != 9 || m.Priority != 2 || !m.NoAlert || m.Target != TargetDestination {
		t.Errorf("meta is %+v", m)
	}
	if len(m.Details.References) != 2 || len(m.Details.Metadata) != 3 || m.Details.Metadata[1] != (Pair{"b", "two words"}) {
		t.Errorf("references %v, metadata %v", m.Details.References, m.Details.Metadata)
	}
}

func TestDirectionsFollowFlowAndBuffers(t *testing.T) {
	tests := []struct {
		options string
		want    DirectionSet
	}{
		{`content:"a";`, DirBoth},
		{`flow:to_server;`, DirToServer},
		{`flow:from_server;`, DirToClient},
		{`dns.query; content:"a";`, DirToServer},
		{`dns.response.rrname; content:"a";`, DirToClient},
		{`dns.queries.rrname; content:"a";`, DirBoth},
	}
	for _, tt := range tests {
		if got := plan(t, tt.options).Dirs; got != tt.want {
			t.Errorf("%s: directions %b, want %b", tt.options, got, tt.want)
		}
	}
}

func TestRepeatedMultiBufferIsASecondGroup(t *testing.T) {
	p := plan(t, `dns.query; content:"a"; dns.query; content:"b";`)
	if len(p.Lists) != 2 {
		t.Errorf("%d lists for two uses of a multi buffer, want 2", len(p.Lists))
	}
	p = plan(t, `ipv4.hdr; content:"a"; ipv4.hdr; content:"b";`)
	if len(p.Lists) != 1 {
		t.Errorf("%d lists for two uses of one buffer, want 1", len(p.Lists))
	}
}

// header is a Packet for conditions on headers.
func header(set func(*decoders.Packet)) *Facts {
	p := &decoders.Packet{}
	set(p)
	return &Facts{Packet: p}
}

func TestHeaderConditions(t *testing.T) {
	tcp := func(flags uint8) *Facts {
		return header(func(p *decoders.Packet) {
			p.Layers, p.IPVersion, p.Proto = decoders.LayerIPv4|decoders.LayerTCP, 4, 6
			p.TCPFlags, p.Seq, p.Ack, p.TCPWindow, p.TTL, p.IPID, p.TOS = flags, 7, 9, 512, 64, 4242, 0x10
			p.TCPOpts, p.TCPMSS, p.TCPWScale = decoders.TCPOptMSS, 1460, 3
			p.IPChecksum, p.L4Checksum = decoders.ChecksumGood, decoders.ChecksumBad
			p.VLANs, p.VLANCount = [3]uint16{10, 20}, 2
			p.IPv4Options = 1 << 7
			p.Src, p.Dst = decoders.Addr{1}, decoders.Addr{1}
			p.PayloadLen = 100
			p.DontFragment = true
		})
	}
	icmp := header(func(p *decoders.Packet) {
		p.Layers, p.Proto = decoders.LayerIPv4|decoders.LayerICMPv4, 1
		p.ICMPType, p.ICMPCode, p.ICMPID, p.ICMPSeq, p.HasICMPID = 8, 0, 77, 5, true
	})
	other := header(func(p *decoders.Packet) {
		p.Layers, p.IPVersion, p.Proto, p.PayloadLen = decoders.LayerIPv4|decoders.LayerGRE, 4, 47, 60
	})
	fragment := header(func(p *decoders.Packet) {
		p.Layers, p.IPVersion, p.Proto, p.PayloadLen = decoders.LayerIPv6|decoders.LayerFragment, 6, 6, 60
		p.FragOffset = 1448
	})
	const fin, syn, ack, psh, cwr = decoders.TCPFin, decoders.TCPSyn, decoders.TCPAck, decoders.TCPPsh, decoders.TCPCwr
	tests := []struct {
		options string
		facts   *Facts
		want    bool
	}{
		{"flags:S;", tcp(syn), true},
		{"flags:S;", tcp(syn | ack), false},
		{"flags:S+;", tcp(syn | ack), true},
		{"flags:+S;", tcp(ack), false},
		{"flags:*SA;", tcp(ack), false},
		{"flags:*SA;", tcp(fin | ack), true},
		{"flags:*PA;", tcp(ack), true},
		{"flags:!S;", tcp(ack), false},
		{"flags:!S;", tcp(fin | ack), true},
		{"flags:!P;", tcp(ack), true},
		{"flags:!C;", tcp(ack), false},
		{"flags:!SA;", tcp(syn | ack), false},
		{"flags:!SA;", tcp(ack), false},
		{"flags:!SA;", tcp(syn), true},
		{"flags:S,12;", tcp(syn | cwr), true},
		{"flags:S,CE;", tcp(syn | cwr), true},
		{"flags:0;", tcp(0), true},
		{"flags:0;", tcp(ack), false},
		{"flags:!0;", tcp(ack), true},
		{"flags:S;", icmp, false},
		{"tcp.seq:7;", tcp(0), true},
		{"seq:8;", tcp(0), false},
		{"ack:9;", tcp(0), true},
		{"window:!512;", tcp(0), false},
		{"tcp.mss:>1000;", tcp(0), true},
		{"tcp.wscale:3;", tcp(0), false}, // the option is not there
		{"ttl:<65;", tcp(0), true},
		{"id:4242;", tcp(0), true},
		{"tos:x10;", tcp(0), true},
		{"tos:!16;", tcp(0), false},
		{"ip_proto:6;", tcp(0), true},
		{"ip_proto:!tcp;", tcp(0), false},
		{"ip_proto:<7;", tcp(0), true},
		{"ip_proto:icmp;", icmp, true},
		{"sameip;", tcp(0), true},
		{"ipopts:rr;", tcp(0), true},
		{"ipopts:lsrr;", tcp(0), false},
		{"ipopts:any;", tcp(0), true},
		{"fragbits:D;", tcp(0), true},
		{"fragbits:M+;", tcp(0), false},
		{"fragbits:+D;", tcp(0), false}, // no other bit is set
		{"fragbits:!M;", tcp(0), true},
		{"fragoffset:0;", tcp(0), true},
		{"ipv4-csum:valid;", tcp(0), true},
		{"tcpv4-csum:invalid;", tcp(0), true},
		{"tcpv6-csum:invalid;", tcp(0), false},
		{"vlan.id:20;", tcp(0), true},
		{"vlan.id:20,0;", tcp(0), false},
		{"vlan.id:20,-1;", tcp(0), true},
		{"vlan.id:20,all;", tcp(0), false},
		{"vlan.id:<21,all;", tcp(0), true},
		{"vlan.layers:2;", tcp(0), true},
		{"itype:8; icode:0;", icmp, true},
		{"itype:>8;", icmp, false},
		{"icmp_id:77; icmp_seq:5;", icmp, true},
		{"icmp_id:77;", tcp(0), false},
		{"dsize:100;", tcp(0), true},
		{"dsize:0;", other, true}, // nothing looks into it
		{"dsize:0;", fragment, true},
		{"ip_proto:44;", fragment, true},
		{"ip_proto:6;", fragment, false},
		{"fragoffset:1448;", fragment, true},
		{"dsize:99<>101;", tcp(0), true},
		{"dsize:100<>102;", tcp(0), false},
		{"icmpv6.mtu:1280;", icmp, false},
	}
	for _, tt := range tests {
		if got := testsHold(plan(t, tt.options), tt.facts); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.options, got, tt.want)
		}
	}
}

func TestFlowConditions(t *testing.T) {
	f := &Facts{
		Packet: &decoders.Packet{Timestamp: 12e9}, HasFlow: true, FlowStart: 2e9,
		FlowPackets: [2]uint64{3, 5}, FlowBytes: [2]uint64{300, 500},
	}
	tests := []struct {
		options string
		want    bool
	}{
		{"flow.age:10;", true},
		{"flow.age:>10;", false},
		{"flow.pkts_toserver:3;", true},
		{"flow.pkts_toclient:3;", false},
		{"flow.pkts:both,8;", true},
		{"flow.pkts:either,5;", true},
		{"flow.bytes:toclient,500;", true},
		{"flow.bytes_toserver:>300;", false},
		{"flow:only_frag;", false},
		{"flow:no_frag;", true},
	}
	for _, tt := range tests {
		if got := testsHold(plan(t, tt.options), f); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.options, got, tt.want)
		}
	}
	if later := (&Facts{Packet: &decoders.Packet{Timestamp: 3e9}, HasFlow: true, FlowStart: 2.9e9}); !testsHold(plan(t, "flow.age:1;"), later) {
		t.Error("a flow that began before the second is not a second old")
	}
	if testsHold(plan(t, "dsize:!9;"), &Facts{Packet: &decoders.Packet{}}) {
		t.Error("dsize:!9 holds for a packet without payload")
	}
	if !testsHold(plan(t, "dsize:!2-9;"), &Facts{Packet: &decoders.Packet{}}) {
		t.Error("dsize:!2-9 does not hold for a packet without payload")
	}
	if testsHold(plan(t, "flow.age:<100;"), &Facts{Packet: f.Packet}) {
		t.Error("flow.age holds without a flow")
	}
}

func TestTransforms(t *testing.T) {
	tests := []struct{ options, in, want string }{
		{"dotprefix;", "example.com", ".example.com"},
		{"to_lowercase;", "AbC\xC4", "abc\xC4"},
		{"to_uppercase;", "AbC\xE4", "ABC\xE4"},
		{"strip_whitespace;", " a\tb\r\n\v\fc ", "abc"},
		{"compress_whitespace;", "a \t b\nc", "a b c"},
		{"url_decode;", "a+b%20c%4zd%", "a b c%4zd%"},
		{"header_lowercase;", "Host: A\r\nX-Y: Z\r\n", "host: A\r\nx-y: Z\r\n"},
		{"strip_pseudo_headers;", ":method GET\r\nhost: a\r\n:path /\r\n", "host: a\r\n"},
		{`xor:"0102";`, "\x01\x02\x03", "\x00\x00\x02"},
		{`xor:offset 1,"ff";`, "\x01\x02\x03", "\x01\xFD\xFC"},
		{"to_md5;", "", "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e"},
		{"to_uppercase; dotprefix;", "a", ".A"},
		{"dotprefix; to_sha1;", "a", string(toSHA1(nil, []byte(".a")))},
		{"to_sha256;", "a", string(toSHA256(nil, []byte("a")))},
		{"domain;", "www.example.co.uk", "example.co.uk"},
		{"domain;", "co.uk", ""},
		{"domain;", "192.168.1.1", "1.1"},
		{"dotprefix; domain;", "www.example.com", "example.com"},
		{"domain;", "a.com.", "a.com."},
		{"tld;", "www.example.co.uk", "co.uk"},
		{"tld;", "com", ""},
		{"tld;", "a.com.", "com."},
		{`pcrexform:"([0-9]+)";`, "abc 12", "12"},
		{`pcrexform:"([0-9]+)";`, "abc", "abc"},
		{`pcrexform:"a(b)?";`, "ac", "ac"},
		{"gunzip;", "no gzip", ""},
		{"zlib_deflate;", "no zlib", ""},
		{"from_base64;", "aGVs", "hel"},
		{"from_base64;", "aGVsb", "aGVsb"}, // a digit is left: none of it is base64
		{"from_base64;", "aGVsbG8=aGVs", "hellohel"},
		{"from_base64:mode rfc2045;", "aG Vs!bG8=", "hello"},
		{"from_base64:mode rfc2045;", "aG Vsb", "hel"},
		{"from_base64:mode strict;", "aGVs!bG8=", "aGVs!bG8="},
		{"from_base64:bytes 4, offset 2;", "xxaGVsbG8=", "hel"},
	}
	for _, tt := range tests {
		p := plan(t, "ipv4.hdr; "+tt.options+" content:\"0\";")
		var m Machine
		in := []byte(tt.in)
		got, _ := m.Transformed(p.Lists[0], in)
		if string(got) != tt.want {
			t.Errorf("%s of %q is %q, want %q", tt.options, tt.in, got, tt.want)
		}
		if string(in) != tt.in {
			t.Errorf("%s changed its input", tt.options)
		}
	}
}

func TestTransformsAllocateNothingInSteadyState(t *testing.T) {
	p := plan(t, "ipv4.hdr; to_uppercase; dotprefix; to_sha256; content:\"x\";")
	var m Machine
	in := []byte(strings.Repeat("example", 20))
	m.Transformed(p.Lists[0], in)
	if n := testing.AllocsPerRun(100, func() { m.Transformed(p.Lists[0], in) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestFlowbitsKeepTheirNamesWhenRulesAreSwapped(t *testing.T) {
	s := NewBits(10)
	s.Use([]string{"a", "b"})
	var handle uint32
	f := FlowBits{s, &handle}
	f.Set(1)
	s.Use([]string{"c", "b", "a"})
	if f.Has(0) || !f.Has(1) || f.Has(2) {
		t.Errorf("after the swap c %v, b %v, a %v; want only b", f.Has(0), f.Has(1), f.Has(2))
	}
	f.Clear(1)
	if f.Has(1) {
		t.Error("b is set after Clear")
	}
	s.Release(&handle)
	if handle != 0 || s.InUse() != 0 {
		t.Errorf("handle %d, %d nodes in use after Release", handle, s.InUse())
	}
}

func TestFlowbitsAreBoundedAndCounted(t *testing.T) {
	names := make([]string, 20)
	for i := range names {
		names[i] = string(rune('a' + i))
	}
	s := NewBits(2) // 12 bits
	s.Use(names)
	var handle uint32
	f := FlowBits{s, &handle}
	for i := range names {
		f.Set(uint16(i))
	}
	set := 0
	for i := range names {
		if f.Has(uint16(i)) {
			set++
		}
	}
	if set != 12 || s.Refused != 8 {
		t.Errorf("%d bits set and %d refused, want 12 and 8", set, s.Refused)
	}
}

func TestContentsThatATransformCannotMakeAreRefused(t *testing.T) {
	for _, c := range []struct {
		options string
		loads   bool
	}{
		{`http.uri; to_lowercase; content:"Ab";`, false},
		{`http.uri; to_lowercase; content:"ab"; nocase;`, true},
		{`http.uri; to_uppercase; content:"ab"; nocase;`, false},
		{`http.uri; to_lowercase; to_uppercase; content:"AB";`, true},
		{`http.uri; strip_whitespace; content:"a b";`, false},
		{`http.uri; compress_whitespace; content:"a  b";`, false},
		{`http.uri; compress_whitespace; content:"a b";`, true},
		{`http.host; content:"Ab";`, false},
		{`http.host; to_uppercase; content:"AB";`, true},
	} {
		_, d := tryPlan(t, c.options)
		if (d == nil) != c.loads {
			t.Errorf("%s: %v", c.options, d)
		}
	}
}
