package signatures

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestReportAccountsForEveryRule(t *testing.T) {
	rs, report := Load([]Source{
		{Name: "a.rules", Text: []byte(`
alert udp any any -> any any (msg:"one"; content:"abc"; sid:1; rev:1;)
alert udp any any -> any any (msg:"newer"; content:"abc"; sid:1; rev:2;)
alert udp any any -> any any (msg:"same"; content:"abc"; sid:1; rev:2;)
# alert udp any any -> any any (msg:"off"; sid:2;)
alert llmnr any any -> any any (msg:"llmnr"; sid:3;)
alert udp any any -> any any (msg:"lua"; lua:x.lua; sid:4;)
alert udp any any -> any any (msg:"mistake"; contnet:"x"; sid:5;)
alert udp any any -> any any (msg:"broken"; content:"x"
alert udp any any -> any any (msg:"other engine"; requires:feature none; nonsense; sid:6;)
alert nonsense any any -> any any (msg:"other engine"; requires:feature none; sid:7;)
alert udp any 53 <> any any (msg:"both"; content:"abc"; sid:8;)
alert tcp-stream any any -> any any (content:"abc"; sid:9;)
alert udp any any -> any any (content:"abc";)
alert dns any any -> any any (dns.query; content:"abc"; dsize:5; sid:10;)
alert udp any any -> any any (content:"abcdef"; dsize:<4; sid:11;)
alert icmp any any -> any any (dns.query; content:"abc"; sid:12;)
alert udp any any => any any (content:"abc"; sid:13;)
accept:hook udp any any -> any any (content:"abc"; sid:14;)
alert http1:request_line any any -> any any (http.user_agent; content:"abc"; sid:21;)
alert http1:request_complete any any -> any any (http.user_agent; content:"abc"; sid:22;)
alert dns:no_such_hook any any -> any any (dns.query; content:"abc"; sid:15;)
alert udp any any -> any any (content:"abc"; classtype:nobody-knows; sid:16;)
alert udp any any -> any any (content:"abc"; gid:2; sid:1;)
`)}}, Options{})
	if report.Total != 22 || report.Loaded != 5 || report.Failed != 14 || report.Skipped != 2 || report.Replaced != 1 || report.Disabled != 1 {
		t.Errorf("total %d loaded %d failed %d skipped %d replaced %d disabled %d",
			report.Total, report.Loaded, report.Failed, report.Skipped, report.Replaced, report.Disabled)
	}
	if report.Loaded+report.Failed+report.Skipped+report.Replaced != report.Total {
		t.Error("the numbers do not add up")
	}
	if len(rs.Signatures()) != 6 || report.Signatures != 6 {
		t.Errorf("%d signatures, want 6: <> makes two", len(rs.Signatures()))
	}
	want := map[uint32]string{
		1: "duplicate-sid", 3: "unsupported-protocol", 4: "unsupported-keyword", 5: "unknown-keyword",
		10: "bad-combination", 11: "never-matches", 12: "wrong-protocol", 13: "bad-combination", 14: "unsupported-action", 15: "unsupported-hook", 21: "bad-combination", 22: "bad-combination",
	}
	for _, d := range report.Failures {
		if code, ok := want[d.Sid]; ok && d.Code != code {
			t.Errorf("sid %d: %s (%v), want %s", d.Sid, d.Code, d, code)
		}
		delete(want, d.Sid)
		if d.Pos.File != "a.rules" || d.Pos.Line == 0 {
			t.Errorf("no position: %v", d)
		}
	}
	if len(want) > 0 {
		t.Errorf("no failure for %v", want)
	}
	if len(report.Failures) != report.Failed || len(report.Skips) != report.Skipped {
		t.Errorf("%d failures and %d skips are explained", len(report.Failures), len(report.Skips))
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"loaded":5`, `"code":"unsupported-protocol"`, `protocol llmnr is not recognised yet`, `"line":6`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("JSON lacks %s: %s", part, text)
		}
	}
}

func TestRuleTypes(t *testing.T) {
	tests := []struct{ rule, want string }{
		{`ip 10.0.0.0/8 any -> any any (`, "ip_only"},
		{`ip 10.0.0.0/8 any -> any any (flowbits:set,a; threshold:type limit,track by_src,count 1,seconds 1;`, "ip_only"},
		{`ip any any -> any any (ip_proto:41;`, "ip_only"},
		{`ip !10.0.0.0/8 any -> any any (`, "like_ip_only"},
		{`tcp any any -> any 80 (`, "ip_only"},
		{`tcp 10.0.0.0/8 1024: -> any [80,443] (`, "ip_only"},
		{`tcp any any -> any 80 (flow:to_server;`, "pkt"},
		{`tcp any any -> any any (flow:no_stream;`, "ip_only"},
		{`udp any any -> any any (flow:only_stream;`, "ip_only"},
		{`tcp any any -> any any (flow:to_server,only_stream;`, "pkt"},
		{`tcp any any -> any any (flow:only_stream; content:"a";`, "stream"},
		{`ip any any -> any any (flow:to_server;`, "pkt"},
		{`ip any any -> any any (flowbits:isset,a;`, "pkt"},
		{`pkthdr any any -> any any (decode-event:ipv4.trunc_pkt;`, "de_only"},
		{`ip any any -> any any (decode-event:ipv4.trunc_pkt; content:"a";`, "stream"},
		{`ip any any -> any any (app-layer-protocol:dns;`, "pd_only"},
		{`ip any any -> any any (app-layer-protocol:dns; flow:to_server;`, "pd_only"},
		{`ip any any -> any any (app-layer-protocol:dns; flow:established;`, "pkt"},
		{`tcp any any -> any any (flags:S;`, "pkt"},
		{`tcp any any -> any any (tcp.hdr; content:"a";`, "pkt"},
		{`tcp any any -> any any (content:"a";`, "stream"},
		{`tcp any any -> any any (content:"a"; depth:5;`, "pkt_stream"},
		{`tcp any any -> any any (content:"a"; distance:1;`, "stream"},
		{`tcp any any -> any any (content:"a"; dsize:5;`, "pkt"},
		{`tcp-stream any any -> any any (content:"a"; depth:5;`, "stream"},
		{`tcp any any -> any any (content:"a"; flow:only_stream; content:"b"; depth:5;`, "stream"},
		{`tcp any any -> any any (content:"a"; stream_size:server,<,5;`, "pkt_stream"},
		{`tcp any any -> any any (stream_size:server,<,5;`, "pkt"},
		{`tcp any any -> any any (stream-event:est_packet_out_of_window;`, "de_only"},
		{`ip any any -> any any (app-layer-event:applayer_wrong_direction_first_data;`, "de_only"},
		{`tcp any any -> any any (content:"a"; flow:no_stream;`, "pkt"},
		{`tcp-pkt any any -> any any (content:"a";`, "pkt"},
		{`udp any any -> any any (content:"a";`, "pkt"},
		{`dns any any -> any any (`, "app_layer"},
		{`dns any any -> any any (flow:to_server;`, "app_layer"},
		{`dns any any -> any any (flow:to_server,established;`, "pkt"},
		{`dns any any -> any any (dns.query; content:"a";`, "app_tx"},
		{`udp any any -> any any (dns.rrtype:1;`, "app_tx"},
		{`arp any any -> any any (`, "pkt"},
	}
	for _, tt := range tests {
		rs := load(t, "alert "+tt.rule+" sid:1;)", Options{})
		if got := rs.Signatures()[0].Type().String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.rule, got, tt.want)
		}
	}
}

func TestFastPatternChoice(t *testing.T) {
	tests := []struct{ options, pattern, buffer string }{
		{`content:"short"; content:"longest one";`, "longest one", "payload"},
		{`content:"short"; fast_pattern; content:"longest one";`, "short", "payload"},
		{`content:"longest"; fast_pattern:2,3;`, "nge", "payload"},
		{`content:"aaaa"; content:"abcd";`, "abcd", "payload"},
		{`content:"abcd"; content:"efgh";`, "abcd", "payload"},
		{`content:!"longest"; content:"sh";`, "sh", "payload"},
		{`content:!"longest";`, "", ""},
		{`content:"a";`, "", ""},
		{`ipv4.hdr; content:"abcd";`, "", ""},
		{`content:"longest one"; dns.query; content:"abc";`, "abc", "dns.query"},
		{`dns.query; dotprefix; content:"abc";`, "abc", "dns.query|dotprefix:"},
		{`dns.query; content:"abcd"; dns.queries.rrname; content:"wxyz";`, "wxyz", "dns.queries.rrname"},
	}
	for _, tt := range tests {
		s := load(t, "alert ip any any -> any any ("+tt.options+" sid:1;)", Options{}).Signatures()[0]
		if pattern, buffer := s.FastPattern(); string(pattern) != tt.pattern || buffer != tt.buffer {
			t.Errorf("%s: %q in %q, want %q in %q", tt.options, pattern, buffer, tt.pattern, tt.buffer)
		}
	}
}

// alertObject is what a rule says in its alerts, as an object.
func alertObject(s *Signature) []byte {
	return append(s.AppendAlert([]byte{'{'}), '}')
}

func TestAlertIsWhatEVESays(t *testing.T) {
	s := load(t, `alert udp any any -> any any (msg:"A \"quoted\" \; msg`+"\xE9"+`"; content:"abc"; reference:url,example.com/x; reference:cve,2024-1; metadata:mitre T1, created_at 2024_01_02, mitre T2; classtype:trojan-activity; sid:12; rev:3;)`, Options{}).Signatures()[0]
	var got struct {
		Signature, Category string
		Gid, Rev, Severity  int
		SignatureID         int `json:"signature_id"`
		Metadata            map[string][]string
		References          []string
	}
	if err := json.Unmarshal(alertObject(s), &got); err != nil {
		t.Fatalf("%s: %v", alertObject(s), err)
	}
	if got.Signature != `A "quoted" ; msg\xE9` || got.Gid != 1 || got.Rev != 3 || got.SignatureID != 12 || got.Severity != 1 || got.Category == "" {
		t.Errorf("got %+v", got)
	}
	if len(got.Metadata["mitre"]) != 2 || len(got.Metadata["created_at"]) != 1 || len(got.References) != 2 {
		t.Errorf("metadata %v, references %v", got.Metadata, got.References)
	}
	bare := load(t, `alert udp any any -> any any (reference:url,example.com/x; sid:12;)`, Options{NoReferences: true}).Signatures()[0]
	if strings.Contains(string(alertObject(bare)), "references") {
		t.Errorf("references are not wanted: %s", alertObject(bare))
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`alert udp any any -> any any (msg:"x"; content:"abc"; nocase; depth:9; sid:1;)`)
	f.Add(`alert dns any any <> any 53 (dns.query; dotprefix; content:".x|00|"; endswith; threshold:type limit,track by_src,count 1,seconds 1; sid:1;)`)
	f.Add(`alert tcp [1.2.3.4,!10.0.0.0/8] 1: -> $HOME_NET ![80,443] (flow:established,to_server; byte_extract:1,0,n; byte_test:2,!&,n,0,relative; byte_jump:4,0,string,hex,align; isdataat:!n,relative; flowbits:set,a; sid:2;)`)
	f.Add(`drop ip any any -> any any (ipv4.hdr; xor:offset 2,"ff"; content:!"a"; bsize:>3; flags:S,12; sid:3; rev:2;)`)
	packets := []*Input{{Packet: udp(f, "abc example \x00\x01\x02\x03 GET /index")}, {Packet: tcp(f, 2, "")}}
	f.Fuzz(func(t *testing.T, text string) {
		rs, report := Load([]Source{{Name: "fuzz", Text: []byte(text)}}, Options{})
		if report.Loaded+report.Failed+report.Skipped+report.Replaced != report.Total {
			t.Fatalf("%+v does not add up", report)
		}
		if len(report.Failures) != report.Failed || len(report.Skips) != report.Skipped {
			t.Fatalf("%d of %d failures explained, %d of %d skips", len(report.Failures), report.Failed, len(report.Skips), report.Skipped)
		}
		for _, s := range rs.Signatures() {
			if s.Sid() == 0 || !json.Valid(alertObject(s)) {
				t.Fatalf("sid %d, alert %s", s.Sid(), alertObject(s))
			}
		}
		slow, _ := Load([]Source{{Name: "fuzz", Text: []byte(text)}}, Options{NoPrefilter: true})
		a, b := NewInspector(rs, InspectorConfig{}), NewInspector(slow, InspectorConfig{})
		for _, in := range packets {
			if got, want := sids(a.Inspect(in, nil)), sids(b.Inspect(in, nil)); got != want {
				t.Fatalf("prefilter on %q, off %q", got, want)
			}
		}
	})
}
